"""Subsets: few rows of a matrix whose sum is positive everywhere.

    score(S) = min_j sum_{i in S} G[i, j] / sum_{i in S} w[i]

Row i is what one frequency adds to every gap between a right and a wrong logit, so the score is the margin.

Owns: the local search over S. Where the rows come from is said by `frequencies`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

TRIES = 12
"""Random starts at each size; a quarter of them where G has over `LARGE_PROBLEM` entries."""

LARGE_PROBLEM = 1_000_000

TIGHT = 256
"""How many of the smallest gaps bound a row before all of them are looked at."""


def fewest(gaps: np.ndarray, weights: np.ndarray, costs: np.ndarray, floor: float) -> tuple[int, ...] | None:
    """Find a small set of rows with score over a floor: double its size, bisect, then take the cheapest.

    Arguments:
        gaps: G, float64 (rows, pairs).
        weights: w, positive float64 (rows,).
        costs: neurons of each row; decides between sets of that size and up to two rows more.
        floor: what the score must exceed.

    Returns:
        Row numbers, ascending; None if not even all rows exceed the floor. Not proved to be the fewest.

    Example:
        >>> fewest(np.array([[3.0, -1.0], [-1.0, 3.0], [0.1, 0.1]]), np.ones(3), np.array([6, 6, 2]), 0.5)
        (0, 1)
    """
    rows = len(gaps)

    def rows_of_size(size: int) -> tuple[int, ...] | None:
        return next((s for s in optima(gaps, weights, size) if score(gaps, weights, s) > floor), None)

    low, high = 0, 1
    while high < rows and rows_of_size(high) is None:
        low, high = high, min(2 * high, rows)
    if high == rows and score(gaps, weights, tuple(range(rows))) <= floor:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if rows_of_size(middle) is None else (low, middle)
    sizes = range(high, min(high + 3, rows + 1))
    good = [s for n in sizes for s in optima(gaps, weights, n) if score(gaps, weights, s) > floor]
    return min(good, key=lambda s: (costs[list(s)].sum(), -score(gaps, weights, s)))


def highest(gaps: np.ndarray, weights: np.ndarray, size: int) -> tuple[int, ...]:
    """Return the best set of a size among the local optima tried."""
    return max(optima(gaps, weights, size), key=lambda s: score(gaps, weights, s))


def score(gaps: np.ndarray, weights: np.ndarray, rows: tuple[int, ...]) -> float:
    """Return the smallest relative gap of a set; infinite without pairs."""
    chosen = list(rows)
    return float(gaps[chosen].sum(axis=0).min(initial=np.inf) / weights[chosen].sum())


def optima(gaps: np.ndarray, weights: np.ndarray, size: int) -> Iterator[tuple[int, ...]]:
    """Yield sets that no exchange of one row improves, from seeded random starts."""
    if size == len(gaps):
        yield tuple(range(size))
        return
    rng = np.random.default_rng(size)
    for _ in range(TRIES if gaps.size <= LARGE_PROBLEM else TRIES // 4):
        yield _swapped(gaps, weights, [int(i) for i in rng.choice(len(gaps), size, replace=False)])


def _swapped(gaps: np.ndarray, weights: np.ndarray, chosen: list[int]) -> tuple[int, ...]:
    """Exchange one row after the other for the best one, until a whole round changes nothing."""
    total, weight = gaps[chosen].sum(axis=0), weights[chosen].sum()
    value, quiet, at = total.min(initial=np.inf) / weight, 0, 0
    while quiet < len(chosen) and np.isfinite(value):
        old = chosen[at]
        base, rest = total - gaps[old], weight - weights[old]
        new, reached = _exchange(gaps, weights, base, rest, set(chosen), value)
        if new is not None:
            chosen[at], value, quiet = new, reached, 0
            total, weight = base + gaps[new], rest + weights[new]
        at, quiet = (at + 1) % len(chosen), quiet + 1
    return tuple(sorted(chosen))


def _exchange(
    gaps: np.ndarray, weights: np.ndarray, base: np.ndarray, rest: float, selected: set[int], value: float
) -> tuple[int | None, float]:
    """Return the row that lifts the score most above a value, and that score (branch and bound)."""
    tight = np.argpartition(base, TIGHT)[:TIGHT] if len(base) > TIGHT else np.arange(len(base))
    bound = (base[tight] + gaps[:, tight]).min(axis=1) / (rest + weights)
    winner = None
    for i in np.argsort(-bound, kind="stable"):
        if bound[i] <= value + 1e-12:
            break
        if int(i) not in selected:
            reached = (base + gaps[i]).min() / (rest + weights[i])
            if reached > value + 1e-12:
                winner, value = int(i), float(reached)
    return winner, value
