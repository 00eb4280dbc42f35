"""Affine relabellings of the operands that leave a table as it is, with or without exchanging them.

Owns: the search through all p^2 (p - 1)^2 pairs of relabellings.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

PROBES = ((0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (1, 2))
"""Inputs at which pairs of relabellings are tried before whole tables are compared."""


def affine_symmetries(table: Int[np.ndarray, "p p"], *, swapped: bool = False) -> Int[np.ndarray, "m 4"]:
    """Find all (a, b, c, d) with f(a x + b, c y + d) = f(x, y) at every input.

    An input and its image have the same label: a split that keeps them on different sides gives it away.

    Arguments:
        table: f, of a prime number p >= 3 of values of each operand.
        swapped: find the exchanges instead, f(a y + b, c x + d) = f(x, y); the swap is (1, 0, 1, 0).

    Returns:
        Rows in lexicographic order, entries 0..p-1; a and c are not 0. Of the symmetries (1, 0, 1, 0) is the
        identity. int64.

    Example:
        >>> x, y = np.meshgrid(np.arange(11), np.arange(11), indexing="ij")
        >>> affine_symmetries((x * x + x * y + 4 * y * y) % 11, swapped=True).tolist()
        [[2, 0, 6, 0], [9, 0, 5, 0]]
    """
    p = len(table)
    slopes, shifts = (grid.ravel() for grid in np.meshgrid(np.arange(1, p), np.arange(p), indexing="ij"))
    maps = (slopes[:, None] * np.arange(p) + shifts[:, None]) % p
    labels = table.T if swapped else table  # labels[u, v] = table[maps[i, u], maps[j, v]]
    possible = np.ones((len(maps), len(maps)), dtype=bool)
    for u, v in PROBES:
        possible &= table[maps[:, u][:, None], maps[:, v][None, :]] == labels[u, v]
    rows = [
        (slopes[i], shifts[i], slopes[j], shifts[j])
        for i, j in np.argwhere(possible)
        if (table[np.ix_(maps[i], maps[j])] == labels).all()
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def affine_images(row: Int[np.ndarray, " 4"], p: int, *, swapped: bool = False) -> Int[np.ndarray, "p p"]:
    """Return the index p x' + y' of the image of every input (x, y) under a row of `affine_symmetries`.

    Arguments:
        row: (a, b, c, d).
        p: number of values of each operand.
        swapped: whether it is an exchange.

    Example:
        >>> affine_images(np.array([1, 0, 1, 0]), 3, swapped=True).tolist()
        [[0, 3, 6], [1, 4, 7], [2, 5, 8]]
    """
    a, b, c, d = (int(entry) for entry in row)
    x, y = np.meshgrid(np.arange(p), np.arange(p), indexing="ij")
    first, second = (y, x) if swapped else (x, y)
    return (a * first + b) % p * p + (c * second + d) % p
