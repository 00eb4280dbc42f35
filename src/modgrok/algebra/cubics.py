"""Binary cubic forms over the field of p elements, up to scaling and swapping of the operands.

Owns: the classes of a x^3 + b x^2 y + c x y^2 + d y^3 under x -> u x, y -> v y, f -> w f (u, v, w not 0) and
under swapping the operands. They are enumerated, without a formula.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .polynomial_text import polynomial_text
from .primes import primitive_root


@dataclass(frozen=True)
class CubicClass:
    """A class of binary cubic forms.

    Arguments:
        coefficients: (a, b, c, d) of a representative, entries 0..p-1.
        size: number of its forms.
    """

    coefficients: tuple[int, int, int, int]
    size: int

    @property
    def expression(self) -> str:
        """The representative as an expression in x and y.

        Example:
            >>> CubicClass((1, 0, 4, 0), 1).expression
            'x^3 + 4*x*y^2'
        """
        return polynomial_text(self.coefficients, ("x^3", "x^2*y", "x*y^2", "y^3"))


def cubic_classes(p: int) -> tuple[CubicClass, ...]:
    """List the classes of binary cubic forms mod p; the sizes add up to p^4.

    The representative has the least sum of coefficients, and of those the largest powers of x. A class is
    found by passing the least number of its forms along three scalings and the swap until nothing changes.

    Arguments:
        p: prime.

    Raises:
        ValueError: p is no prime.

    Example:
        >>> [each.expression for each in cubic_classes(2)]
        ['0', 'x^3', 'x^2*y', 'x^3 + x^2*y', 'x^3 + x*y^2', 'x^3 + y^3', 'x^2*y + x*y^2', \
'x^3 + x^2*y + x*y^2', 'x^3 + x^2*y + y^3', 'x^3 + x^2*y + x*y^2 + y^3']
        >>> sum(each.size for each in cubic_classes(5)) == 5**4
        True
    """
    forms = np.stack(np.meshgrid(*[np.arange(p)] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    forms = forms[np.lexsort((*(-forms.T[::-1]), forms.sum(axis=1)))]
    number = np.empty(len(forms), dtype=np.int64)
    places = p ** np.arange(4)
    number[forms @ places] = np.arange(len(forms))
    root = primitive_root(p)
    scalings = [
        np.array([root**power for power in powers]) for powers in ((3, 2, 1, 0), (0, 1, 2, 3), (1,) * 4)
    ]
    moves = [number[forms * scaling % p @ places] for scaling in scalings]
    moves.append(number[forms[:, ::-1] @ places])
    least = np.arange(len(forms))
    while True:
        before = least.copy()
        for move in moves:
            np.minimum.at(least, move, least.copy())
            least = np.minimum(least, least[move])
        if (least == before).all():
            break
    firsts, sizes = np.unique(least, return_counts=True)
    return tuple(
        CubicClass(tuple(forms[first].tolist()), int(size)) for first, size in zip(firsts, sizes, strict=True)
    )
