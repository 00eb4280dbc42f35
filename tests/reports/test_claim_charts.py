"""Charts of claims draw the numbers that they are given: a title says what they are, and moves none."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from modgrok.reports.charts.chart import Cell
from modgrok.reports.charts.claim_charts import Line, lines, single, step_lines
from modgrok.reports.formats.svg import panels_svg

CURVE = Line("", [1, 10, 100], [0.0, 0.5, 1.0], dots=True)


def drawn_x(cell: Cell) -> list[float]:
    """Return the x of the points that a chart holds."""
    spec: dict[str, Any] = cell.chart.to_dict()
    return [row["x"] for rows in spec["datasets"].values() for row in rows if "y" in row and "x" in row]


@pytest.mark.parametrize("title", ["step", "step + 1", "steps", "width N"])
def test_a_title_moves_no_point(title: str) -> None:
    assert drawn_x(lines([CURVE], "A line.", x=title)) == [1, 10, 100]


def test_steps_are_drawn_one_further_on_a_logarithmic_axis() -> None:
    cell = step_lines([Line("", [0, 9, 99], [0.0, 0.5, 1.0])], "A line.", milestones=[("grokked", 9)])
    assert drawn_x(cell) == [1, 10, 100]
    spec = cell.chart.to_dict()
    marks = [row["x"] for rows in spec["datasets"].values() for row in rows if row.get("name") == "grokked"]
    assert set(marks) == {10}


def test_points_stand_above_their_labels() -> None:
    """In the picture: a point at 10 stands a third of the way from 1 to 1000, where the axis says 10."""
    line = Line("", [1, 10, 100, 1000], [0.5] * 4, dots=True)
    svg = panels_svg((single("line", "A line", "", lines([line], "A line.", x="step + 1"), 6),))
    dots = re.findall(r'aria-roledescription="circle"[^>]*transform="translate\(([\d.]+),', svg)
    places = sorted(float(x) for x in dots)
    assert len(places) == 4
    for i, place in enumerate(places):
        assert math.isclose(place - places[0], i * (places[3] - places[0]) / 3, abs_tol=0.01)
