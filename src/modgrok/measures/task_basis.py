"""The basis in which the Fourier measures read a task's networks."""

from __future__ import annotations

import math

import numpy as np

from ..algebra import Basis, natural_basis
from ..decide import Budget, basis, decide_table

NODES = 500
"""Search nodes that each form of a task may take before training starts; a task not decided by then is read
in the natural order of its values. Counted in nodes, not seconds, so that every machine reads alike."""


def basis_of(table: np.ndarray, p: int) -> Basis:
    """Return the basis of a task's witness, or the natural one if it has none.

    Arguments:
        table: int64, shape (p,)*k, -1 outside the domain.
        p: modulus.

    Example:
        >>> n = np.arange(5)
        >>> basis_of(n[:, None] * n % 5, 5).name
        'multiplicative'
    """
    if table.size > 1_000_000:
        return natural_basis(p, table.ndim)
    verdict = decide_table(table, p, budget=Budget(nodes=NODES, seconds=math.inf))
    return basis(verdict) or natural_basis(p, table.ndim)
