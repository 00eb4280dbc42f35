"""Measured numbers, one a row, each on a band for what was expected of it.

Owns: how they look, and how the charts of several seeds become one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import vega_lite as vl
from .axes import (
    axis_of,
    number_words,
    percent_axis,
    reach,
)
from .chart import Cell, Margins
from .line_chart import alike, middle_of, of_seeds
from .palette import INK, PLATEAU, SOFT, TEST
from .table import Table

Number = float | int | None
WIDEST_NAMES = 360
"""Pixels left of a chart that the names of its rows may take."""


@dataclass(frozen=True)
class Point:
    """A measured number beside what was expected of it.

    Arguments:
        name: of its row.
        value: None if there is none.
        low, high: the expected range; None for an open end.
        colour: None for the accent.
        note: short words at the right.
        each: the number of every seed, of which value is the median; empty for one seed.
    """

    name: str
    value: Number
    low: float | int | None = None
    high: float | int | None = None
    colour: str | None = None
    note: str = ""
    each: tuple[Number, ...] = ()


@dataclass(frozen=True, eq=False)
class PointChart:
    """What `points` draws, kept so that the same chart of several seeds becomes one."""

    marks: tuple[Point, ...]
    text: str
    options: Mapping[str, Any]

    def of_seeds(self, others: Sequence[object]) -> Cell | None:
        """Draw the charts of all seeds as one: one dot per seed; None where their rows differ."""
        charts = alike(self, others, lambda chart: [point.name for point in chart.marks])
        if charts is None:
            return None
        rows = []
        for each in zip(*(chart.marks for chart in charts), strict=True):
            values = tuple(point.value for point in each)
            known = [math.inf if value is None or math.isnan(value) else value for value in values]
            same = len({point.note for point in each}) == 1
            rows.append(
                replace(each[0], value=middle_of(known), note=each[0].note if same else "", each=values)
            )
        return points(rows, of_seeds(self.text, len(charts)), **self.options)


def points(
    marks: Sequence[Point],
    text: str,
    *,
    x: str = "",
    domain: tuple[float | int, float | int] | None = None,
    log: bool = False,
    percent: bool = False,
) -> Cell:
    """Draw one number per row as a dot, on a band for its expected range.

    A number beyond the axis is a triangle at its end that points outwards.

    Arguments:
        marks: rows, from top to bottom.
        text: what the chart shows, for readers who cannot see it.
        x: axis title.
        domain: of the axis; None for that of the data.
        log: logarithmic axis.
        percent: numbers are shares.
    """
    options = {"x": x, "domain": domain, "log": log, "percent": percent}
    known = [
        n for p in marks for n in (p.value, p.low, p.high, *p.each) if n is not None and math.isfinite(n)
    ]
    if domain is None:
        domain = (0.0, 1.0) if percent else reach(known, log)
    low, high = domain
    rows: Table = [
        {
            "row": i + 0.5,
            "name": p.name,
            "value": p.value if p.value is not None and math.isfinite(p.value) else None,
            "low": low if p.low is None else max(p.low, low),
            "high": high if p.high is None else min(p.high, high),
            "top": i + 0.18,
            "bottom": i + 0.82,
            "colour": p.colour or TEST,
            "value_text": p.note or ("none" if p.value is None else number_words(p.value, percent)),
            "ranged": p.low is not None or p.high is not None,
        }
        for i, p in enumerate(marks)
    ]
    scale = vl.ScaleOptions(type="log" if log else "linear", domain=[low, high], nice=False, clamp=True)
    place = vl.ScaleOptions(domain=[len(marks), 0], nice=False, zero=False)
    axis = percent_axis() if percent else axis_of([low, high], log, count=5)
    across, up = (
        vl.field("low:Q", scale=scale, title=x or None, axis=axis),
        vl.field("row:Q", scale=place, axis=None),
    )
    bands = vl.marks([row for row in rows if row["ranged"]]).mark("rect", color=PLATEAU)
    dots = _placed([row for row in rows if row["value"] is not None], low, high, "circle", 64, filled=True)
    names = vl.marks(rows).mark("text", align="right", baseline="middle", dx=-8, fontSize=10, color=INK)
    label_marks = vl.marks(rows).mark("text", align="left", baseline="middle", dx=8, fontSize=10, color=SOFT)
    right = vl.value(vl.expr("width"))
    seeds = [
        {"row": i + 0.5, "value": float(value), "colour": p.colour or TEST}
        for i, p in enumerate(marks)
        for value in p.each
        if value is not None and math.isfinite(value)
    ]
    rings = _placed(seeds, low, high, "circle", 26, filled=False)
    chart = vl.layer(
        bands.encode(x=across, x2="high:Q", y=vl.field("top:Q", scale=place, axis=None), y2="bottom:Q"),
        *(
            marks_of_values.encode(
                x=vl.field("value:Q", scale=scale), y=up, color=vl.field("colour:N", scale=None)
            )
            for marks_of_values in (*rings, *dots)
        ),
        names.encode(x=vl.value(0), y=up, text="name:N"),
        label_marks.encode(x=right, y=up, text="value_text:N"),
    )
    left = min(round(14 + 6.2 * max((len(p.name) for p in marks), default=1)), WIDEST_NAMES)
    after = min(20 + 6 * max((len(row["value_text"]) for row in rows), default=1), 150)
    cell = Cell(chart, text, 22 * max(len(marks), 1), Margins(left, after, 8, 38 if x else 26))
    return replace(cell, source=PointChart(tuple(marks), text, options))


def _placed(
    rows: Table, low: float | int, high: float | int, shape: str, size: int, *, filled: bool
) -> list[vl.Chart]:
    """Mark values, those beyond the axis by triangles at its ends that point outwards."""
    parts = (
        ([row for row in rows if low <= row["value"] <= high], shape),
        ([row for row in rows if row["value"] > high], "triangle-right"),
        ([row for row in rows if row["value"] < low], "triangle-left"),
    )
    return [
        vl.marks(values).mark("point", shape=kind, size=size, opacity=1, filled=filled, strokeWidth=1)
        for values, kind in parts
        if values
    ]
