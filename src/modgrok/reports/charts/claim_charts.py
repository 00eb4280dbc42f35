"""Charts that claims share: lines, points with what was expected, bars, images, maps.

Owns: how each looks; colours and cells are the reports'. A figure is 760 pixels wide, so a panel of span 6
has room for a title of about 45 letters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...sweeps.tables.grid_cells import Coordinate, GridCell, short
from . import vega_lite as vl
from .axes import (
    axis_of,
    ends_of,
    key_of,
    late,
    milestone,
    number_words,
    percent_axis,
    reach,
    scale_of,
    whole_axis,
)
from .chart import Cell, Group, Margins, Panel, single
from .heat_map import heat_map, map_legend, shades_of
from .image import picture
from .line import Line, coloured, merged, over_seeds
from .line_colours import LINES
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
    options = {
        "x": x,
        "y": y,
        "log_x": log_x,
        "log_y": log_y,
        "domain": domain,
        "percent": percent,
        "level": level,
        "height": height,
    }
    return LineChart(tuple(coloured(series)), text, tuple(milestones), options).cell()


@dataclass(frozen=True, eq=False)
class LineChart:
    """What `lines` draws, kept so that the same chart of several seeds becomes one, with bands.

    Arguments:
        series: lines, with their colours.
        text, milestones: see `lines`.
        options: its other arguments.
    """

    series: tuple[Line, ...]
    text: str
    milestones: tuple[tuple[str, float | int | None], ...]
    options: Mapping[str, Any]

    def of_seeds(self, others: Sequence[object]) -> Cell | None:
        """Draw the charts of all seeds as one: medians, with bands; None where their lines differ."""
        charts = [self, *(other for other in others if isinstance(other, LineChart))]
        names = {tuple(line.name for line in chart.series) for chart in charts}
        if len(charts) <= len(others) or len(names) > 1:
            return None
        series = [merged(each) for each in zip(*(over_seeds(chart.series) for chart in charts), strict=True)]
        marks = zip(*(chart.milestones for chart in charts), strict=True)
        middle = tuple((each[0][0], _middle([at for _, at in each])) for each in marks)
        return replace(
            self, series=tuple(series), text=of_seeds(self.text, len(charts)), milestones=middle
        ).cell()

    def with_printed(self, printed: Sequence[Line]) -> Cell:
        """Draw the chart with what the paper prints beside it."""
        words = " ".join(
            f"{line.name}: "
            + ", ".join(f"{short(b)} at {short(a)}" for a, b in zip(line.x, line.y, strict=True))
            for line in printed
        )
        return replace(self, series=(*self.series, *printed), text=f"{self.text} {words}.").cell()

    def cell(self) -> Cell:
        """Return the chart."""
        return replace(
            _line_cell(over_seeds(self.series), self.text, self.milestones, **self.options), source=self
        )


def _line_cell(
    series: Sequence[Line],
    text: str,
    milestones: Sequence[tuple[str, float | int | None]],
    *,
    x: str,
    y: str,
    log_x: bool,
    log_y: bool,
    domain: tuple[float | int, float | int] | None,
    percent: bool,
    level: float | int | None,
    height: int,
) -> Cell:
    rows = [_line_rows(line, log_y) for line in series]
    marks = [(name, at) for name, at in milestones if at is not None]
    known_x = [row["x"] for part in rows for row in part] + [at for _, at in marks]
    known_y = [row[end] for part in rows for row in part for end in ("y", "low", "high") if end in row]
    if level is not None:
        known_y.append(level)
    if domain is None:
        domain = (0.0, 1.0) if percent else reach(known_y, log_y)
    ends = ends_of(known_x)
    axis_x = vl.field("x:Q", title=x, scale=scale_of(ends, log_x), axis=axis_of(known_x, log_x))
    scale: Any = vl.ScaleOptions(
        type="log" if log_y else "linear", domain=list(domain), nice=False, clamp=True
    )
    axis_y = vl.field(
        "y:Q",
        title=y or None,
        scale=scale,
        axis=percent_axis() if percent else axis_of([*domain], log_y, count=4),
    )
    layers: list[Any] = [
        milestone(name, at, axis_x, place, left=late(at, ends, log_x))
        for place, (name, at) in enumerate(marks)
    ]
    if level is not None:
        rule = vl.marks([{"y": level}]).mark("rule", color=SOFT, strokeDash=[2, 3], strokeWidth=1)
        layers.append(rule.encode(y=axis_y))
    shades: list[Any] = [line.colour for line in series]
    for line, colour, part in zip(series, shades, rows, strict=True):
        if line.low is not None:
            band = vl.marks(part).mark("area", color=colour, opacity=0.18, clip=True)
            layers.append(band.encode(x=axis_x, y=vl.field("low:Q", scale=scale), y2="high:Q"))
    for line, colour, part in zip(series, shades, rows, strict=True):
        chart = vl.marks(part)
        dash = [4, 3] if line.dashed else [1, 0]
        mark = chart.mark(
            "line", color=colour, strokeWidth=1 if line.printed else 1.6, strokeDash=dash, clip=True
        )
        layers.append(mark.encode(x=axis_x, y=axis_y))
        if line.printed:
            diamonds = chart.mark("point", shape="diamond", color=colour, fill=PAPER, size=52, opacity=1)
            layers.append(diamonds.encode(x=axis_x, y=axis_y))
        if line.dots:
            layers.append(chart.mark("circle", color=colour, size=36, opacity=1).encode(x=axis_x, y=axis_y))
    names = [(line.name, str(line.colour), line.printed) for line in series if line.name]
    seeds = max((line.seeds for line in series), default=1)
    if seeds > 1:
        names.append((f"line: median of {seeds} seeds; band: least to greatest", "", False))
    key, top = key_of(names)
    return Cell(vl.layer(*layers, *key), text, height, Margins(52, 14, top, 38))


def of_seeds(text: str, seeds: int) -> str:
    """Say that a chart which described the first seed now shows all."""
    return f"Median of {seeds} seeds, the band from the least to the greatest; of the first seed: {text}"


def _middle(steps: Sequence[float | int | None]) -> float | None:
    """Return the median of steps; one that never came counts as the last."""
    at = float(np.median([math.inf if step is None else step for step in steps]))
    return at if math.isfinite(at) else None


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
        charts = [self, *(other for other in others if isinstance(other, PointChart))]
        names = {tuple(point.name for point in chart.marks) for chart in charts}
        if len(charts) <= len(others) or len(names) > 1:
            return None
        rows = []
        for each in zip(*(chart.marks for chart in charts), strict=True):
            values = tuple(point.value for point in each)
            known = [math.inf if value is None or math.isnan(value) else value for value in values]
            same = len({point.note for point in each}) == 1
            rows.append(
                replace(each[0], value=_middle(known), note=each[0].note if same else "", each=values)
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
    dots = vl.marks([row for row in rows if row["value"] is not None]).mark("circle", size=64, opacity=1)
    names = vl.marks(rows).mark("text", align="right", baseline="middle", dx=-8, fontSize=10, color=INK)
    label_marks = vl.marks(rows).mark("text", align="left", baseline="middle", dx=8, fontSize=10, color=SOFT)
    right = vl.value(vl.expr("width"))
    seeds = [
        {"row": i + 0.5, "value": float(value), "colour": p.colour or TEST}
        for i, p in enumerate(marks)
        for value in p.each
        if value is not None and math.isfinite(value)
    ]
    rings = vl.marks(seeds).mark("point", size=26, opacity=0.9, strokeWidth=1)
    chart = vl.layer(
        bands.encode(x=across, x2="high:Q", y=vl.field("top:Q", scale=place, axis=None), y2="bottom:Q"),
        rings.encode(x=vl.field("value:Q", scale=scale), y=up, color=vl.field("colour:N", scale=None)),
        dots.encode(x=vl.field("value:Q", scale=scale), y=up, color=vl.field("colour:N", scale=None)),
        names.encode(x=vl.value(0), y=up, text="name:N"),
        label_marks.encode(x=right, y=up, text="value_text:N"),
    )
    left = min(14 + 6 * max((len(p.name) for p in marks), default=1), 240)
    after = min(20 + 6 * max((len(row["value_text"]) for row in rows), default=1), 150)
    cell = Cell(chart, text, 22 * max(len(marks), 1), Margins(left, after, 8, 38 if x else 26))
    return replace(cell, source=PointChart(tuple(marks), text, options))


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
    axis = vl.AxisOptions(domain=False, ticks=False, labelAngle=-35 if slanted else 0, labelLimit=150)
    across = vl.field(
        "name:N",
        sort=names,
        title=None,
        axis=axis,
        scale=vl.ScaleOptions(paddingInner=0.35, paddingOuter=0.2),
    )
    scale = vl.ScaleOptions(domain=list(domain), nice=False, clamp=True)
    up = vl.field(
        "value:Q",
        title=y or None,
        scale=scale,
        axis=percent_axis() if percent else vl.AxisOptions(tickCount=4),
    )
    base = vl.marks(rows)
    layers = [base.mark("bar").encode(x=across, y=up, color=vl.field("colour:N", scale=None))]
    if len(pairs) <= 12:
        label_marks = base.mark("text", dy=-6, fontSize=10, color=SOFT)
        layers.append(label_marks.encode(x=across, y=up, text="value_text:N"))
    if level is not None:
        rule = vl.marks([{"value": level}]).mark("rule", color=SOFT, strokeDash=[2, 3])
        layers.append(rule.encode(y=up))
    below = 20 + min(4 * max(map(len, names)), 90) if slanted else 24
    return Cell(vl.layer(*layers), text, height, Margins(52, 12, 18, below))


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
    scale = vl.ScaleOptions(domain=[ends[0], ends[-1]], nice=False)
    chart = vl.marks(rows).mark("bar", color=colour, stroke=PAPER, strokeWidth=0.5)
    layer = chart.encode(
        x=vl.field("low:Q", title=x or None, scale=scale, axis=vl.AxisOptions(tickCount=5)),
        x2="high:Q",
        y=vl.field("zero:Q", title=y or None, axis=vl.AxisOptions(tickCount=3)),
        y2="count:Q",
    )
    return Cell(vl.layer(layer), text, height, Margins(52, 12, 10, 38))


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
    frame = vl.marks([{"x": 0, "y": 0}]).mark("point", opacity=0)
    axes = frame.encode(
        x=vl.field(
            "x:Q",
            title=x or None,
            scale=vl.ScaleOptions(domain=[0, columns], nice=False),
            axis=whole_axis(columns),
        ),
        y=vl.field(
            "y:Q", title=y or None, scale=vl.ScaleOptions(domain=[rows, 0], nice=False), axis=whole_axis(rows)
        ),
    )
    return Cell(vl.layer(picture(uri), axes), text, margins=Margins(46, 10, 8, 38), square=True)


def table_map(
    cells: Sequence[tuple[Coordinate, Coordinate, float | int | str | None]],
    name: str,
    x: str,
    y: str,
) -> Cell:
    """Draw values over two coordinates as a map, as sweeps are marks; None is marked as never.

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
    names = ("x", "y") if line.low is None else ("x", "y", "low", "high")
    table = np.array([np.asarray(getattr(line, name), float) for name in names])
    known = np.isfinite(table).all(axis=0) & ((table[1:] > 0).all(axis=0) | (not log_y))
    table = table[:, known]
    count = table.shape[1]
    if count > MOST_POINTS:
        table = table[:, np.unique(np.linspace(0, count - 1, MOST_POINTS).round().astype(int))]
    return [
        {"x": at, **{name: float(f"{value:.5g}") for name, value in zip(names[1:], values, strict=True)}}
        for at, *values in table.T.tolist()
    ]
