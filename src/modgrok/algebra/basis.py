"""The basis in which a task is a sum: labels of each operand's values and of the classes.

    f(x_1, ..., x_k) = outputs[(operands_1[x_1] + ... + operands_k[x_k]) mod order]

Owns: the record. `decide` finds it for a task; `measures` read weights in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .logs import exponential_table, logarithm_table


@dataclass(frozen=True, eq=False)
class Basis:
    """Labels under which the Fourier measures read the weights of a task.

    Arguments:
        name: `additive`, `multiplicative`, `group` or `natural` (the labels of x + y, for want of better).
        order: n, the order of the group: p, or p - 1 for multiplicative tasks.
        operands: for each operand an int64 table of length p with entries in 0..n-1, or -1 where the
            value takes no part (zero of a multiplicative task).
        outputs: int64 table of length n: group element -> class, entries in 0..p-1.
        group: name of the group, such as `S5`, where it is not cyclic: frequencies are then its irreducible
            representations, and there are no phases. None for cyclic groups.
    """

    name: str
    order: int
    operands: tuple[np.ndarray, ...]
    outputs: np.ndarray
    group: str | None = None


def natural_basis(p: int, k: int) -> Basis:
    """Labels of x_1 + ... + x_k mod p: every value is its own label."""
    identity = np.arange(p, dtype=np.int64)
    return Basis("natural", p, (identity,) * k, identity)


def group_basis(name: str, n: int) -> Basis:
    """Return the basis of the composition in a group, cyclic or not: its irreducible representations.

    Arguments:
        name: see `groups.group_name`.
        n: its order.

    Example:
        >>> basis = group_basis("S3", 6)
        >>> basis.name, basis.order, basis.group
        ('group', 6, 'S3')
    """
    identity = np.arange(n, dtype=np.int64)
    return Basis("group", n, (identity, identity), identity, name)


def additive_basis(g: tuple[np.ndarray, ...], h: np.ndarray) -> Basis:
    """Labels of h(g_1(x_1) + ... + g_k(x_k)) mod p."""
    return Basis("additive", len(h), g, h)


def multiplicative_basis(g: tuple[np.ndarray, ...], h: np.ndarray) -> Basis:
    """Labels of h(g_1(x_1) * ... * g_k(x_k)) mod a prime p, in order of discrete logarithms.

    Example:
        >>> identity = np.arange(5)
        >>> basis = multiplicative_basis((identity, identity), identity)
        >>> basis.operands[0].tolist(), basis.outputs.tolist()
        ([-1, 0, 1, 3, 2], [1, 2, 4, 3])
    """
    p = len(h)
    logs = logarithm_table(p)
    return Basis("multiplicative", p - 1, tuple(logs[table] for table in g), h[exponential_table(p)])
