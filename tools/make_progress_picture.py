"""Draw docs/images/progress.svg and print the tables of docs/progress-measures.md.

    uv run python tools/make_progress_picture.py

All numbers are those of each seed in the committed book (docs/claims/results.json). Nothing is run.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from modgrok.papers.book.markdown import read_results
from modgrok.papers.claims.result import Result
from modgrok.papers.progress.readings import MEASURES, TITLES
from modgrok.papers.progress.setup import LEARNERS
from modgrok.papers.progress.shares import NETWORKS, STAGES
from modgrok.reports.charts.claim_charts import Point, points, single
from modgrok.reports.formats.svg import panels_svg

DOCS = Path(__file__).parents[1] / "docs"
PICTURE = DOCS / "images" / "progress.svg"
REACH = (-0.8, 0.8)
"""Leads beyond are drawn at the end of the axis."""


def picture(results: dict[str, Result]) -> str:
    """Draw the leads of each measure at half of its way: a dot for each seed, and their median."""
    panels = []
    for learner in LEARNERS:
        result = results[f"progress/first-{learner.name}"]
        names = [f"{measure}_lead_at_half" for measure in MEASURES]
        marks = [
            Point(TITLES[measure], result.values.get(name), each=result.seed_values.get(name, ()))
            for measure, name in zip(MEASURES, names, strict=True)
        ]
        words = ", ".join(
            f"{mark.name} {'none' if mark.value is None else f'{mark.value:.2f}'}" for mark in marks
        )
        text = f"Lead over test accuracy of {learner.words}, in steps of grokking: {words}."
        cell = points(marks, text, x="lead over test accuracy / step of grokking", domain=REACH)
        panels.append(single(learner.name, learner.contender.title, "", cell, 12))
    return panels_svg(panels)


def move_rows(results: dict[str, Result]) -> list[str]:
    """List the measures of each learner: leads, way at a tenth of accuracy, move without grokking."""
    rows = []
    for learner in LEARNERS:
        first, stays = (results[f"progress/{kind}-{learner.name}"] for kind in ("first", "stays"))
        for measure in MEASURES:
            names = [
                (first, f"{measure}_{what}") for what in ("lead_at_tenth", "lead_at_half", "way_at_tenth")
            ]
            names.append((stays, f"{measure}_moved"))
            cells = [
                range_words(result.values.get(name), result.seed_values.get(name, ()), 2)
                for result, name in names
            ]
            rows.append(f"| {learner.contender.title} | {TITLES[measure]} | {' | '.join(cells)} |")
    return rows


def share_rows(results: dict[str, Result]) -> list[str]:
    """List the explained shares of the papers' networks."""
    rows = []
    for networks in NETWORKS:
        result = results[f"progress/{networks.name}"]
        for expression in networks.tasks:
            prefix = networks.prefix(expression)
            chosen = [row for row in result.rows if not prefix or row["task"] == expression]
            cells = [
                range_words(
                    result.values.get(f"{prefix}{stage}"), [row[f"explained, {stage}"] for row in chosen], 3
                )
                for stage in STAGES
            ]
            seeds = len(result.seeds)
            rows.append(f"| {networks.source} | `{expression}` | {seeds or '–'} | {' | '.join(cells)} |")
    return rows


def range_words(value: float | int | None, each: Sequence[float | int | None], digits: int) -> str:
    """Print a median over seeds with the least and the greatest of the known numbers; `–` if none."""
    known = [number for number in each if number is not None]
    if value is None:
        return "–"
    middle, least, most = (f"{round(n, digits) + 0.0:.{digits}f}" for n in (value, *_ends(known or [value])))
    return f"{middle} ({least} to {most})" if len(known) > 1 else middle


def _ends(numbers: Sequence[float | int]) -> tuple[float | int, float | int]:
    return min(numbers), max(numbers)


def main() -> None:
    """Write the picture, and print the tables."""
    results = {result.id: result for result in read_results(DOCS / "claims")}
    PICTURE.write_text(picture(results) + "\n", encoding="utf-8")
    sys.stdout.write("\n".join([*move_rows(results), "", *share_rows(results)]) + "\n")


if __name__ == "__main__":
    main()
