// Known critical fractions: from which share of its table on a task is learned, and by what.
import {h, head, number} from "./dom.js";
import {COLOURS, draw} from "./charts.js";

const SHAPES = ["circle", "square", "triangle-up", "diamond"];

export async function showFractions(element, content, p) {
  const entries = content.critical_fractions.slice().sort((a, b) => Math.abs(Math.log(a.p / p)) - Math.abs(Math.log(b.p / p)));
  if (!entries.length) { element.replaceChildren(); return; }
  const chart = h("div"), task = [...new Set(entries.map((entry) => entry.expression))].join(", ");
  const here = content.known && entries.some((entry) => entry.p === p);
  element.replaceChildren(h("h2", {}, "Known critical fractions"),
    h("p", {}, here ? `Measured for ${content.title}, and for the same task at other moduli: the smallest share of the table at which at least half of the seeds grok.`
      : content.known ? `None is known at this modulus. Those of ${task} at other moduli:`
        : `None is known for ${content.title}. For comparison, those of ${task}:`),
    h("div", {class: "columns even"}, chart, h("div", {class: "scroll"}, h("table", {},
      h("caption", {class: "small soft"}, `${task}, the moduli nearest to ${p ? number(p) : "this one"} first`),
      head(["p", "learner", "fraction", "seeds that grok", "source"]),
      h("tbody", {}, entries.slice(0, 6).map((entry) => h("tr", {class: entry.p === p && content.known ? "here" : null},
        h("td", {}, number(entry.p)), h("td", {}, methodOf(entry), h("div", {class: "small soft"}, settingsOf(entry))),
        h("td", {}, intervalOf(entry)), h("td", {}, seedsOf(entry)), h("td", {class: "small"}, sourceOf(entry)))))))));
  await drawFractions(chart, entries, p);
}

function methodOf(entry) { return entry.settings.optimiser ? `${entry.learner}, ${entry.settings.optimiser}` : entry.learner; }

function settingsOf(entry) {
  const others = Object.entries(entry.settings).filter(([name]) => name !== "optimiser").map(([name, value]) => `${name.replaceAll("_", " ")} ${typeof value === "number" ? value.toLocaleString("en") : value}`);
  return [...others, `${number(entry.steps)} ${entry.unit}s`].join(", ");
}

// Where a critical fraction is, as far as it is known.
export function intervalOf(entry) {
  if (entry.place === "above") return `above ${entry.low}`;
  if (entry.place === "below") return `below ${entry.high}`;
  return `${entry.low} to ${entry.high}`;
}

function seedsOf(entry) {
  const parts = [[entry.low, entry.low_grokked], [entry.high, entry.high_grokked]].filter(([fraction]) => fraction !== null);
  return parts.map(([fraction, grokked]) => `${grokked} of ${entry.seeds} at ${fraction}`).join(", ");
}

function sourceOf(entry) {
  return entry.source.includes(".toml") ? h("span", {class: "mono"}, entry.source) : h("a", {class: "mono", href: `/claims?search=${encodeURIComponent(entry.source)}`}, entry.source);
}

async function drawFractions(element, entries, p) {
  const methods = [...new Set(entries.map(methodOf))].sort();
  const values = entries.map((entry) => ({p: entry.p, method: methodOf(entry), low: entry.low === null ? 0 : entry.low, high: entry.high === null ? 1 : entry.high, source: entry.source, shown: intervalOf(entry)}));
  values.forEach((row) => { row.middle = (row.low + row.high) / 2; });
  const x = {field: "p", type: "quantitative", title: "p", scale: {type: "log", nice: false, padding: 12}, axis: {values: [...new Set(entries.map((entry) => entry.p))], format: "d", labelOverlap: true}};
  const axis = {format: ".0%", tickCount: 5}, scale = {domain: [0, 1]};
  const colour = {field: "method", type: "nominal", title: null, scale: {domain: methods, range: COLOURS.slice(0, methods.length)}};
  const shape = {field: "method", type: "nominal", title: null, scale: {domain: methods, range: SHAPES.slice(0, methods.length)}};
  await draw(element, {
    description: `Critical fraction against p: ${entries.map((entry) => `${methodOf(entry)} at p = ${entry.p} ${intervalOf(entry)}`).join("; ")}`,
    width: "container", height: 230, autosize: {type: "fit", contains: "padding"}, data: {values},
    layer: [
      ...(values.some((row) => row.p === p) ? [{data: {values: [{p}]}, mark: {type: "rule", color: "#c9ced6", strokeWidth: 6, opacity: 0.5}, encoding: {x}}] : []),
      {mark: {type: "rule", strokeWidth: 3, opacity: 0.8}, encoding: {x, y: {field: "low", type: "quantitative", title: "fraction of the table", axis, scale}, y2: {field: "high"}, color: colour}},
      {mark: {type: "point", filled: true, size: 64}, encoding: {x, y: {field: "middle", type: "quantitative"}, color: colour, shape, tooltip: [{field: "p"}, {field: "method", title: "learner"}, {field: "shown", title: "critical fraction"}, {field: "source"}]}},
    ],
  });
}
