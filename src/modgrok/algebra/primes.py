"""Primes, units and primitive roots, exact over Python integers.

Owns: factorisation by trial division (moduli here are small), units of Z_m, generators of Z_p^*.
Not here: logarithms to a generator (`logs`), characters (`fourier`).
"""

from __future__ import annotations

from functools import cache
from math import gcd, isqrt

import numpy as np


@cache
def factorise(n: int) -> tuple[tuple[int, int], ...]:
    """Factorise n into primes: n = prod q_i^e_i.

    Arguments:
        n: integer >= 1.

    Returns:
        Pairs (q_i, e_i), primes ascending; empty for n = 1.

    Raises:
        ValueError: n < 1.

    Example:
        >>> factorise(360)
        ((2, 3), (3, 2), (5, 1))
    """
    if n < 1:
        raise ValueError(f"n: must be at least 1, got {n}")
    factors = []
    q = 2
    while q <= isqrt(n):
        exponent = 0
        while n % q == 0:
            n //= q
            exponent += 1
        if exponent:
            factors.append((q, exponent))
        q += 1 if q == 2 else 2
    if n > 1:
        factors.append((n, 1))
    return tuple(factors)


def is_prime(n: int) -> bool:
    """Say whether n is prime.

    Arguments:
        n: any integer.

    Example:
        >>> [n for n in range(-2, 20) if is_prime(n)]
        [2, 3, 5, 7, 11, 13, 17, 19]
    """
    return n > 1 and factorise(n) == ((n, 1),)


def units(m: int) -> np.ndarray:
    """List the units of Z_m: the residues coprime to m.

    Arguments:
        m: modulus >= 1.

    Returns:
        int64 array of length phi(m), ascending.

    Example:
        >>> units(12).tolist()
        [1, 5, 7, 11]
    """
    return np.array([a for a in range(m) if gcd(a, m) == 1], dtype=np.int64)


@cache
def primitive_root(p: int) -> int:
    """Find the smallest generator g of Z_p^*: g^((p-1)/q) != 1 for every prime q dividing p - 1.

    Arguments:
        p: a prime.

    Returns:
        The generator, in 1..p-1 (1 only for p = 2).

    Raises:
        ValueError: p is not prime.

    Example:
        >>> [primitive_root(p) for p in (7, 23, 59, 61, 97, 113)]
        [3, 5, 2, 2, 5, 3]
    """
    if not is_prime(p):
        raise ValueError(f"p: must be prime, got {p}")
    if p == 2:
        return 1
    order = p - 1
    return next(g for g in range(2, p) if all(pow(g, order // q, p) != 1 for q, _ in factorise(order)))
