"""The book as HTML: an overview with every verdict, and one page per paper; files that need nothing else.

Owns: layout and style. What is said is `outline`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...io import content_policy, made_folder, markup, write_atomically
from ...reports.charts.palette import FAINT, INK, MEASURE, PAPER, PLATEAU, SECOND, SOFT, TEST, TRAIN
from ...reports.formats.svg import inner
from ..claims.result import Result
from .figures import numbers_pictures
from .outline import ClaimEntry, Outline, PaperEntry, outline_of
from .text import BOUNDS, CHANGE, COMMAND, DECIDES, DEVIATIONS, UNTESTED

Figures = Mapping[str, str]
"""Claim id -> SVG."""
COLOURS = {
    "reproduced": TRAIN,
    "deviates": SECOND,
    "refuted": TEST,
    "misprint": MEASURE,
    "open": SOFT,
    UNTESTED: FAINT,
}
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
figure .scroll {{ overflow-x: auto; }} figure.numbers svg {{ max-width: 384px; }}
figcaption {{ font-size: 12px; line-height: 1.45; color: {SOFT}; margin-top: 6px; }}
ul {{ margin: 0; padding-left: 18px; font-size: 13px; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; font: 12px/1.5 ui-monospace, Menlo,
  Consolas, "Liberation Mono", monospace; }}
footer {{ margin-top: 28px; border-top: 1px solid {FAINT}; padding-top: 12px; font-size: 13px;
  color: {SOFT}; }}
@media screen and (max-width: 900px) {{
  figure .scroll svg {{ min-width: 620px; }} td.number {{ white-space: normal; }}
  main {{ padding: 24px 16px 40px; }} .columns {{ grid-template-columns: minmax(0, 1fr); }}
  .overview .wide {{ display: none; }} .overview td:nth-child(2) {{ width: auto; }}
  .glance {{ grid-template-columns: minmax(0, 1fr); gap: 2px; }} .glance .marks {{ margin-bottom: 10px; }}
}}
@media print {{
  @page {{ margin: 12mm; }} main {{ max-width: none; padding: 0; zoom: 0.7; }}
  figure, tr, h2, h3 {{ break-inside: avoid; }} h2, h3, .source {{ break-after: avoid; }}
  .columns {{ grid-template-columns: 3fr 2fr; }}
}}
"""
VERDICT_STYLE = (
    "".join(f".{word.replace(' ', '-')} {{ background: {colour}; }}\n" for word, colour in COLOURS.items())
    + f".chip.{UNTESTED.replace(' ', '-')} {{ color: {INK}; }}\n"
)
"""Colours of the verdicts; style attributes would need a policy that allows any."""


def write_book(folder: Path, results: Sequence[Result], figures: Figures) -> Path:
    """Write `index.html` and one page per paper.

    Arguments:
        folder: made if missing; files of these names are replaced.
        results: in the order in which they are shown.
        figures: of those that have one.

    Returns:
        the overview.
    """
    outline = outline_of(results)
    numbers = numbers_pictures(results)
    with made_folder(folder):
        for paper in outline.papers:
            write_atomically(folder / f"{paper.name}.html", paper_html(paper, outline, figures, numbers))
        write_atomically(folder / "index.html", overview_html(outline))
    return folder / "index.html"


def overview_html(outline: Outline) -> str:
    """Write the page with every verdict."""
    glance, tables = [], []
    for paper in outline.papers:
        link = f'<a href="{paper.name}.html">{markup(paper.title)}</a>'
        marks = "".join(
            f'<a class="mark {_class(claim.verdict)}" href="{markup(_link(claim))}" '
            f'title="{markup(claim.id)}: {markup(claim.verdict)}"></a>'
            for claim in paper.claims
        )
        glance.append(f'{link}<div class="marks">{marks}</div><span class="soft">{paper.counts}</span>')
        rows = "".join(_overview_row(claim) for claim in paper.claims)
        tables.append(
            f'<section class="paper"><h2>{link}</h2>'
            f'<p class="soft">{markup(paper.citation)}</p><table class="overview"><tr><th>Verdict</th>'
            f'<th>Claim</th><th class="wide">Measured</th><th class="wide">Expected</th>'
            f'<th class="wide">Seeds</th><th>Where</th></tr>'
            f"{rows}</table></section>"
        )
    keys = "".join(f"{_chip(word)}<span>{markup(meaning)}</span>" for word, meaning in outline.verdicts)
    body = (
        f'<h1>The papers’ claims, tested</h1><p class="lead">{outline.size}: '
        f"{outline.counts}. {outline.reservations} Verdicts compare measured numbers with the papers’, or "
        f"with bounds of ours where a paper has words only; none of the measured ones is typed in."
        f"{outline.caution}"
        "</p>"
        f'<div class="glance">{"".join(glance)}</div><div class="key">{keys}</div>{"".join(tables)}'
        f"<footer>{_foot(outline)}</footer>"
    )
    return _page("The papers’ claims, tested", body)


def paper_html(paper: PaperEntry, outline: Outline, figures: Figures, numbers: Figures) -> str:
    """Write the page of a paper; `numbers` are pictures of numbers against their bounds."""
    claims = "".join(
        _article(claim, figures.get(claim.id), numbers.get(claim.id), i)
        for i, claim in enumerate(paper.claims)
    )
    body = (
        f'<p class="soft"><a href="index.html">All claims</a></p><h1>{markup(paper.title)}</h1>'
        f'<p class="lead">{markup(paper.citation)}. {paper.size}: {paper.counts}.</p>'
        f"{claims}<footer>{_foot(outline)}</footer>"
    )
    return _page(paper.title, body)


def _article(claim: ClaimEntry, figure: str | None, numbers: str | None, place: int) -> str:
    bounds = ""
    if numbers is not None:
        bounds = f'<figure class="numbers">{_inline(numbers, f"n{place}-")}</figure>'
    drawing = ""
    if figure is not None:
        captions = "".join(
            f"<figcaption>{f'<b>{markup(title)}.</b> ' if title else ''}{markup(caption)}</figcaption>"
            for title, caption in claim.panel_captions
        )
        drawing = f'<figure><div class="scroll">{_inline(figure, f"f{place}-")}</div>{captions}</figure>'
    elif claim.error is not None:
        drawing = f"<p>Not tested: {markup(claim.error)}</p>"
    about = " · ".join(filter(None, [claim.source, claim.effort, claim.id]))
    return (
        f'<article id="{markup(claim.name)}"><h2>{markup(claim.sentence)}</h2>'
        f'<p class="source">{_chip(claim.verdict)} &nbsp;{markup(about)}</p>'
        f'<div class="columns"><div>{drawing}</div><div>{bounds}</div></div>'
        f'<div class="columns"><div>{_numbers(claim)}{_details(claim)}</div><div>{_ran(claim)}</div>'
        "</div>"
        "</article>"
    )


def _numbers(claim: ClaimEntry) -> str:
    """Set measured numbers beside the paper's."""
    rows = []
    for number in claim.numbers:
        out = "" if number.in_range else ' class="out"'
        note = f' <span class="soft">({markup(number.note)})</span>' if number.note else ""
        source = f'<br><span class="soft">{markup(number.source)}</span>' if number.source else ""
        rows.append(
            f'<tr{out}><td>{markup(number.name)}{note}</td><td class="number">{markup(number.measured)}</td>'
            f"<td>{markup(number.expected)}{source}</td></tr>"
        )
    head = "<tr><th>Number</th><th>Measured</th><th>Expected</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>" if rows else ""


def _details(claim: ClaimEntry) -> str:
    if not claim.details:
        return ""
    head, *rows = (
        "".join(f"<{tag}>{markup(text)}</{tag}>" for text in row)
        for tag, row in zip(("th", *["td"] * len(claim.details)), claim.details, strict=False)
    )
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<h3>In detail</h3><table><tr>{head}</tr>{body}</table>"


def _ran(claim: ClaimEntry) -> str:
    items = "".join(f"<li>{markup(words)}</li>" for words in claim.deviations)
    deviations = f"<h3>{DEVIATIONS}</h3><ul>{items}</ul>" if items else ""
    moved = "".join(f"<li>{markup(words)}</li>" for words in claim.bounds)
    bounds = f"<h3>{BOUNDS}</h3><ul>{moved}</ul>" if moved else ""
    short = f'<p class="soft">{markup(claim.shortfalls)}</p>' if claim.shortfalls else ""
    decides = f"<h3>{DECIDES}</h3><p>{markup(claim.decides)}</p>" if claim.decides else short
    change = f'<h3>{CHANGE}</h3><p class="soft">{markup(claim.change)}</p>' if claim.change else ""
    return (
        f'<h3>What was run</h3><p class="soft">{markup(claim.runs)}</p>'
        f"{decides}{change}{bounds}{deviations}<h3>{COMMAND}</h3><pre>{markup(claim.command)}</pre>"
    )


def _overview_row(claim: ClaimEntry) -> str:
    measured, expected = claim.headline
    return (
        f"<tr><td>{_chip(claim.verdict)}</td>"
        f'<td><a href="{markup(_link(claim))}">{markup(claim.sentence)}</a></td>'
        f'<td class="wide">{markup(measured)}</td><td class="wide">{markup(expected)}</td>'
        f'<td class="wide">{markup(claim.seeds)}</td><td class="soft">{markup(claim.source)}</td></tr>'
    )


def _link(claim: ClaimEntry) -> str:
    return f"{claim.paper}.html#{claim.name}"


def _class(verdict: str) -> str:
    """Return the class of a verdict's colour: the word, with hyphens for spaces."""
    return verdict.replace(" ", "-")


def _chip(verdict: str) -> str:
    return f'<span class="chip {_class(verdict)}">{markup(verdict)}</span>'


def _foot(outline: Outline) -> str:
    return markup(f"modgrok {outline.version}  ·  budget {', '.join(outline.budgets)}")


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
<meta http-equiv="Content-Security-Policy" content="{markup(content_policy((STYLE + VERDICT_STYLE,)))}">
<title>{markup(title)}</title>
<style>{STYLE}{VERDICT_STYLE}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""
