// Explain: the formula of a run's network, or of a file that is dropped on the page.
import {facts, field, h, number, percent, seconds, title} from "./dom.js";
import {get, post} from "./api.js";
import {draw, showPanels} from "./charts.js";

const MOST = 64 * 2 ** 20;

export async function show(main) {
  title("Explain");
  const parameters = new URLSearchParams(location.search);
  const run = h("input", {class: "mono", placeholder: "latest", value: parameters.get("run") || "", spellcheck: "false", maxlength: "12"});
  const expression = h("input", {class: "mono", spellcheck: "false", placeholder: "if the file does not name it", maxlength: "2000"}), p = h("input", {inputmode: "numeric", size: "6"});
  const file = h("input", {type: "file", accept: ".safetensors,.npy", "aria-label": "File of a network or of logits"});
  const drop = h("div", {class: "drop"}, h("p", {}, "Drop a network (.safetensors) or logits (.npy) here"), file);
  const result = h("div", {"aria-live": "polite"});
  main.replaceChildren(h("h1", {}, "Explain"), h("p", {class: "soft"}, "A formula in one index for a network's answers, and the share of the inputs that it explains. A file is read in memory and not stored."),
    h("form", {class: "row", onsubmit: (event) => { event.preventDefault(); explainRun(); }}, field("run", run), h("button", {class: "main", type: "submit"}, "Explain the run")),
    drop, h("form", {class: "row", onsubmit: (event) => { event.preventDefault(); if (chosen) explainFile(chosen); else file.click(); }}, field("expression", expression, {class: "field grow"}), field("p", p),
      h("button", {type: "submit"}, "Explain the file")), result);
  let chosen = null;

  async function working(work) {
    result.replaceChildren(h("p", {class: "soft busy"}, "reading the network"));
    try { await showExplanation(result, await work()); } catch (failure) { result.replaceChildren(h("p", {class: "error", role: "alert"}, failure.message)); }
  }
  const explainRun = () => working(() => get(`/runs/${encodeURIComponent(run.value.trim() || "latest")}/explain.json`, {panels: 1}));
  const explainFile = (one) => working(() => {
    chosen = one;
    if (one.size > MOST) throw new Error(`the file must have at most 64 MiB, got ${number(Math.round(one.size / 2 ** 20))}`);
    const query = new URLSearchParams({name: one.name});
    if (expression.value.trim()) { query.set("expression", expression.value.trim()); query.set("p", p.value.trim()); }
    return post(`/explain?${query}`, one);
  });
  file.addEventListener("change", () => { if (file.files.length) explainFile(file.files[0]); });
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); drop.classList.remove("over"); if (event.dataTransfer.files.length) explainFile(event.dataTransfer.files[0]); });
  if (run.value) explainRun();
}

async function showExplanation(element, explanation) {
  const parts = explanation.tasks ? explanation.tasks : [explanation];
  element.replaceChildren(h("h2", {}, `${explanation.expression} on ${explanation.p} classes`),
    h("p", {class: "small soft"}, [explanation.run ? h("a", {href: `/runs/${explanation.run}`}, `run ${explanation.run}`) : explanation.file || "", explanation.step === null || explanation.step === undefined ? "" : `, step ${number(explanation.step)}`]));
  for (const part of parts) await one(element, part);
  if (explanation.panels && explanation.panels.length) {
    const panels = h("div", {class: "panels"});
    element.append(panels);
    await showPanels(explanation.panels.map((panel) => (panel.span === 12 && explanation.panels.length > 1 && panel.groups.length > 1 ? {...panel, span: 8} : panel)), panels, explanation.run ? (key, format) => `/runs/${explanation.run}/panels/${encodeURIComponent(key)}.${format}` : null);
  }
}

async function one(parent, explanation) {
  const chart = h("div");
  parent.append(h("section", {}, h("p", {class: "verdict"}, explanation.sentence),
  explanation.formula ? h("pre", {}, explanation.formula) : "",
  facts([["right by the formula alone", explanation.formula_accuracy === null ? null : percent(explanation.formula_accuracy)], ["frequencies", explanation.frequencies ? explanation.frequencies.join(", ") : null], ["order of the group", explanation.order], ["computed in", seconds(explanation.seconds)]]), chart)); // a chart is drawn as wide as its place on the page
  if (explanation.frequencies && explanation.frequencies.length && explanation.energies) {
    await draw(chart, {
      description: "Share of the variation of each frequency", width: "container", height: 160, autosize: {type: "fit", contains: "padding"},
      data: {values: explanation.frequencies.map((frequency, at) => ({frequency: String(frequency), energy: explanation.energies[at]}))}, mark: {type: "bar", color: "#2f6690"},
      encoding: {x: {field: "frequency", type: "ordinal", sort: null, title: "frequency, most important first", axis: {labelAngle: 0}}, y: {field: "energy", type: "quantitative", title: "share of the variation", axis: {format: ".0%"}}, tooltip: [{field: "frequency"}, {field: "energy", format: ".2%"}]},
    });
  }
}
