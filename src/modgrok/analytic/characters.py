"""Characters: the waves of Z_m, and of a product Z_n1 x ... x Z_nr numbered in mixed radix.

    chi_f(t) = exp(2 pi i <f, t>),   <f, t> = f t/m   or   sum_i f_i t_i/n_i

Elements and characters of a product are numbers below n_1 ... n_r, the last digit fastest. `factors = ()`
stands for the cyclic group itself.

Owns: that number system, angles, and which characters are real.
"""

from __future__ import annotations

from math import lcm

import numpy as np

Factors = tuple[int, ...]


def digits(numbers: np.ndarray | np.integer, factors: Factors) -> np.ndarray:
    """Write numbers in mixed radix: int64 (..., r).

    Example:
        >>> digits(np.array([0, 7, 11]), (3, 4)).tolist()
        [[0, 0], [1, 3], [2, 3]]
    """
    return np.stack(np.unravel_index(np.asarray(numbers, dtype=np.int64), factors), axis=-1)


def numbered(elements: np.ndarray, factors: Factors) -> np.ndarray:
    """Undo `digits`, each digit reduced mod its factor.

    Example:
        >>> numbered(np.array([[1, 3], [4, 3]]), (3, 4)).tolist()
        [7, 7]
    """
    reduced = np.moveaxis(elements % np.asarray(factors), -1, 0)
    return np.asarray(np.ravel_multi_index(tuple(reduced), factors), dtype=np.int64)


def angles(m: int, factors: Factors, f: np.ndarray | np.integer | int, t: np.ndarray) -> np.ndarray:
    """Return 2 pi <f, t>, reduced exactly before it becomes a float.

    Arguments:
        m: order of the group, the product of the factors if there are any.
        factors: () for Z_m.
        f: characters, integers; shape broadcast with t.
        t: elements, int64, in 0..m-1.

    Example:
        >>> (angles(6, (2, 3), 4, np.arange(6)) / np.pi).round(3).tolist()  # digits (1, 1)
        [0.0, 0.667, 1.333, 1.0, 1.667, 0.333]
    """
    if not factors:
        return 2 * np.pi * (f * t % m) / m
    common = lcm(*factors)
    steps = digits(np.asarray(f) % m, factors) * (common // np.asarray(factors))
    return 2 * np.pi * ((steps * digits(t, factors)).sum(axis=-1) % common) / common


def opposite(m: int, factors: Factors, f: int | np.integer) -> int:
    """Return the number of the conjugate character."""
    return int(numbered(-digits(np.array(f % m), factors), factors)) if factors else int(-f % m)


def real(m: int, factors: Factors, f: int | np.integer) -> bool:
    """Say whether a character takes only the values 1 and -1."""
    return bool(opposite(m, factors, f) == f % m)


def representatives(m: int, factors: Factors = ()) -> tuple[int, ...]:
    """List one character of each conjugate pair, the smaller number, 0 included; 0..m//2 for Z_m.

    Example:
        >>> representatives(6), representatives(6, (3, 2))
        ((0, 1, 2, 3), (0, 1, 2, 3))
    """
    if not factors:
        return tuple(range(m // 2 + 1))
    every = np.arange(m)
    other = numbered(-digits(every, factors), factors)
    return tuple(int(f) for f in every[every <= other])
