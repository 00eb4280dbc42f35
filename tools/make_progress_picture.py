"""Draw docs/images/progress.svg: `uv run python tools/make_progress_picture.py`.

Which progress measure moves first, of three learners, from the numbers of each seed in the committed book
(docs/claims/results.json). Nothing is run.
"""

from __future__ import annotations

from pathlib import Path

from modgrok.papers.book.markdown import read_results
from modgrok.papers.claims.result import Result
from modgrok.papers.progress.readings import MEASURES, TITLES
from modgrok.papers.progress.setup import LEARNERS
from modgrok.reports.charts.claim_charts import Point, points, single
from modgrok.reports.formats.svg import panels_svg

DOCS = Path(__file__).parents[1] / "docs"
PICTURE = DOCS / "images" / "progress.svg"
REACH = (-0.5, 0.5)
"""Leads beyond are drawn at the end of the axis."""


def picture(results: dict[str, Result]) -> str:
    """Draw the leads of each measure at half of its way: a dot for each seed, and their median."""
    panels = []
    for learner in LEARNERS:
        result = results[f"progress/first-{learner.name}"]
        names = [f"{measure}_lead_at_half" for measure in MEASURES]
        marks = [
            Point(TITLES[measure], result.values[name], each=result.seed_values.get(name, ()))
            for measure, name in zip(MEASURES, names, strict=True)
        ]
        words = ", ".join(
            f"{mark.name} {'none' if mark.value is None else f'{mark.value:.2f}'}" for mark in marks
        )
        text = f"Lead over test accuracy of {learner.words}, in steps of grokking: {words}."
        cell = points(marks, text, x="lead over test accuracy / step of grokking", domain=REACH)
        panels.append(single(learner.name, learner.contender.title, "", cell, 4))
    return panels_svg(panels)


def main() -> None:
    """Write the picture."""
    results = {result.id: result for result in read_results(DOCS / "claims")}
    PICTURE.write_text(picture(results) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
