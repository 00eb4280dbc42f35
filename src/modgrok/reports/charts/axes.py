"""Axes, marks of milestones and keys of the charts that claims share.

Owns: which numbers an axis names and how; charts are `charts`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...sweeps.tables.grid_cells import short
from . import vega_lite as vl
from .palette import FAINT, PAPER, SOFT

POWER = (
    "datum.value >= 0.01 && datum.value <= 1000 ? format(datum.value, '~g') : "
    "datum.value > 1000 ? format(datum.value, '~s') : '1e' + round(log(datum.value) / LN10)"
)
"""How Vega prints a power of ten."""
KEY = 18
"""Height of a line of the key above a chart, pixels."""


def reach(values: Sequence[float | int], log: bool) -> tuple[float, float]:
    """Return ends a little beyond the data."""
    known = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
    if not known:
        return (0.1, 1.0) if log else (0.0, 1.0)
    low, high = float(min(known)), float(max(known))
    if log:
        return low / 1.25, high * 1.25
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 0.5
    return (0.0 if low >= 0 and low < 0.5 * high else low - margin), high + margin


def ends_of(values: Sequence[float | int]) -> tuple[float, float]:
    """Return the least and the largest number, apart from each other."""
    if not values:
        return 1.0, 10.0
    low, high = float(min(values)), float(max(values))
    return (low, high) if high > low else (low, low + 1)


def scale_of(ends: tuple[float, float], log: bool) -> vl.ScaleOptions:
    """Return a scale that begins and ends where it is told to."""
    return vl.ScaleOptions(type="log" if log else "linear", domain=list(ends), nice=False, zero=False)


def axis_of(values: Sequence[float | int], log: bool, count: int = 5) -> vl.AxisOptions:
    """Label powers of ten on logarithmic axes that span some, else a few numbers."""
    low, high = ends_of([value for value in values if value > 0 or not log])
    if log:
        powers = [10.0**i for i in range(-16, 17) if low * 0.999 <= 10.0**i <= high * 1.001]
        if len(powers) >= 2:
            return vl.AxisOptions(values=powers[:: -(-len(powers) // 6)], labelExpr=POWER)
        return vl.AxisOptions(tickCount=3, format="~r" if high < 1000 else "~s")
    return vl.AxisOptions(tickCount=count, format="~s" if high >= 10_000 else "~r")


def percent_axis() -> vl.AxisOptions:
    """Label none, half and all."""
    return vl.AxisOptions(values=[0, 0.5, 1], format=".0%")


def whole_axis(size: int) -> vl.AxisOptions:
    """Label a few whole numbers from 0 on."""
    step = next(step for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 10**9) if size <= 5 * step)
    return vl.AxisOptions(values=list(range(0, size + 1, step)), format="d")


def number_words(value: float | int, percent: bool) -> str:
    """Write a number beside its mark; shares are rounded down, so that only all is 100%."""
    if not percent:
        return short(value)
    return "100%" if value == 1 else f"{math.floor(1000 * value) / 10:g}%"


def late(at: float | int, ends: tuple[float, float], log: bool) -> bool:
    """Say whether a place on an axis is so far right that its name belongs on its left.

    Example:
        >>> late(900, (1.0, 1e3), log=True), late(900, (0.0, 1e4), log=False)
        (True, False)
    """
    low, high, place = (math.log(n) if log else float(n) for n in (*ends, at))
    return (place - low) / (high - low) > 0.75


def milestone(name: str, at: float | int, axis: vl.Channel, place: int, *, left: bool = False) -> Any:
    """Mark a step by a line with its name beside it, `place` lines above the foot.

    Arguments:
        name: of the mark.
        at: where it is.
        axis: encoding of the chart.
        place: 0, 1, ... lines of text above the foot.
        left: whether the name is on the left of the line, as it must be near the right end.
    """
    base = vl.marks([{"x": at, "name": name}])
    rule = base.mark("rule", color=FAINT, strokeWidth=1).encode(x=axis)
    text = base.mark(
        "text",
        align="right" if left else "left",
        baseline="bottom",
        dx=-3 if left else 3,
        fontSize=9,
        color=SOFT,
    )
    return vl.layer(
        rule, text.encode(x=axis, y=vl.value(vl.expr(f"height - {2 + 11 * place}")), text="name:N")
    )


def key_of(names: Sequence[tuple[str, str, bool]]) -> tuple[list[vl.Chart], int]:
    """Name the lines above the plot, in their colours; return the marks and the room they take.

    Arguments:
        names: (words, colour, whether the mark is a diamond), the colour empty for words without a mark.
    """
    if not names:
        return [], 10
    marks, at, row = [], 0.0, 0
    places = []
    for name, colour, diamond in names:
        wide = (26 if colour else 8) + 5.7 * len(name)
        if at and at + wide > 300:
            at, row = 0.0, row + 1
        places.append((at, row, name, colour, diamond))
        at += wide
    for left, line, name, colour, diamond in places:
        up = -12 - KEY * (row - line)
        base = vl.marks([{}])
        if diamond:
            swatch = base.mark("point", shape="diamond", color=colour, fill=PAPER, size=52, opacity=1)
            marks.append(swatch.encode(x=vl.value(left + 7), y=vl.value(up)))
        elif colour:
            swatch = base.mark("rule", color=colour, strokeWidth=2)
            marks.append(swatch.encode(x=vl.value(left), x2=vl.value(left + 14), y=vl.value(up)))
        words = base.mark("text", align="left", baseline="middle", fontSize=10, color=SOFT, text=name)
        marks.append(words.encode(x=vl.value(left + (18 if colour else 0)), y=vl.value(up)))
    return marks, 4 + KEY * (row + 1)
