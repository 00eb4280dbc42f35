"""Composition tables of small finite groups: cyclic, dihedral, quaternion, symmetric.

Owns: the numbering of the elements and the exact Cayley table. Element 0 is the identity in every group.
"""

from __future__ import annotations

import re
from itertools import permutations

import numpy as np

GROUP_FAMILIES = ("C", "D", "Q", "S")
LARGEST_CYCLIC, LARGEST_DIHEDRAL, LARGEST_QUATERNION, LARGEST_SYMMETRIC = 4096, 2048, 4096, 5


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
    rotations = (rotation[:, None] + sign * rotation[None, :]) % n
    flipped = (reflection[:, None] + reflection[None, :]) % 2
    return (rotations + n * flipped).astype(np.int64)


def quaternion(n: int) -> np.ndarray:
    """Tabulate the generalised quaternion group Q_n of order n, a multiple of 4; Q8 is the quaternion group.

    With m = n/2, element i + m*j stands for a^i b^j (i = 0..m-1, j = 0 or 1), where a^m = 1, b^2 = a^(m/2)
    and b a = a^(-1) b, so that (a^i b^j)(a^k b^l) = a^(i + (-1)^j k + (m/2) j l) b^(j + l mod 2).

    Arguments:
        n: the order, a positive multiple of 4.

    Returns:
        int64 array, shape (n, n).

    Raises:
        ValueError: another order.

    Example:
        >>> quaternion(8)[4].tolist()  # b times 1, a, a^2, a^3, b, ab, ...
        [4, 7, 6, 5, 2, 1, 0, 3]
    """
    if n < 4 or n % 4:
        raise ValueError(f"group: Q_n needs an order n that is a multiple of 4, got {n}")
    m = n // 2
    power, side = np.arange(n) % m, np.arange(n) // m
    sign = 1 - 2 * side[:, None]
    moved = power[:, None] + sign * power[None, :] + (m // 2) * side[:, None] * side[None, :]
    return (moved % m + m * ((side[:, None] + side[None, :]) % 2)).astype(np.int64)


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


def group_name(name: str) -> tuple[str, int]:
    """Read a group's name: its family and its number.

    Arguments:
        name: C, D, Q or S and a number: C_n (n to 4096), D_n of order 2n (n to 2048), Q_n of order n (a
            multiple of 4, to 4096), S_n (n to 5).

    Raises:
        ValueError: another name or a number out of range.

    Example:
        >>> group_name("S_5")
        ('S', 5)
    """
    match = re.fullmatch(r"([CDQS])_?([1-9][0-9]{0,4})", name.strip())
    if match is None:
        raise ValueError(
            f"group: must be C, D, Q or S with a number, such as C7, D5, Q8 or S5, got {name[:40]!r}"
        )
    family, n = match.group(1), int(match.group(2))
    limits = (LARGEST_CYCLIC, LARGEST_DIHEDRAL, LARGEST_QUATERNION, LARGEST_SYMMETRIC)
    largest = dict(zip(GROUP_FAMILIES, limits, strict=True))[family]
    if n > largest:
        raise ValueError(f"group: {family}_n needs n at most {largest}, got {n}")
    return family, n


def composition_table(name: str) -> np.ndarray:
    """Return the Cayley table of a group by name: `C7`, `D5`, `Q8`, `S5`.

    Arguments:
        name: see `group_name`.

    Raises:
        ValueError: another name or a number out of range.

    Example:
        >>> composition_table("S5").shape
        (120, 120)
    """
    family, n = group_name(name)
    return {"C": cyclic, "D": dihedral, "Q": quaternion, "S": symmetric}[family](n)
