"""Initial feature matrices from users: read, checked, identified.

Owns: what a stored M must be.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from ...io import is_file, read_npy
from ...tasks import InputError
from ...tasks.errors import shorten


def read_feature_matrix(path: Path, d: int) -> np.ndarray:
    """Read an initial M from a `.npy` file (never pickled).

    Arguments:
        path: of the file.
        d: its number of rows and columns, k p.

    Returns:
        float64, shape (d, d), symmetric.

    Raises:
        InputError: the file is missing, of another kind, or holds no M of that shape.
    """
    if not is_file(path) or path.suffix != ".npy":
        raise InputError(f"feature_matrix: must be a .npy file, got {shorten(path)}")
    return check_feature_matrix(read_npy(path, "feature_matrix"), d)


def check_feature_matrix(array: np.ndarray, d: int) -> np.ndarray:
    """Check an initial M: real, finite, symmetric, shape (d, d).

    Symmetry is asked up to 1e-8 of the largest entry, and then made exact.

    Raises:
        InputError: it is none.

    Example:
        >>> check_feature_matrix(np.eye(2, dtype=np.float32), 2).dtype
        dtype('float64')
    """
    if array.shape != (d, d):
        raise InputError(f"feature_matrix: must have shape ({d}, {d}), got {array.shape}")
    if not (np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)):
        raise InputError(f"feature_matrix: entries must be real numbers, got type {array.dtype}")
    matrix = array.astype(np.float64)
    if not np.isfinite(matrix).all():
        raise InputError(f"feature_matrix: entries must be finite, got {matrix[~np.isfinite(matrix)][0]}")
    if np.abs(matrix - matrix.T).max() > 1e-8 * np.abs(matrix).max():
        raise InputError(
            f"feature_matrix: must be symmetric, got an asymmetry of {np.abs(matrix - matrix.T).max():.3g}"
        )
    return (matrix + matrix.T) / 2


def feature_matrix_digest(matrix: np.ndarray) -> str:
    """SHA-256 of a checked M: its part in a run's identity.

    Example:
        >>> len(feature_matrix_digest(np.eye(2)))
        64
    """
    return hashlib.sha256(np.ascontiguousarray(matrix, dtype="<f8").tobytes()).hexdigest()
