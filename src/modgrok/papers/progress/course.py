"""How far a measure has come between memorising and the end, and how long before test accuracy.

Owns: these statistics of curves. Which measures there are is in `readings`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..claims.claim import Number
from ..mallinar2024.setup import passes

HALF, TENTH = 0.5, 0.1
ACCURACY = "test_accuracy"


def way_covered(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return how much of its way from its first to its last value a curve has covered: 0 there, 1 here.

        (v_t - v_first)/(v_last - v_first)

    Arguments:
        values: shape (n,), n >= 1.

    Returns:
        float64, shape (n,), of any sign and size in between; nan where both ends are equal.

    Example:
        >>> way_covered([4.0, 3.5, 2.0]).tolist(), way_covered([1.0, 2.0, 1.0]).tolist()
        ([0.0, 0.25, 1.0], [nan, nan, nan])
    """
    curve = np.asarray(values, dtype=np.float64)
    way = curve[-1] - curve[0]
    return (curve - curve[0]) / way + 0.0 if way != 0 else np.full(len(curve), np.nan)


@dataclass(frozen=True, eq=False)
class Course:
    """Measures of one run from memorising to the end.

    Arguments:
        steps: of the kept weights, ascending, the first one where the run has memorised, shape (n,).
        values: name -> measure at each of them, shape (n,); `test_accuracy` among them.
        grokked_at: step.
    """

    steps: np.ndarray
    values: Mapping[str, np.ndarray]
    grokked_at: int

    def covered(self, name: str) -> np.ndarray:
        """Return how much of its way a measure has covered at each step."""
        return way_covered(self.values[name])

    def reaches(self, name: str, share: float) -> float | None:
        """Return the step at which a measure has first covered a share of its way, between observations."""
        return passes(self.steps, self.covered(name), share)

    def lead(self, name: str, share: float) -> Number:
        """Return how long before test accuracy a measure covers a share of its way, in steps of grokking.

            (t_accuracy - t_measure)/t_grokked

        Returns:
            Above 0 if it is the first of the two; None if one of them never does.
        """
        measure, accuracy = self.reaches(name, share), self.reaches(ACCURACY, share)
        return None if measure is None or accuracy is None else (accuracy - measure) / self.grokked_at

    def covered_at_accuracy(self, name: str, share: float) -> Number:
        """Return how much of its way a measure has covered when test accuracy has covered a share of its own.

        Returns:
            None if test accuracy never does, or the measure has no way to cover.
        """
        step = self.reaches(ACCURACY, share)
        covered = self.covered(name)
        if step is None or np.isnan(covered).any():
            return None
        return float(np.interp(step, self.steps, covered))


def moved(change: float, way: float) -> Number:
    """Return the size of a change as a share of a way; None if there is a change and no way.

    Arguments:
        change: of a measure from memorising to the end of a run that does not grok.
        way: of the same measure in a run that does.

    Returns:
        At least 0, whatever the two directions: a median over seeds must not cancel them.

    Example:
        >>> moved(-0.5, -2.0), moved(0.5, -2.0), moved(0.0, 0.0), moved(0.1, 0.0)
        (0.25, 0.25, 0.0, None)
    """
    if change == 0:
        return 0.0
    return abs(change / way) if way != 0 else None
