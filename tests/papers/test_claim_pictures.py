"""Pictures of claims: seeds as medians with bands, the paper's numbers, every number against its bound."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from made_claims import make_claim

from modgrok.papers.book.figures import number_rows, numbers_svg, numbers_text
from modgrok.papers.book.text import change_words
from modgrok.papers.claims.catalogue import read_papers, with_printed
from modgrok.papers.claims.claim import Expected
from modgrok.papers.claims.printed import PrintedCurve, PrintedNumber
from modgrok.papers.claims.result import Result
from modgrok.reports.charts.bound_rows import WIDTH, BoundRow, bound_rows, row_scale
from modgrok.reports.charts.chart import Cell
from modgrok.reports.charts.claim_charts import Line, Point, histogram, lines, points, single
from modgrok.reports.charts.line import printed_line
from modgrok.reports.charts.seeds import OVER_SEEDS, panels_of_seeds
from modgrok.reports.charts.seeds import with_printed as drawn_with
from modgrok.tasks import InputError

CLAIMS = [claim for paper in read_papers() for claim in paper.claims]


def marks_of(cell: Cell) -> list[str]:
    """Return the kinds of marks of a chart, in the order in which they are drawn."""

    def kinds(spec: dict[str, Any]) -> list[str]:
        if "layer" in spec:
            return [kind for layer in spec["layer"] for kind in kinds(layer)]
        return [spec["mark"] if isinstance(spec["mark"], str) else spec["mark"]["type"]]

    return kinds(cell.chart.to_dict())


def rows_of(cell: Cell) -> list[dict[str, Any]]:
    """Return all rows that a chart holds."""
    return [row for rows in cell.chart.to_dict()["datasets"].values() for row in rows]


def curve(end: float, name: str = "test") -> Cell:
    return lines([Line(name, [0, 1, 2], [0.0, 0.5, end], "#c2452d")], "A curve.", x="step", log_x=False)


def test_the_seeds_of_a_chart_become_a_median_with_a_band() -> None:
    panels = [(single("a", "A", "A line.", curve(end), 6),) for end in (0.6, 1.0, 0.9)]
    (panel,) = panels_of_seeds(panels)
    (cell,) = panel.groups[0].cells
    assert marks_of(cell).count("area") == 1
    assert marks_of(cell).count("line") == 1
    ends = [row for row in rows_of(cell) if row.get("x") == 2]
    assert {(row["low"], row["y"], row["high"]) for row in ends} == {(0.6, 0.9, 1.0)}
    assert panel.caption == f"A line. {OVER_SEEDS.format(3)}"
    assert "Median of 3 seeds" in cell.text


def test_a_seed_that_stopped_early_keeps_its_last_value() -> None:
    short = lines([Line("test", [0, 1], [0.0, 1.0], "#c2452d")], "", x="step", log_x=False)
    long = lines([Line("test", [0, 1, 9], [0.0, 0.0, 0.5], "#c2452d")], "", x="step", log_x=False)
    (panel,) = panels_of_seeds([(single("a", "A", "", cell, 6),) for cell in (short, long)])
    ends = [row for row in rows_of(panel.groups[0].cells[0]) if row.get("x") == 9]
    assert {(row["low"], row["y"], row["high"]) for row in ends} == {(0.5, 0.75, 1.0)}


def test_unnamed_lines_of_one_colour_are_further_seeds() -> None:
    marks = [Line("test", [0, 1], [0.0, 1.0], "red"), Line("", [0, 1], [0.5, 1.0], "red")]
    cell = lines([*marks, Line("", [0, 1], [1.0, 1.0], "blue")], "", x="step", log_x=False)
    assert marks_of(cell).count("area") == 1
    assert marks_of(cell).count("line") == 2


def test_points_have_a_ring_for_each_seed() -> None:
    panels = [
        (single("a", "A", "", points([Point("x + y", value, 0.9, 1.0)], ""), 6),)
        for value in (0.9, 1.0, 0.95)
    ]
    (panel,) = panels_of_seeds(panels)
    rows = rows_of(panel.groups[0].cells[0])
    assert [row["value"] for row in rows if set(row) == {"row", "value", "colour"}] == [0.9, 1.0, 0.95]
    assert {row["value"] for row in rows if "value_text" in row} == {0.95}


def test_what_cannot_be_merged_is_said_to_be_of_the_first_seed() -> None:
    bars = [(single("a", "A", "Counts.", histogram([1, 2], [0, 1, 2], ""), 6),) for _ in range(2)]
    assert panels_of_seeds(bars)[0].caption == "Counts. Of the first seed."
    unlike = [(single("a", "A", "", curve(1.0, name), 6),) for name in ("one", "other")]
    assert panels_of_seeds(unlike)[0].caption == "Of the first seed."
    assert panels_of_seeds(bars[:1]) == bars[0]


def test_the_papers_numbers_are_diamonds_in_their_panel_alone() -> None:
    panels = (single("a", "A", "", curve(1.0), 6), single("b", "B", "", curve(1.0), 6))
    first, second = drawn_with(panels, [("a", printed_line("paper, Table 1", [0, 2], [0.1, 0.8]))])
    assert marks_of(first.groups[0].cells[0]).count("point") == 2  # the numbers, and the key's mark
    assert "paper, Table 1: 0.1 at 0, 0.8 at 2" in first.groups[0].cells[0].text
    assert second is panels[1] or marks_of(second.groups[0].cells[0]).count("point") == 0


@pytest.mark.parametrize("value", [None, 0.5, math.inf])
def test_a_row_has_its_range_its_seeds_and_the_papers_number(value: float | None) -> None:
    row = BoundRow("delay", value, (value, 1.0), 0.9, 2.0, 1.5, in_range=False)
    low, high, log = row_scale(row)
    assert low < 0.9 < 2.0 < high
    assert not log
    marks = rows_of(bound_rows([row], "Numbers."))
    placed = [entry for entry in marks if "x" in entry]
    assert all(0 <= entry["x"] <= WIDTH for entry in placed)
    assert {"paper 1.5", "0.9", "2", "delay"} <= {entry["text"] for entry in marks if "text" in entry}
    assert any("out of range" in entry.get("text", "") for entry in marks)
    known = 1 if value is None or math.isinf(value) else 2
    assert sum(set(entry) == {"x", "y", "colour"} for entry in marks) == known + 1  # and one in the key


def test_labels_of_near_bounds_do_not_overlap() -> None:
    row = BoundRow("peak", 61_724.0, (61_724.0,), 0.9, 1.1)
    words = [entry for entry in rows_of(bound_rows([row], "")) if set(entry) == {"x", "y", "text"}]
    first, second = sorted(words, key=lambda entry: entry["x"])
    assert second["x"] - first["x"] >= 5.2 * (len(first["text"]) + len(second["text"])) / 2


def test_the_picture_of_a_result_is_small_and_says_what_it_shows() -> None:
    expected = (Expected("accuracy", "", low=0.999), Expected("delay", "", low=1.5, essential=False))
    result = Result(
        "gromov2023/a", "desktop", "", "", expected, {"accuracy": 0.9998, "delay": 1.2}, "deviates"
    )
    rows = number_rows(result, (PrintedNumber("delay", 2, "Fig. 1c"),))
    assert [(row.printed, row.in_range) for row in rows] == [(None, True), (2, False)]
    assert (
        numbers_text(result) == "accuracy 0.9998, expected at least 0.999; delay 1.2, expected at least 1.5."
    )
    svg = numbers_svg(result, (PrintedNumber("delay", 2, "Fig. 1c"),))
    assert len(svg) < 8_000
    assert {"paper 2", "0.9998"} <= set(re.findall(r">([^<>]+)</text>", svg))
    assert change_words(result) == "delay in its range (at least 1.5); it is 1.2."


def test_numbers_of_papers_are_of_claims_that_expect_them() -> None:
    """Every printed number has a source, and is of a number that its claim judges at some budget."""
    printed = [(claim, one) for claim in CLAIMS for one in claim.printed]
    assert len(printed) > 50
    for claim, one in printed:
        assert one.source
        if isinstance(one, PrintedNumber):
            assert one.name in {expected.name for expected in claim.expected}, claim.id
        else:
            assert np.all(np.diff(one.x) > 0), claim.id


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("none", (PrintedNumber("a", 1, "Fig. 1"),)),
        ("good", (PrintedNumber("a", 1, ""),)),
        ("good", (PrintedNumber("a", math.nan, "Fig. 1"),)),
        ("good", (PrintedNumber("a", 1, "Fig. 1"), PrintedNumber("a", 2, "Fig. 2"))),
    ],
)
def test_numbers_without_source_or_claim_are_refused(name: str, printed: tuple[PrintedNumber, ...]) -> None:
    with pytest.raises(InputError, match="printed: must"):
        with_printed([make_claim("good")], {name: printed})
    with pytest.raises(InputError, match="one number at each x"):
        PrintedCurve("panel", (1, 2), (1,), "Table 1")
