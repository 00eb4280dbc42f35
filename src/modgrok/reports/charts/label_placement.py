"""Where a curve's name goes: next to the curve, where nothing else is.

Owns: the search over places. It works in pixels of the smallest plot area; a larger one only leaves more
room, because the text keeps its size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LETTER = 6.3
"""Mean width of a bold letter, pixels."""
LINE = 12.0
"""Height of a line of text, pixels."""
CLEARANCE = 3.0
CLEARANCE_OF_LABEL = 10.0
"""Least distance of a named point from the other curves: nearer, the name would be ambiguous."""
SIDES = (
    ("center", 0, -10),
    ("center", 0, 11),
    ("right", -7, 0),
    ("left", 7, 0),
    ("right", -5, -9),
    ("left", 5, 10),
)
"""(align, dx, dy) of a name about a point of its curve, from the most to the least wanted."""


@dataclass(frozen=True)
class Spot:
    """A place for a name: index of the curve's point, alignment and offset in pixels."""

    point: int
    align: str
    dx: int
    dy: int
    cost: Number


Number = float | int | np.floating
Box = tuple[Number, Number, Number, Number]
"""Left, top, right, bottom."""
TextSize = tuple[float | int, float | int]
"""Width and height."""
Curve = tuple[np.ndarray, np.ndarray]
"""Pixels from the left and from the top of the points of a curve, ascending in the first."""


def dense(curve: Curve, count: int = 240) -> Curve:
    """Resample a curve evenly along the horizontal, steep parts included."""
    x, y = curve
    if len(x) < 2:
        return curve
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    at = np.linspace(0.0, length[-1], count)
    return np.interp(at, length, x), np.interp(at, length, y)


def best_spot(
    name: str,
    own: Curve,
    others: Sequence[Curve],
    lines: Sequence[Curve],
    size: TextSize,
    occupied: Sequence[Box] = (),
) -> Spot | None:
    """Find the place for a name about its curve.

    Arguments:
        name: what to write.
        own: its curve.
        others: the other curves, from which the named point must be apart.
        lines: further lines to stay clear of.
        size: width and height of the plot area.
        occupied: boxes of names placed before.

    Returns:
        The cheapest spot, or None where every place touches something.
    """
    width = LETTER * len(name)
    sampled = [dense(curve) for curve in others]
    every = [dense(own), *sampled, *lines]
    best: Spot | None = None
    for point in range(len(own[0])):
        aside = abs(own[0][point] / size[0] - 0.55)  # costs are at least this, and the rank
        if best is not None and aside >= best.cost:
            continue
        if _distance(own[0][point], own[1][point], sampled) < CLEARANCE_OF_LABEL:
            continue
        for rank, (align, dx, dy) in enumerate(SIDES):
            if best is not None and rank + aside >= best.cost:
                break
            box = box_of(own[0][point], own[1][point], width, align, dx, dy)
            if not _inside(box, size) or any(_overlap(box, other) for other in occupied):
                continue
            if any(_touches(box, curve) for curve in every):
                continue
            middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            cost = rank + 900 / (1 + _distance(*middle, sampled)) ** 2 + aside
            if best is None or cost < best.cost:
                best = Spot(point, align, dx, dy, cost)
    return best


def box_of(x: Number, y: Number, width: Number, align: str, dx: Number, dy: Number) -> Box:
    """Return (left, top, right, bottom) of a text."""
    left = {"left": x + dx, "right": x + dx - width, "center": x + dx - width / 2}[align]
    return left, y + dy - LINE / 2, left + width, y + dy + LINE / 2


def _inside(box: Box, size: TextSize) -> bool:
    return bool(box[0] >= 0 and box[2] <= size[0] and box[1] >= 0 and box[3] <= size[1])


def _overlap(a: Box, b: Box) -> bool:
    return bool(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])


def _touches(box: Box, curve: Curve) -> bool:
    x, y = curve
    across = (x > box[0] - CLEARANCE) & (x < box[2] + CLEARANCE)
    return bool((across & (y > box[1] - 1) & (y < box[3] + 1)).any())


def _distance(x: Number, y: Number, curves: Sequence[Curve]) -> float:
    """Return the least distance from a point to curves, in pixels."""
    return min((float(np.hypot(c[0] - x, c[1] - y).min()) for c in curves if len(c[0])), default=1e3)
