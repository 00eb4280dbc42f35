"""Exponentials and discrete logarithms on Z_p^*, as exact tables.

Owns: the isomorphism between (Z_{p-1}, +) and (Z_p^*, *) and the orderings built on it.
"""

from __future__ import annotations

import numpy as np

from .primes import primitive_root


def exponential_table(p: int, generator: int | None = None) -> np.ndarray:
    """Tabulate i -> g^i mod p for i = 0..p-2.

    Arguments:
        p: a prime.
        generator: a generator of Z_p^*; the smallest one if None.

    Returns:
        int64 array of length p - 1, a permutation of 1..p-1 with entry 0 equal to 1.

    Raises:
        ValueError: p is not prime, or `generator` does not generate Z_p^*.

    Example:
        >>> exponential_table(7).tolist()
        [1, 3, 2, 6, 4, 5]
    """
    g = primitive_root(p) if generator is None else generator % p
    table = np.ones(p - 1, dtype=np.int64)
    for i in range(1, p - 1):
        table[i] = table[i - 1] * g % p
    if len(np.unique(table)) != p - 1 or 0 in table:
        raise ValueError(f"generator: must generate the units mod {p}, got {generator}")
    return table


def logarithm_table(p: int, generator: int | None = None) -> np.ndarray:
    """Tabulate a -> log_g a for a = 0..p-1, with -1 at a = 0, which has no logarithm.

    Arguments:
        p: a prime.
        generator: a generator of Z_p^*; the smallest one if None.

    Returns:
        int64 array of length p; entries 1..p-1 are a permutation of 0..p-2, log_g 1 = 0.

    Raises:
        ValueError: as `exponential_table`.

    Example:
        >>> logarithm_table(7).tolist()
        [-1, 0, 2, 1, 4, 5, 3]
    """
    table = np.full(p, -1, dtype=np.int64)
    table[exponential_table(p, generator)] = np.arange(p - 1)
    return table
