"""Laws: the commutative operation that joins g1(x), g2(y), ... inside h.

Owns: `Operation`, the addition of Z_m or the multiplication of Z_m as a table, and its symmetries.
Not here: which table is tried under which law (`additive`, `multiplicative`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np

from modgrok.algebra import units


@dataclass(frozen=True, eq=False)
class Operation:
    """A commutative, associative operation on 0..m-1.

    Attributes:
        order: m, the number of elements, at least 1.
        table: int64 array (m, m), symmetric; entry (x, y) is x * y under the law.
        group: whether every element is invertible; then the law is addition mod m.
        symmetries: units u of Z_m acting by x -> u x, automorphisms of the group; (1,) for a monoid.
        bases: one element of every orbit under translation by invertible elements.
        identity: the neutral element.
    """

    order: int
    table: np.ndarray
    group: bool
    symmetries: np.ndarray
    bases: tuple[int, ...]
    identity: int

    @property
    def reach(self) -> np.ndarray:
        """How many values x * y takes as y runs, for every x: int64 array of length m."""
        return np.array([len(np.unique(row)) for row in self.table], dtype=np.int64)


def addition(m: int) -> Operation:
    """Build the group (Z_m, +), whose automorphisms are x -> u x for units u.

    Arguments:
        m: order, at least 1.

    Example:
        >>> addition(5).table[3, 4]
        np.int64(2)
    """
    n = np.arange(m)
    return Operation(m, (n[:, None] + n[None, :]) % m, True, units(m), (0,), 0)


def multiplication(m: int) -> Operation:
    """Build the monoid (Z_m, *), zero and zero divisors included; orbits under units are the divisors.

    Arguments:
        m: order, at least 1.

    Example:
        >>> multiplication(6).bases
        (0, 1, 2, 3)
    """
    n = np.arange(m)
    bases = tuple(sorted({gcd(x, m) % m for x in range(m)}))
    return Operation(m, n[:, None] * n[None, :] % m, False, np.array([1 % m]), bases, 1 % m)
