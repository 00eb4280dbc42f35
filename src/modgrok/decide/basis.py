"""Bases: the order in which Fourier measures should read the operands of a decided task.

Owns: `Basis` and `basis`. Not here: the measures themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modgrok.algebra import is_prime, logarithm_table

from .verdict import Verdict, Witness


@dataclass(frozen=True, eq=False)
class Basis:
    """Coordinates on a cyclic group in which the task is addition.

    Attributes:
        form: "additive" or "multiplicative".
        order: order m of the group: p if additive, p - 1 if multiplicative.
        coordinates: for each operand an int64 array, entries 0..m-1: g_s, or the discrete logarithm of g_s,
            with -1 where g_s = 0, which has none. Waves are read as exp(2 pi i f coordinates[x] / m).
        outputs: int64 array of length p, the coordinate of every argument of h, in the same way.
    """

    form: str
    order: int
    coordinates: tuple[np.ndarray, ...]
    outputs: np.ndarray


def basis(verdict: Verdict | Witness) -> Basis | None:
    """Name the basis that the Fourier measures should use.

    Arguments:
        verdict: a verdict, or one witness (`verdict.also`, to ask for the other form).

    Returns:
        The basis; None if there is no witness, or if the witness is multiplicative over a composite
        modulus, where no single cyclic group carries the product.

    Example:
        >>> from modgrok.decide import decide_table
        >>> n = np.arange(5)
        >>> b = basis(decide_table(n[:, None] * n % 5, 5))
        >>> b.order, b.coordinates[0].tolist()
        (4, [-1, 0, 1, 3, 2])
    """
    witness = verdict.witness if isinstance(verdict, Verdict) else verdict
    if witness is None:
        return None
    p = len(witness.h)
    if witness.form == "additive":
        return Basis("additive", p, witness.g, np.arange(p, dtype=np.int64))
    if not is_prime(p):
        return None
    logs = logarithm_table(p)
    return Basis("multiplicative", p - 1, tuple(logs[g] for g in witness.g), logs)
