// Several runs beside each other: curves on the same axes, settings that differ, two checkpoints.
import {STATIC, badge, h, head, number, percent, say, seconds, title} from "./dom.js";
import {get} from "./api.js";
import {COLOURS, curves, showPanels} from "./charts.js";

export async function show(main) {
  title("Compare");
  const ids = new URLSearchParams(location.search).getAll("run");
  if (!ids.length) {
    main.replaceChildren(h("h1", {}, "Compare"), h("p", {}, "Choose two or more runs in the ", h("a", {href: "/runs"}, "list"), "."));
    return;
  }
  const {runs, differences} = await get("/compare.json", {run: ids});
  const varied = Object.keys(differences);
  const label = (run) => `${run.id.slice(0, 6)} ${varied.slice(0, 3).map((name) => `${name} ${settingText(run.settings[name])}`).join(", ")}`;
  const names = runs.map(label), colours = runs.map((_, at) => COLOURS[at % COLOURS.length]);
  const measures = [...new Set(runs.flatMap((run) => run.scalars))];
  const boxes = [["test_accuracy", h("div")], ["train_accuracy", h("div")]];
  const choice = h("select", {"aria-label": "Another number"}, measures.map((one) => h("option", {value: one}, one.replaceAll("_", " "))));
  choice.value = measures.includes("test_loss") ? "test_loss" : measures[0];
  const other = h("div"), sides = h("div");
  main.replaceChildren(h("h1", {}, runs.length === 1 ? `Checkpoints of ${runs[0].id}` : `${runs.length} runs`),
    h("section", {}, h("h2", {}, runs.length === 1 ? "The run" : varied.length ? "What differs" : "No setting differs"), h("div", {class: "scroll"}, h("table", {},
      head(["run", "status", "memorised", "grokked", "test", "time", ...varied.map((name) => name.replaceAll("_", " "))]),
      h("tbody", {}, runs.map((run, at) => h("tr", {}, h("td", {}, swatch(colours[at]), " ", h("a", {class: "mono", href: `/runs/${run.id}`}, run.id)), h("td", {}, badge(run.status)),
        h("td", {}, number(run.memorised_at)), h("td", {}, number(run.grokked_at)), h("td", {}, percent(run.test_accuracy)), h("td", {}, seconds(run.seconds)),
        varied.map((name) => h("td", {}, settingText(run.settings[name]))))))))),
    h("section", {}, h("h2", {}, "Curves"), h("div", {class: "groups of-2"}, boxes.map(([name, element]) => h("div", {}, h("h3", {}, name.replace("_", " ")), element))), h("div", {}, choice, other)),
    sides);
  const rows = (name) => runs.flatMap((run, at) => run.records.map((record) => ({step: record.step, name: names[at], value: record[name]})));
  for (const [name, element] of boxes) {
    const chart = await curves(element, {names, colours, domain: [0, 1], format: ".0%", text: `${name} of ${runs.length} runs against steps`, height: 240, legend: false});
    await chart.update(rows(name));
  }
  const draw = async () => {
    const values = rows(choice.value).map((row) => row.value).filter(Number.isFinite);
    const log = values.length > 0 && Math.min(...values) > 0 && Math.max(...values) > 30 * Math.min(...values);
    const chart = await curves(other, {names, colours, log, format: "~g", text: `${choice.value} of ${runs.length} runs against steps`, height: 240, legend: false});
    await chart.update(rows(choice.value));
  };
  choice.addEventListener("change", draw);
  await draw();
  checkpoints(sides, runs);
}

// Weights of two checkpoints side by side, of one run or of two.
function checkpoints(element, runs) {
  const withCheckpoints = runs.filter((run) => run.steps.length);
  if (!withCheckpoints.length) return;
  const change = h("p", {"aria-live": "polite"}), frequencies = [null, null];
  const tell = (at, content) => {
    frequencies[at] = content;
    const [left, right] = frequencies;
    if (!left || !right) { change.textContent = ""; return; }
    const parts = [["kept", left.filter((one) => right.includes(one))], ["lost", left.filter((one) => !right.includes(one))], ["new", right.filter((one) => !left.includes(one))]];
    change.textContent = `Frequencies from left to right: ${parts.map(([word, list]) => `${word} ${list.length ? list.sort((a, b) => a - b).join(", ") : "none"}`).join("; ")}.`;
  };
  const sides = [0, 1].map((at) => side(withCheckpoints, at, withCheckpoints.length === 1 && at === 0 ? 0 : -1, (content) => tell(at, content)));
  element.replaceChildren(h("section", {}, h("h2", {}, "Two checkpoints"), h("p", {class: "small soft"}, "The weights of any two, and which frequencies of their formulas are kept, lost or new."), change, h("div", {class: "sides"}, sides)));
}

function side(runs, at, place, tell) {
  const where = at === 0 ? "left" : "right";
  const run = h("select", {"aria-label": `Run on the ${where}`}, runs.map((one, index) => h("option", {value: String(index)}, one.id)));
  const step = h("select", {"aria-label": `Step on the ${where}`}), panels = h("div", {class: "panels"}), frequencies = h("p", {class: "small soft"});
  run.value = String(Math.min(at, runs.length - 1));
  const fill = () => step.replaceChildren(...runs[Number(run.value)].steps.map((one) => h("option", {value: String(one)}, `step ${number(one)}`)));
  const show = async () => {
    const own = runs[Number(run.value)].id;
    say("drawing the weights");
    try {
      const content = await get(`/runs/${own}/checkpoints/${step.value}.json`);
      const wide = content.panels.map((panel) => ({...panel, span: 12}));
      await showPanels(wide, panels, STATIC ? null : (key, format) => `/runs/${own}/panels/${encodeURIComponent(key)}.${format}?step=${step.value}`);
      const explained = await get(`/runs/${own}/explain.json`, {step: step.value}).catch(() => null);
      tell(explained && explained.frequencies);
      frequencies.textContent = explained && explained.frequencies ? `frequencies, most important first: ${explained.frequencies.join(", ")}` : "";
      say("");
    } catch (failure) { say(failure.message); }
  };
  run.addEventListener("change", () => { fill(); show(); });
  step.addEventListener("change", show);
  fill();
  step.selectedIndex = place < 0 ? step.options.length - 1 : place;
  return h("div", {}, h("div", {class: "row"}, run, step, h("button", {type: "button", onclick: show}, "Show")), frequencies, panels);
}

function swatch(colour) {
  const dot = h("span", {"aria-hidden": "true", class: "chart"}, "●");
  dot.style.color = colour;
  return dot;
}

function settingText(value) { return value === null || value === undefined ? "none" : typeof value === "number" ? number(value) : String(value); }
