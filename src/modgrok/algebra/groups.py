"""Composition tables of small finite groups: cyclic, dihedral, symmetric.

Owns: the numbering of the elements and the exact Cayley table. Element 0 is the identity in every group.
"""

from __future__ import annotations

import re
from itertools import permutations

import numpy as np

GROUP_FAMILIES = ("C", "D", "S")
LARGEST_CYCLIC, LARGEST_DIHEDRAL, LARGEST_SYMMETRIC = 4096, 2048, 5


def cyclic(n: int) -> np.ndarray:
    """Tabulate the cyclic group C_n: (a, b) -> a + b mod n; int64, shape (n, n)."""
    a = np.arange(n, dtype=np.int64)
    return (a[:, None] + a[None, :]) % n


def dihedral(n: int) -> np.ndarray:
    """Tabulate the dihedral group D_n of order 2n.

    Element i + n*j stands for r^i s^j (rotation i, reflection j), with s r = r^(-1) s, so that
    (r^i s^j)(r^k s^l) = r^(i + (-1)^j k) s^(j + l).

    Returns:
        int64 array, shape (2n, 2n).

    Example:
        >>> dihedral(3)[3].tolist()
        [3, 5, 4, 0, 2, 1]
    """
    rotation, reflection = np.arange(2 * n) % n, np.arange(2 * n) // n
    sign = 1 - 2 * reflection[:, None]
    turned = (rotation[:, None] + sign * rotation[None, :]) % n
    flipped = (reflection[:, None] + reflection[None, :]) % 2
    return (turned + n * flipped).astype(np.int64)


def symmetric(n: int) -> np.ndarray:
    """Tabulate the symmetric group S_n: (a, b) -> a after b, permutations in lexicographic order.

    Returns:
        int64 array, shape (n!, n!).

    Example:
        >>> symmetric(3)[1].tolist()
        [1, 0, 4, 5, 2, 3]
    """
    elements = np.array(list(permutations(range(n))), dtype=np.int64)
    place_values = n ** np.arange(n, dtype=np.int64)
    codes = elements @ place_values
    order = np.argsort(codes)
    composed = elements[:, elements]  # [a, b, i] = a(b(i))
    return order[np.searchsorted(codes[order], composed @ place_values)]


def composition_table(name: str) -> np.ndarray:
    """Return the Cayley table of a group by name: `C7`, `D5`, `S5`.

    Arguments:
        name: C, D or S and a number: C_n (n to 4096), D_n of order 2n (n to 2048), S_n (n to 5).

    Raises:
        ValueError: another name or a number out of range.

    Example:
        >>> composition_table("S5").shape
        (120, 120)
    """
    match = re.fullmatch(r"([CDS])_?([1-9][0-9]{0,4})", name.strip())
    if match is None:
        raise ValueError(f"group: must be C, D or S with a number, such as C7, D5 or S5, got {name[:40]!r}")
    family, n = match.group(1), int(match.group(2))
    largest = {"C": LARGEST_CYCLIC, "D": LARGEST_DIHEDRAL, "S": LARGEST_SYMMETRIC}[family]
    if n > largest:
        raise ValueError(f"group: {family}_n needs n at most {largest}, got {n}")
    return {"C": cyclic, "D": dihedral, "S": symmetric}[family](n)
