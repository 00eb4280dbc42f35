// One sweep: its map fills in as runs land; a cell opens its runs; parallel coordinates; the report's panels.
import {badge, field, h, head, number, pause, percent, say, seconds, title, wait} from "./dom.js";
import {get} from "./api.js";
import {draw, showPanels} from "./charts.js";
import {intervalOf} from "./fractions.js";

const VALUES = [["grokked_at", "step of grokking"], ["memorised_at", "step of memorising"], ["test_accuracy", "test accuracy"], ["train_accuracy", "training accuracy"], ["seconds", "seconds"]];
const LOOK = 3000, REST = 20; // milliseconds between two looks, and at least so many times what drawing took

export async function show(main, name) {
  title(name);
  const own = `/sweeps/${encodeURIComponent(name)}`;
  const look = (axes = {}) => get(`${own}.json`, axes);
  let sweep = await look();
  const fields = Object.keys(sweep.values), varied = fields.filter((axis) => sweep.values[axis].length > 1);
  const options = (list) => list.map((one) => h("option", {value: one}, words(one)));
  const across = h("select", {}, options(fields)), up = h("select", {}, options(["none", ...fields])), value = h("select", {}, VALUES.map(([key, label]) => h("option", {value: key}, label))), open = h("select");
  across.value = sweep.across;
  up.value = sweep.up;
  const progress = h("p", {role: "status", "aria-live": "polite"}, ""), map = h("div"), grey = h("p", {class: "soft small"}), lines = h("div"), cell = h("div", {"aria-live": "polite"}), brackets = h("section"), panels = h("div", {class: "panels"}), busy = h("p", {class: "soft"});
  main.replaceChildren(h("h1", {}, name), progress, h("pre", {}, sweep.command),
    h("div", {class: "row"}, field("across", across), field("up", up), field("colour", value), field("runs of a cell", open)), h("section", {}, map, grey, cell), brackets,
    varied.length > 1 ? h("section", {}, h("h2", {}, "Parallel coordinates"), h("div", {class: "scroll"}, lines)) : "", busy, panels);

  let current = null;

  async function redraw() {
    const {done, failed, total, running, seconds_left: left} = sweep;
    const rest = running && left !== null ? `, about ${seconds(left)} of computation left` : "";
    progress.replaceChildren(...[running ? badge("running") : null, ` ${number(done)} of ${number(total)} done${failed ? `, ${failed} failed` : ""}${rest}`].filter(Boolean));
    drawBrackets();
    await drawMap();
    await pause();
    if (varied.length > 1) await drawLines();
  }

  async function drawMap() {
    const key = value.value, upper = sweep.up === "none" ? null : sweep.up, text = (one) => String(one ?? "none");
    const rows = sweep.cells.map((cell, place) => ({x: text(cell.x), y: text(cell.y), value: cell[key], runs: cell.runs.length, done: cell.done, place}));
    const names = rows.map((row) => `${words(sweep.across)} ${row.x}${upper ? `, ${words(upper)} ${row.y}` : ""}`), label = VALUES.find(([one]) => one === key)[1];
    if (names.join() !== [...open.options].slice(1).map((one) => one.text).join()) {
      open.replaceChildren(h("option", {value: ""}, "choose one, or click on it"), ...names.map((name, at) => h("option", {value: String(at)}, name)));
    }
    const step = key.endsWith("_at"), sharing = key.endsWith("accuracy"), along = (axis, name) => ({type: "ordinal", title: words(axis), scale: {domain: (name === "y" ? sweep.values[axis].slice().reverse() : sweep.values[axis]).map(text)}, field: name});
    const spec = {
      description: `${label} over ${words(sweep.across)}${upper ? ` and ${words(upper)}` : ""}`, width: "container", height: upper ? Math.min(460, 36 * sweep.values[upper].length + 40) : 100, autosize: {type: "fit", contains: "padding"},
      data: {values: rows}, mark: {type: "rect", stroke: "#ffffff", cursor: "pointer", invalid: null},
      encoding: {
        x: {...along(sweep.across, "x"), axis: {labelAngle: 0, labelOverlap: true}}, ...(upper ? {y: along(upper, "y")} : {}),
        color: !rows.some((row) => row.value !== null) ? {value: "#e6e8eb"} : {condition: {test: {field: "value", valid: false}, value: "#e6e8eb"}, field: "value", type: "quantitative", title: label,
          scale: {scheme: step ? "viridis" : "cividis", domain: sharing ? [0, 1] : roundEnds(rows.map((row) => row.value).filter((one) => one !== null)), ...(step ? {type: "sqrt", reverse: true} : {})}, legend: {orient: "right", direction: "vertical", columns: 1, titleLimit: 120}},
        tooltip: [{field: "x", title: words(sweep.across)}, ...(upper ? [{field: "y", title: words(upper)}] : []), {field: "value", title: label, format: ",.4~g"}, {field: "runs"}, {field: "done"}],
      },
    };
    grey.textContent = !rows.some((row) => row.value === null) ? "" : step ? "Grey: more than half of the runs have not got there, or none has ended yet." : "Grey: no run has ended yet.";
    const view = await draw(map, spec);
    if (view === current) return;
    current = view;
    view.addEventListener("click", (event, item) => { if (item && item.datum && item.datum.place !== undefined) openCell(sweep.cells[item.datum.place].runs); });
  }

  function openCell(ids) {
    const chosen = sweep.members.filter((member) => ids.includes(member.run));
    cell.replaceChildren(h("h2", {}, chosen.length === 1 ? "The run of this cell" : `${chosen.length} runs of this cell`), h("div", {class: "scroll"}, h("table", {}, head(["run", "status", "point", "grokked", "test accuracy", ["error", "unseen"]]), h("tbody", {}, chosen.map((member) => h("tr", {},
      h("td", {}, h("a", {class: "mono", href: `/runs/${member.run}`}, member.run)), h("td", {}, badge(member.status)), h("td", {}, pointWords(member.point)),
      h("td", {}, number(member.grokked_at)), h("td", {}, percent(member.test_accuracy)), h("td", {class: "soft"}, member.error || "")))))),
      chosen.length > 1 ? h("a", {href: `/compare?${new URLSearchParams(chosen.slice(0, 20).map((member) => ["run", member.run]))}`}, "Compare them") : "");
  }

  async function drawLines() {
    const keys = [...varied, "grokked_at", "test_accuracy"].slice(0, 10), rows = [];
    const places = Object.fromEntries(varied.map((axis) => [axis, sweep.values[axis]]));
    const most = roundedUp(Math.max(1, ...sweep.members.map((member) => member.grokked_at || 0)));
    for (const member of sweep.members) {
      if (member.status === "waiting") continue;
      for (const key of keys) {
        const raw = key in places ? member.point[key] : member[key];
        if (raw === null || raw === undefined) continue;
        const place = key in places ? places[key].indexOf(raw) / Math.max(1, places[key].length - 1) : key === "grokked_at" ? Math.sqrt(raw / most) : raw;
        rows.push({run: member.run, axis: words(key), place, shown: key === "test_accuracy" ? percent(raw) : number(raw), result: member.grokked_at === null ? "not grokked" : "grokked"});
      }
    }
    for (const key of keys) { // the ends of each axis have their values, and so has everything on a short one
      const own = rows.filter((row) => row.axis === words(key)), levels = [...new Set(own.map((row) => row.place))];
      const marked = key in places && levels.length <= 8 ? levels : [Math.min(...levels), Math.max(...levels)];
      for (const level of new Set(marked)) { const row = own.find((one) => one.place === level); if (row) row.label = true; }
    }
    lines.style.minWidth = `${64 * keys.length}px`; // room for the names; a narrow page scrolls
    const x = {field: "axis", type: "ordinal", scale: {domain: keys.map(words)}, title: null, axis: {labelAngle: 0, labelExpr: "split(datum.label, ' ')"}}, y = {field: "place", type: "quantitative", scale: {domain: [-0.06, 1], nice: false}, axis: null};
    await draw(lines, {
      description: "Each run as a line over the axes of the sweep and its results", width: "container", height: 220, autosize: {type: "fit", contains: "padding"}, data: {values: rows},
      layer: [
        {mark: {type: "line", point: true, opacity: 0.45, strokeWidth: 1.2}, encoding: {
          x, y, detail: {field: "run"}, tooltip: [{field: "axis"}, {field: "shown", title: "value"}, {field: "run"}],
          color: {field: "result", type: "nominal", scale: {domain: ["grokked", "not grokked"], range: ["#2f6690", "#c2452d"]}}, strokeDash: {field: "result", type: "nominal", scale: {domain: ["grokked", "not grokked"], range: [[1, 0], [4, 3]]}},
        }},
        {transform: [{filter: "datum.label"}], mark: {type: "text", align: "left", dx: 7, dy: -6, fontSize: 11, color: "#667080"}, encoding: {x, y, text: {field: "shown"}}},
      ],
    });
  }

  // Between which fractions at least half of the seeds begin to grok, of the runs that have ended so far.
  function drawBrackets() {
    const entries = sweep.critical_fractions;
    const row = ({point, place, probes, ...bracket}) => h("tr", {}, h("td", {}, pointWords(point) || name), h("td", {}, place ? intervalOf({place, ...bracket}) : "no run has ended yet"),
      h("td", {}, probes.filter(({fraction}) => fraction === bracket.low || fraction === bracket.high).map(({fraction, grokked, seeds}) => `${grokked} of ${seeds} at ${fraction}`).join(", ")));
    brackets.replaceChildren(...(entries.length ? [h("h2", {}, sweep.running ? "Critical fractions so far" : "Critical fractions"), h("div", {class: "scroll"}, h("table", {}, head(["point", "fraction", "seeds that grok"]),
      h("tbody", {}, entries.map(row))))] : []));
  }

  value.addEventListener("change", redraw);
  for (const control of [across, up]) control.addEventListener("change", async () => { cell.replaceChildren(); await refresh(); });
  open.addEventListener("change", () => { if (open.value) openCell(sweep.cells[Number(open.value)].runs); else cell.replaceChildren(); });

  // Read the sweep and draw what is new, one at a time: two readings could arrive in the other order.
  let reading = Promise.resolve();
  function refresh() {
    reading = reading.catch(() => null).then(async () => {
      sweep = await look({across: across.value, up: up.value});
      await redraw();
    });
    return reading;
  }

  await redraw();
  const report = async () => {
    busy.textContent = "drawing the report of the sweep …";
    try {
      const content = await get(`${own}/report.json`);
      await showPanels(content.panels, panels);
      busy.replaceChildren(...[content.summary, ...content.notes].map((text) => h("span", {}, `${text} `)));
    } catch (failure) { busy.textContent = failure.message; }
  };
  report();
  let cost = 0, lost = false;
  while (sweep.running) {
    await wait(Math.max(LOOK, REST * cost));
    if (document.hidden) continue;
    const began = performance.now();
    try { await refresh(); if (lost) say(""); lost = false; } catch (failure) { say(failure.message); lost = true; }
    cost = performance.now() - began;
    if (!sweep.running) report();
  }
}

// The next of 1, 2 and 5 times a power of ten, which few runs change: a chart whose scales change is drawn anew.
function roundedUp(number) {
  const unit = 10 ** Math.floor(Math.log10(number));
  return [1, 2, 5, 10].map((one) => one * unit).find((one) => one >= number);
}

// Round ends of a scale around numbers that are not negative.
function roundEnds(numbers) {
  const low = Math.min(...numbers), high = roundedUp(Math.max(...numbers) || 1);
  return [low > 0 ? 1 / roundedUp(1 / Math.min(low, high / 2)) : 0, high];
}

function words(name) { return name.replaceAll("_", " "); }

function pointWords(point) { return Object.entries(point).map(([name, value]) => `${words(name)} ${value}`).join(", "); }
