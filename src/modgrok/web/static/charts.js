// Charts by Vega, from the reports' own specifications or from curves. Nothing is evaluated: `ast` uses Vega's interpreter.
import {h, download, pause} from "./dom.js";

let library = null;
function vega() {
  library ||= new Promise((done, failed) => {
    document.head.append(h("script", {
      src: "/static/charts.lib.js", onload: () => done(window.vegaEmbed), onerror: () => failed(new Error("the chart library could not be loaded")),
    }));
  });
  return library;
}

const views = new WeakMap();

// Draw a chart into an element. A view listens to the window until it is ended, and so the one before ends first.
async function embedInto(element, spec) {
  const before = views.get(element);
  const drawing = (async () => {
    const [embed, old] = await Promise.all([vega(), Promise.resolve(before).catch(() => null)]);
    if (old) old.finalize();
    return embed(element, spec, OPTIONS);
  })();
  views.set(element, drawing);
  return (await drawing).view;
}

const TOOLTIP = {theme: "page", disableDefaultStyle: true};
const OPTIONS = {renderer: "svg", actions: false, ast: true, defaultStyle: false, tooltip: TOOLTIP, logLevel: 1};

// Draw a cell of a panel at whatever width its element has, and again when that changes.
export async function drawCell(cell, element) {
  const fit = () => {
    const width = Math.max(40, Math.floor(element.clientWidth) - cell.left - cell.right);
    return [width, cell.square ? width : cell.spec.height];
  };
  const [width, height] = fit();
  const view = await embedInto(element, {...cell.spec, width, height});
  let last = width;
  const observer = new ResizeObserver(() => {
    if (!element.isConnected) { observer.disconnect(); view.finalize(); return; }
    const [w, tall] = fit();
    if (element.clientWidth && Math.abs(w - last) > 1) { last = w; view.width(w).height(tall).runAsync(); }
  });
  observer.observe(element);
  return view;
}

function legendOf(legend) {
  if (!legend) return null;
  const [low, high, picture] = legend.ramp || [];
  const swatches = legend.swatches.map(([words, colour]) => {
    const mark = h("span", {class: "chart swatch", "aria-hidden": "true"}, "■");
    mark.style.color = colour;
    return h("span", {}, mark, " ", words);
  });
  return h("div", {class: "legend"}, legend.ramp ? h("span", {}, `${low} `, h("img", {class: "chart", src: picture, alt: "to"}), ` ${high}`) : null, swatches);
}

// The figures of panels; `links(key, format)` gives the address of a picture, where there is one.
export function panelFigure(panel, links) {
  const cells = [];
  const groups = panel.groups.map((group) => h("div", {},
    group.label ? h("h3", {}, group.label) : null,
    h("div", {class: "cells"}, group.cells.map((cell) => {
      const alone = cell.square && panel.span === 12 && panel.groups.length * group.cells.length === 1;
      const element = h("div", {class: alone ? "chart alone" : "chart", role: "img", "aria-label": cell.text});
      cells.push([cell, element]);
      return element;
    }))));
  const figure = h("figure", {id: `panel-${panel.key}`, class: panel.span < 12 ? `span-${panel.span}` : null},
    h("h2", {}, panel.title), legendOf(panel.legend),
    h("div", {class: `groups of-${Math.min(panel.groups.length, 6)}`}, groups),
    h("figcaption", {}, panel.caption),
    h("div", {class: "tools"},
      h("button", {type: "button", "aria-label": `${panel.title}, data as CSV`, onclick: () => download(`${panel.key}.csv`, csv(panel), "text/csv")}, "Data"),
      ["svg", "png"].map((format) => (links
        ? h("a", {href: links(panel.key, format), download: "", "aria-label": `${panel.title} as ${format.toUpperCase()}`}, format.toUpperCase())
        : h("button", {type: "button", "aria-label": `${panel.title} as ${format.toUpperCase()}`, onclick: () => picture(figure, panel, format)}, format.toUpperCase())))));
  const draw = async () => { for (const [cell, element] of cells) { await pause(); await drawCell(cell, element); } };
  return {figure, draw};
}

// A panel as a picture of its own, where no server draws it: its charts at their places on the page.
async function picture(figure, panel, format) {
  const groups = figure.querySelector(".groups"), box = groups.getBoundingClientRect(), top = 26, name = "http://www.w3.org/2000/svg";
  const root = document.createElementNS(name, "svg"), [wide, tall] = [Math.ceil(box.width), Math.ceil(box.height) + top];
  const write = (text, x, y, size, weight) => {
    const element = document.createElementNS(name, "text");
    Object.entries({x, y, "font-size": size, "font-weight": weight, "font-family": "Helvetica, Arial, sans-serif", fill: "#1d2530"}).forEach(([key, value]) => element.setAttribute(key, value));
    element.textContent = text;
    root.append(element);
  };
  Object.entries({viewBox: `0 0 ${wide} ${tall}`, width: wide, height: tall}).forEach(([key, value]) => root.setAttribute(key, value));
  const ground = document.createElementNS(name, "rect");
  Object.entries({width: wide, height: tall, fill: "#ffffff"}).forEach(([key, value]) => ground.setAttribute(key, value));
  root.append(ground);
  write(panel.title, 0, 16, 15, "bold");
  for (const element of groups.querySelectorAll("h3, .chart > svg, .chart > div > svg")) {
    const at = element.getBoundingClientRect(), x = at.left - box.left, y = at.top - box.top + top;
    if (element.tagName === "H3") { write(element.textContent, x, y + 13, 12, "normal"); continue; }
    const copy = element.cloneNode(true);
    copy.setAttribute("x", x);
    copy.setAttribute("y", y);
    root.append(copy);
  }
  const text = new XMLSerializer().serializeToString(root);
  if (format === "svg") { download(`${panel.key}.svg`, text, "image/svg+xml"); return; }
  const image = new Image(), url = URL.createObjectURL(new Blob([text], {type: "image/svg+xml"}));
  await new Promise((done, failed) => { image.onload = done; image.onerror = () => failed(new Error("the picture cannot be drawn")); image.src = url; });
  URL.revokeObjectURL(url);
  const canvas = h("canvas", {width: 2 * wide, height: 2 * tall});
  canvas.getContext("2d").drawImage(image, 0, 0, 2 * wide, 2 * tall);
  canvas.toBlob((blob) => download(`${panel.key}.png`, blob, "image/png"));
}

export async function showPanels(panels, container, links) {
  const drawings = panels.map((panel) => panelFigure(panel, links));
  container.replaceChildren(...drawings.map(({figure}) => figure));
  for (const {draw} of drawings) await draw();
}

// All rows that the charts of a panel are drawn from.
function csv(panel) {
  const rows = [];
  for (const group of panel.groups) for (const cell of group.cells) {
    const sets = [...Object.values(cell.spec.datasets || {}), ...inline(cell.spec)];
    for (const set of sets) for (const row of set) rows.push(group.label ? {group: group.label, ...row} : row);
  }
  return table(rows);
}

function inline(spec) {
  const own = spec.data && Array.isArray(spec.data.values) ? [spec.data.values] : [];
  const parts = [...(spec.layer || []), ...(spec.spec ? [spec.spec] : [])];
  return own.concat(...parts.map(inline));
}

export function table(rows) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value) => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return String(value);
    let text = typeof value === "object" ? JSON.stringify(value) : String(value);
    if (/^[=+\-@\t\r\n]/.test(text)) text = `'${text}`; // a spreadsheet would compute it
    return `"${text.replaceAll('"', '""')}"`;
  };
  return [names, ...rows.map((row) => names.map((name) => row[name]))].map((row) => row.map(cell).join(",")).join("\n") + "\n";
}

const CONFIG = {
  font: "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif", background: "#ffffff", view: {stroke: null},
  axis: {domainColor: "#c9ced6", tickColor: "#c9ced6", grid: false, labelColor: "#667080", labelFontSize: 11, titleColor: "#667080", titleFontSize: 11, titleFontWeight: "normal"},
  legend: {orient: "top", title: null, labelFontSize: 12, labelColor: "#1d2530", labelLimit: 380, columns: 2},
};
export const COLOURS = ["#2f6690", "#c2452d", "#8a7340", "#3b4252", "#2c6e49", "#7b4b94", "#c08a00", "#5b8fb0", "#d98573", "#777777"];
const DASHES = [[1, 0], [5, 3], [1, 2]];

// Curves over steps: rows are {step, name, value, run?}. Returns {update(rows, moments)}.
export async function curves(element, {names, colours = COLOURS, log = false, domain = null, text, format = ".3~g", height = 190, moments = [], legend = true}) {
  const scale = log ? {type: "log", nice: false} : domain ? {domain} : {zero: false};
  const x = {field: "step", type: "quantitative", title: "step", scale: {type: "symlog", constant: 1, nice: false, zero: true}, axis: {labelExpr: "format(datum.value, ',d')", labelOverlap: true, values: [0, 1, 10, 100, 1000, 10000, 100000, 1000000]}};
  const y = {field: "value", type: "quantitative", title: null, scale, axis: {format, tickCount: 5, labelOverlap: true}};
  const colour = {field: "name", type: "nominal", ...(legend ? {} : {legend: null}), scale: {domain: names, range: names.map((_, at) => colours[at % colours.length])}};
  const dash = {field: "name", type: "nominal", ...(legend ? {} : {legend: null}), scale: {domain: names, range: names.map((_, at) => DASHES[Math.floor(at / colours.length) % 3])}};
  const tooltip = [{field: "name", title: "curve"}, {field: "step", title: "step", format: ","}, {field: "value", title: "value", format: ".5~g"}];
  const near = {name: "near", select: {type: "point", nearest: true, on: "pointermove", clear: "pointerout", fields: ["step", "name"]}};
  const spec = {
    width: "container", height, autosize: {type: "fit", contains: "padding", resize: true}, config: CONFIG, description: text, data: {name: "curve", values: []},
    layer: [
      {data: {name: "moment", values: moments}, mark: {type: "rule", color: "#c9ced6"}, encoding: {x: {...x, field: "step"}}},
      ...[["right", -3, "datum.name == 'memorised'"], ["left", 3, "datum.name != 'memorised'"]].map(([align, dx, filter]) => ({
        data: {name: "moment", values: moments}, transform: [{filter}], mark: {type: "text", align, dx, dy: 8, y: 0, fontSize: 11, color: "#667080", clip: false}, encoding: {x: {...x, field: "step"}, text: {field: "name"}},
      })),
      {mark: {type: "line", interpolate: "linear", strokeWidth: 1.8}, encoding: {x, y, color: colour, strokeDash: dash}},
      {params: [near], mark: {type: "point", filled: true, size: 46}, encoding: {x, y, color: colour, tooltip, opacity: {condition: {param: "near", empty: false, value: 1}, value: 0}}},
    ],
  };
  element.classList.add("chart");
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", text);
  const view = await embedInto(element, spec);
  return {
    update(rows, marks) {
      const visible = rows.filter((row) => Number.isFinite(row.value) && (!log || row.value > 0));
      view.data("curve", visible);
      if (marks) view.data("moment", marks);
      return view.runAsync();
    },
  };
}

// Points (index, value) of a function on 0..n-1.
export function dots(element, values, {title, text, height = 130}) {
  return draw(element, {
    description: text, width: "container", height, autosize: {type: "fit", contains: "padding"},
    data: {values: values.map((value, at) => ({at, value}))}, mark: {type: "point", filled: true, size: 16, color: "#2f6690", opacity: 0.9},
    encoding: {
      x: {field: "at", type: "quantitative", title: title[0], scale: {nice: false}, axis: {tickMinStep: 1, tickCount: 4, format: "d"}},
      y: {field: "value", type: "quantitative", title: title[1], axis: {tickMinStep: 1, tickCount: 4, format: "d"}},
      tooltip: [{field: "at", title: title[0]}, {field: "value", title: title[1]}],
    },
  });
}

const charts = new WeakMap(), MOST_REPLACED = 20;

// Any specification of our own, with the page's looks; returns the view. Where only rows differ from those drawn before, the view
// stays and is given those that are new; but not for ever, since it keeps something of all rows that it has had.
export async function draw(element, {data, ...spec}) {
  const text = JSON.stringify(spec), before = charts.get(element), rows = keyed(data.values);
  if (before && before.text === text && before.replaced <= MOST_REPLACED * before.rows.size) return update(before, rows);
  element.classList.add("chart");
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", spec.description || "");
  const view = embedInto(element, {config: CONFIG, ...spec, data: {name: "rows", values: [...rows.values()]}});
  charts.set(element, {text, view, rows, replaced: 0});
  return view;
}

// Rows by what they say; equal ones are numbered.
function keyed(values) {
  const rows = new Map();
  for (const value of values) {
    let key = JSON.stringify(value);
    while (rows.has(key)) key += "+";
    rows.set(key, {...value, key});
  }
  return rows;
}

// Take away the rows that are no more, and add those that are new; after the change before, of which a view keeps one alone.
function update(chart, rows) {
  const gone = new Set([...chart.rows.keys()].filter((key) => !rows.has(key))), added = [...rows].filter(([key]) => !chart.rows.has(key)).map(([, row]) => row);
  chart.rows = rows;
  chart.replaced += gone.size;
  if (gone.size || added.length) {
    chart.view = chart.view.then(async (view) => {
      await view.change("rows", view.changeset().remove((row) => gone.has(row.key)).insert(added)).runAsync();
      return view;
    });
  }
  return chart.view;
}
