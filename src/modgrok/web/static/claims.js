// The papers' claims with their verdicts; a button tests one.
import {STATIC, badge, field, h, head, number, say, seconds, title} from "./dom.js";
import {get, post} from "./api.js";

const VERDICTS = ["reproduced", "deviates", "refuted", "misprint", "open", "not tested"];
const WIDE = matchMedia("(min-width: 761px)");
const verdictOf = (claim) => claim.verdict || claim.book.verdict || "not tested";

export async function show(main) {
  title("Claims");
  const budget = h("select", {}, ["laptop", "desktop", "paper", "tiny"].map((one) => h("option", {value: one}, one)));
  const verdict = h("select", {}, ["", ...VERDICTS].map((one) => h("option", {value: one}, one || "any")));
  const paper = h("select", {}, h("option", {value: ""}, "all"));
  const search = h("input", {type: "search", "data-search": true, value: new URLSearchParams(location.search).get("search") || ""});
  const list = h("div"), count = h("p", {class: "soft small", role: "status", "aria-live": "polite"}, "reading the claims …");
  main.replaceChildren(h("h1", {}, "Claims"), h("div", {class: "row"}, field("verdict", verdict), field("paper", paper), field("search (press /)", search, {class: "field grow"}), STATIC ? null : field("budget of the runs", budget)), count, list);
  let claims = [];

  function draw() {
    const text = search.value.trim().toLowerCase();
    const matching = claims.filter((claim) => (!verdict.value || verdictOf(claim) === verdict.value) && (!paper.value || claim.paper === paper.value)
      && (!text || `${claim.id} ${claim.claim} ${claim.source}`.toLowerCase().includes(text)));
    const numbers = VERDICTS.map((one) => [claims.filter((claim) => verdictOf(claim) === one).length, one]).filter(([many]) => many);
    count.textContent = `${matching.length} of ${claims.length} claims; ${numbers.map(([many, one]) => `${many} ${one}`).join(", ")}`;
    const papers = [...new Set(matching.map((claim) => claim.paper))];
    list.replaceChildren(...papers.map((name) => {
      const own = matching.filter((claim) => claim.paper === name);
      return h("section", {}, h("h2", {}, own[0].title, " ", h("span", {class: "small soft"}, own[0].citation)), h("div", {class: "scroll"}, h("table", {class: "stack"}, head(["verdict", "claim", ["runs", "wide"], ...(STATIC ? [] : [["test", "unseen"]])]), h("tbody", {}, own.map(row)))));
    }));
  }

  function row(claim) {
    const button = h("button", {type: "button", "aria-label": `${claim.verdict ? "Test again" : "Test"}: ${claim.id}`, onclick: async () => {
      button.disabled = true;
      try { await post("/claims/test", {claim: claim.id, budget: budget.value}); say(`${claim.id} waits to be tested`); } catch (failure) { say(failure.message); button.disabled = false; }
    }}, claim.verdict ? "Test again" : "Test");
    const numbers = claim.measured || claim.book.measured;
    const measured = numbers ? h("details", {open: WIDE.matches, class: "small"}, h("summary", {}, `${claim.expected.length} ${claim.expected.length === 1 ? "number" : "numbers"}`), claim.expected.map((one) => h("div", {}, `${one.name.replaceAll("_", " ")} ${number(numbers[one.name])}; the paper: ${one.paper}`)))
      : h("div", {class: "small soft"}, claim.error || claim.expected.map((one) => one.paper).join("; "));
    return h("tr", {}, h("td", {}, badge(verdictOf(claim)), claim.verdict || !claim.book.verdict ? null : h("div", {class: "small soft"}, `in the book, ${claim.book.budget}`)),
      h("td", {}, h("div", {}, claim.claim), h("div", {class: "small soft"}, `${claim.source} · `, h("span", {class: "mono"}, claim.id)), measured),
      h("td", {class: "wide small"}, claim.runs.length ? `${claim.runs.length} runs, ${seconds(claim.seconds)}` : ""), STATIC ? null : h("td", {class: "right"}, button));
  }

  async function load() {
    const answer = await get("/claims.json", {budget: budget.value});
    claims = answer.claims;
    const papers = [...new Set(claims.map((claim) => claim.paper))], chosen = paper.value;
    paper.replaceChildren(h("option", {value: ""}, "all"), ...papers.map((one) => h("option", {value: one}, one)));
    paper.value = chosen;
    draw();
  }
  for (const control of [verdict, paper]) control.addEventListener("change", draw);
  search.addEventListener("input", draw);
  budget.addEventListener("change", load);
  let open = 0;
  document.addEventListener("jobs", (event) => {
    const now = event.detail.filter((job) => job.claim && (job.state === "running" || job.state === "waiting")).length;
    if (now < open) load();
    open = now;
  });
  await load();
}
