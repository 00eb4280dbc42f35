"""The book as Markdown pages with pictures, for the documentation; and the results that they are made of.

Owns: the layout of those files; what is said is `outline`. `results.json` and the pictures are the source,
the pages follow from them.

    DIR/results.json            every result
    DIR/runs/<paper>.csv        every run of its claims: settings, and how it ended
    DIR/index.md, <paper>.md    pages
    DIR/figures/<paper>-<claim>.svg             its figure, drawn from runs
    DIR/figures/<paper>-<claim>-numbers.svg     its numbers against their bounds, drawn from the result
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ...io import csv_cell, made_folder, write_atomically
from ..claims.result import FORMAT, Result, from_json
from .figures import lightened, numbers_pictures
from .outline import ClaimEntry, NumberRow, Outline, PaperEntry, outline_of
from .text import BOUNDS, CHANGE, COMMAND, DECIDES, DEVIATIONS

RESULTS = "results.json"
RUNS = "runs"
FIGURES = "figures"
NUMBERS = "-numbers.svg"
"""End of the name of a picture of numbers."""
OVERVIEW = ("verdict", "claim", "measured", "expected", "seeds")


def write_pages(folder: Path, results: Sequence[Result], figures: Mapping[str, str]) -> Path:
    """Write results, pictures and pages.

    Arguments:
        folder: made if missing; files of these names are replaced.
        results: in the order in which they are shown.
        figures: claim id -> SVG.

    Returns:
        the overview.
    """
    entries = [{k: v for k, v in result.to_json().items() if k != "run_table"} for result in results]
    content = {"format": FORMAT, "claims": entries}
    with made_folder(folder / FIGURES):
        for result in results:
            if result.id in figures:
                write_atomically(folder / FIGURES / figure_name(result), lightened(figures[result.id]) + "\n")
        for claim, picture in numbers_pictures(results).items():
            name = claim.replace("/", "-") + NUMBERS
            write_atomically(folder / FIGURES / name, picture + "\n")
        _write_runs(folder / RUNS, results)
        write_atomically(folder / RESULTS, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        for name, text in pages(results).items():
            write_atomically(folder / name, text)
    return folder / "index.md"


def read_results(folder: Path) -> list[Result]:
    """Read what `write_pages` wrote."""
    content = json.loads((folder / RESULTS).read_text(encoding="utf-8"))
    results = [from_json(entry) for entry in content["claims"]]
    runs: dict[str, list[dict[str, str]]] = {}
    for path in sorted((folder / RUNS).glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                runs.setdefault(row.pop("claim"), []).append(row)
    return [replace(result, run_table=tuple(runs.get(result.id, ()))) for result in results]


def _write_runs(folder: Path, results: Sequence[Result]) -> None:
    """Write one table of runs a paper; papers without runs have none."""
    for paper in dict.fromkeys(result.paper for result in results):
        rows = [
            {
                "claim": result.id,
                "budget": result.budget,
                **{name: _guarded(cell) for name, cell in row.items()},
            }
            for result in results
            if result.paper == paper
            for row in result.run_table
        ]
        if not rows:
            continue
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        with made_folder(folder):
            write_atomically(folder / f"{paper}.csv", text.getvalue())


def _guarded(cell: object) -> object:
    """Guard a cell against spreadsheets, unless it is a number."""
    if not isinstance(cell, str):
        return cell
    try:
        float(cell)
    except ValueError:
        return csv_cell(cell)
    return cell


def pages(results: Sequence[Result]) -> dict[str, str]:
    """Return file name -> text of every page: a function of the results alone."""
    outline = outline_of(results)
    return {"index.md": _overview(outline), **{f"{paper.name}.md": _paper(paper) for paper in outline.papers}}


def figure_name(result: Result | ClaimEntry) -> str:
    """Return the file name of a result's picture."""
    return f"{result.paper}-{result.name}.svg"


def numbers_name(result: Result | ClaimEntry) -> str:
    """Return the file name of the picture of a result's numbers."""
    return f"{result.paper}-{result.name}{NUMBERS}"


def picture_names(results: Sequence[Result]) -> set[str]:
    """List the files of all pictures: two of each claim that was tested."""
    tested = [result for result in results if result.verdict is not None]
    return {name(result) for result in tested for name in (figure_name, numbers_name)}


def _overview(outline: Outline) -> str:
    budgets = "budget" if len(outline.budgets) == 1 else "budgets"
    lines = [
        "# The papers' claims, tested",
        "",
        f"{outline.size} at the {budgets} {' and '.join(outline.budgets)}: **{outline.counts}**. "
        f"{outline.reservations} Verdicts compare measured numbers with the papers' numbers, or with bounds "
        "of ours where a paper has words only; none of the measured ones is typed in, but for those that "
        "lists of deviations quote. A claim that fails is shown as failing, with its evidence.",
        "",
        *_table(("verdict", "meaning"), [(f"**{word}**", meaning) for word, meaning in outline.verdicts]),
        "",
        "Each claim is shown at the largest budget at which it has been run; the command of each is on its "
        "page. Similar pages for a single budget are made by",
        "",
        *_shell(f"modgrok reproduce --budget {outline.budgets[0]} -o docs/claims --format markdown"),
        "",
    ]
    for paper in outline.papers:
        lines += [
            f"## [{paper.title}]({paper.name}.md)",
            "",
            f"{paper.citation}. {paper.size}: {paper.counts}.",
            "",
            *_table(OVERVIEW, [_overview_row(claim) for claim in paper.claims]),
            "",
        ]
    if outline.unrun or outline.few_seeds:
        lines += [
            "## What remains to be run",
            "",
            f"{outline.seeds} `modgrok reproduce --list --budget desktop` says what each claim costs, and "
            "without `--list` it runs them; repeated, it continues.",
            "",
            *(f"- not run yet: `{id}`" for id in outline.unrun),
            *(f"- few seeds: {words}" for words in outline.few_seeds),
            "",
        ]
    return "\n".join(lines)


def _overview_row(claim: ClaimEntry) -> tuple[str, ...]:
    link = f"[{_cell(claim.sentence)}]({claim.paper}.md#{_anchor(_heading(claim))})"
    measured, expected = claim.headline
    sentence = f"{link} ({_cell(claim.source)})"
    return f"**{claim.verdict}**", sentence, _cell(measured), _cell(expected), _cell(claim.seeds)


def _paper(paper: PaperEntry) -> str:
    lines = [
        f"# {paper.title}",
        "",
        f"{paper.citation}. {paper.size}: {paper.counts}. [All papers](index.md)",
        "",
    ]
    for claim in paper.claims:
        lines += _claim(claim)
    return "\n".join(lines)


def _claim(claim: ClaimEntry) -> list[str]:
    lines = [
        f'<a id="{claim.name}"></a>',
        "",
        f"## {_plain(_heading(claim))}",
        "",
        " · ".join([f"**{claim.verdict}**", claim.source, *filter(None, [claim.effort]), f"`{claim.id}`"]),
        "",
    ]
    if claim.error is not None:
        return [*lines, f"Not tested: {claim.error}.", "", f"{COMMAND}:", "", *_shell(claim.command), ""]
    if claim.numbers_text:
        lines += [f"![{_alt(claim.numbers_text)}]({FIGURES}/{numbers_name(claim)})", ""]
    lines += [f"![{_alt(claim.text)}]({FIGURES}/{figure_name(claim)})", ""]
    for title, caption in claim.panel_captions:
        lines += [f"**{_plain(title)}.** {_plain(caption)}" if title else _plain(caption), ""]
    lines += [*_table(("number", "measured", "expected", "source"), map(_number_row, claim.numbers)), ""]
    if claim.details:
        head, *rows = (tuple(map(_cell, row)) for row in claim.details)
        lines += [*_table(head, rows), ""]
    lines.append(_plain(claim.runs))
    if claim.decides:
        lines += ["", f"{DECIDES}: {_plain(claim.decides)}"]
    elif claim.shortfalls:
        lines += ["", _plain(claim.shortfalls)]
    if claim.change:
        lines += ["", f"{CHANGE}: {_plain(claim.change)}"]
    if claim.bounds:
        lines += ["", f"{BOUNDS}:", "", *(f"- {_plain(words)}" for words in claim.bounds)]
    if claim.deviations:
        lines += ["", f"{DEVIATIONS}:", "", *(f"- {_plain(words)}" for words in claim.deviations)]
    return [*lines, "", f"{COMMAND}:", "", *_shell(claim.command), ""]


def _number_row(number: NumberRow) -> tuple[str, ...]:
    note = f" ({number.note})" if number.note else ""
    mark = "" if number.in_range else " **out**"
    return f"{number.name}{note}", f"{number.measured}{mark}", _cell(number.expected), _cell(number.source)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table, whose cells are Markdown."""
    ruled = [head, ["---"] * len(head), *rows]
    return [re.sub(" +", " ", f"| {' | '.join(row)} |") for row in ruled]


def _shell(command: str) -> list[str]:
    return ["```sh", command, "```"]


def _heading(claim: ClaimEntry) -> str:
    """Return the sentence without its full stop."""
    return claim.sentence.removesuffix(".")


def _anchor(heading: str) -> str:
    """Return the anchor that renderers make of a heading.

    Example:
        >>> _anchor("From 17.5% of x - y")
        'from-175-of-x---y'
    """
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _plain(text: str) -> str:
    """Keep stars and underscores of expressions from being read as emphasis."""
    return text.replace("*", "\\*").replace("_", "\\_")


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|").replace("\n", " ")


def _alt(text: str) -> str:
    return " ".join(text.replace("[", "(").replace("]", ")").split())
