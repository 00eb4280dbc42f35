"""Refinement: split the values of h by how they combine, where both sides fill the group.

Owns: `refine`, a colour refinement of an m x m table under the assumption that it has the form.
If T(i, j) = h(a_i + b_j) with bijections a, b of Z_m, then for any numbers u, v, w attached to values
    sum over i', j' of u(T(i, j')) v(T(i', j')) w(T(i', j))
depends on a_i + b_j alone: the three arguments s1, s2, s3 run over all triples with s1 - s2 + s3 = a_i + b_j.
So splitting each value by this number keeps the form, and makes h almost injective.
"""

from __future__ import annotations

import numpy as np

from .bounds import count_values


def refine(table: np.ndarray, rounds: int = 8) -> np.ndarray:
    """Split the values of a square table until the split is stable.

    Arguments:
        table: int64 array (m, m) of value numbers, without holes.
        rounds: most rounds to run.

    Returns:
        int64 array (m, m) of new value numbers; equal new numbers imply equal old ones. If the table
        is h(a_i + b_j) for bijections a and b of Z_m, so is the result. The attached numbers come from
        a fixed stream, modulo 2^64: a collision splits less and is still sound.

    Example:
        >>> n = np.arange(5)
        >>> len(np.unique(refine((n[:, None] + n) ** 2 % 5 % 2 * (n[:, None] + n) % 5)))
        5
    """
    stream = np.random.Generator(np.random.PCG64(20240605))
    count = len(np.unique(table))
    for _ in range(rounds):
        u, v, w = stream.integers(0, 2**64, (3, int(table.max()) + 1), dtype=np.uint64)
        paths = u[table] @ v[table].T @ w[table]
        pairs = np.stack([table.astype(np.uint64), paths], axis=-1).reshape(-1, 2)
        _, table_ = np.unique(pairs, axis=0, return_inverse=True)
        table = table_.reshape(table.shape).astype(np.int64)
        if int(table.max()) + 1 == count or not balanced(table):
            break
        count = int(table.max()) + 1
    return table


def balanced(table: np.ndarray) -> bool:
    """Say whether all rows hold one multiset of values, and all columns do."""
    values = int(table.max()) + 1
    counts = [count_values(rows, values) for rows in (table, table.T)]
    return all(bool((c == c[0]).all()) for c in counts)
