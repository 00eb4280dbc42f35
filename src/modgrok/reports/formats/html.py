"""The HTML page: one file, no network, one column on a phone, fit to print.

Owns: the template and its style. Charts are the same cells as in the figure, drawn by Vega in the browser
at whatever width they get. A content security policy in the page forbids every fetch, and every
script but its own.
"""

from __future__ import annotations

import json
from functools import cache

from ...io import content_policy, in_script, markup
from ..charts.chart import Cell, Group, Legend, Panel
from ..charts.palette import FAINT, INK, PAPER, SOFT, TRAIN
from ..report import Report
from .vega_script import vega_script

MOST_GROUPS = 6
"""Groups of a panel that stand side by side; more go on below."""
GROUPS = " ".join(
    f".of-{n} {{ grid-template-columns: repeat({n}, minmax(0, 1fr)); }}" for n in range(2, MOST_GROUPS + 1)
)
"""Widths of groups; a style attribute would need a policy that allows any."""
STYLE = f"""
:root {{ color-scheme: light; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: {PAPER}; color: {INK};
  font: 16px/1.5 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; }}
main {{ max-width: 1140px; margin: 0 auto; padding: 56px 32px 64px; }}
h1 {{ font-size: 30px; line-height: 1.2; letter-spacing: -.01em; margin: 0 0 12px; text-wrap: balance; }}
.summary {{ font-size: 18px; max-width: 46em; margin: 0 0 24px; }}
dl {{ display: grid; grid-template-columns: fit-content(40%) 1fr; gap: 4px 20px; margin: 0 0 16px;
  max-width: 60em; font-size: 14px; color: {SOFT}; }}
dt {{ color: {INK}; }} dd {{ margin: 0; }}
.note {{ font-size: 14px; max-width: 46em; margin: 4px 0; padding-left: 12px;
  border-left: 2px solid {FAINT}; }}
.panels {{ display: grid; grid-template-columns: repeat(12, minmax(0, 1fr)); gap: 44px 32px;
  margin-top: 44px; }}
figure {{ margin: 0; grid-column: span 12; border-top: 1px solid {FAINT}; padding-top: 10px; }}
figure.third {{ grid-column: span 4; }} figure.half {{ grid-column: span 6; }}
h2 {{ font-size: 16px; margin: 0 0 6px; }}
figcaption {{ font-size: 13px; line-height: 1.45; color: {SOFT}; max-width: 62em; margin-top: 6px; }}
.groups {{ display: grid; grid-template-columns: repeat(1, minmax(0, 1fr)); gap: 8px 32px; }}
{GROUPS}
.legend {{ display: flex; flex-wrap: wrap; gap: 2px 18px; font-size: 12px; color: {SOFT}; margin: 4px 0; }}
.legend span {{ overflow-wrap: anywhere; }} .legend svg {{ vertical-align: -2px; }}
.legend img {{ width: 96px; height: 9px; vertical-align: -1px; }}
.legend {{ -webkit-print-color-adjust: exact; print-color-adjust: exact; }}
.groups h3 {{ font-size: 13px; font-weight: normal; color: {SOFT}; margin: 4px 0; }}
.cells {{ display: flex; }} .cells > div {{ flex: 1 1 0; min-width: 0; overflow: hidden; }}
.cells svg {{ display: block; max-width: 100%; }}
.slider {{ position: sticky; bottom: 0; z-index: 2; display: flex; flex-wrap: wrap; align-items: center;
  gap: 6px 14px; background: {PAPER}; border-top: 1px solid {FAINT}; padding: 10px 0; font-size: 14px; }}
.slider[hidden] {{ display: none; }}
.slider input {{ flex: 1 1 12em; min-width: 0; accent-color: {TRAIN}; }} .slider button {{ font: inherit; }}
footer {{ margin-top: 48px; border-top: 1px solid {FAINT}; padding-top: 14px; font-size: 13px;
  color: {SOFT}; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 0 10px; color: {INK};
  font: 13px/1.5 ui-monospace, Menlo, Consolas, "Liberation Mono", monospace; }}
#vg-tooltip-element {{ visibility: hidden; position: fixed; z-index: 1000; padding: 6px 8px;
  background: {PAPER}; border: 1px solid {FAINT}; border-radius: 3px; font-size: 12px; color: {INK}; }}
#vg-tooltip-element.visible {{ visibility: visible; }}
#vg-tooltip-element h2 {{ font-size: 12px; margin: 0 0 2px; }}
#vg-tooltip-element table {{ border-spacing: 0; }} #vg-tooltip-element td {{ padding: 1px 0; max-width: 260px;
  overflow: hidden; text-overflow: ellipsis; }}
#vg-tooltip-element td.key {{ color: {SOFT}; text-align: right; padding-right: 6px; }}
@media screen and (max-width: 1020px) {{ figure.third {{ grid-column: span 6; }} }}
@media screen and (max-width: 700px) {{ .groups[class] {{ grid-template-columns: minmax(0, 1fr); }} }}
@media screen and (max-width: 700px) {{
  main {{ padding: 28px 16px 40px; }} h1 {{ font-size: 24px; }} .summary {{ font-size: 16px; }}
  .panels {{ gap: 32px 0; }} figure.half, figure.third {{ grid-column: span 12; }}
  dl {{ grid-template-columns: 1fr; gap: 0; }} dd {{ margin-bottom: 8px; }}
}}
@media print {{
  @page {{ margin: 12mm; }}
  main {{ max-width: none; padding: 0; zoom: 0.66; }}
  .panels {{ gap: 24px 28px; margin-top: 24px; }} figure, .cells {{ break-inside: avoid; }}
  .cells svg {{ height: auto; }} .slider {{ display: none; }}
}}
"""
SCRIPT = """
const cells = JSON.parse(document.getElementById("cells").textContent);
function fit(cell, element) {
  const width = Math.max(40, Math.floor(element.clientWidth) - cell.left - cell.right);
  return [width, cell.square ? width : cell.spec.height];
}
const tooltip = {theme: "report", disableDefaultStyle: true};
function draw(element) {
  const cell = cells[Number(element.dataset.cell)];
  const [width, height] = fit(cell, element);
  const spec = {...cell.spec, width, height};
  const options = {renderer: "svg", actions: false, ast: true, defaultStyle: false, tooltip};
  return vegaEmbed(element, spec, options).then(({view}) => {
    let last = width;
    const observer = new ResizeObserver(() => {
      if (!element.isConnected) { observer.disconnect(); view.finalize(); return; }
      const [w, h] = fit(cell, element);
      if (Math.abs(w - last) > 1) { last = w; view.width(w).height(h).runAsync(); }
    });
    observer.observe(element);
  });
}
for (const element of document.querySelectorAll("[data-cell]")) draw(element);
const slider = document.querySelector(".slider");
if (slider) {
  const names = ["input", "output", ".play", ".back"];
  const [range, words, play, back] = names.map((name) => slider.querySelector(name));
  const steps = [...document.querySelectorAll("template[data-words]")];
  const stages = new Map(), pace = 500;
  let timer = 0;
  slider.hidden = false;
  function place(key, parts) {
    const figure = document.getElementById(key);
    if (!figure) return;
    const old = figure.querySelector(".groups");
    if (!stages.has(key)) stages.set(key, old);
    figure.style.minHeight = figure.offsetHeight + "px";
    old.replaceWith(parts);
    const drawn = parts === stages.get(key) ? [] : [...parts.querySelectorAll("[data-cell]")].map(draw);
    Promise.all(drawn).then(() => { figure.style.minHeight = ""; });
  }
  function move() {
    const step = steps[Number(range.value)];
    words.textContent = step.dataset.words;
    range.setAttribute("aria-valuetext", step.dataset.words);
    for (const part of step.content.children) {
      place(part.dataset.panel, part.firstElementChild.cloneNode(true));
    }
  }
  function stop() { clearInterval(timer); timer = 0; play.textContent = "Play"; }
  range.addEventListener("input", () => { stop(); move(); });
  back.addEventListener("click", () => {
    stop();
    words.textContent = "at the stages above";
    for (const [key, parts] of stages) place(key, parts);
  });
  play.addEventListener("click", () => {
    if (timer) { stop(); return; }
    play.textContent = "Pause";
    const last = steps.length - 1;
    range.value = Number(range.value) === last ? "0" : String(Number(range.value) + 1);
    move();
    timer = setInterval(() => {
      if (Number(range.value) >= last) { stop(); return; }
      range.value = String(Number(range.value) + 1);
      move();
    }, pace);
  });
}
"""


@cache
def _library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script."""
    return vega_script().replace("</script", "<\\/script")


def page_html(report: Report) -> str:
    """Write a report as one HTML document."""
    cells: list[Cell] = []
    figures = "\n".join(_figure(panel, cells) for panel in report.panels)
    slider = _slider(report, cells)
    facts = "".join(f"<dt>{markup(name)}</dt><dd>{markup(value)}</dd>" for name, value in report.facts)
    notes = "".join(f'<p class="note">{markup(note)}</p>' for note in report.notes)
    commands = "".join(
        f"<div>{markup(what[:1].upper() + what[1:])}:</div><pre>{markup(command)}</pre>"
        for what, command in report.commands
        if command
    )
    policy = content_policy((STYLE,), (_library(), SCRIPT))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{markup(policy)}">
<title>{markup(report.title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<header>
<h1>{markup(report.title)}</h1>
<p class="summary">{markup(report.summary)}</p>
<dl>{facts}</dl>
{notes}
<noscript><p class="note">The charts on this page are drawn by a script that it contains.</p></noscript>
</header>
<div class="panels">
{figures}
</div>
{slider}<footer>
{commands}
<div>{markup(report.colophon)}</div>
</footer>
</main>
<script type="application/json" id="cells">{_json(cells)}</script>
<script>{_library()}</script>
<script>{SCRIPT}</script>
</body>
</html>
"""


def _figure(panel: Panel, cells: list[Cell]) -> str:
    narrow = {4: ' class="third"', 6: ' class="half"'}.get(panel.span, "")
    return (
        f'<figure id="{markup(panel.key)}"{narrow}><h2>{markup(panel.title)}</h2>{_legend(panel.legend)}'
        f"{_groups(panel, cells)}"
        f"<figcaption>{markup(panel.caption)}</figcaption></figure>"
    )


def _slider(report: Report, cells: list[Cell]) -> str:
    """Write the slider over the checkpoints, and what it shows at each, which is drawn when it gets there."""
    if not report.checkpoints:
        return ""
    keys = {panel.key for panel in report.panels}
    steps = []
    for checkpoint in report.checkpoints:
        parts = "".join(
            f'<div data-panel="{markup(panel.key)}">{_groups(panel, cells)}</div>'
            for panel in checkpoint.panels
            if panel.key in keys
        )
        steps.append(f'<template data-words="{markup(checkpoint.words)}">{parts}</template>')
    last = len(steps) - 1
    return (
        '<div class="slider" hidden><label for="checkpoint">Weights</label>'
        f'<input id="checkpoint" type="range" min="0" max="{last}" value="{last}">'
        '<output for="checkpoint">at the stages above</output>'
        '<button type="button" class="play">Play</button>'
        '<button type="button" class="back">Stages</button></div>\n' + "".join(steps) + "\n"
    )


def _groups(panel: Panel, cells: list[Cell]) -> str:
    groups = "".join(_group(group, cells) for group in panel.groups)
    return f'<div class="groups of-{min(len(panel.groups), MOST_GROUPS)}">{groups}</div>'


def _legend(legend: Legend | None) -> str:
    """Name the colours above the charts, in as many lines as there is room for."""
    if legend is None:
        return ""
    parts = []
    if legend.ramp is not None:
        low, high, uri = legend.ramp
        parts.append(f'<span>{markup(low)} <img src="{markup(uri)}" alt="to"> {markup(high)}</span>')
    parts += [
        f'<span><svg width="12" height="12" aria-hidden="true"><rect width="12" height="12" '
        f'fill="{markup(colour)}"/></svg> {markup(words)}</span>'
        for words, colour in legend.swatches
    ]
    return f'<div class="legend">{"".join(parts)}</div>'


def _group(group: Group, cells: list[Cell]) -> str:
    label = f"<h3>{markup(group.label)}</h3>" if group.label else ""
    figures = []
    for cell in group.cells:
        figures.append(f'<div data-cell="{len(cells)}" role="img" aria-label="{markup(cell.text)}"></div>')
        cells.append(cell)
    return f'<div>{label}<div class="cells">{"".join(figures)}</div></div>'


def _json(cells: list[Cell]) -> str:
    """Serialise the cells for a script element."""
    return in_script("[" + ",".join(map(_entry, cells)) + "]")


def _entry(cell: Cell) -> str:
    size = {"left": cell.margins.left, "right": cell.margins.right, "square": cell.square}
    return f'{json.dumps(size)[:-1]},"spec":{cell.page_json}}}'
