"""Quadratic polynomials of two operands over the field of p elements, up to relabelling.

Owns: the classes of a x^2 + b xy + c y^2 + d x + e y + f under x -> u x + s, y -> v y + t, f -> w f + z
(u, v, w not 0) and under swapping the operands, their sizes, and to which class a polynomial belongs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .polynomial_text import polynomial_text
from .primes import is_prime
from .residues import inverse

LINEAR = ((0, 0, 0, 0, 0), (0, 0, 0, 1, 0), (0, 0, 0, 1, 1))
"""The classes without a square or a product: (a, b, c, d, e) of 0, x, x + y."""


@dataclass(frozen=True)
class QuadraticClass:
    """A class of quadratic polynomials that differ in the names of operands and results alone.

    Arguments:
        coefficients: (a, b, c, d, e) of a representative without constant, entries 0..p-1.
        size: number of its polynomials, constants included.
        ratio: a c / b^2 mod p where b is not 0 for the class, else None.
    """

    coefficients: tuple[int, int, int, int, int]
    size: int
    ratio: int | None = None

    @property
    def expression(self) -> str:
        """The representative as an expression in x and y.

        Example:
            >>> quadratic_classes(7)[-1].expression
            'x^2 + x*y + 6*y^2'
        """
        return polynomial_text(self.coefficients, ("x^2", "x*y", "y^2", "x", "y"))


def quadratic_classes(p: int) -> tuple[QuadraticClass, ...]:
    """List the p + 9 classes of quadratic polynomials of two operands mod p.

    The sizes add up to p^6. Those without a product xy come first, then (x + y)^2 and (x + y)^2 + y, whose
    quadratic part is a square, then xy, x^2 + xy and x^2 + xy + r y^2 for the other ratios r.

    Arguments:
        p: odd prime.

    Raises:
        ValueError: p is no odd prime.

    Example:
        >>> classes = quadratic_classes(3)
        >>> [each.expression for each in classes][:6]
        ['0', 'x', 'x + y', 'x^2', 'x^2 + y', 'x^2 + y^2']
        >>> len(classes), sum(each.size for each in classes) == 3**6
        (12, True)
    """
    _check(p)
    n = p - 1
    square = pow(4, -1, p)
    return (
        *(QuadraticClass(c, size) for c, size in zip(LINEAR, (p, 2 * n * p, n * n * p), strict=True)),
        QuadraticClass((1, 0, 0, 0, 0), 2 * n * p**2),
        QuadraticClass((1, 0, 0, 0, 1), 2 * n**2 * p**2),
        QuadraticClass((1, 0, 1, 0, 0), n**2 // 2 * p**3),
        QuadraticClass((1, 0, least_nonresidue(p), 0, 0), n**2 // 2 * p**3),
        QuadraticClass((1, 2, 1, 0, 0), n**2 * p**2, square),
        QuadraticClass((1, 2, 1, 0, 1), n**3 * p**2, square),
        QuadraticClass((0, 1, 0, 0, 0), n * p**3, 0),
        QuadraticClass((1, 1, 0, 0, 0), 2 * n**2 * p**3, 0),
        *(QuadraticClass((1, 1, r, 0, 0), n**2 * p**3, r) for r in range(1, p) if r != square),
    )


def quadratic_class_of(coefficients: np.ndarray, p: int) -> np.ndarray:
    """Find the classes of polynomials, as places in `quadratic_classes(p)`.

    With b not 0 the ratio a c / b^2 does not change under any of the substitutions, and where it is not 1/4
    a translation removes d and e. With ratio 1/4 the quadratic part is a (x + (b / 2a) y)^2, and translations
    leave 2 a e - b d zero or not zero. With b = 0 squares are completed, which leaves c / a up to squares.

    Arguments:
        coefficients: integers of shape (5, ...): a, b, c, d, e; the constant changes no class.
        p: odd prime.

    Returns:
        int64 array of shape (...), entries 0..p+8.

    Raises:
        ValueError: p is no odd prime.

    Example:
        >>> quadratic_class_of(np.array([0, 3, 0, 2, 5]), 7).tolist()  # 3 (x + 4) (y + 3) + a constant
        9
    """
    _check(p)
    a, b, c, d, e = np.asarray(coefficients, dtype=np.int64) % p
    inverses = inverse(np.arange(p), p)  # 0 of 0
    residue = np.zeros(p, dtype=bool)
    residue[np.arange(p, dtype=np.int64) ** 2 % p] = True
    square = pow(4, -1, p)
    ratio = a * c % p * (inverses[b] ** 2 % p) % p
    linear = (d != 0).astype(np.int64) + (e != 0)
    left = np.where(a != 0, e, d) != 0
    parabola = np.where((2 * a * e - b * d) % p == 0, 7, 8)
    return np.select(
        [
            (b == 0) & (a == 0) & (c == 0),
            (b == 0) & ((a == 0) | (c == 0)),
            b == 0,
            ratio == square,
            (a == 0) & (c == 0),
            ratio == 0,
        ],
        [
            linear,
            np.where(left, 4, 3),
            np.where(residue[c * inverses[a] % p], 5, 6),
            parabola,
            np.full_like(a, 9),
            np.full_like(a, 10),
        ],
        10 + ratio - (ratio > square),
    )


def least_nonresidue(p: int) -> int:
    """Return the least number that is no square mod an odd prime.

    Example:
        >>> [least_nonresidue(p) for p in (3, 7, 17, 23)]
        [2, 3, 3, 5]
    """
    _check(p)
    return next(n for n in range(2, p) if pow(n, (p - 1) // 2, p) == p - 1)


def _check(p: int) -> None:
    if p == 2 or not is_prime(p):
        raise ValueError(f"p: must be an odd prime, got {p}")
