"""Lines of a claim's figure, against any number or against steps, and those of several seeds with bands.

Owns: how they look, and how the charts of several seeds become one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from ...sweeps.tables.grid_cells import short
from . import vega_lite as vl
from .axes import (
    axis_of,
    ends_of,
    key_of,
    late,
    milestone,
    percent_axis,
    reach,
    scale_of,
)
from .chart import Cell, Margins
from .line import Line, coloured, merged, over_seeds
from .palette import PAPER, SOFT
from .table import Table

AnyChart = TypeVar("AnyChart")
MOST_POINTS = 400
"""Points of a line; a longer one is thinned, first and last kept."""


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
        charts = alike(self, others, lambda chart: [line.name for line in chart.series])
        if charts is None:
            return None
        series = [merged(each) for each in zip(*(over_seeds(chart.series) for chart in charts), strict=True)]
        marks = zip(*(chart.milestones for chart in charts), strict=True)
        middle = tuple((each[0][0], middle_of([at for _, at in each])) for each in marks)
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
    right_ones = [at for _, at in marks if late(at, ends, log_x)]
    last = max(right_ones) if len(right_ones) > 1 else None  # its name would stand among the other lines
    layers: list[Any] = [
        milestone(name, at, axis_x, place, left=at in right_ones and at != last)
        for place, (name, at) in enumerate(marks)
    ]
    beyond = max((4 + 5 * len(name) for name, at in marks if at == last), default=0)
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
    return Cell(vl.layer(*layers, *key), text, height, Margins(52, max(14, beyond), top, 38))


def alike(
    first: AnyChart, others: Sequence[object], names: Callable[[AnyChart], Sequence[str]]
) -> list[AnyChart] | None:
    """Return the charts of all seeds, the first one ahead; None unless all are of its kind and names."""
    charts = [first, *(other for other in others if isinstance(other, type(first)))]
    same = len({tuple(names(chart)) for chart in charts}) == 1
    return charts if same and len(charts) > len(others) else None


def of_seeds(text: str, seeds: int) -> str:
    """Say that a chart which described the first seed now shows all."""
    return f"Median of {seeds} seeds, the band from the least to the greatest; of the first seed: {text}"


def middle_of(steps: Sequence[float | int | None]) -> float | None:
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
