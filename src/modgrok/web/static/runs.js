// Runs: search, filters and sorting by the server; some of them chosen and compared.
import {STATIC, here, badge, field, h, number, percent, say, seconds, settled, title} from "./dom.js";
import {aborted, latest, post} from "./api.js";

const COLUMNS = [
  ["expression", "task"], ["learner", "learner", "wide"], ["status", "status"], ["step", "step", "right wide"], ["memorised_at", "memorised", "right wide"],
  ["grokked_at", "grokked", "right"], ["train_accuracy", "training", "right wide"], ["test_accuracy", "test", "right"], ["seconds", "time", "right wide"], ["updated", "updated", "wide"],
];
const PAGE = 100, DELAY = 120, MOST_VARIED = 3;

// For each run, the settings that tell it apart from the others of its task: first those in which it is in a minority.
function variedOf(runs) {
  const tasks = new Map(), varied = new Map();
  for (const run of runs) tasks.set(taskOf(run), [...(tasks.get(taskOf(run)) || []), run]);
  for (const own of tasks.values()) {
    const names = [...new Set(["fraction", "seed", "lr", "weight_decay", "width", "optimiser", ...own.flatMap((run) => Object.keys(run.settings))])];
    const counts = names.map((name) => [name, own.reduce((count, run) => count.set(run.settings[name], (count.get(run.settings[name]) || 0) + 1), new Map())]).filter(([, count]) => [...count.keys()].filter((value) => value !== undefined).length > 1);
    for (const run of own) {
      const rare = ([name, count]) => (2 * count.get(run.settings[name]) < own.length ? 0 : 1);
      varied.set(run.id, counts.filter(([name]) => run.settings[name] !== undefined).sort((a, b) => rare(a) - rare(b)).slice(0, MOST_VARIED).map(([name]) => name));
    }
  }
  return varied;
}

function taskOf(run) { return `${run.expression} ${run.p} ${run.learner}`; }

export async function show(main) {
  title("Runs");
  const addressQuery = new URLSearchParams(location.search);
  const search = h("input", {type: "search", value: addressQuery.get("search") || "", "data-search": true, maxlength: "300"});
  const where = h("input", {class: "mono", value: addressQuery.getAll("where").join(" "), placeholder: "p=97 test_accuracy>0.9 grokked_at!=never tag=fig-3", spellcheck: "false", maxlength: "1000"});
  const status = h("select", {}, ["", "running", "interrupted", "finished", "diverged", "failed"].map((one) => h("option", {value: one}, one || "any")));
  const group = h("select", {}, [["", "none"], ["expression", "task"], ["learner", "learner"], ["status", "status"]].map(([value, name]) => h("option", {value}, name)));
  const count = h("p", {class: "soft small", role: "status", "aria-live": "polite"}, "");
  const rows = h("tbody"), heads = h("tr"), more = h("button", {type: "button", hidden: true}, "More");
  const compare = h("button", {type: "button", disabled: true}, "Compare"), tag = h("input", {class: "mono", maxlength: "40", size: "10", spellcheck: "false"}), tagging = h("button", {type: "button", disabled: true}, "Tag");
  const error = h("p", {class: "error", role: "alert", hidden: true});
  const chosen = new Set();
  let sort = addressQuery.get("sort") || "-updated", offset = 0, previous = null, varied = new Map();
  main.replaceChildren(h("h1", {}, "Runs"),
    h("div", {class: "row"}, field("search (press /)", search, {class: "field grow"}), field("conditions", where, {class: "field grow"}), field("status", status), field("group by", group), STATIC ? null : [field("tag for the selected runs", tag), tagging], compare),
    error, count, h("div", {class: "scroll"}, h("table", {}, h("thead", {}, heads), rows)), more);
  const request = latest();

  const query = () => ({search: search.value.trim(), where: [...where.value.split(/\s+(?=\w+\s*[<>=!])/).map((one) => one.trim()).filter(Boolean), ...(status.value ? [`status=${status.value}`] : [])], sort});

  async function load(fresh) {
    if (fresh) offset = 0;
    const own = query();
    const shownSort = group.value ? group.value : sort;
    try {
      const page = await request("/runs.json", {...own, sort: shownSort, limit: PAGE, offset});
      error.hidden = true;
      if (fresh) { rows.replaceChildren(); previous = null; }
      varied = variedOf(page.runs);
      for (const run of page.runs) {
        if (group.value && run[group.value] !== previous) {
          previous = run[group.value];
          rows.append(h("tr", {}, h("th", {colspan: String(COLUMNS.length + 1), scope: "rowgroup"}, previous)));
        }
        rows.append(row(run));
      }
      for (const damaged of page.damaged) rows.append(h("tr", {class: "damaged"}, h("td", {colspan: String(COLUMNS.length + 1)}, `damaged: ${damaged}`)));
      offset += PAGE;
      more.hidden = offset >= page.total;
      count.textContent = page.total === 0 ? (own.search || own.where.length ? "no matching runs" : "no runs yet: train one on the playground") : page.total === 1 ? "1 run" : `${number(page.total)} runs`;
      const parameters = new URLSearchParams();
      if (own.search) parameters.set("search", own.search);
      own.where.forEach((one) => parameters.append("where", one));
      if (sort !== "-updated") parameters.set("sort", sort);
      history.replaceState(null, "", here(`/runs${parameters.size ? `?${parameters}` : ""}`));
    } catch (failure) {
      if (aborted(failure)) return;
      error.textContent = failure.message;
      error.hidden = false;
      if (fresh) { rows.replaceChildren(); count.textContent = ""; more.hidden = true; } // those of another question
    }
    headings();
  }

  function row(run) {
    const box = h("input", {type: "checkbox", checked: chosen.has(run.id), "aria-label": `Choose ${run.id} to compare`, onchange: () => {
      chosen[box.checked ? "add" : "delete"](run.id);
      compare.disabled = chosen.size < 2;
      tagging.disabled = chosen.size < 1;
      compare.textContent = chosen.size ? `Compare ${chosen.size}` : "Compare";
      if (chosen.size > 20) say("at most 20 runs can be compared");
    }});
    const task = /^[A-Z]\d+$|^table:/.test(run.expression) ? run.expression : `${run.expression} mod ${run.p}`;
    return h("tr", {}, h("td", {}, box),
      h("td", {}, h("a", {href: `/runs/${run.id}`}, task), h("div", {class: "small soft mono"}, run.id, h("span", {class: "narrow"}, ` ${run.learner}`)),
        (varied.get(run.id) || []).length ? h("div", {class: "small soft"}, varied.get(run.id).map((one) => `${one.replaceAll("_", " ")} ${number(run.settings[one])}`).join(", ")) : null,
        run.tags.map((own) => [h("button", {type: "button", class: "tag", title: `only runs tagged ${own}`, onclick: () => { where.value = `tag=${own}`; load(true); }}, own), " "]),
        run.note ? h("div", {class: "small soft note"}, run.note) : null),
      h("td", {class: "wide"}, run.learner), h("td", {}, badge(run.status)), h("td", {class: "right wide"}, number(run.step)),
      h("td", {class: "right wide"}, number(run.memorised_at)), h("td", {class: "right"}, number(run.grokked_at)),
      h("td", {class: "right wide"}, percent(run.train_accuracy)), h("td", {class: "right"}, percent(run.test_accuracy)),
      h("td", {class: "right wide"}, seconds(run.seconds)), h("td", {class: "wide small"}, run.updated.slice(0, 16).replace("T", " ")));
  }

  function headings() {
    heads.replaceChildren(h("th", {scope: "col"}, h("span", {class: "unseen"}, "chosen")), ...COLUMNS.map(([name, label, kind]) => {
      const now = sort.replace("-", "") === name, down = sort.startsWith("-");
      return h("th", {scope: "col", class: kind || null, "aria-sort": now ? (down ? "descending" : "ascending") : null},
        h("button", {type: "button", onclick: () => { sort = now && !down ? `-${name}` : name; group.value = ""; load(true); }}, label, now ? h("span", {"aria-hidden": "true"}, down ? " ↓" : " ↑") : ""));
    }));
  }

  compare.addEventListener("click", () => { location.href = here(`/compare?${new URLSearchParams([...chosen].slice(0, 20).map((id) => ["run", id]))}`); });
  tagging.addEventListener("click", async () => {
    if (!tag.value.trim()) { tag.focus(); return; }
    try { await post("/runs/labels", {runs: [...chosen], add: [tag.value.trim()]}); tag.value = ""; say(""); load(true); } catch (failure) { say(failure.message); }
  });
  more.addEventListener("click", () => load(false));
  const soon = settled(() => load(true), DELAY);
  search.addEventListener("input", soon);
  where.addEventListener("input", soon);
  status.addEventListener("change", () => load(true));
  group.addEventListener("change", () => load(true));
  headings();
  await load(true);
}
