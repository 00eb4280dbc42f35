// One sweep: its map fills in as runs land; a cell opens its runs; parallel coordinates; the report's panels.
import {badge, field, h, head, number, percent, seconds, title} from "./dom.js";
import {get} from "./api.js";
import {draw, showPanels} from "./charts.js";

const VALUES = [["grokked_at", "step of grokking"], ["memorised_at", "step of memorising"], ["test_accuracy", "test accuracy"], ["train_accuracy", "training accuracy"], ["seconds", "seconds"]];

export async function show(main, name) {
  title(name);
  const own = `/sweeps/${encodeURIComponent(name)}`;
  let sweep = await get(`${own}.json`);
  const axes = [...new Set(sweep.members.flatMap((member) => Object.keys(member.point)))];
  const count = (axis) => new Set(sweep.members.map((member) => member.point[axis])).size;
  const varied = axes.filter((axis) => count(axis) > 1);
  const free = varied.filter((axis) => axis !== "seed");
  const options = (list) => list.map((one) => h("option", {value: one}, one));
  const across = h("select", {}, options(axes)), up = h("select", {}, h("option", {value: ""}, "none"), options(axes)), value = h("select", {}, VALUES.map(([key, label]) => h("option", {value: key}, label))), open = h("select");
  across.value = free[0] || axes[0] || "";
  up.value = free[1] || (free.length && varied.includes("seed") ? "seed" : "");
  const progress = h("p", {role: "status", "aria-live": "polite"}, ""), map = h("div"), lines = h("div"), cell = h("div", {"aria-live": "polite"}), brackets = h("section"), panels = h("div", {class: "panels"}), busy = h("p", {class: "soft"});
  main.replaceChildren(h("h1", {}, name), progress, h("pre", {}, sweep.command),
    h("div", {class: "row"}, field("across", across), field("up", up), field("colour", value), field("runs of a cell", open)), h("section", {}, map, cell), brackets,
    varied.length > 1 ? h("section", {}, h("h2", {}, "Parallel coordinates"), lines) : "", busy, panels);

  let current = null, places = [];

  async function redraw() {
    const finished = sweep.members.filter((member) => ["finished", "diverged"].includes(member.status)).length;
    const failed = sweep.members.filter((member) => member.error).length, total = sweep.members.length;
    const spent = sweep.members.reduce((sum, member) => sum + (member.seconds || 0), 0);
    const left = sweep.running && finished ? `, about ${seconds((spent / finished) * (total - finished - failed))} of computation left` : "";
    progress.replaceChildren(...[sweep.running ? badge("running") : null, ` ${number(finished)} of ${number(total)} done${failed ? `, ${failed} failed` : ""}${left}`].filter(Boolean));
    await drawMap();
    drawBrackets();
    if (varied.length > 1) await drawLines();
  }

  async function drawMap() {
    const key = value.value, rows = cells(sweep.members, across.value, up.value, key);
    const names = rows.map((row) => `${across.value} ${row.x}${up.value ? `, ${up.value} ${row.y}` : ""}`);
    if (names.join() !== [...open.options].slice(1).map((one) => one.text).join()) {
      open.replaceChildren(h("option", {value: ""}, "choose one, or click on it"), ...names.map((name, at) => h("option", {value: String(at)}, name)));
    }
    places = rows;
    const step = key.endsWith("_at"), sharing = key.endsWith("accuracy");
    const spec = {
      description: `${key} over ${across.value}${up.value ? ` and ${up.value}` : ""}`, width: "container", height: up.value ? Math.min(460, 36 * count(up.value) + 40) : 100, autosize: {type: "fit", contains: "padding"},
      data: {values: rows}, mark: {type: "rect", stroke: "#ffffff", cursor: "pointer", invalid: null},
      encoding: {
        x: {field: "x", type: "ordinal", title: across.value, sort: null, axis: {labelAngle: 0, labelOverlap: true}}, ...(up.value ? {y: {field: "y", type: "ordinal", title: up.value, sort: null}} : {}),
        color: !rows.some((row) => row.value !== null) ? {value: "#e6e8eb"} : {condition: {test: {field: "value", valid: false}, value: "#e6e8eb"}, field: "value", type: "quantitative", title: null,
          scale: {scheme: step ? "viridis" : "cividis", ...(sharing ? {domain: [0, 1]} : {}), ...(step ? {type: "sqrt", reverse: true} : {})}, legend: {orient: "right", direction: "vertical", columns: 1}},
        tooltip: [{field: "x", title: across.value}, ...(up.value ? [{field: "y", title: up.value}] : []), {field: "value", title: key, format: ",.4~g"}, {field: "runs"}, {field: "done"}],
      },
    };
    const view = await draw(map, spec);
    if (view === current) return;
    current = view;
    view.addEventListener("click", (event, item) => { if (item && item.datum && item.datum.members) openCell(item.datum.members); });
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
    const places = Object.fromEntries(varied.map((axis) => [axis, [...new Set(sweep.members.map((member) => member.point[axis]))]]));
    const most = Math.max(1, ...sweep.members.map((member) => member.grokked_at || 0));
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
    const x = {field: "axis", type: "ordinal", sort: keys.map(words), title: null, axis: {labelAngle: 0}}, y = {field: "place", type: "quantitative", axis: null};
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
    const rows = varied.includes("fraction") ? bracketsOf(sweep.members) : [];
    brackets.replaceChildren(...(rows.length ? [h("h2", {}, sweep.running ? "Critical fractions so far" : "Critical fractions"), h("div", {class: "scroll"}, h("table", {}, head(["point", "fraction", "seeds that grok"]),
      h("tbody", {}, rows.map((row) => h("tr", {}, h("td", {}, row.point || name), h("td", {}, row.words), h("td", {}, row.seeds))))))] : []));
  }

  for (const control of [across, up, value]) control.addEventListener("change", redraw);
  open.addEventListener("change", () => { if (open.value) openCell(places[Number(open.value)].members); else cell.replaceChildren(); });
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
  while (sweep.running) {
    await new Promise((done) => setTimeout(done, 3000));
    if (document.hidden) continue;
    const before = JSON.stringify(sweep.members);
    sweep = await get(`${own}.json`);
    if (JSON.stringify(sweep.members) !== before || !sweep.running) await redraw();
    if (!sweep.running) report();
  }
}

function words(name) { return name.replaceAll("_", " "); }

function pointWords(point) { return Object.entries(point).map(([name, value]) => `${words(name)} ${value}`).join(", "); }

function bracketsOf(members) {
  const points = new Map();
  for (const {point, status, grokked_at: grokked} of members) {
    const {fraction, seed, ...others} = point, key = JSON.stringify(others);
    if (!points.has(key)) points.set(key, {point: pointWords(others), probes: new Map()});
    const {probes} = points.get(key), probe = probes.get(fraction) || {fraction, of: 0, grokked: 0, open: false};
    probe.of += 1;
    probe.grokked += grokked !== null ? 1 : 0;
    probe.open ||= !["finished", "diverged"].includes(status);
    probes.set(fraction, probe);
  }
  return [...points.values()].map(({point, probes}) => {
    const ended = [...probes.values()].filter((probe) => !probe.open).sort((a, b) => a.fraction - b.fraction);
    const below = ended.findLastIndex((probe) => 2 * probe.grokked < probe.of), low = ended[below], high = ended[below + 1];
    const words = !ended.length ? "no run has ended yet" : !low ? `below ${high.fraction}` : !high ? `above ${low.fraction}` : `${low.fraction} to ${high.fraction}`;
    return {point, words, seeds: [low, high].filter(Boolean).map((probe) => `${probe.grokked} of ${probe.of} at ${probe.fraction}`).join(", ")};
  });
}

// One row a cell of the map: the median over its runs.
function cells(members, across, up, key) {
  const cells = new Map();
  for (const member of members) {
    const place = JSON.stringify([member.point[across], up ? member.point[up] : ""]);
    if (!cells.has(place)) cells.set(place, {x: String(member.point[across]), y: up ? String(member.point[up]) : "", values: [], members: []});
    const cell = cells.get(place);
    cell.members.push(member.run);
    if (member.status !== "waiting" && Number.isFinite(member[key])) cell.values.push(member[key]);
    cell.done = (cell.done || 0) + (["finished", "diverged"].includes(member.status) ? 1 : 0);
  }
  return [...cells.values()].map((cell) => {
    const sorted = cell.values.sort((a, b) => a - b);
    return {...cell, runs: cell.members.length, value: sorted.length ? sorted[Math.floor(sorted.length / 2)] : null};
  });
}
