"""Merging: operand values that the table cannot tell apart share one class.

Owns: `Reduced`, the table over classes, and how it arises from a table with holes.
Why it is exact: if slices x and x' are identical, holes included, then any witness may be changed
to g(x') = g(x) without touching another constraint; an operand value wholly outside the domain
constrains nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

UNDEFINED = -1


@dataclass(frozen=True, eq=False)
class Reduced:
    """A table with one entry for each tuple of classes.

    Attributes:
        table: int64 array (R_1, ..., R_k) of value numbers 0..V-1, UNDEFINED outside the domain. No two
            slices of one operand are identical; every slice holds a value.
        classes: for each operand, int64 array of length n_s: the class of each operand value, -1 if
            the value is wholly outside the domain.
        values: int64 array of length V: the value behind each value number, ascending.
    """

    table: np.ndarray
    classes: tuple[np.ndarray, ...]
    values: np.ndarray

    @property
    def holes(self) -> bool:
        """Whether some tuple of classes lies outside the domain."""
        return bool((self.table == UNDEFINED).any())

    def slices(self, operand: int) -> np.ndarray:
        """The table as a matrix: one row for each class of `operand`."""
        return np.moveaxis(self.table, operand, 0).reshape(self.table.shape[operand], -1)

    def spread(self, assigned: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        """Turn values of classes into values of operands; 0 where the operand is outside the domain."""
        pairs = zip(self.classes, assigned, strict=True)
        return tuple(np.where(c >= 0, a[np.maximum(c, 0)], 0).astype(np.int64) for c, a in pairs)


def distinct_rows(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the distinct rows of a matrix in order of first appearance.

    Arguments:
        matrix: integer array (r, c).

    Returns:
        (first, label): the row index at which each distinct row first appears, and the number of the
        distinct row that each row equals.

    Example:
        >>> [a.tolist() for a in distinct_rows(np.array([[5, 5], [1, 2], [5, 5]]))]
        [[0, 1], [0, 1, 0]]
    """
    labels_by_row: dict[bytes, int] = {}
    contiguous = np.ascontiguousarray(matrix)
    label = np.array(
        [labels_by_row.setdefault(row.tobytes(), len(labels_by_row)) for row in contiguous], dtype=np.int64
    )
    return np.unique(label, return_index=True)[1], label


def merge(table: np.ndarray) -> Reduced:
    """Merge equal slices of every operand and drop slices without values.

    Arguments:
        table: int64 array, any shape, UNDEFINED = -1 outside the domain; at least one entry is inside.

    Returns:
        The reduced table. One pass over the operands suffices: merging duplicates along one axis
        neither makes nor breaks equality along another.

    Example:
        >>> merge(np.array([[0, 3, 0], [0, 3, 0], [3, 3, -1]])).table.tolist()
        [[0, 1, 0], [1, 1, -1]]
    """
    classes = []
    for operand in range(table.ndim):
        rows = np.moveaxis(table, operand, 0).reshape(table.shape[operand], -1)
        inside = np.flatnonzero((rows != UNDEFINED).any(axis=1))
        first, label = distinct_rows(rows[inside])
        of_value = np.full(table.shape[operand], -1, dtype=np.int64)
        of_value[inside] = label
        classes.append(of_value)
        table = np.take(table, inside[first], axis=operand)
    values = np.unique(table[table != UNDEFINED])
    numbered = np.where(table == UNDEFINED, UNDEFINED, np.searchsorted(values, np.maximum(table, 0)))
    return Reduced(numbered.astype(np.int64), tuple(classes), values)
