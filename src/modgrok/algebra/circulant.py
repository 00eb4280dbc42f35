"""Circulant structure of p x p matrices: level sets on which a circulant matrix is constant.

Owns: the two orientations, in any labelling of rows and columns by elements of Z_n; building a circulant
matrix from its values, averaging over levels, and the exact projection. The labelling is the identity for
x + y, and the discrete logarithm for x*y (`basis`, `logs`).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from .logs import logarithm_table

Orientation = Literal["toeplitz", "hankel"]
ORIENTATIONS: tuple[Orientation, ...] = ("toeplitz", "hankel")
"""toeplitz: constant where i - j is; hankel: constant where i + j is (mod n)."""


def levels(
    rows: np.ndarray, columns: np.ndarray, order: int, orientation: Orientation = "toeplitz"
) -> np.ndarray:
    """Number the level sets of circulant matrices under a labelling of rows and columns.

        level[i, j] = (rows[i] - columns[j]) mod n   (toeplitz),   (rows[i] + columns[j]) mod n   (hankel)

    Arguments:
        rows: labels of the rows, integers in 0..n-1, or -1 for a row that takes no part; shape (a,).
        columns: labels of the columns, shape (b,).
        order: n >= 1.
        orientation: `toeplitz` or `hankel`.

    Returns:
        int64, shape (a, b), entries in 0..n-1, or -1 where row or column takes no part.

    Example:
        >>> levels(np.arange(3), np.arange(3), 3).tolist()
        [[0, 2, 1], [1, 0, 2], [2, 1, 0]]
        >>> levels(np.arange(3), np.arange(3), 3, "hankel").tolist()
        [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    """
    rows, columns = np.asarray(rows, dtype=np.int64)[:, None], np.asarray(columns, dtype=np.int64)[None, :]
    sign = -1 if orientation == "toeplitz" else 1
    return np.where((rows >= 0) & (columns >= 0), (rows + sign * columns) % order, -1)


def natural_levels(p: int, orientation: Orientation = "toeplitz") -> np.ndarray:
    """Number the levels of p x p matrices in natural order, all p values labelled by themselves."""
    return levels(np.arange(p), np.arange(p), p, orientation)


def logarithmic_levels(p: int, orientation: Orientation = "toeplitz") -> np.ndarray:
    """Number the levels in order of discrete logarithms mod a prime p; row and column 0 take no part.

    Which generator is used permutes the levels and changes neither projection nor deviation (Mallinar et
    al. 2024, Lemma J.1).

    Example:
        >>> logarithmic_levels(5)[1:, 1:].tolist()
        [[0, 3, 1, 2], [1, 0, 2, 3], [3, 2, 0, 1], [2, 1, 3, 0]]
    """
    logs = logarithm_table(p)
    return levels(logs, logs, p - 1, orientation)


def circulant(values: np.ndarray, numbered: np.ndarray) -> np.ndarray:
    """Build the matrix with a value on each level, and 0 outside all levels.

    Example:
        >>> circulant(np.array([5, 6, 7]), natural_levels(3)).tolist()
        [[5, 7, 6], [6, 5, 7], [7, 6, 5]]
    """
    return np.where(numbered >= 0, np.asarray(values)[numbered], 0)


def level_means(matrix: np.ndarray, numbered: np.ndarray, order: int) -> np.ndarray:
    """Average a matrix over each level; 0 for a level without entries. Returns float64, shape (n,).

    Example:
        >>> level_means(np.array([[1.0, 2.0], [4.0, 3.0]]), natural_levels(2), 2).tolist()
        [2.0, 3.0]
    """
    inside = numbered >= 0
    count = np.bincount(numbered[inside], minlength=order)
    total = np.bincount(numbered[inside], weights=np.asarray(matrix)[inside], minlength=order)
    return total / np.maximum(count, 1)


def project(matrix: np.ndarray, numbered: np.ndarray, order: int) -> np.ndarray:
    """Return the nearest circulant matrix in the Frobenius norm: every entry the mean of its level.

    Example:
        >>> project(np.array([[1.0, 2.0], [4.0, 3.0]]), natural_levels(2), 2).tolist()
        [[2.0, 3.0], [3.0, 2.0]]
    """
    return circulant(level_means(matrix, numbered, order), numbered)
