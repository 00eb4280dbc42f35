"""When a run is observed, and when it stops.

Owns: functions of the step alone, so that a resumed run observes the same steps as an undisturbed one.
"""

from __future__ import annotations

MEMORISED = GROKKED = 0.99
"""Accuracy at which a run counts as having memorised (training) and grokked (test)."""
EARLY_STOP_FACTOR = 1.5
"""A run that stops early goes on to this multiple of the step at which it grokked."""


def stride(step: int) -> int:
    """Steps between observations near `step`: the largest 1, 2 or 5 times 10^j up to step/20, at least 1.

    Example:
        >>> [stride(t) for t in (0, 30, 100, 999, 1000, 20_000)]
        [1, 1, 5, 20, 50, 1000]
    """
    best = size = 1
    while size <= step // 20:
        for digit in (1, 2, 5):
            if digit * size <= step // 20:
                best = digit * size
        size *= 10
    return best


def next_observation(step: int, every: int | None = None) -> int:
    """Return the first observed step after `step`: multiples of the stride there, or of `every`.

    Example:
        >>> [next_observation(t) for t in (0, 99, 100, 1003)]
        [1, 100, 105, 1050]
        >>> next_observation(7, every=5)
        10
    """
    pace = every if every is not None else stride(step)
    return (step // pace + 1) * pace


def stop_step(grokked_at: int | None, budget: int, early_stop: bool) -> int:
    """Return the step at which a run ends: its budget, or 1.5 times the step at which it grokked.

    Example:
        >>> stop_step(None, 10_000, True), stop_step(1200, 10_000, True), stop_step(1200, 10_000, False)
        (10000, 1800, 10000)
    """
    if grokked_at is None or not early_stop:
        return budget
    return min(budget, max(int(EARLY_STOP_FACTOR * grokked_at), grokked_at + 10))


def keeps_checkpoint(step: int, last: int | None) -> bool:
    """Say whether an observed step keeps its weights: the first one, then the first after each power of 2.

    Example:
        >>> kept, last = [], None
        >>> for t in (0, 1, 2, 3, 5, 7, 9, 30):
        ...     if keeps_checkpoint(t, last):
        ...         kept.append(t)
        ...         last = t
        >>> kept
        [0, 1, 2, 5, 9, 30]
    """
    return last is None or step.bit_length() > last.bit_length()
