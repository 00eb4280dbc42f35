"""The HTML page: one file, no network, one column on a phone, fit to print.

Owns: the template and its style. Charts are the same cells as in the figure, drawn by Vega in the browser
at whatever width they get. A content security policy in the page forbids every fetch.
"""

from __future__ import annotations

import json
from functools import cache
from html import escape

import vl_convert

from ..charts.chart import Cell, Group, Panel
from ..charts.palette import FAINT, INK, PAPER, SOFT
from ..report import Report
from .svg import VERSION

POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline' 'unsafe-eval'; base-uri 'none'; form-action 'none'"
)
STYLE = f"""
:root {{ color-scheme: light; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: {PAPER}; color: {INK};
  font: 16px/1.5 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; }}
main {{ max-width: 1140px; margin: 0 auto; padding: 56px 32px 64px; }}
h1 {{ font-size: 30px; line-height: 1.2; letter-spacing: -.01em; margin: 0 0 12px; text-wrap: balance; }}
.summary {{ font-size: 18px; max-width: 46em; margin: 0 0 24px; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; margin: 0 0 16px; max-width: 60em;
  font-size: 14px; color: {SOFT}; }}
dt {{ color: {INK}; }} dd {{ margin: 0; }}
.note {{ font-size: 14px; max-width: 46em; margin: 4px 0; padding-left: 12px;
  border-left: 2px solid {FAINT}; }}
.panels {{ display: grid; grid-template-columns: repeat(12, minmax(0, 1fr)); gap: 44px 32px;
  margin-top: 44px; }}
figure {{ margin: 0; grid-column: span 12; border-top: 1px solid {FAINT}; padding-top: 10px; }}
figure.third {{ grid-column: span 4; }} figure.half {{ grid-column: span 6; }}
h2 {{ font-size: 16px; margin: 0 0 6px; }}
figcaption {{ font-size: 13px; line-height: 1.45; color: {SOFT}; max-width: 62em; margin-top: 6px; }}
.groups {{ display: grid; grid-template-columns: repeat(var(--groups), minmax(0, 1fr)); gap: 8px 32px; }}
.groups h3 {{ font-size: 13px; font-weight: normal; color: {SOFT}; margin: 4px 0; }}
.cells {{ display: flex; }} .cells > div {{ flex: 1 1 0; min-width: 0; overflow: hidden; }}
.cells svg {{ display: block; max-width: 100%; }}
footer {{ margin-top: 48px; border-top: 1px solid {FAINT}; padding-top: 14px; font-size: 13px;
  color: {SOFT}; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 0 10px; color: {INK};
  font: 13px/1.5 ui-monospace, Menlo, Consolas, "Liberation Mono", monospace; }}
@media screen and (max-width: 1020px) {{ figure.third {{ grid-column: span 6; }} }}
@media screen and (max-width: 700px) {{ .groups {{ grid-template-columns: minmax(0, 1fr); }} }}
@media screen and (max-width: 700px) {{
  main {{ padding: 28px 16px 40px; }} h1 {{ font-size: 24px; }} .summary {{ font-size: 16px; }}
  .panels {{ gap: 32px 0; }} figure.half, figure.third {{ grid-column: span 12; }}
  dl {{ grid-template-columns: 1fr; gap: 0; }} dd {{ margin-bottom: 8px; }}
}}
@media print {{
  @page {{ margin: 12mm; }}
  main {{ max-width: none; padding: 0; zoom: 0.66; }}
  .panels {{ gap: 24px 28px; margin-top: 24px; }} figure, .cells {{ break-inside: avoid; }}
  .cells svg {{ height: auto; }}
}}
"""
SNIPPET = "window.vegaEmbed = vegaEmbed;"
SCRIPT = """
const cells = JSON.parse(document.getElementById("cells").textContent);
function fit(cell, element) {
  const width = Math.max(40, Math.floor(element.clientWidth) - cell.left - cell.right);
  return [width, cell.square ? width : cell.spec.height];
}
for (const element of document.querySelectorAll("[data-cell]")) {
  const cell = cells[Number(element.dataset.cell)];
  const [width, height] = fit(cell, element);
  const spec = {...cell.spec, width, height};
  vegaEmbed(element, spec, {renderer: "svg", actions: false}).then(({view}) => {
    let last = width;
    new ResizeObserver(() => {
      const [w, h] = fit(cell, element);
      if (Math.abs(w - last) > 1) { last = w; view.width(w).height(h).runAsync(); }
    }).observe(element);
  });
}
"""


@cache
def _library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script."""
    return str(vl_convert.javascript_bundle(SNIPPET, vl_version=VERSION)).replace("</script", "<\\/script")


def page_html(report: Report) -> str:
    """Write a report as one HTML document."""
    cells: list[Cell] = []
    figures = "\n".join(_figure(panel, cells) for panel in report.panels)
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in report.facts)
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in report.notes)
    commands = "".join(
        f"<div>{escape(what[:1].upper() + what[1:])}:</div><pre>{escape(command)}</pre>"
        for what, command in report.commands
        if command
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{escape(report.title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<header>
<h1>{escape(report.title)}</h1>
<p class="summary">{escape(report.summary)}</p>
<dl>{facts}</dl>
{notes}
<noscript><p class="note">The charts on this page are drawn by a script that it contains.</p></noscript>
</header>
<div class="panels">
{figures}
</div>
<footer>
{commands}
<div>{escape(report.colophon)}</div>
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
    groups = "".join(_group(group, cells) for group in panel.groups)
    return (
        f'<figure id="{panel.key}"{narrow}><h2>{escape(panel.title)}</h2>'
        f'<div class="groups" style="--groups: {len(panel.groups)}">{groups}</div>'
        f"<figcaption>{escape(panel.caption)}</figcaption></figure>"
    )


def _group(group: Group, cells: list[Cell]) -> str:
    label = f"<h3>{escape(group.label)}</h3>" if group.label else ""
    drawn = []
    for cell in group.cells:
        drawn.append(f'<div data-cell="{len(cells)}" role="img" aria-label="{escape(cell.text)}"></div>')
        cells.append(cell)
    return f'<div>{label}<div class="cells">{"".join(drawn)}</div></div>'


def _json(cells: list[Cell]) -> str:
    """Serialise the cells' specifications for a script element."""
    entries = [
        {"left": c.margins.left, "right": c.margins.right, "square": c.square, "spec": c.spec(400)}
        for c in cells
    ]
    return json.dumps(entries, separators=(",", ":"), allow_nan=False).replace("</", "<\\/")
