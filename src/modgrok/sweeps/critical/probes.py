"""Probes of a critical fraction, counted from runs: one list a point of the other axes.

Owns: which runs are seeds of one probe. A probe counts when all of its runs have ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..grid.axes import Value
from .estimate import Critical, Probe, critical

GridPoint = dict[str, Value]
ENDED = ("finished", "diverged")
"""Statuses of runs whose seed counts."""


@dataclass(frozen=True)
class ProbeOutcome:
    """One seed at one fraction.

    Arguments:
        point: the other axes' values.
        fraction: share of the table that trains.
        grokked: whether it grokked within its budget; None while that is not known.
    """

    point: GridPoint
    fraction: float
    grokked: bool | None


@dataclass(frozen=True)
class Probed:
    """All that is known of the critical fraction at one point of the other axes.

    Arguments:
        point: their values.
        probes: fraction -> probe, of fractions at which every seed has ended.
    """

    point: GridPoint
    probes: dict[float, Probe]

    @property
    def critical(self) -> Critical | None:
        """The estimate, None before the first probe."""
        return critical(tuple(self.probes.values())) if self.probes else None


def count_probes(outcomes: Iterable[ProbeOutcome]) -> list[Probed]:
    """Count outcomes by point, then fraction, in the order in which they come.

    Example:
        >>> seeds = ((0.5, True), (0.5, False), (0.7, None))
        >>> outcomes = [ProbeOutcome({"p": 5}, fraction, grokked) for fraction, grokked in seeds]
        >>> count_probes(outcomes)
        [Probed(point={'p': 5}, probes={0.5: Probe(fraction=0.5, grokked=1, of=2)})]
    """
    points: dict[tuple[Value, ...], GridPoint] = {}
    groups: dict[tuple[Value, ...], dict[float, list[bool | None]]] = {}
    for outcome in outcomes:
        key = tuple(outcome.point.values())
        points.setdefault(key, outcome.point)
        groups.setdefault(key, {}).setdefault(outcome.fraction, []).append(outcome.grokked)
    return [Probed(points[key], _count_probes(fractions)) for key, fractions in groups.items()]


def _count_probes(fractions: dict[float, list[bool | None]]) -> dict[float, Probe]:
    return {
        fraction: Probe(fraction, sum(map(bool, seeds)), len(seeds))
        for fraction, seeds in fractions.items()
        if None not in seeds
    }


def outcomes_of(rows: Sequence[dict[str, Any]], axes: Sequence[str]) -> list[ProbeOutcome]:
    """Read outcomes from a sweep's table of runs.

    Arguments:
        rows: of the table.
        axes: of the sweep, `fraction` and `seed` included or not.
    """
    others = [axis for axis in axes if axis not in ("fraction", "seed")]
    return [
        ProbeOutcome(
            {axis: row[axis] for axis in others},
            row["fraction"],
            row["grokked_at"] is not None if row["status"] in ENDED else None,
        )
        for row in rows
        if "fraction" in row
    ]
