// One run: live curves while it trains, its report's panels, one slider over the kept weights.
import {STATIC, facts, field, h, number, percent, say, seconds, title} from "./dom.js";
import {get, post} from "./api.js";
import {panelFigure, showPanels, table} from "./charts.js";
import {actions, watch} from "./training.js";
import {download} from "./dom.js";

const PLAY = 250;

export async function show(main, id) {
  const run = await get(`/runs/${encodeURIComponent(id)}.json`);
  const own = `/runs/${run.id}`;
  const name = /^[A-Z]\d+$|^table:/.test(run.expression) ? run.expression : `${run.expression} mod ${run.p}`;
  title(`${name}, ${run.learner}`);
  const heading = h("h1", {}, name), summary = h("p", {}, `${run.learner}, run ${run.id}`);
  const known = h("div"), details = h("div"), colophon = h("p", {class: "small soft"}), words = h("div"), notes = h("div"), live = h("div"), panels = h("div", {class: "panels"}), bottom = h("div");
  const busy = h("p", {class: "soft busy", role: "status"}, "drawing the panels");
  const slider = h("div", {class: "slider", hidden: true}), position = {step: null}, formula = h("div", {class: "small", "aria-live": "polite"});
  main.replaceChildren(heading, summary, known, details, words, notes, live, busy, panels, slider, formula, bottom, colophon);
  known.replaceChildren(facts([
    ["step", `${number(run.step)} of ${number(run.budget)}, ${run.status}`],
    ["memorised", run.memorised_at === null ? "never" : number(run.memorised_at)], ["grokked", run.grokked_at === null ? "never" : number(run.grokked_at)],
    ["accuracy", `training ${percent(run.train_accuracy)}, test ${percent(run.test_accuracy)}`], ["time", seconds(run.seconds)],
  ]));
  labels(words, run);
  bottom.replaceChildren(...[
    run.command ? [h("h2", {}, "Command of the run"), h("pre", {}, run.command)] : [],
    h("div", {class: "tools"},
      run.steps.length > 1 ? h("a", {href: `/compare?run=${run.id}`}, "Compare two checkpoints") : null,
      h("button", {type: "button", onclick: () => download(`${run.id}.csv`, table(run.records), "text/csv")}, "Records as CSV"),
      h("a", {href: STATIC ? `/data${own}.json` : `${own}.json`, download: `${run.id}.json`}, "All of it as JSON")),
    h("details", {}, h("summary", {}, "Settings"), facts(Object.entries(run.settings).map(([key, value]) => [key.replaceAll("_", " "), value === null ? "none" : String(value)]))),
  ].flat());

  if (STATIC) live.replaceChildren();
  else if (run.status === "running") await watch(live, {run: run.id}, draw); // its weights are all there at the end
  else live.replaceChildren(h("div", {class: "row"}, actions(live, run.id, run, null)));
  await draw();

  async function draw() { try {
    const report = await get(`${own}/report.json`);
    heading.textContent = report.title;
    summary.textContent = report.summary;
    details.replaceChildren(facts(report.facts));
    notes.replaceChildren(...report.notes.map((note) => h("p", {class: "small soft"}, note)));
    colophon.textContent = report.colophon;
    busy.hidden = true;
    await showPanels(report.panels, panels, STATIC ? null : (key, format) => `${own}/panels/${encodeURIComponent(key)}.${format}`);
    if (report.steps.length > 1) checkpoints(own, report, panels, slider, formula, position);
  } catch (failure) { busy.replaceWith(h("p", {class: "error", role: "alert"}, failure.message)); } }
}

// Tags and the note: what people wrote about the run.
function labels(element, run) {
  if (STATIC) {
    element.replaceChildren(...[run.tags.length ? h("p", {class: "small"}, `tags: ${run.tags.join(", ")}`) : null, run.note ? h("div", {class: "note"}, run.note) : null].filter(Boolean));
    return;
  }
  const tag = h("input", {class: "mono", size: "10", maxlength: "40", spellcheck: "false"}), note = h("textarea", {rows: "2", maxlength: "2000", class: "note"}, run.note);
  const save = async (change) => {
    try { const [own] = (await post("/runs/labels", {runs: [run.id], ...change})).runs; labels(element, {...run, ...own}); say("saved"); setTimeout(() => say(""), 1500); } catch (failure) { say(failure.message); }
  };
  element.replaceChildren(h("details", {open: run.tags.length > 0 || run.note !== ""}, h("summary", {}, "Tags and note"),
    h("div", {class: "row"}, run.tags.map((own) => h("button", {type: "button", class: "tag", "aria-label": `Remove the tag ${own}`, onclick: () => save({remove: [own]})}, `${own} ×`)),
      h("form", {class: "row", onsubmit: (event) => { event.preventDefault(); if (tag.value.trim()) save({add: [tag.value.trim()]}); }}, field("add a tag", tag), h("button", {type: "submit"}, "Add"))),
    h("form", {class: "row", onsubmit: (event) => { event.preventDefault(); save({note: note.value}); }}, field("note", note, {class: "field grow"}), h("button", {type: "submit"}, "Save the note"))));
}

// The slider: all panels that need weights move together to the checkpoint of a step. A report that is drawn again when
// its run ends finds the slider where it was left.
function checkpoints(own, report, panels, slider, formula, position) {
  const {steps} = report, loaded = new Map(), formulas = new Map(), panelIds = new Set(["panel-circles", "panel-left_over"]);
  const range = h("input", {type: "range", min: "0", max: String(steps.length - 1), value: String(steps.length - 1), "aria-label": "Checkpoint"});
  const label = h("span", {class: "mono"}, "weights at the report's stages"), play = h("button", {type: "button"}, "Play"), back = h("button", {type: "button"}, "Report's stages");
  const focused = slider.contains(document.activeElement);
  slider.hidden = false;
  slider.replaceChildren(h("span", {"aria-hidden": "true"}, "Weights"), range, label, play, back);
  let targetPlace = -1, moving = false, playing = false;

  const fetched = async (step) => {
    if (!loaded.has(step)) loaded.set(step, await get(`${own}/checkpoints/${step}.json`));
    return loaded.get(step);
  };
  async function place(list, step) {
    for (const original of list) {
      // a checkpoint is drawn as the end of a run that ended there
      const panel = step === null ? original : {...original, groups: original.groups.map((group) => ({...group, label: group.label.replace(/^end, /, "")}))};
      const link = (key, format) => `${own}/panels/${encodeURIComponent(key)}.${format}${step === null ? "" : `?step=${step}`}`;
      const {figure, draw} = panelFigure(panel, STATIC ? null : link);
      const old = document.getElementById(figure.id);
      if (old) { figure.style.minHeight = `${old.offsetHeight}px`; old.replaceWith(figure); } else panels.append(figure);
      await draw();
      figure.style.minHeight = "";
    }
  }
  async function move() {
    if (moving) return;
    moving = true;
    while (targetPlace >= 0) {
      const step = steps[targetPlace];
      targetPlace = -1;
      label.textContent = `step ${number(step)}`;
      range.setAttribute("aria-valuetext", `step ${step}`);
      const patience = setTimeout(() => say(`drawing the weights of step ${number(step)}`), 600);
      try { await place((await fetched(step)).panels, step); say(""); } catch (failure) { say(failure.message); }
      clearTimeout(patience);
      if (targetPlace < 0) await tell(step);
    }
    moving = false;
  }
  // The formula of the weights that are shown, with its circles; where the slider has moved on, the next one's.
  async function tell(step) {
    const patience = setTimeout(() => formula.replaceChildren(h("span", {class: "soft busy"}, `reading the formula at step ${number(step)}`)), 400);
    try {
      if (!formulas.has(step)) formulas.set(step, await get(`${own}/explain.json`, {step, panels: 1}));
      const explanation = formulas.get(step);
      if (position.step !== step) return clearTimeout(patience);
      const now = explanation.panels || [];
      now.forEach((panel) => panelIds.add(`panel-${panel.key}`));
      for (const id of panelIds) { // a formula without frequencies has no circles
        const old = document.getElementById(id);
        if (old && !now.some((panel) => id === `panel-${panel.key}`)) old.hidden = true;
      }
      await place(now, step);
      formula.replaceChildren(h("p", {}, `Step ${number(step)}. ${explanation.sentence}`),
        explanation.formula ? h("pre", {}, explanation.formula) : "");
    } catch (failure) { formula.replaceChildren(h("p", {class: "soft"}, failure.message)); }
    clearTimeout(patience);
  }
  const go = (at) => { position.step = steps[at]; targetPlace = at; };
  range.addEventListener("input", () => { go(Number(range.value)); move(); });
  back.addEventListener("click", () => { playing = false; position.step = null; label.textContent = "weights at the report's stages"; formula.replaceChildren(); place(report.panels, null); });
  play.addEventListener("click", async () => {
    playing = !playing;
    play.textContent = playing ? "Pause" : "Play";
    if (playing && Number(range.value) === steps.length - 1) range.value = "-1";
    for (let at = Number(range.value); playing && at < steps.length; at++) {
      range.value = String(at);
      go(at);
      await move();
      await new Promise((done) => setTimeout(done, PLAY));
    }
    playing = false;
    play.textContent = "Play";
  });
  if (focused) range.focus();
  if (steps.includes(position.step)) {
    range.value = String(steps.indexOf(position.step));
    go(Number(range.value));
    move();
  }
}
