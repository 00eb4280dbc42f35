"""A sweep seen along two axes: one value a cell, taken over all runs that fall into it.

Owns: which runs share a cell, and the middle value of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..critical.statistics import quantile

Row = dict[str, Any]
Coordinate = str | int | float | bool

MILESTONES = ("memorised_at", "grokked_at")
"""Steps that a run may never reach: never counts as later than all others."""


@dataclass(frozen=True)
class GridCell:
    """One cell.

    Arguments:
        x, y: its coordinates.
        value: median of a number or of a step, most frequent word; None if there is none.
        runs: number of runs in it that were observed.
    """

    x: Coordinate
    y: Coordinate
    value: float | int | str | None
    runs: int


def grid_cells(rows: Sequence[Row], x: str, y: str | None, value: str) -> list[GridCell]:
    """Gather runs by two of their columns.

    Arguments:
        rows: of a sweep's table of runs.
        x, y: columns; y None is one line of cells.
        value: the column shown.

    Example:
        >>> rows = [{"p": 5, "status": "finished", "grokked_at": step} for step in (9, None, 4)]
        >>> grid_cells(rows, "p", None, "grokked_at")
        [GridCell(x=5, y='', value=9, runs=3)]
    """
    groups: dict[tuple[Coordinate, Coordinate], list[Row]] = {}
    for row in rows:
        groups.setdefault((row[x], "" if y is None else row[y]), []).append(row)
    cells = []
    for (at_x, at_y), members in groups.items():
        observed = [row for row in members if row["status"] not in ("absent", "failed")]
        middle = middle_of(value)([row.get(value) for row in observed])
        cells.append(GridCell(at_x, at_y, middle, len(observed)))
    return cells


def middle_of(value: str) -> Callable[[list[Any]], float | int | str | None]:
    """Return how values of a column are summarised."""
    return milestone_middle if value in MILESTONES else plain_middle


def milestone_middle(values: list[Any]) -> int | None:
    """Return the median step, None if fewer than half of the runs reached it."""
    return quantile(values, 0.5)


def plain_middle(values: list[Any]) -> float | str | None:
    """Return the median of numbers, the most frequent of words; missing ones are left out."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    if isinstance(known[0], str):
        return Counter(known).most_common(1)[0][0]
    return float(np.median(known))


def coordinates(rows: Sequence[Row], name: str) -> list[Coordinate]:
    """List the values of a column: numbers ascending, words in the order of the grid."""
    values = list(dict.fromkeys(row[name] for row in rows))
    return sorted(values) if all(isinstance(value, int | float) for value in values) else values


def short(value: object) -> str:
    """Print a coordinate or a value in little room.

    Example:
        >>> [short(v) for v in (0.5, 1e6, 1350, 12345, "x + y", True, 1500.0)]
        ['0.5', '1e6', '1350', '12345', 'x + y', 'yes', '1500']
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and abs(value) < 10**6:
        return str(value)
    if isinstance(value, int | float):
        if float(value).is_integer() and abs(value) < 10**5:
            return str(int(value))
        mantissa, _, power = f"{value:.3g}".partition("e")
        return f"{mantissa}e{int(power)}" if power else mantissa
    return str(value)
