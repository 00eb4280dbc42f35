// A training: the form from the settings' declarations, its curves as they are recorded, the jobs that wait.
import {badge, field, h, head, number, percent, renew, say, seconds} from "./dom.js";
import {get, post} from "./api.js";
import {curves} from "./charts.js";

const FIRST = ["fraction", "seed"];

export async function trainingForm(task) {
  const body = h("div"), live = h("div"), list = h("div"), error = h("p", {class: "error", role: "alert", hidden: true});
  const element = h("section", {id: "training", tabindex: "-1"}, h("h2", {}, "Train it"), body, error, live, list);
  let latestText = "";
  document.addEventListener("jobs", (event) => {
    const text = JSON.stringify(event.detail);
    if (text !== latestText) { latestText = text; renew(list, jobList(event.detail, (job) => watch(live, job))); }
  });
  body.append(h("p", {class: "soft busy"}, "reading the learners"));
  get("/learners.json").then((learners) => {
    const choice = h("select", {}, learners.map((learner) => h("option", {value: learner.name}, learner.name)));
    const steps = h("input", {inputmode: "numeric"});
    const first = h("div", {class: "row"}), more = h("fieldset");
    let controls = new Map();
    const fill = () => {
      const learner = learners.find((one) => one.name === choice.value);
      steps.placeholder = String(learner.steps);
      controls = new Map(learner.fields.map((info) => [info.name, control(info)]));
      const labelled = (name) => field(name.replaceAll("_", " "), controls.get(name), {title: learner.fields.find((info) => info.name === name).description});
      first.replaceChildren(field("learner", choice), ...FIRST.map(labelled), field(`${learner.unit}s`, steps),
        h("button", {class: "main", type: "submit"}, "Train"));
      more.replaceChildren(...learner.fields.filter((info) => !FIRST.includes(info.name)).map((info) => labelled(info.name)));
    };
    choice.addEventListener("change", fill);
    fill();
    const form = h("form", {onsubmit: async (event) => {
      event.preventDefault();
      const options = Object.fromEntries([...controls].map(([name, one]) => [name, one.value]).filter(([, value]) => value !== ""));
      const chosenTask = task();
      try {
        say("checking the settings");
        const job = await post("/training", {learner: choice.value, options, steps: steps.value.trim(), ...chosenTask, p: chosenTask.p ? Number(chosenTask.p) : null});
        error.hidden = true;
        watch(live, job).then(() => live.scrollIntoView({block: "nearest"}));
      } catch (failure) {
        error.textContent = failure.message;
        error.hidden = false;
      } finally { say(""); }
    }}, first, h("details", {}, h("summary", {}, "All settings"), more));
    body.replaceChildren(form);
  }).catch((failure) => body.replaceChildren(h("p", {class: "error"}, failure.message)));
  return {element};
}

function control(info) {
  const defaultText = info.default === null || info.default === undefined ? "" : String(info.default);
  if (info.type === "choice" || info.type === "boolean") {
    const choices = info.type === "boolean" ? ["true", "false"] : info.choices;
    return h("select", {}, h("option", {value: ""}, defaultText || "default"), choices.filter((one) => one !== defaultText).map((one) => h("option", {value: one}, one)));
  }
  return h("input", {placeholder: defaultText || "default", inputmode: info.type === "text" ? "text" : "decimal", maxlength: "100"});
}

function jobList(jobs, open) {
  if (!jobs.length) return "";
  return h("details", {open: true}, h("summary", {}, `Training runs of this session (${jobs.length})`),
    h("div", {class: "scroll"}, h("table", {}, head(["state", "training", "message", ["actions", "unseen"]]), h("tbody", {}, jobs.slice().reverse().slice(0, 30).map((job) => h("tr", {},
      h("td", {}, badge(job.state)),
      h("td", {}, job.run ? h("a", {href: `/runs/${job.run}`}, job.title) : job.title),
      h("td", {class: "soft"}, job.message),
      h("td", {class: "right"},
        job.run ? h("button", {type: "button", "aria-label": `Watch ${job.title}`, onclick: () => open(job)}, "Watch") : null, " ",
        job.state === "running" || job.state === "waiting" ? h("button", {type: "button", "aria-label": `Stop ${job.title}`, onclick: () => stop(job)}, "Stop") : null)))))));
}

export async function stop(job) {
  say("stopping; the state reached so far is saved");
  try { await post("/training/stop", {number: job.number}); say(""); } catch (failure) { say(failure.message); }
}

let source = null;

// Curves of a run as its observations are recorded. The stream is of the store: it does not matter who trains.
export async function watch(element, job, ended = () => {}) {
  if (source) source.close();
  const state = h("p", {class: "verdict", role: "status", "aria-live": "polite"}, "starting"), buttons = h("div", {class: "row"});
  let situation = "";
  const accuracy = h("div"), loss = h("div");
  element.replaceChildren(state, h("div", {class: "groups of-2"}, h("div", {}, h("h2", {class: "quiet"}, "Accuracy"), accuracy), h("div", {}, h("h2", {class: "quiet"}, "Loss"), loss)), buttons);
  const live = new LiveCurves(accuracy, loss);
  await live.ready;
  const stream = new EventSource(`/runs/${job.run}/events`);
  source = stream;
  stream.addEventListener("records", (event) => live.add(JSON.parse(event.data)));
  const tell = (event) => {
    const {run, job: current} = JSON.parse(event.data);
    state.replaceChildren(...stateWords(run, current, live.last));
    live.mark(run);
    const latest = JSON.stringify([run && [run.status, run.budget], current && [current.number, current.state]]);
    if (latest !== situation) { // nodes that mean the same stay: a press on a link is not lost
      situation = latest;
      renew(buttons, ...actions(element, job.run, run, current));
    }
    return current;
  };
  stream.addEventListener("state", tell);
  stream.addEventListener("end", (event) => { tell(event); stream.close(); ended(); });
  stream.addEventListener("failure", (event) => { state.textContent = JSON.parse(event.data).error; stream.close(); });
}

export class LiveCurves {
  constructor(accuracy, loss) {
    this.rows = {accuracy: [], loss: []};
    this.last = null;
    this.moments = [];
    this.ready = Promise.all([
      curves(accuracy, {names: ["training", "test"], domain: [0, 1], format: ".0%", text: "Accuracy on training and test inputs against steps"}),
      curves(loss, {names: ["training", "test"], log: true, format: "~g", text: "Loss on training and test inputs against steps"}),
    ]).then((charts) => { this.charts = charts; });
  }
  add(records) {
    for (const record of records) {
      for (const kind of ["accuracy", "loss"]) {
        this.rows[kind].push({step: record.step, name: "training", value: record[`train_${kind}`]}, {step: record.step, name: "test", value: record[`test_${kind}`]});
      }
      this.last = record;
    }
    this.draw();
  }
  mark(run) {
    if (!run) return;
    this.moments = [["memorised", run.memorised_at], ["grokked", run.grokked_at]].filter(([, step]) => step !== null).map(([name, step]) => ({name, step}));
    this.draw();
  }
  draw() {
    if (this.waiting) return;
    this.waiting = setTimeout(() => {
      this.waiting = 0;
      this.charts[0].update(this.rows.accuracy, this.moments);
      this.charts[1].update(this.rows.loss, this.moments);
    }, 150);
  }
}

function stateWords(run, job, last) {
  if (job && job.state === "failed") return [badge("failed"), ` ${job.message}`];
  if (job && job.state === "waiting") return [badge("waiting"), " waiting for another training run"];
  if (!run) return [h("span", {class: "busy"}, "starting: compiling the step")];
  const parts = [badge(run.status), ` step ${number(run.step)} of ${number(run.budget)}`];
  if (last) parts.push(`, training ${percent(last.train_accuracy)}, test ${percent(last.test_accuracy)}`);
  if (run.status === "running" && run.seconds_per_step) parts.push(`, at most ${seconds((run.budget - run.step) * run.seconds_per_step)} left`);
  if (run.memorised_at !== null) parts.push(` · memorised at ${number(run.memorised_at)}`);
  if (run.grokked_at !== null) parts.push(h("strong", {}, ` · grokked at ${number(run.grokked_at)}`));
  return parts;
}

export function actions(element, id, run, job) {
  const active = job && (job.state === "running" || job.state === "waiting");
  const again = async (body) => {
    try { watch(element, await post("/training", body)); } catch (failure) { say(failure.message); }
  };
  const steps = h("input", {inputmode: "numeric", placeholder: run ? String(run.budget) : "", "aria-label": "Steps to resume to", size: "8"});
  const ownSeed = run && run.settings ? Number(run.settings.seed) : NaN;
  const seed = h("input", {inputmode: "numeric", value: Number.isInteger(ownSeed) ? String(ownSeed + 1) : "", placeholder: "1", "aria-label": "Other seed", size: "6"});
  const resume = () => {
    const more = steps.value.trim();
    if (run.status === "finished" && !(Number(more) > run.budget)) { say(`finished at step ${number(run.step)} of ${number(run.budget)}: enter more steps to go on`); steps.focus(); return; }
    say("");
    again({resume: id, steps: more});
  };
  return [
    active ? h("button", {type: "button", onclick: () => stop(job)}, "Stop") : null,
    run && !active && run.status !== "running" ? field("steps", steps) : null,
    run && !active && run.status !== "running" ? h("button", {type: "button", onclick: resume}, "Resume") : null,
    run ? field("other seed", seed) : null,
    run ? h("button", {type: "button", onclick: () => again({repeat: id, seed: seed.value.trim() || "1"})}, "Repeat") : null,
    run && location.pathname !== `/runs/${id}` ? h("a", {href: `/runs/${id}`}, "All of the run") : null,
  ].filter(Boolean);
}
