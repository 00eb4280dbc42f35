"""Linear witnesses: tables that a shift of one operand turns into a shift of the last one.

Owns: `linear_slopes`, tried before any search: f(x_1, ..., x_k) = h(d_1 x_1 + ... + d_(k-1) x_(k-1) + x_k)
for every h, periodic ones over composite moduli included, where searches are slow because h has many
symmetries.
"""

from __future__ import annotations

from itertools import islice, product

import numpy as np

from .merge import UNDEFINED

MOST_COMBINATIONS = 64


def linear_slopes(table: np.ndarray, p: int) -> tuple[int, ...] | None:
    """Find d_1, ..., d_(k-1) with f(x) = h(d_1 x_1 + ... + d_(k-1) x_(k-1) + x_k mod p).

    Arguments:
        table: int64 array of shape (p,) * k, entries 0..p-1 or UNDEFINED.
        p: modulus.

    Returns:
        (d_1, ..., d_(k-1), 1), checked on all inputs, or None if there is a hole, the shape is another, or no
        such slopes were found among the first combinations.

    Example:
        >>> n = np.arange(5)
        >>> linear_slopes((2 * n[:, None] + n) ** 2 % 5, 5)
        (2, 1)
    """
    k = table.ndim
    if table.shape != (p,) * k or (table == UNDEFINED).any():
        return None
    n = np.arange(p)
    origin = table[(0,) * (k - 1)]
    shifted = origin[(n[:, None] + n[None, :]) % p]
    candidates = []
    for s in range(k - 1):
        step = table[tuple(int(s == t) for t in range(k - 1))]
        candidates.append(np.flatnonzero((shifted == step).all(axis=1)).tolist())
    for slopes in islice(product(*candidates), MOST_COMBINATIONS):
        arguments = n
        for d in reversed(slopes):
            arguments = np.add.outer(d * n, arguments) % p
        if (origin[arguments] == table).all():
            return (*slopes, 1)
    return None
