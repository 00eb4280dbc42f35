"""Circulant structure of p x p matrices: the wrapped diagonals on which a circulant matrix is constant.

A second implementation in NumPy, against which `modgrok.models.circulant` is tested: diagonals in any
labelling of rows and columns by elements of Z_n, building a circulant matrix from its values, averaging over
diagonals, and the exact projection. The labelling is the identity for
x + y, and the discrete logarithm for x*y (`basis`, `logs`).
"""

from __future__ import annotations

import numpy as np

from modgrok.algebra import logarithm_table
from modgrok.models.circulant import Orientation

ORIENTATIONS: tuple[Orientation, ...] = ("toeplitz", "hankel")


def diagonals(
    rows: np.ndarray, columns: np.ndarray, order: int, orientation: Orientation = "toeplitz"
) -> np.ndarray:
    """Number the wrapped diagonals of circulant matrices under a labelling of rows and columns.

        diagonal[i, j] = (rows[i] - columns[j]) mod n   (toeplitz),   (rows[i] + columns[j]) mod n   (hankel)

    Arguments:
        rows: labels of the rows, integers in 0..n-1, or -1 for a row that takes no part; shape (a,).
        columns: labels of the columns, shape (b,).
        order: n >= 1.
        orientation: `toeplitz` or `hankel`.

    Returns:
        int64, shape (a, b), entries in 0..n-1, or -1 where row or column takes no part.

    Example:
        >>> diagonals(np.arange(3), np.arange(3), 3).tolist()
        [[0, 2, 1], [1, 0, 2], [2, 1, 0]]
        >>> diagonals(np.arange(3), np.arange(3), 3, "hankel").tolist()
        [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    """
    rows, columns = np.asarray(rows, dtype=np.int64)[:, None], np.asarray(columns, dtype=np.int64)[None, :]
    sign = -1 if orientation == "toeplitz" else 1
    return np.where((rows >= 0) & (columns >= 0), (rows + sign * columns) % order, -1)


def natural_diagonals(p: int, orientation: Orientation = "toeplitz") -> np.ndarray:
    """Number the diagonals of p x p matrices in natural order, all p values labelled by themselves."""
    return diagonals(np.arange(p), np.arange(p), p, orientation)


def logarithmic_diagonals(p: int, orientation: Orientation = "toeplitz") -> np.ndarray:
    """Number the diagonals in order of discrete logarithms mod a prime p; row and column 0 take no part.

    Which generator is used permutes the diagonals and changes neither projection nor deviation (Mallinar et
    al. 2024, Lemma J.1).

    Example:
        >>> logarithmic_diagonals(5)[1:, 1:].tolist()
        [[0, 3, 1, 2], [1, 0, 2, 3], [3, 2, 0, 1], [2, 1, 3, 0]]
    """
    logs = logarithm_table(p)
    return diagonals(logs, logs, p - 1, orientation)


def circulant(values: np.ndarray, numbered: np.ndarray) -> np.ndarray:
    """Build the matrix with a value on each diagonal, and 0 outside all diagonals.

    Example:
        >>> circulant(np.array([5, 6, 7]), natural_diagonals(3)).tolist()
        [[5, 7, 6], [6, 5, 7], [7, 6, 5]]
    """
    return np.where(numbered >= 0, np.asarray(values)[numbered], 0)


def diagonal_means(matrix: np.ndarray, numbered: np.ndarray, order: int) -> np.ndarray:
    """Average a matrix over each diagonal; 0 for a diagonal without entries. Returns float64, shape (n,).

    Example:
        >>> diagonal_means(np.array([[1.0, 2.0], [4.0, 3.0]]), natural_diagonals(2), 2).tolist()
        [2.0, 3.0]
    """
    inside = numbered >= 0
    count = np.bincount(numbered[inside], minlength=order)
    total = np.bincount(numbered[inside], weights=np.asarray(matrix)[inside], minlength=order)
    return total / np.maximum(count, 1)


def project(matrix: np.ndarray, numbered: np.ndarray, order: int) -> np.ndarray:
    """Return the nearest circulant matrix in the Frobenius norm: every entry the mean of its diagonal.

    Example:
        >>> project(np.array([[1.0, 2.0], [4.0, 3.0]]), natural_diagonals(2), 2).tolist()
        [[2.0, 3.0], [3.0, 2.0]]
    """
    return circulant(diagonal_means(matrix, numbered, order), numbered)
