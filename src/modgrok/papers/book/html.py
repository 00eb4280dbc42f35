"""The book as HTML: an overview with every verdict, and a page a paper; files that need nothing else.

Owns: layout and style. What is said comes from results alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from ...reports.charts.palette import FAINT, INK, PAPER, PLATEAU, SECOND, SOFT, TEST, TRAIN
from ...reports.formats.svg import inner
from ..claims.catalogue import read_paper
from ..claims.result import Result, write_text
from .text import (
    MEANINGS,
    UNTESTED,
    VERDICTS,
    caution,
    cell_words,
    claim_words,
    command_words,
    count_words,
    headline,
    name_words,
    number_words,
    range_words,
    run_words,
    time_words,
    verdict_of,
    weight_words,
)

Figures = Mapping[str, str]
"""Claim id -> SVG."""
COLOURS = {"reproduced": TRAIN, "deviates": SECOND, "refuted": TEST, UNTESTED: FAINT}
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = f"""
:root {{ color-scheme: light; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: {PAPER}; color: {INK};
  font: 15px/1.5 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; }}
main {{ max-width: 1180px; margin: 0 auto; padding: 48px 32px 64px; }}
a {{ color: inherit; text-decoration-color: {FAINT}; text-underline-offset: 3px; }}
h1 {{ font-size: 30px; line-height: 1.2; letter-spacing: -.01em; margin: 0 0 10px; text-wrap: balance; }}
h2 {{ font-size: 19px; line-height: 1.35; margin: 0 0 4px; text-wrap: balance; }}
h3 {{ font-size: 13px; margin: 18px 0 4px; }}
p {{ margin: 0 0 8px; }}
.lead {{ font-size: 18px; max-width: 46em; margin: 0 0 20px; }}
.soft, .source {{ color: {SOFT}; font-size: 13px; }}
.chip {{ display: inline-block; min-width: 82px; padding: 1px 9px; border-radius: 9px; color: {PAPER};
  font-size: 12px; text-align: center; white-space: nowrap; -webkit-print-color-adjust: exact;
  print-color-adjust: exact; }}
.marks {{ display: flex; flex-wrap: wrap; gap: 4px; }}
.mark {{ width: 16px; height: 16px; border-radius: 3px; -webkit-print-color-adjust: exact;
  print-color-adjust: exact; }}
.glance {{ display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 6fr) minmax(0, 4fr); gap: 10px 24px;
  align-items: center; margin: 0 0 28px; font-size: 14px; line-height: 1.35; }}
.key {{ display: grid; grid-template-columns: max-content 1fr; gap: 6px 14px; margin: 0 0 36px;
  align-items: center; font-size: 13px; color: {SOFT}; }}
table {{ border-collapse: collapse; width: 100%; font-size: 13px; line-height: 1.4; }}
th {{ text-align: left; font-weight: normal; color: {SOFT}; border-bottom: 1px solid {FAINT};
  padding: 4px 12px 4px 0; }}
td {{ vertical-align: top; border-bottom: 1px solid #eceef1; padding: 5px 12px 5px 0; }}
td.number {{ font-variant-numeric: tabular-nums; white-space: nowrap; }}
tr.out td {{ background: {PLATEAU}; -webkit-print-color-adjust: exact; print-color-adjust: exact; }}
.paper {{ margin: 0 0 34px; }}
.overview td:nth-child(1) {{ width: 104px; }}
.overview td:nth-child(2) {{ width: 46%; }}
article {{ border-top: 1px solid {FAINT}; padding: 22px 0 34px; }}
.columns {{ display: grid; grid-template-columns: minmax(0, 760px) minmax(280px, 1fr); gap: 32px;
  margin-top: 14px; }}
.columns > div {{ min-width: 0; overflow-x: auto; }}
figure {{ margin: 0; }} figure svg {{ display: block; width: 100%; height: auto; }}
figcaption {{ font-size: 12px; line-height: 1.45; color: {SOFT}; margin-top: 6px; }}
ul {{ margin: 0; padding-left: 18px; font-size: 13px; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; font: 12px/1.5 ui-monospace, Menlo,
  Consolas, "Liberation Mono", monospace; }}
footer {{ margin-top: 28px; border-top: 1px solid {FAINT}; padding-top: 12px; font-size: 13px;
  color: {SOFT}; }}
@media screen and (max-width: 900px) {{
  main {{ padding: 24px 16px 40px; }} .columns {{ grid-template-columns: minmax(0, 1fr); }}
  .overview .wide {{ display: none; }} .overview td:nth-child(2) {{ width: auto; }}
  .glance {{ grid-template-columns: minmax(0, 1fr); gap: 2px; }} .glance .marks {{ margin-bottom: 10px; }}
}}
@media print {{
  @page {{ margin: 12mm; }} main {{ max-width: none; padding: 0; zoom: 0.7; }}
  article, figure, tr {{ break-inside: avoid; }} .columns {{ grid-template-columns: 3fr 2fr; }}
}}
"""


def write_book(folder: Path, results: Sequence[Result], figures: Figures) -> Path:
    """Write `index.html` and a page a paper.

    Arguments:
        folder: made if missing; files of these names are replaced.
        results: in the order in which they are shown.
        figures: of those that have one.

    Returns:
        the overview.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for paper in dict.fromkeys(result.paper for result in results):
        own = [result for result in results if result.paper == paper]
        write_text(folder / f"{paper}.html", paper_html(paper, own, figures))
    write_text(folder / "index.html", overview_html(results))
    return folder / "index.html"


def overview_html(results: Sequence[Result]) -> str:
    """Write the page with every verdict."""
    papers = list(dict.fromkeys(result.paper for result in results))
    glance, tables = [], []
    for paper in papers:
        own = [result for result in results if result.paper == paper]
        known = read_paper(paper)
        marks = "".join(
            f'<a class="mark" style="background:{COLOURS[verdict_of(r)]}" href="{_link(r)}" '
            f'title="{escape(r.id)}: {verdict_of(r)}"></a>'
            for r in own
        )
        glance.append(
            f'<a href="{paper}.html">{escape(known.title)}</a><div class="marks">{marks}</div>'
            f'<span class="soft">{count_words(own)}</span>'
        )
        rows = "".join(_overview_row(result) for result in own)
        tables.append(
            f'<section class="paper"><h2><a href="{paper}.html">{escape(known.title)}</a></h2>'
            f'<p class="soft">{escape(known.citation)}</p><table class="overview"><tr><th>Verdict</th>'
            f'<th>Claim</th><th class="wide">Measured</th><th class="wide">Expected</th><th>Where</th></tr>'
            f"{rows}</table></section>"
        )
    keys = "".join(
        f"{_chip(word)}<span>{escape(MEANINGS[word])}</span>"
        for word in (*VERDICTS, UNTESTED)
        if _has(results, word)
    )
    body = (
        f'<h1>The papers’ claims, tested</h1><p class="lead">{claim_words(len(results))}: '
        f"{count_words(results)}. Verdicts compare measured numbers with the papers’, or with bounds of ours "
        f"where a paper has words only; nothing is typed in.{caution(results)}</p>"
        f'<div class="glance">{"".join(glance)}</div><div class="key">{keys}</div>{"".join(tables)}'
        f"<footer>{_foot(results)}</footer>"
    )
    return _page("The papers’ claims, tested", body)


def paper_html(paper: str, results: Sequence[Result], figures: Figures) -> str:
    """Write the page of a paper."""
    known = read_paper(paper)
    claims = "".join(_article(result, figures.get(result.id), i) for i, result in enumerate(results))
    body = (
        f'<p class="soft"><a href="index.html">All claims</a></p><h1>{escape(known.title)}</h1>'
        f'<p class="lead">{escape(known.citation)}. {claim_words(len(results))}: {count_words(results)}.</p>'
        f"{claims}<footer>{_foot(results)}</footer>"
    )
    return _page(known.title, body)


def _article(result: Result, figure: str | None, place: int) -> str:
    drawn = ""
    if figure is not None:
        captions = " ".join(
            f"{'abcdefghijklmnopqrstuvwxyz'[i]}  {c.title}. {c.caption}"
            if len(result.captions) > 1
            else c.caption
            for i, c in enumerate(result.captions)
            if c.caption
        )
        drawn = f"<figure>{_inline(figure, f'f{place}-')}<figcaption>{escape(captions)}</figcaption></figure>"
    elif result.error is not None:
        drawn = f"<p>Not tested: {escape(result.error)}</p>"
    return (
        f'<article id="{escape(result.name)}"><h2>{escape(result.sentence)}</h2>'
        f'<p class="source">{_chip(verdict_of(result))} &nbsp;{escape(result.source)} &nbsp;·&nbsp; '
        f"{escape(result.id)}</p>"
        f'<div class="columns"><div>{drawn}</div><div>{_numbers(result)}{_rows(result)}{_ran(result)}</div>'
        "</div>"
        "</article>"
    )


def _numbers(result: Result) -> str:
    """Set measured numbers beside the paper's."""
    rows = []
    for expected in result.expected if result.verdict is not None else ():
        value = result.values.get(expected.name)
        out = "" if expected.holds(value) else ' class="out"'
        weight = weight_words(expected, result)
        beside = f' <span class="soft">({weight})</span>' if weight else ""
        rows.append(
            f'<tr{out}><td>{escape(name_words(expected.name))}{beside}</td><td class="number">'
            f"{number_words(value)}</td><td>{escape(range_words(expected))}<br>"
            f'<span class="soft">{escape(expected.paper)}</span></td></tr>'
        )
    others = [name for name in result.values if name not in {e.name for e in result.expected}]
    rows += [
        f'<tr><td>{escape(name_words(name))}</td><td class="number">{number_words(result.values[name])}</td>'
        "<td></td></tr>"
        for name in others
    ]
    return (
        f"<table><tr><th>Number</th><th>Measured</th><th>Expected</th></tr>{''.join(rows)}</table>"
        if rows
        else ""
    )


def _rows(result: Result) -> str:
    if not result.rows:
        return ""
    names = list(result.rows[0])
    head = "".join(f"<th>{escape(name_words(name))}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell_words(row.get(name)))}</td>" for name in names) + "</tr>"
        for row in result.rows
    )
    return f"<h3>In detail</h3><table><tr>{head}</tr>{body}</table>"


def _ran(result: Result) -> str:
    deviations = "".join(f"<li>{escape(words)}</li>" for words in result.deviations)
    told = f"<h3>Other than in the paper</h3><ul>{deviations}</ul>" if deviations else ""
    return (
        f'<h3>What was run</h3><p class="soft">{escape(run_words(result))} {time_words(result.seconds)}.</p>'
        f"{told}<h3>Again</h3><pre>{escape(command_words(result))}</pre>"
    )


def _overview_row(result: Result) -> str:
    measured, expected = headline(result)
    return (
        f"<tr><td>{_chip(verdict_of(result))}</td>"
        f'<td><a href="{_link(result)}">{escape(result.sentence)}</a></td>'
        f'<td class="wide">{escape(measured)}</td><td class="wide">{escape(expected)}</td>'
        f'<td class="soft">{escape(result.source)}</td></tr>'
    )


def _link(result: Result) -> str:
    return f"{result.paper}.html#{result.name}"


def _chip(verdict: str) -> str:
    ink = f";color:{INK}" if verdict == UNTESTED else ""
    return f'<span class="chip" style="background:{COLOURS[verdict]}{ink}">{verdict}</span>'


def _has(results: Sequence[Result], word: str) -> bool:
    return any(verdict_of(result) == word for result in results)


def _foot(results: Sequence[Result]) -> str:
    version = next((result.version for result in results if result.version), "")
    budgets = ", ".join(dict.fromkeys(result.budget for result in results))
    return escape(f"modgrok {version}  ·  budget {budgets}")


def _inline(svg: str, prefix: str) -> str:
    """Put an SVG document into a page, its identifiers apart from those of others."""
    head = re.match(r"<svg[^>]*>", svg)
    assert head is not None
    sized = re.sub(r' (width|height)="\d+"', "", head[0])
    return f"{sized}{inner(svg, prefix)}</svg>"


def _page(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""
