"""The numbers of a claim against their bounds: one row each, on an axis of its own.

Owns: the chart. A row has the range that counts as the paper's, a dot for each seed, a mark at their median
and the number that the paper prints. Which numbers these are is `papers.book`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...sweeps.tables.grid_cells import short
from . import vega_lite as vl
from .chart import Cell, Margins
from .palette import FAINT, INK, SOFT, TEST
from .table import Table

RANGE = "#dcebe6"
"""The range in which a number counts as the paper's."""
WIDTH = 384
"""Of the whole chart, pixels: legible on a phone without being scaled."""
KEY, NAME, LABEL, BAR, ENDS, SPACE = 34, 15, 12, 12, 12, 12
"""Heights, pixels: of the key above all rows; in a row of name, paper's label, bar, bounds, and space."""
SPREAD = 30
"""Ratio of positive numbers from which a row's axis is logarithmic."""
Number = float | int | None


@dataclass(frozen=True)
class BoundRow:
    """A measured number and its bounds.

    Arguments:
        name: of the number.
        value: the median over seeds; None where it never came.
        each: the number of every seed; a single one if there are no more.
        low, high: ends of the range; infinite where it is open.
        printed: what the paper prints; None if it prints no number.
        by: who prints it.
        decisive: whether the sentence rests on it.
        in_range: whether the value is in the range.
    """

    name: str
    value: Number
    each: tuple[Number, ...]
    low: float | int
    high: float | int
    printed: Number = None
    by: str = "paper"
    decisive: bool = True
    in_range: bool = True

    @property
    def height(self) -> int:
        """Height of the row, pixels."""
        return NAME + (LABEL if self.printed is not None else 2) + BAR + ENDS + SPACE


def row_scale(row: BoundRow) -> tuple[float, float, bool]:
    """Return the ends of a row's axis, and whether it is logarithmic.

    Example:
        >>> row = BoundRow("mse", 0.01, (0.01,), 0.5, 1.5)
        >>> row_scale(row)[2], row_scale(BoundRow("a", 1.0, (1.0,), 0.5, math.inf))
        (True, (0.44, 1.06, False))
    """
    numbers = [n for n in (row.value, *row.each, row.low, row.high, row.printed) if n is not None]
    known = [float(n) for n in numbers if math.isfinite(n)] or [0.0]
    low, high = min(known), max(known)
    if low > 0 and high / low >= SPREAD:
        margin = (high / low) ** 0.12
        return low / margin, high * margin, True
    margin = 0.12 * (high - low) or 0.1 * abs(high) or 0.5
    return round(low - margin, 12), round(high + margin, 12), False


def bound_rows(rows: Sequence[BoundRow], text: str, *, words: Callable[[float | int], str] = short) -> Cell:
    """Draw numbers against their bounds.

    Arguments:
        rows: from top to bottom, at least one.
        text: what the chart shows, for readers who cannot see it.
        words: prints a number.

    Returns:
        a chart for the width `WIDTH`.
    """
    margins = Margins(2, 2, 2, 2)
    wide = WIDTH - margins.left - margins.right
    marks: dict[str, Table] = {
        name: [] for name in ("names", "bars", "ranges", "seeds", "medians", "printed", "words")
    }
    _key(rows, marks)
    top = KEY
    for row in rows:
        _place(row, top, wide, marks, words)
        top += row.height
    scale = vl.ScaleOptions(domain=[0, wide], range=[0, wide], nice=False, zero=False)
    frame = (
        vl.marks([{"x": 0}])
        .mark("point", opacity=0, aria=False)
        .encode(x=vl.field("x:Q", scale=scale, axis=None))
    )
    return Cell(vl.layer(frame, *_layers(marks)).resolve_scale(x="shared"), text, top, margins)


def _place(
    row: BoundRow, top: int, wide: int, marks: dict[str, Table], words: Callable[[float | int], str]
) -> None:
    """Add the marks of a row, in pixels from the left and from the top."""
    low, high, log = row_scale(row)

    def at(number: float | int) -> float:
        share = (math.log(number / low) / math.log(high / low)) if log else (number - low) / (high - low)
        return round(wide * min(max(share, 0.0), 1.0), 1)

    bar = top + NAME + (LABEL if row.printed is not None else 2)
    colour = INK if row.in_range else TEST
    value_text = "none" if row.value is None else words(row.value)
    name = row.name if row.decisive else f"{row.name} (supporting)"
    outcome = "" if row.in_range else ", out of range"
    marks["names"].append(
        {"x": 0, "y": top + 9, "text": name, "align": "left", "colour": INK if row.decisive else SOFT}
    )
    marks["names"].append(
        {"x": wide, "y": top + 9, "text": f"{value_text}{outcome}", "align": "right", "colour": colour}
    )
    marks["bars"].append({"x": 0, "x2": wide, "y": bar + BAR / 2})
    first, last = (
        (0.0 if math.isinf(row.low) else at(row.low)),
        (float(wide) if math.isinf(row.high) else at(row.high)),
    )
    first, last = (first - 4, last + 4) if last - first < 4 else (first, last)
    marks["ranges"].append({"x": first, "x2": last, "y": bar, "y2": bar + BAR})
    marks["seeds"] += [
        {"x": at(n), "y": bar + BAR / 2, "colour": colour}
        for n in row.each
        if n is not None and math.isfinite(n)
    ]
    if len(row.each) > 1 and row.value is not None and _is_number(row.value):
        marks["medians"].append({"x": at(row.value), "y": bar - 2, "y2": bar + BAR + 2, "colour": colour})
    if row.printed is not None:
        label = f"{row.by} {words(row.printed)}"
        marks["printed"].append({"x": at(row.printed), "y": bar + BAR / 2})
        marks["words"].append(_word(label, at(row.printed), bar - 6, wide))
    ends = [n for n in (row.low, row.high) if math.isfinite(n)]
    labels = [
        _word(words(n), at(n), bar + BAR + 7, wide) for n in (ends if row.low != row.high else ends[:1])
    ]
    if len(labels) == 2:  # apart, so that neither covers the other
        near = (
            _width(labels[0]["text"]) / 2
            + _width(labels[1]["text"]) / 2
            + 6
            - (labels[1]["x"] - labels[0]["x"])
        )
        if near > 0:
            labels[0]["x"] = max(labels[0]["x"] - near / 2, _width(labels[0]["text"]) / 2)
            labels[1]["x"] = (
                labels[0]["x"] + _width(labels[0]["text"]) / 2 + _width(labels[1]["text"]) / 2 + 6
            )
    marks["words"] += labels


def _word(text: str, x: float, y: float, wide: int) -> dict[str, Any]:
    """Return a label centred at a place, moved where it would leave the chart."""
    half = _width(text) / 2
    return {"x": min(max(x, half), wide - half), "y": y, "text": text}


def _width(text: str) -> float:
    return 5.2 * len(text)


def _is_number(value: Number) -> bool:
    return value is not None and math.isfinite(value)


def _layers(marks: dict[str, Table]) -> list[vl.Chart]:
    def base(name: str) -> vl.Chart:
        return vl.marks(marks[name])

    x, x2 = vl.field("x:Q", axis=None), vl.field("x2:Q")
    y, y2 = vl.field("y:Q", scale=None, axis=None), vl.field("y2:Q")
    shade = vl.field("colour:N", scale=None)
    names = [
        vl.marks([name for name in marks["names"] if name["align"] == side]).mark(
            "text", align=side, baseline="middle", fontSize=11, aria=False
        )
        for side in ("left", "right")
    ]
    return [
        base("bars").mark("rule", color=FAINT, aria=False).encode(x=x, x2=x2, y=y),
        base("ranges").mark("rect", color=RANGE, aria=False).encode(x=x, x2=x2, y=y, y2=y2),
        base("printed")
        .mark("point", shape="diamond", size=60, color=INK, fill="white", aria=False)
        .encode(x=x, y=y),
        base("seeds").mark("circle", size=34, opacity=0.75, aria=False).encode(x=x, y=y, color=shade),
        base("medians").mark("rule", strokeWidth=2, aria=False).encode(x=x, y=y, y2=y2, color=shade),
        *(name.encode(x=x, y=y, text="text:N", color=shade) for name in names),
        base("words").mark("text", fontSize=9.5, color=SOFT, aria=False).encode(x=x, y=y, text="text:N"),
    ]


def _key(rows: Sequence[BoundRow], marks: dict[str, Table]) -> None:
    """Say once what the marks are; those that do not occur are left out."""
    seeds = max(len(row.each) for row in rows)
    shapes = {"ranges": "counts as the paper's", "seeds": "one seed" if seeds > 1 else "measured"}
    shapes |= {"medians": "median"} if seeds > 1 else {}
    shapes |= {"printed": "printed"} if any(row.printed is not None for row in rows) else {}
    left = 0.0
    for shape, text in shapes.items():
        places: dict[str, dict[str, Any]] = {
            "ranges": {"x": left, "x2": left + 12, "y": 4, "y2": 14},
            "seeds": {"x": left + 6, "y": 9, "colour": INK},
            "medians": {"x": left + 6, "y": 3, "y2": 15, "colour": INK},
            "printed": {"x": left + 6, "y": 9},
        }
        marks[shape].append(places[shape])
        marks["names"].append({"x": left + 17, "y": 9, "text": text, "align": "left", "colour": SOFT})
        left += 33 + 5.4 * len(text)
