// The playground: a task while it is typed, its verdict, its exact network, its leakage, and a training.
import {facts, field, h, number, percent, seconds, settled, title} from "./dom.js";
import {aborted, get, latest, post} from "./api.js";
import {dots, showPanels} from "./charts.js";
import {showFractions} from "./fractions.js";
import {tableMap} from "./map.js";
import {trainingForm} from "./training.js";

const MAP_DELAY = 40, DECIDE_DELAY = 150, REST_DELAY = 900, PATIENCE = 1000;

export async function show(main) {
  title("");
  const query = new URLSearchParams(location.search);
  const group = query.get("group") || "";
  const kind = h("select", {}, h("option", {value: "expression"}, "expression mod p"), h("option", {value: "group"}, "finite group"), h("option", {value: "table"}, "table in a file"));
  let table = query.get("table") || "";
  kind.value = table ? "table" : group ? "group" : "expression";
  const file = h("input", {type: "file", accept: ".npy,.csv"});
  const text = h("input", {class: "mono", value: group || query.get("expression") || "x^2 + y^2", spellcheck: "false", autocomplete: "off", autocapitalize: "off", "data-search": true, maxlength: "2000"});
  const modulus = h("input", {class: "mono", inputmode: "numeric", value: query.get("p") || "97", maxlength: "8"});
  const error = h("p", {class: "error", role: "alert", hidden: true});
  const name = h("h1", {}, " "), sizes = h("p", {class: "soft"}, " ");
  const map = tableMap();
  const verdict = h("section", {"aria-live": "polite"}), network = h("section"), fractions = h("section"), leakage = h("div");
  const modulusField = field("p", modulus, {class: "field number"});
  const textField = field("Type a task: variables, numbers, + − * / ^ and parentheses", text, {class: "field grow"});
  const fileField = field("Choose a table: a .npy or .csv file of p by p integers below p", file, {class: "field grow"});
  const training = await trainingForm(() => task());
  main.replaceChildren(
    h("div", {class: "row ask"}, textField, fileField, modulusField, field("kind of task", kind)),
    error, name, sizes,
    h("div", {class: "columns"}, h("div", {}, map.element, leakage), verdict),
    network, fractions, training.element);

  const task = () => kind.value === "table" ? {table} : kind.value === "group" ? {group: text.value.trim()} : {expression: text.value.trim(), p: modulus.value.trim()};
  const decide = latest(), construct = latest(), leak = latest(), critical = latest();
  let tabulating = false, again = false;

  async function tabulate() {
    if (tabulating) { again = true; return; }
    tabulating = true;
    try {
      const content = await get("/table.json", task());
      error.hidden = true;
      text.removeAttribute("aria-invalid");
      name.textContent = content.title;
      title(content.title);
      const left = content.excluded ? `, ${number(content.excluded)} inputs are not defined` : "";
      sizes.textContent = `${number(content.inputs)} inputs${left}; a constant guess is right on ${percent(content.majority)}`;
      map.draw(content);
      history.replaceState(null, "", `/?${new URLSearchParams(task())}${location.hash}`);
    } catch (failure) { fail(failure); }
    tabulating = false;
    if (again) { again = false; tabulate(); }
  }

  function fail(failure) {
    error.textContent = failure.message;
    error.hidden = false;
    text.setAttribute("aria-invalid", "true");
    for (const part of [verdict, network, fractions, leakage]) part.replaceChildren();
  }

  async function judge() {
    if (!error.hidden) return;
    const patience = setTimeout(() => verdict.replaceChildren(h("p", {class: "verdict busy"}, "still deciding")), verdict.childElementCount ? PATIENCE : 300);
    try {
      const content = await decide("/decide.json", task());
      clearTimeout(patience); // the charts of a verdict may take as long to draw
      await showVerdict(verdict, content);
    } catch (failure) {
      if (!aborted(failure)) verdict.replaceChildren(h("p", {class: "error"}, failure.message));
    } finally { clearTimeout(patience); }
  }

  async function rest() {
    if (!error.hidden) return;
    const own = JSON.stringify(task());
    leak("/leakage.json", {...task(), fraction: 0.5}).then((content) => leakage.replaceChildren(leakageFacts(content))).catch(() => leakage.replaceChildren());
    critical("/critical-fractions.json", task()).then((content) => showFractions(fractions, content, Number(modulus.value))).catch(() => fractions.replaceChildren());
    network.replaceChildren(h("p", {class: "soft busy"}, "constructing the exact network and checking it on every input"));
    try {
      const content = await construct("/construct.json", task());
      if (own === JSON.stringify(task())) await showNetwork(network, content);
    } catch (failure) {
      if (!aborted(failure)) network.replaceChildren(h("p", {class: "soft small"}, `No exact network: ${failure.message}`));
    }
  }

  const [soon, later, last] = [settled(tabulate, MAP_DELAY), settled(judge, DECIDE_DELAY), settled(rest, REST_DELAY)];
  const changed = () => {
    modulusField.hidden = kind.value !== "expression";
    textField.hidden = kind.value === "table";
    fileField.hidden = kind.value !== "table";
    if (kind.value === "table" && !table) return; // until a file is chosen, what was shown before stays
    network.replaceChildren();
    leakage.replaceChildren();
    soon(); later(); last();
  };
  text.addEventListener("input", changed);
  modulus.addEventListener("input", changed);
  kind.addEventListener("change", () => {
    if (kind.value !== "table") text.value = kind.value === "group" ? "S4" : "x + y";
    textField.firstChild.textContent = kind.value === "group" ? "Name a finite group: C7, D5, Q8, S5, A5" : "Type a task: variables, numbers, + − * / ^ and parentheses";
    changed();
  });
  file.addEventListener("change", async () => {
    if (!file.files.length) return;
    try {
      ({table} = await post(`/table?${new URLSearchParams({name: file.files[0].name})}`, file.files[0]));
      changed();
    } catch (failure) { fail(failure); }
  });
  changed();
  if (location.hash === "#training") training.element.scrollIntoView();
}

const SIGNS = {additive: " + ", multiplicative: " · "};
const WORDS = {
  additive: "A sum of functions of the operands",
  multiplicative: "A product of functions of the operands",
  neither: "Neither a sum nor a product of functions of the operands",
  undecided: "Undecided within the budget",
};

const cells = new Map(); // of the functions' charts, which stay from one verdict to the next: drawing them anew would hold up typing

async function showVerdict(element, content) {
  const terms = content.operands.map((operand, at) => `g${at + 1}(${operand})`).join(SIGNS[content.form] || "");
  const charts = h("div", {class: `groups of-${Math.min(content.g ? content.g.length + 1 : 1, 3)}`});
  element.replaceChildren(...[
    h("h2", {class: "verdict"}, WORDS[content.form] || content.form),
    content.g ? h("p", {class: "mono"}, `f = h(${terms}) mod ${content.p}`) : null,
    charts,
    content.also ? h("p", {class: "small"}, `It is also a ${content.also.form === "additive" ? "sum" : "product"}.`) : null,
    facts([["certificate", content.certificate], ["theory", content.prediction],
      ["Fourier basis", content.basis ? `${content.basis.name}, order ${content.basis.order}` : null], ["decided in", seconds(content.seconds)]]),
  ].filter(Boolean));
  if (!content.g) return;
  const tables = [...content.g.map((values, at) => [values, `g${at + 1}`, content.operands[at]]), [content.h, "h", "s"]];
  for (const [values, label, operand] of tables) {
    const cell = cells.get(`${label}(${operand})`) || h("div");
    cells.set(`${label}(${operand})`, cell);
    charts.append(cell);
    await dots(cell, values, {title: [operand, `${label}(${operand})`], text: `${label} at each value of ${operand}`});
    if (!charts.isConnected) return; // a later verdict has taken the place of this one, and its cells
  }
  dispatchEvent(new Event("resize")); // a chart that was drawn while a verdict was replaced has no width yet
}

async function showNetwork(element, content) {
  const panels = h("div", {class: "panels"});
  element.replaceChildren(...[
    h("h2", {}, "The exact network"),
    content.products ? h("p", {}, `The task ${content.verdict === "neither" ? "has neither form" : "is not known to have a form"}, so it is composed of experts: a network for each of its ${number(content.products)} products, a softmax, and a network for their sum.`) : null,
    h("p", {}, `${number(content.width)} neurons with constructed weights, not trained. Checked on all ${number(content.inputs)} inputs: ${number(content.errors)} errors.`),
    facts([["phases", content.phases], ["frequencies", content.frequencies.join(", ")], ["smallest margin", number(content.margin)]]),
    panels].filter(Boolean));
  await showPanels(content.panels, panels);
}

function leakageFacts(content) {
  return h("div", {}, h("h2", {class: "quiet"}, `What half of the table gives away (${number(content.train)} training, ${number(content.test)} test inputs)`),
    facts([
      ["most frequent value", percent(content.majority)],
      ["orbit null, operands exchanged", percent(content.orbit_accuracy)],
      ["the same, with x to −x as well", percent(content.sign_accuracy)],
      ["permuted in training", content.swap_share === null ? "no permutation keeps the labels" : `${percent(content.swap_share)} of the test inputs`],
    ]));
}
