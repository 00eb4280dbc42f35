// The sweeps of the store and how far they are.
import {badge, h, head, number, renew, title, wait} from "./dom.js";
import {get} from "./api.js";

export async function show(main) {
  title("Sweeps");
  const rows = h("tbody"), note = h("p", {class: "soft"}, "");
  main.replaceChildren(h("h1", {}, "Sweeps"), note, h("div", {class: "scroll"}, h("table", {},
    head(["sweep", ["state", "unseen"], "done", "grokked", "failed", "updated"]), rows)));
  for (let latestText = "";;) {
    const {sweeps} = await get("/sweeps.json"), text = JSON.stringify(sweeps);
    note.textContent = sweeps.length ? "" : "no sweeps yet: modgrok sweep FILE.toml runs one";
    if (text !== latestText) renew(rows, ...sweeps.map((sweep) => h("tr", {}, h("td", {}, h("a", {href: `/sweeps/${encodeURIComponent(sweep.name)}`}, sweep.name)),
      h("td", {}, sweep.running ? badge("running") : null), h("td", {}, `${number(sweep.done)} of ${number(sweep.total)}`),
      h("td", {}, number(sweep.grokked)), h("td", {}, number(sweep.failed)), h("td", {class: "small"}, (sweep.updated || "").slice(0, 16).replace("T", " ")))));
    latestText = text;
    if (!sweeps.some((sweep) => sweep.running)) return;
    do await wait(3000); while (document.hidden);
  }
}
