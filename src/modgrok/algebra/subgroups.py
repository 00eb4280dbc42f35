"""All subgroups of a small group, and the cosets of each.

Owns: enumeration from the composition table alone, one class of conjugate subgroups after the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LARGEST_ORDER = 200
"""Largest order of a group whose subgroups are enumerated: they can be many, and each takes a search."""


@dataclass(frozen=True, eq=False)
class Subgroup:
    """A subgroup of a finite group.

    Arguments:
        elements: numbers of its elements, ascending, element 0 (the identity) first; int64.
        family: which class of conjugate subgroups it belongs to: 0 for the trivial subgroup, then by order.
    """

    elements: np.ndarray
    family: int

    @property
    def order(self) -> int:
        """How many elements it has."""
        return len(self.elements)


def subgroups(table: np.ndarray) -> tuple[Subgroup, ...]:
    """List all subgroups of a group, those of small order first.

    Every subgroup arises from a smaller one by adding an element; conjugate subgroups give conjugate results,
    so that only one of each class is extended.

    Arguments:
        table: Cayley table, int64, shape (n, n), n at most 200.

    Raises:
        ValueError: a larger group.

    Example:
        >>> from modgrok.algebra import composition_table
        >>> [(h.order, h.family) for h in subgroups(composition_table("S3"))]
        [(1, 0), (2, 1), (2, 1), (2, 1), (3, 2), (6, 3)]
    """
    n = len(table)
    if n > LARGEST_ORDER:
        raise ValueError(f"group: must have at most {LARGEST_ORDER} elements to list its subgroups, got {n}")
    inverse = np.argmax(table == 0, axis=1)
    conjugation = table[table, inverse[:, None]]  # [g, a] = g a g^-1
    trivial = np.zeros(n, dtype=bool)
    trivial[0] = True
    classes: list[list[np.ndarray]] = []
    seen: set[bytes] = set()
    queue = [trivial]
    while queue:
        mask = queue.pop()
        if mask.tobytes() in seen:
            continue
        conjugates = _conjugates(mask, conjugation)
        seen.update(conjugate.tobytes() for conjugate in conjugates)
        classes.append(conjugates)
        left_out = ~mask
        while left_out.any():
            extended = _generated(table, mask, int(np.argmax(left_out)))
            queue.append(extended)
            left_out[np.argmax(left_out)] = False
    classes.sort(key=lambda masks: (int(masks[0].sum()), masks[0].tobytes()[::-1]))
    return tuple(
        Subgroup(np.flatnonzero(mask), family) for family, masks in enumerate(classes) for mask in masks
    )


def left_cosets(table: np.ndarray, elements: np.ndarray) -> np.ndarray:
    """Number the left cosets a H of a subgroup.

    Arguments:
        table: Cayley table, shape (n, n).
        elements: of the subgroup H.

    Returns:
        int64, shape (n,): the number of each element's coset, in order of the cosets' least elements.

    Example:
        >>> from modgrok.algebra import composition_table
        >>> left_cosets(composition_table("C6"), np.array([0, 3])).tolist()
        [0, 1, 2, 0, 1, 2]
    """
    least = table[:, elements].min(axis=1)
    return np.unique(least, return_inverse=True)[1].astype(np.int64)


def right_cosets(table: np.ndarray, elements: np.ndarray) -> np.ndarray:
    """Number the right cosets H a of a subgroup, as `left_cosets` does."""
    return left_cosets(table.T, elements)


def _conjugates(mask: np.ndarray, conjugation: np.ndarray) -> list[np.ndarray]:
    elements = np.flatnonzero(mask)
    images = np.zeros((len(mask), len(mask)), dtype=bool)
    images[np.arange(len(mask))[:, None], conjugation[:, elements]] = True
    return list(np.unique(images, axis=0)[::-1])


def _generated(table: np.ndarray, mask: np.ndarray, element: int) -> np.ndarray:
    """Return the subgroup that a subgroup and one element more generate."""
    members = mask.copy()
    members[element] = True
    while True:
        elements = np.flatnonzero(members)
        if len(elements) * 2 > len(mask):
            return np.ones(len(mask), dtype=bool)  # more than half of the group is all of it
        larger = np.zeros_like(members)
        larger[table[np.ix_(elements, elements)].ravel()] = True
        if larger.sum() == len(elements):
            return members
        members = larger
