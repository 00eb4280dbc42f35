"""The book as Markdown pages with pictures, for the documentation; and the results that they are made of.

Owns: the layout of those files. `results.json` and the pictures are the source, the pages follow from them.

    DIR/results.json            every result
    DIR/index.md, <paper>.md    pages
    DIR/figures/<paper>-<claim>.svg
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..claims.catalogue import read_paper
from ..claims.result import FORMAT, Result, from_json, write_text
from .text import (
    MEANINGS,
    UNTESTED,
    VERDICTS,
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

RESULTS = "results.json"
FIGURES = "figures"
MARKS = {"reproduced": "🟦", "deviates": "🟨", "refuted": "🟥", UNTESTED: "⬜"}


def write_pages(folder: Path, results: Sequence[Result], figures: Mapping[str, str]) -> Path:
    """Write results, pictures and pages.

    Arguments:
        folder: made if missing; files of these names are replaced.
        results: in the order in which they are shown.
        figures: claim id -> SVG.

    Returns:
        the overview.
    """
    (folder / FIGURES).mkdir(parents=True, exist_ok=True)
    for result in results:
        if result.id in figures:
            write_text(folder / FIGURES / figure_name(result), figures[result.id] + "\n")
    content = {"format": FORMAT, "claims": [result.to_json() for result in results]}
    write_text(folder / RESULTS, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    for name, text in pages(results).items():
        write_text(folder / name, text)
    return folder / "index.md"


def read_results(folder: Path) -> list[Result]:
    """Read what `write_pages` wrote."""
    content = json.loads((folder / RESULTS).read_text(encoding="utf-8"))
    return [from_json(entry) for entry in content["claims"]]


def pages(results: Sequence[Result]) -> dict[str, str]:
    """Return file name -> text of every page: a function of the results alone."""
    papers = list(dict.fromkeys(result.paper for result in results))
    found = {"index.md": _overview(results, papers)}
    for paper in papers:
        found[f"{paper}.md"] = _paper(paper, [result for result in results if result.paper == paper])
    return found


def figure_name(result: Result) -> str:
    """Return the file name of a result's picture."""
    return f"{result.paper}-{result.name}.svg"


def _overview(results: Sequence[Result], papers: Sequence[str]) -> str:
    budgets = ", ".join(dict.fromkeys(result.budget for result in results))
    lines = [
        "# The papers' claims, tested",
        "",
        f"{claim_words(len(results))} at the budget {budgets}: **{count_words(results)}**. Verdicts compare "
        "measured numbers with the papers' numbers, or with bounds of ours where a paper has words only; "
        "nothing is typed in. A claim that fails is shown as failing, with its evidence.",
        "",
        "| | verdict | |",
        "| --- | --- | --- |",
        *(
            f"| {MARKS[word]} | {word} | {MEANINGS[word]} |"
            for word in (*VERDICTS, UNTESTED)
            if any(verdict_of(result) == word for result in results)
        ),
        "",
        "These pages are made by",
        "",
        "```sh",
        f"modgrok reproduce --budget {budgets.split(', ')[0]} -o docs/claims --format markdown",
        "```",
        "",
    ]
    for paper in papers:
        known = read_paper(paper)
        own = [result for result in results if result.paper == paper]
        lines += [
            f"## [{known.title}]({paper}.md)",
            "",
            f"{known.citation}. {''.join(MARKS[verdict_of(result)] for result in own)} {count_words(own)}.",
            "",
            "| | claim | measured | expected |",
            "| --- | --- | --- | --- |",
        ]
        for result in own:
            measured, expected = headline(result)
            lines.append(
                f"| {MARKS[verdict_of(result)]} | [{_cell(result.sentence)}]"
                f"({paper}.md#{_anchor(result.name)}) ({_cell(result.source)}) "
                f"| {_cell(measured)} | {_cell(expected)} |"
            )
        lines.append("")
    return "\n".join(lines)


def _paper(paper: str, results: Sequence[Result]) -> str:
    known = read_paper(paper)
    lines = [
        f"# {known.title}",
        "",
        f"{known.citation}. {claim_words(len(results))}: {count_words(results)}. [All papers](index.md)",
        "",
    ]
    for result in results:
        lines += _claim(result)
    return "\n".join(lines)


def _claim(result: Result) -> list[str]:
    verdict = verdict_of(result)
    lines = [
        f"## {result.name}",
        "",
        f"{MARKS[verdict]} **{verdict}** · {result.source}",
        "",
        result.sentence,
        "",
    ]
    if result.error is not None:
        return [*lines, f"Not tested: {result.error}", ""]
    text = " ".join(caption.text for caption in result.captions)
    lines += [f"![{_alt(text)}]({FIGURES}/{figure_name(result)})", ""]
    captions = [caption.caption for caption in result.captions if caption.caption]
    if captions:
        lines += [" ".join(captions), ""]
    lines += ["| number | measured | expected | source |", "| --- | --- | --- | --- |"]
    for expected in result.expected:
        value = result.values.get(expected.name)
        mark = "" if expected.holds(value) else " **out**"
        weight = weight_words(expected, result)
        beside = f" ({weight})" if weight else ""
        lines.append(
            f"| {name_words(expected.name)}{beside} | {number_words(value)}{mark} | "
            f"{_cell(range_words(expected))} | {_cell(expected.paper)} |"
        )
    judged = {expected.name for expected in result.expected}
    lines += [
        f"| {name_words(name)} | {number_words(value)} | | |"
        for name, value in result.values.items()
        if name not in judged
    ]
    lines.append("")
    if result.rows:
        names = list(result.rows[0])
        lines += [f"| {' | '.join(_cell(name_words(name)) for name in names)} |", "| --- " * len(names) + "|"]
        lines += [
            f"| {' | '.join(_cell(cell_words(row.get(name))) for name in names)} |" for row in result.rows
        ]
        lines.append("")
    lines.append(f"{_plain(run_words(result))} {time_words(result.seconds)}.")
    if result.deviations:
        lines += ["", "Other than in the paper:", ""]
        lines += [f"- {_plain(words)}" for words in result.deviations]
    return [*lines, "", "```sh", command_words(result), "```", ""]


def _anchor(name: str) -> str:
    """Return the anchor that renderers make of a heading.

    Example:
        >>> _anchor("theorem5.1-Deviation")
        'theorem51-deviation'
    """
    return re.sub(r"[^\w -]", "", name.lower()).replace(" ", "-")


def _plain(text: str) -> str:
    """Keep stars and underscores of expressions from being read as emphasis."""
    return text.replace("*", "\\*").replace("_", "\\_")


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|").replace("\n", " ")


def _alt(text: str) -> str:
    return " ".join(text.replace("[", "(").replace("]", ")").split())
