"""The basis that a decided task gives to the Fourier measures.

Owns: `basis`. The record is `algebra.Basis`; the measures are in `measures`.
"""

from __future__ import annotations

import numpy as np

from ..algebra import Basis, additive_basis, is_prime, multiplicative_basis
from .verdict import Verdict, Witness


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
        >>> b.order, b.operands[0].tolist()
        (4, [-1, 0, 1, 3, 2])
    """
    witness = verdict.witness if isinstance(verdict, Verdict) else verdict
    if witness is None:
        return None
    g, h = tuple(np.asarray(table) for table in witness.g), np.asarray(witness.h)
    if witness.form == "additive":
        return additive_basis(g, h)
    return multiplicative_basis(g, h) if is_prime(len(h)) else None
