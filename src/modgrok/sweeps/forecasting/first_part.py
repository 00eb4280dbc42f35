"""What a run shows in the first part of its training: at the step that memorised, and at 1.5 times it.

Owns: which observations count. Nothing that comes after them is read into a forecast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...runs import Database, RunRow, Series
from ...runs.schedule import GROKKED, MEMORISED

LATER = 1.5
"""The second observation is the first at or beyond this multiple of the memorising step."""


@dataclass(frozen=True)
class FirstPart:
    """Numbers of a run at two observations.

    Arguments:
        memorised_at: first observed step with training accuracy of at least 99%.
        memorised: name -> number there; nan where undefined.
        later_at: first observed step after it, and at or beyond 1.5 times it; None if training ended before.
        later: name -> number there; empty if training ended before.
        grokked_at: first observed step with test accuracy of at least 99%, if it is not after these.
    """

    memorised_at: int
    memorised: Mapping[str, float]
    later_at: int | None
    later: Mapping[str, float]
    grokked_at: int | None

    @property
    def read_until(self) -> int:
        """The last step of which anything is known."""
        return self.memorised_at if self.later_at is None else self.later_at


def first_part(series: Series) -> FirstPart | None:
    """Read the first part of a run from its observations; None if it has not memorised.

    Arguments:
        series: of all numbers that the run records.

    Example:
        >>> curve = {"train_accuracy": [0.2, 1, 1, 1], "test_accuracy": [0, 0.1, 0.2, 1]}
        >>> series = Series(np.array([0, 10, 15, 40]), {name: np.array(x) for name, x in curve.items()})
        >>> part = first_part(series)
        >>> part.memorised_at, part.later_at, part.later["test_accuracy"], part.grokked_at
        (10, 15, 0.2, None)
    """
    places = np.flatnonzero(series.values["train_accuracy"] >= MEMORISED)
    if len(places) == 0:
        return None
    first = int(places[0])
    at = int(series.steps[first])
    after = np.flatnonzero((series.steps > at) & (series.steps >= LATER * at))
    second = int(after[0]) if len(after) else None
    last = first if second is None else second
    grokked = np.flatnonzero(series.values["test_accuracy"][: last + 1] >= GROKKED)
    return FirstPart(
        at,
        _numbers(series, first),
        None if second is None else int(series.steps[second]),
        {} if second is None else _numbers(series, second),
        int(series.steps[grokked[0]]) if len(grokked) else None,
    )


def first_part_of(store: Database, row: RunRow) -> FirstPart | None:
    """Read the first part of a stored run; None if it has not memorised."""
    return first_part(store.series(row, row.scalars))


def _numbers(series: Series, place: int) -> dict[str, float]:
    return {name: float(values[place]) for name, values in series.values.items()}
