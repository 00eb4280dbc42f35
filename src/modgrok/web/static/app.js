// Which script draws which page, and what all pages have: theme, jobs, the token out of the address.
import {PAGE, STATIC, h, say} from "./dom.js";
import {get} from "./api.js";

const PATIENCE = 600; // milliseconds after which a page that has nothing yet says so
const PAGES = [
  [/^\/$/, "./playground.js"],
  [/^\/runs$/, "./runs.js"],
  [/^\/runs\/([^/]+)$/, "./run.js"],
  [/^\/compare$/, "./compare.js"],
  [/^\/sweeps$/, "./sweeps.js"],
  [/^\/sweeps\/([^/]+)$/, "./sweep.js"],
  [/^\/claims$/, "./claims.js"],
  [/^\/explain$/, "./explain.js"],
];

function withoutToken() {
  const address = new URL(location.href);
  if (address.searchParams.has("token")) {
    address.searchParams.delete("token");
    history.replaceState(null, "", address.pathname + address.search + address.hash);
  }
}

function themes() {
  const root = document.documentElement;
  const stored = localStorage.getItem("theme");
  if (stored === "dark" || stored === "light") root.dataset.theme = stored;
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  });
}

async function watchJobs() {
  const element = document.getElementById("jobs");
  for (;;) {
    if (!document.hidden) {
      try {
        const {jobs} = await get("/training.json");
        const open = jobs.filter((job) => job.state === "running" || job.state === "waiting");
        element.hidden = open.length === 0;
        const running = open.find((job) => job.state === "running");
        element.textContent = running ? `training ${running.title}` + (open.length > 1 ? `, ${open.length - 1} waiting` : "") : "";
        if (running && running.run) element.href = `/runs/${running.run}`;
        document.dispatchEvent(new CustomEvent("jobs", {detail: jobs}));
        if (document.getElementById("status").textContent.startsWith("modgrok ui does not answer")) say("");
      } catch (error) { say(error.message); }
    }
    await new Promise((done) => setTimeout(done, 2000));
  }
}

async function start() {
  for (const link of document.querySelectorAll("link")) link.setAttribute("href", link.href); // addresses of this page change
  withoutToken();
  themes();
  const path = PAGE;
  for (const link of document.querySelectorAll(".bar nav a")) {
    const own = link.dataset.page || link.getAttribute("href");
    if (own === path || (own !== "/" && path.startsWith(`${own}/`)) || (own === "/runs" && path === "/compare")) link.setAttribute("aria-current", "page");
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) {
      const search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); }
    }
  });
  if (!STATIC) watchJobs(); // beside the page: that of a running sweep is being shown until its end
  const main = document.getElementById("main");
  const patience = setTimeout(() => { if (!main.childElementCount) main.append(h("p", {class: "soft busy"}, "reading the store")); }, PATIENCE);
  const [pattern, script] = PAGES.find(([known]) => known.test(path)) || [];
  try {
    if (!script) throw new Error("there is no such page");
    const {show} = await import(script);
    await show(main, ...(path.match(pattern) || []).slice(1).map(decodeURIComponent));
  } catch (error) {
    for (const word of main.querySelectorAll(":scope > .busy")) word.remove();
    main.append(h("p", {class: "error", role: "alert"}, error.message));
  } finally { clearTimeout(patience); }
}

start();
