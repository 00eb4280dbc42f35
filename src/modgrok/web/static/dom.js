// Elements made from values. Text is always a text node: nothing that a store says can become markup.

// In a static copy, pages and data are files: addresses of the server become relative ones.
const {root, page} = document.documentElement.dataset;
export const STATIC = root !== undefined;
export const PAGE = page || location.pathname;
export const ROOT = STATIC ? new URL(root, location.href).pathname.replace(/\/$/, "") : "";

export function here(address) {
  if (!STATIC || !address.startsWith("/")) return address;
  const [path, query] = address.split("?");
  const place = path.startsWith("/static/") || path.startsWith("/data/") ? path : path === "/" ? "/" : `${path}/`;
  return `${ROOT}${place}${query ? `?${query}` : ""}`;
}

export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : name === "href" || name === "src" ? here(String(value)) : String(value));
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function field(label, control, attributes = {}) {
  const id = control.id || `field-${Math.random().toString(36).slice(2)}`;
  control.id = id;
  return h("div", {class: "field", ...attributes}, h("label", {for: id}, label), control);
}

// The head of a table; a column whose name is not shown has one for who cannot see what it holds.
export function head(names) {
  return h("thead", {}, h("tr", {}, names.map((name) => (Array.isArray(name)
    ? h("th", {scope: "col", class: name[1] === "unseen" ? null : name[1]}, name[1] === "unseen" ? h("span", {class: "unseen"}, name[0]) : name[0])
    : h("th", {scope: "col"}, name)))));
}

export function facts(pairs) {
  return h("dl", {}, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

export function percent(share) {
  if (share === null || share === undefined) return "–";
  if (share === 1) return "100%";
  return `${(Math.min(Math.round(share * 10000), 9999) / 100).toFixed(2)}%`; // 100% only where nothing is wrong
}

export function number(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return String(Number(value.toPrecision(4)));
}

export function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 0.1) return "under 0.1 s";
  if (value < 100) return `${value.toFixed(1)} s`;
  const minutes = Math.round(value / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function say(text) { document.getElementById("status").textContent = text; }

export function wait(milliseconds) { return new Promise((done) => setTimeout(done, milliseconds)); }

// Put new content into an element; the link, button or field of the same name has the focus again, and what was typed.
export function renew(element, ...children) {
  const name = (one) => one.getAttribute("aria-label") || one.getAttribute("href") || one.textContent;
  const all = () => [...element.querySelectorAll("a, button, input")];
  const before = element.contains(document.activeElement) ? name(document.activeElement) : null;
  const typed = new Map(all().filter((one) => one.tagName === "INPUT").map((one) => [name(one), one.value]));
  element.replaceChildren(...children);
  for (const one of all()) if (one.tagName === "INPUT" && typed.get(name(one))) one.value = typed.get(name(one));
  if (before) all().find((one) => name(one) === before)?.focus();
}

// Let the browser handle keys and draw between two pieces of work.
export function pause() { return window.scheduler && scheduler.yield ? scheduler.yield() : wait(0); }

// Call a function when no call followed for a while.
export function settled(action, milliseconds) {
  let timer = 0;
  return (...values) => { clearTimeout(timer); timer = setTimeout(() => action(...values), milliseconds); };
}

export function download(name, content, type) {
  const url = URL.createObjectURL(new Blob([content], {type}));
  const link = h("a", {href: url, download: name});
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

export function title(text) { document.title = text ? `${text} · modgrok` : "modgrok"; }

const BADGES = {finished: "good", reproduced: "good", running: "live", waiting: "open", diverged: "bad", failed: "bad", refuted: "bad", deviates: "bad"};
export function badge(text) { return h("span", {class: `badge ${BADGES[text] || "open"}`}, text); }
