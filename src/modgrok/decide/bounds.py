"""Counting bounds: how many arguments h needs for every value, and which slices must differ.

Owns: necessary conditions read off the reduced table without search, for a group law.
In a group, entries of one line that lie in slices with distinct g have distinct arguments, so a value
seen c times there needs at least c arguments of h; summed over values this may not exceed the order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .merge import UNDEFINED, Reduced, distinct_rows


def clashes(rows: np.ndarray) -> np.ndarray:
    """Say which pairs of rows differ at a place where both have a value; these need distinct g.

    Arguments:
        rows: integer array (r, c), UNDEFINED outside the domain, rows pairwise distinct.

    Returns:
        Symmetric bool array (r, r), False on the diagonal.

    Example:
        >>> clashes(np.array([[0, 1], [0, -1], [1, -1]])).astype(int).tolist()
        [[0, 0, 1], [0, 0, 1], [1, 1, 0]]
    """
    r = len(rows)
    if not (rows == UNDEFINED).any():
        return ~np.eye(r, dtype=bool)
    clash = np.zeros((r, r), dtype=bool)
    for i, row in enumerate(rows):
        clash[i] = ((rows != row) & (rows != UNDEFINED) & (row != UNDEFINED)).any(axis=1)
    return clash


def clique(clash: np.ndarray) -> np.ndarray:
    """Collect rows that clash pairwise, greedily by degree: an ascending int64 array of row numbers.

    Example:
        >>> clique(clashes(np.array([[0, 1], [0, -1], [1, -1]]))).tolist()
        [0, 2]
    """
    allowed = np.ones(len(clash), dtype=bool)
    chosen = []
    for i in np.argsort(-clash.sum(axis=1), kind="stable"):
        if allowed[i]:
            chosen.append(i)
            allowed &= clash[i]
    return np.sort(np.array(chosen, dtype=np.int64))


def count_values(rows: np.ndarray, values: int) -> np.ndarray:
    """Count every value number in every row: int64 array (r, values); holes are not counted."""
    r = len(rows)
    offsets = (np.arange(r)[:, None] * (values + 1) + rows + 1).ravel()
    return np.bincount(offsets, minlength=r * (values + 1)).reshape(r, values + 1)[:, 1:]


@dataclass(frozen=True, eq=False)
class Needs:
    """What a group law of order m must provide.

    Attributes:
        least: int64 array of length V: a lower bound on the number of arguments with each value.
        slack: order - least.sum(); negative exactly when the form is refuted by counting.
        refutation: the argument in words if the form is refuted, else None.
    """

    least: np.ndarray
    slack: int
    refutation: str | None


def count_needs(reduced: Reduced, order: int, clash: tuple[np.ndarray, ...]) -> Needs:
    """Bound the number of arguments each value needs under a group law of the given order.

    Arguments:
        reduced: the merged table.
        order: order m of the group.
        clash: for each operand, the pairs of classes that need distinct g.

    Returns:
        The bounds; `refutation` names the slices that violate them.

    Example:
        >>> from modgrok.decide.merge import merge
        >>> r = merge(np.array([[0, 1], [2, 3]]))
        >>> count_needs(r, 3, (clashes(r.slices(0)), clashes(r.slices(1)))).slack
        -1
    """
    values = len(reduced.values)
    least = np.ones(values, dtype=np.int64)
    for operand, pairs in enumerate(clash):
        apart = clique(pairs)
        rows = reduced.slices(operand)
        if len(apart) > order:
            why = _too_many(f"operand {operand + 1} has", len(apart), order)
            return Needs(least, order - len(apart), why)
        lines, _ = distinct_rows(rows.T)
        if not reduced.holes and len(lines) > order:
            why = f"the operands other than operand {operand + 1} together have"
            return Needs(least, order - len(lines), _too_many(why, len(lines), order))
        least = np.maximum(least, count_values(rows[apart].T, values).max(axis=0))
        if not reduced.holes:
            counts = count_values(rows[:, lines], values)
            if len(lines) == order and (counts != counts[0]).any():
                odd = int(np.flatnonzero((counts != counts[0]).any(axis=1))[0])
                return Needs(least, -1, _unequal(reduced, operand, counts, odd, order))
            least = np.maximum(least, counts.max(axis=0))
    slack = order - int(least.sum())
    return Needs(least, slack, _overfull(int(least.sum()), order) if slack < 0 else None)


def _too_many(who: str, count: int, order: int) -> str:
    return (
        f"{who} {count} classes of values that the table tells apart pairwise, "
        f"so g would need more than the {order} elements of the group of order {order}"
    )


def _unequal(reduced: Reduced, operand: int, counts: np.ndarray, odd: int, order: int) -> str:
    value = int(np.flatnonzero(counts[odd] != counts[0])[0])
    first, other = (int(np.flatnonzero(reduced.classes[operand] == c)[0]) for c in (0, odd))
    return (
        "after merging equal slices (a slice: the values with one operand fixed) the operands other than "
        f"operand {operand + 1} have {order} distinct classes, as many as the group has elements, so every "
        f"slice of operand {operand + 1} must hold the multiset of values of h; but value "
        f"{int(reduced.values[value])} occurs {_times(int(counts[0, value]))} in slice {first} and "
        f"{_times(int(counts[odd, value]))} in slice {other}"
    )


def _times(number: int) -> str:
    return {0: "nowhere", 1: "once", 2: "twice"}.get(number, f"{number} times")


def _overfull(total: int, order: int) -> str:
    return (
        "within one slice, classes with different g give different arguments of h, so a value that occurs c "
        f"times in a slice of distinct classes needs c arguments; the largest such counts add up to {total}, "
        f"more than the {order} elements of the group of order {order}"
    )
