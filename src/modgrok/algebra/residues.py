"""Elementwise arithmetic mod m on int64 arrays, without overflow.

Owns: powers and inverses. Exact while m^2 fits an int64, that is for m up to 3,037,000,499; callers with
tables in memory are far below it.
"""

from __future__ import annotations

import numpy as np

from .primes import factorise

LARGEST_MODULUS = 3_037_000_499
"""The largest m with (m - 1)^2 < 2^63."""


def power(base: np.ndarray, exponent: int, m: int) -> np.ndarray:
    """Raise each entry to a power: base^exponent mod m, by repeated squaring.

    Arguments:
        base: int64 array of any shape, entries in 0..m-1.
        exponent: integer >= 0 of any size; 0^0 = 1.
        m: modulus, 1 to `LARGEST_MODULUS`.

    Returns:
        int64 array of the same shape, entries in 0..m-1.

    Raises:
        ValueError: m is out of range.

    Example:
        >>> power(np.arange(7), 6 * 10**30, 7).tolist()
        [0, 1, 1, 1, 1, 1, 1]
    """
    if not 1 <= m <= LARGEST_MODULUS:
        raise ValueError(f"m: must be in 1..{LARGEST_MODULUS}, got {m}")
    result = np.full(base.shape, 1 % m, dtype=np.int64)
    square = base
    while exponent:
        if exponent & 1:
            result = result * square % m
        exponent >>= 1
        if exponent:
            square = square * square % m
    return np.asarray(result)


def totient(m: int) -> int:
    """Count the units of Z_m: phi(m) = m prod (1 - 1/q) over the primes q dividing m.

    Example:
        >>> [totient(m) for m in (1, 7, 12)]
        [1, 6, 4]
    """
    result = m
    for q, _ in factorise(m):
        result -= result // q
    return result


def is_unit(a: np.ndarray, m: int) -> np.ndarray:
    """Mark the entries that are invertible mod m: gcd(a, m) = 1.

    Example:
        >>> is_unit(np.arange(6), 6).tolist()
        [False, True, False, False, False, True]
    """
    return np.asarray(np.gcd(a, m) == 1)


def inverse(a: np.ndarray, m: int) -> np.ndarray:
    """Invert each entry mod m by Euler's theorem: a^(phi(m) - 1).

    Arguments:
        a: int64 array; entries that are not units give a meaningless residue.
        m: modulus.

    Example:
        >>> inverse(np.array([1, 2, 3]), 7).tolist()
        [1, 4, 5]
    """
    return power(a, totient(m) - 1, m) if m > 1 else np.zeros_like(a)
