"""When a run is observed, and when it stops.

Owns: functions of the step alone, so that a resumed run observes the same steps as an undisturbed one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

MEMORISED = GROKKED = 0.99
"""Accuracy at which a run counts as having memorised (training) and grokked (test)."""
EARLY_STOP_FACTOR = 1.5
"""A run that stops early goes on to this multiple of the step since which it has grokked."""


OBSERVED_SHARE = 0.1
"""Share of a run's time that its observations take by default, once the first few are made."""


def stride(step: int, spacing: int = 1) -> int:
    """Steps between observations near `step`: the largest 1, 2 or 5 times 10^j up to a bound, at least 1.

    The bound is step/20; and before that exceeds it, the spacing, or step/4 if that is less, so that a run
    that memorises or groks within few steps is followed closely.

    Arguments:
        step: at least 0.
        spacing: see `observation_spacing`.

    Example:
        >>> [stride(t) for t in (0, 30, 100, 999, 1000, 20_000)]
        [1, 1, 5, 20, 50, 1000]
        >>> [stride(t, spacing=20) for t in (0, 5, 30, 100, 999, 1000, 20_000)]
        [1, 1, 5, 20, 20, 50, 1000]
    """
    bound = max(step // 20, min(spacing, step // 4))
    best = size = 1
    while size <= bound:
        for digit in (1, 2, 5):
            if digit * size <= bound:
                best = digit * size
        size *= 10
    return best


def next_observation(step: int, every: int | None = None, spacing: int = 1) -> int:
    """Return the first observed step after `step`: multiples of the stride there, or of `every`.

    Example:
        >>> [next_observation(t) for t in (0, 99, 100, 1003)]
        [1, 100, 105, 1050]
        >>> next_observation(7, every=5), next_observation(100, spacing=20)
        (10, 120)
    """
    pace = every if every is not None else stride(step, spacing)
    return (step // pace + 1) * pace


def observation_spacing(cost: float) -> int:
    """Choose the steps between observations at which they take about `OBSERVED_SHARE` of the time.

    Arguments:
        cost: of an observation in steps, counted, never measured: the same run is observed at the same steps
            on every machine.

    Returns:
        1, 2 or 5 times 10^j, the nearest by its ratio, at least 1.

    Example:
        >>> [observation_spacing(cost) for cost in (0.05, 1.0, 2.0, 4.0, 30.0)]
        [1, 10, 20, 50, 200]
    """
    distance = max(cost / OBSERVED_SHARE, 1.0)
    size = 10 ** math.floor(math.log10(distance))
    return int(min((digit * size for digit in (1, 2, 5, 10)), key=lambda s: abs(math.log(s / distance))))


@lru_cache(maxsize=1024)
def count_observations(steps: int, every: int | None = None, spacing: int = 1) -> int:
    """Count the observations of a run of so many steps, the first and the last one included.

    Example:
        >>> count_observations(1000), count_observations(1000, spacing=20), count_observations(10, every=4)
        (141, 69, 4)
    """
    if every is not None:
        return 2 + (steps - 1) // every
    count, step = 1, 0
    while step < steps:
        step = min(next_observation(step, every, spacing), steps)
        count += 1
    return count


def held_since(curve: Sequence[tuple[int, float]]) -> int | None:
    """Return the step since which every observed test accuracy is at least 99%; None if the last one is not.

    Arguments:
        curve: (step, test accuracy) of the observations, ascending.

    Example:
        >>> held_since([(0, 0.1), (220, 0.995), (230, 0.97), (240, 0.99), (250, 1.0)])
        240
    """
    since = None
    for step, accuracy in reversed(curve):
        if not accuracy >= GROKKED:
            break
        since = step
    return since


def stop_of_curve(curve: Iterable[tuple[int, float]], budget: int, early_stop: bool) -> int:
    """Return the step at which a run ends that observes this: see `stop_step`.

    Arguments:
        curve: (step, test accuracy) of the observations, ascending; they may go on beyond the end.
        budget: in steps.
        early_stop: whether it stops before.

    Example:
        >>> stop_of_curve([(0, 0.1), (200, 1.0), (240, 0.97), (280, 1.0), (400, 1.0), (420, 1.0)], 900, True)
        420
    """
    since = None
    for step, accuracy in curve:
        end = stop_step(since, budget, early_stop)
        if step > end:
            return end
        since = (step if since is None else since) if accuracy >= GROKKED else None
        if step >= stop_step(since, budget, early_stop):
            return step
    return stop_step(since, budget, early_stop)


def stop_step(held_since: int | None, budget: int, early_stop: bool) -> int:
    """Return the step at which a run ends: its budget, or 1.5 times the step since which it has grokked.

    A test accuracy that falls below 99% again takes the second back: only a crossing that holds until the end
    ends a run early.

    Arguments:
        held_since: see the function of that name; None if the run has not grokked, or does not hold it.
        budget: in steps.
        early_stop: whether the run may end before its budget.

    Example:
        >>> stop_step(None, 10_000, True), stop_step(1200, 10_000, True), stop_step(1200, 10_000, False)
        (10000, 1800, 10000)
    """
    if held_since is None or not early_stop:
        return budget
    return min(budget, max(int(EARLY_STOP_FACTOR * held_since), held_since + 10))


def keeps_checkpoint(step: int, last: int | None) -> bool:
    """Say whether an observed step keeps its weights: the first one, then the first after each power of 2.

    Example:
        >>> steps, last = [], None
        >>> for t in (0, 1, 2, 3, 5, 7, 9, 30):
        ...     if keeps_checkpoint(t, last):
        ...         steps.append(t)
        ...         last = t
        >>> steps
        [0, 1, 2, 5, 9, 30]
    """
    return last is None or step.bit_length() > last.bit_length()
