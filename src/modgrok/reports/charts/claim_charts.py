"""Charts that claims share: lines, points with what was expected, bars, images, maps.

Owns: how each looks; colours and cells are the reports'. A figure is 760 pixels wide, so a panel of span 6
has room for a title of about 45 letters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import altair as alt
import numpy as np

from .axes import axis_of, ends_of, key_of, milestone, number_words, percent_axis, reach, scale_of, whole_axis
from .bands import LINES
from .chart import Cell, Group, Margins, Panel, data, single
from .grid_cells import Coordinate, GridCell
from .heat_map import heat_map, map_legend, shades_of
from .image import picture
from .palette import INK, MEASURE, PAPER, PLATEAU, SECOND, SOFT, TEST, TRAIN
from .png import data_uri
from .ramp import DIVERGING, SEQUENTIAL, colours, indices
from .table import Table

Number = float | int | None
MOST_POINTS = 400
"""Points of a line; a longer one is thinned, first and last kept."""
__all__ = [
    "INK",
    "LINES",
    "MEASURE",
    "SECOND",
    "SOFT",
    "TEST",
    "TRAIN",
    "Cell",
    "Group",
    "Line",
    "Panel",
    "Point",
    "bars",
    "histogram",
    "image",
    "lines",
    "points",
    "single",
    "step_lines",
    "table_map",
]


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Arguments:
        name: in the key; empty for none.
        x, y: numbers of equal length; points where y is not finite are left out.
        colour: None for the next of `LINES`.
        dashed: whether it is a reference, not a measurement.
        dots: whether its points are marked.
    """

    name: str
    x: Sequence[float | int] | np.ndarray
    y: Sequence[float | int] | np.ndarray
    colour: str | None = None
    dashed: bool = False
    dots: bool = False


def lines(
    series: Sequence[Line],
    text: str,
    *,
    x: str,
    y: str = "",
    log_x: bool = True,
    log_y: bool = False,
    domain: tuple[float | int, float | int] | None = None,
    percent: bool = False,
    level: float | int | None = None,
    milestones: Sequence[tuple[str, float | int | None]] = (),
    height: int = 170,
) -> Cell:
    """Draw lines, with a key above.

    Arguments:
        series: the lines; see `step_lines` for numbers against steps.
        text: what the chart shows, for readers who cannot see it.
        x, y: axis titles.
        log_x, log_y: logarithmic axes; values must be above 0.
        domain: of y; None for that of the data.
        percent: y are shares, printed as percentages from 0 to 1.
        level: a dotted horizontal reference.
        milestones: (name, x) of vertical marks; None are left out.
        height: of the plot area.

    Example:
        >>> cell = lines([Line("sum", [1, 10], [0.1, 1.0])], "It rises.", x="width", percent=True)
        >>> cell.outer_height(300)
        230
    """
    coloured = [(line, line.colour or LINES[i % len(LINES)]) for i, line in enumerate(series)]
    rows = [_line_rows(line, log_y) for line in series]
    marks = [(name, at) for name, at in milestones if at is not None]
    known_x = [row["x"] for part in rows for row in part] + [at for _, at in marks]
    known_y = [row["y"] for part in rows for row in part]
    if level is not None:
        known_y.append(level)
    if domain is None:
        domain = (0.0, 1.0) if percent else reach(known_y, log_y)
    axis_x = alt.X("x:Q", title=x, scale=scale_of(ends_of(known_x), log_x), axis=axis_of(known_x, log_x))
    axis_y = alt.Y(
        "y:Q",
        title=y or None,
        scale=alt.Scale(type="log" if log_y else "linear", domain=list(domain), nice=False, clamp=True),
        axis=percent_axis() if percent else axis_of([*domain], log_y, count=4),
    )
    layers: list[Any] = [milestone(name, at, axis_x, place) for place, (name, at) in enumerate(marks)]
    if level is not None:
        rule = alt.Chart(data([{"y": level}])).mark_rule(color=SOFT, strokeDash=[2, 3], strokeWidth=1)
        layers.append(rule.encode(y=axis_y))
    for (line, colour), part in zip(coloured, rows, strict=True):
        chart = alt.Chart(data(part))
        dash = [4, 3] if line.dashed else [1, 0]
        mark = chart.mark_line(color=colour, strokeWidth=1.6, strokeDash=dash, clip=True)
        layers.append(mark.encode(x=axis_x, y=axis_y))
        if line.dots:
            layers.append(chart.mark_circle(color=colour, size=36, opacity=1).encode(x=axis_x, y=axis_y))
    key, top = key_of([(line.name, colour) for line, colour in coloured if line.name])
    return Cell(alt.layer(*layers, *key), text, height, Margins(52, 12, top, 38))


def step_lines(
    series: Sequence[Line],
    text: str,
    *,
    y: str = "",
    log_y: bool = False,
    domain: tuple[float | int, float | int] | None = None,
    percent: bool = False,
    level: float | int | None = None,
    milestones: Sequence[tuple[str, float | int | None]] = (),
    height: int = 170,
) -> Cell:
    """Draw lines against step + 1 on a logarithmic axis, where step 0 has a place.

    Arguments:
        series: the lines; their x are steps, >= 0.
        milestones: (name, step) of vertical marks; None are left out.
        text, y, log_y, domain, percent, level, height: see `lines`.

    Example:
        >>> cell = step_lines([Line("test", [0, 10], [0.1, 1.0])], "Test accuracy rises.", percent=True)
        >>> cell.outer_height(300)
        230
    """
    return lines(
        [replace(line, x=np.asarray(line.x) + 1) for line in series],
        text,
        x="step + 1",
        y=y,
        log_y=log_y,
        domain=domain,
        percent=percent,
        level=level,
        milestones=[(name, None if step is None else step + 1) for name, step in milestones],
        height=height,
    )


@dataclass(frozen=True)
class Point:
    """A measured number beside what was expected of it.

    Arguments:
        name: of its row.
        value: None if there is none.
        low, high: the expected range; None for an open end.
        colour: None for the accent.
        note: short words at the right.
    """

    name: str
    value: Number
    low: float | int | None = None
    high: float | int | None = None
    colour: str | None = None
    note: str = ""


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

    Arguments:
        marks: rows, from top to bottom.
        text: what the chart shows, for readers who cannot see it.
        x: axis title.
        domain: of the axis; None for that of the data.
        log: logarithmic axis.
        percent: numbers are shares.
    """
    known = [n for p in marks for n in (p.value, p.low, p.high) if n is not None and math.isfinite(n)]
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
    scale = alt.Scale(type="log" if log else "linear", domain=[low, high], nice=False, clamp=True)
    place = alt.Scale(domain=[len(marks), 0], nice=False, zero=False)
    axis = percent_axis() if percent else axis_of([low, high], log, count=5)
    across, up = (
        alt.X("low:Q", scale=scale, title=x or None, axis=axis),
        alt.Y("row:Q", scale=place, axis=None),
    )
    bands = alt.Chart(data([row for row in rows if row["ranged"]])).mark_rect(color=PLATEAU)
    dots = alt.Chart(data([row for row in rows if row["value"] is not None])).mark_circle(size=64, opacity=1)
    names = alt.Chart(data(rows)).mark_text(align="right", baseline="middle", dx=-8, fontSize=10, color=INK)
    label_marks = alt.Chart(data(rows)).mark_text(
        align="left", baseline="middle", dx=8, fontSize=10, color=SOFT
    )
    right = alt.value(alt.expr("width"))
    chart = alt.layer(
        bands.encode(x=across, x2="high:Q", y=alt.Y("top:Q", scale=place, axis=None), y2="bottom:Q"),
        dots.encode(x=alt.X("value:Q", scale=scale), y=up, color=alt.Color("colour:N", scale=None)),
        names.encode(x=alt.value(0), y=up, text="name:N"),
        label_marks.encode(x=right, y=up, text="value_text:N"),
    )
    left = min(14 + 6 * max((len(p.name) for p in marks), default=1), 240)
    after = min(20 + 6 * max((len(row["value_text"]) for row in rows), default=1), 150)
    return Cell(chart, text, 22 * max(len(marks), 1), Margins(left, after, 8, 38 if x else 26))


def bars(
    pairs: Sequence[tuple[str, Number]],
    text: str,
    *,
    y: str = "",
    domain: tuple[float | int, float | int] | None = None,
    percent: bool = False,
    level: float | int | None = None,
    colours_of: Sequence[str] = (),
    height: int = 150,
) -> Cell:
    """Draw one bar a name.

    Arguments:
        pairs: (name, value), from left to right; None is no bar.
        text: what the chart shows, for readers who cannot see it.
        y: axis title.
        domain: of y; None from 0 to the largest.
        percent: values are shares.
        level: a dotted horizontal reference.
        colours_of: one a bar; the first line's colour if empty.
        height: of the plot area.
    """
    known = [value for _, value in pairs if value is not None and math.isfinite(value)]
    if domain is None:
        domain = (0.0, 1.0) if percent else (min([0.0, *known]), 1.08 * max([*known, level or 0.0, 1e-12]))
    shades = list(colours_of) or [TRAIN] * len(pairs)
    rows: Table = [
        {
            "name": name,
            "value": value,
            "colour": shade,
            "value_text": "none" if value is None else number_words(value, percent),
        }
        for (name, value), shade in zip(pairs, shades, strict=True)
    ]
    names = [name for name, _ in pairs]
    slanted = sum(len(name) for name in names) > 60
    axis = alt.Axis(domain=False, ticks=False, labelAngle=-35 if slanted else 0, labelLimit=150)
    across = alt.X(
        "name:N", sort=names, title=None, axis=axis, scale=alt.Scale(paddingInner=0.35, paddingOuter=0.2)
    )
    scale = alt.Scale(domain=list(domain), nice=False, clamp=True)
    up = alt.Y(
        "value:Q",
        title=y or None,
        scale=scale,
        axis=percent_axis() if percent else alt.Axis(tickCount=4),
    )
    base = alt.Chart(data(rows))
    layers = [base.mark_bar().encode(x=across, y=up, color=alt.Color("colour:N", scale=None))]
    if len(pairs) <= 12:
        label_marks = base.mark_text(dy=-6, fontSize=10, color=SOFT)
        layers.append(label_marks.encode(x=across, y=up, text="value_text:N"))
    if level is not None:
        rule = alt.Chart(data([{"value": level}])).mark_rule(color=SOFT, strokeDash=[2, 3])
        layers.append(rule.encode(y=up))
    below = 20 + min(4 * max(map(len, names)), 90) if slanted else 24
    return Cell(alt.layer(*layers), text, height, Margins(52, 12, 18, below))


def histogram(
    counts: Sequence[float | int] | np.ndarray,
    edges: Sequence[float | int] | np.ndarray,
    text: str,
    *,
    x: str = "",
    y: str = "",
    colour: str = TRAIN,
    height: int = 130,
) -> Cell:
    """Draw counts over bins.

    Arguments:
        counts: one a bin.
        edges: one more than counts, ascending.
        text: what the chart shows, for readers who cannot see it.
        x, y: axis titles.
        colour: of the bars.
        height: of the plot area.
    """
    ends = [float(edge) for edge in edges]
    rows: Table = [
        {"low": a, "high": b, "zero": 0.0, "count": float(n)}
        for a, b, n in zip(ends[:-1], ends[1:], counts, strict=True)
    ]
    scale = alt.Scale(domain=[ends[0], ends[-1]], nice=False)
    chart = alt.Chart(data(rows)).mark_bar(color=colour, stroke=PAPER, strokeWidth=0.5)
    layer = chart.encode(
        x=alt.X("low:Q", title=x or None, scale=scale, axis=alt.Axis(tickCount=5)),
        x2="high:Q",
        y=alt.Y("zero:Q", title=y or None, axis=alt.Axis(tickCount=3)),
        y2="count:Q",
    )
    return Cell(alt.layer(layer), text, height, Margins(52, 12, 10, 38))


def image(
    matrix: np.ndarray,
    text: str,
    *,
    x: str = "",
    y: str = "",
    signed: bool = False,
    limits: tuple[float | int, float | int] | None = None,
) -> Cell:
    """Draw a matrix as a square picture, row 0 at the top.

    Arguments:
        matrix: float, shape (rows, columns).
        text: what the picture shows, for readers who cannot see it.
        x, y: what columns and rows are.
        signed: blue below zero, rust above, instead of paper to ink.
        limits: values of the scale's ends; None for the matrix's own, symmetric if signed.
    """
    values = np.asarray(matrix, float)
    size = float(np.abs(values).max(initial=0.0)) or 1.0
    low, high = limits or ((-size, size) if signed else (float(values.min()), float(values.max())))
    palette = colours(DIVERGING if signed else SEQUENTIAL)
    uri = data_uri(indices(values, low, high), palette, least=300)
    rows, columns = values.shape
    frame = alt.Chart(data([{"x": 0, "y": 0}])).mark_point(opacity=0)
    axes = frame.encode(
        x=alt.X(
            "x:Q", title=x or None, scale=alt.Scale(domain=[0, columns], nice=False), axis=whole_axis(columns)
        ),
        y=alt.Y("y:Q", title=y or None, scale=alt.Scale(domain=[rows, 0], nice=False), axis=whole_axis(rows)),
    )
    return Cell(alt.layer(picture(uri), axes), text, margins=Margins(46, 10, 8, 38), square=True)


def table_map(
    cells: Sequence[tuple[Coordinate, Coordinate, float | int | str | None]],
    name: str,
    x: str,
    y: str,
) -> Cell:
    """Draw values over two coordinates as a map, as sweeps are drawn; None is marked as never.

    Arguments:
        cells: (x, y, value), at most one a pair; phases where values are words.
        name: of the value: `*_accuracy` are shares, `grokked_at` and `memorised_at` steps.
        x, y: titles.
    """
    grid = [GridCell(at_x, at_y, value, 1) for at_x, at_y, value in cells]
    numbers = [cell.value for cell in grid if isinstance(cell.value, int | float)]
    words = any(isinstance(cell.value, str) for cell in grid)
    across = list(dict.fromkeys(cell.x for cell in grid))
    up = list(dict.fromkeys(cell.y for cell in grid))
    shades = None if words else shades_of(name, numbers)
    cell = heat_map(grid, name, (x, across), (y, up), shades)
    return replace(cell, legend=map_legend(grid, name, shades))


def _line_rows(line: Line, log_y: bool) -> Table:
    x, y = np.asarray(line.x, float), np.asarray(line.y, float)
    known = np.isfinite(y) & ((y > 0) | (not log_y))
    x, y = x[known], y[known]
    if len(x) > MOST_POINTS:
        chosen = np.unique(np.linspace(0, len(x) - 1, MOST_POINTS).round().astype(int))
        x, y = x[chosen], y[chosen]
    return [{"x": a, "y": float(f"{b:.5g}")} for a, b in zip(x.tolist(), y.tolist(), strict=True)]
