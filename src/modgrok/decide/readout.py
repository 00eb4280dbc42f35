"""Readouts: the table h that given g_1, ..., g_k leave, and the check that it is one.

Owns: `read_h`, the last step of every positive verdict, which looks at every input of the domain.
"""

from __future__ import annotations

import numpy as np

from .merge import UNDEFINED
from .verdict import Witness


def read_h(table: np.ndarray, p: int, form: str, g: tuple[np.ndarray, ...]) -> Witness:
    """Read h off the table and check it on every input.

    Arguments:
        table: int64 array (n_1, ..., n_k), entries 0..p-1 or UNDEFINED.
        p: modulus.
        form: "additive" or "multiplicative".
        g: int64 arrays, entries 0..p-1.

    Returns:
        The witness; h is 0 at arguments that no input reaches.

    Raises:
        ArithmeticError: two inputs with one argument have different values; g was no witness.

    Example:
        >>> n = np.arange(5)
        >>> read_h((n[:, None] + n) % 5, 5, "additive", (n, n)).h.tolist()
        [0, 1, 2, 3, 4]
    """
    h = np.zeros(p, dtype=np.int64)
    blank = Witness(form, g, h)
    inside = table != UNDEFINED
    h[blank.arguments(p)[inside]] = table[inside]
    errors = blank.errors(table)
    if errors:
        raise ArithmeticError(f"g: must determine the table, got {errors} contradictory inputs")
    return blank
