"""Natural witnesses: those a person would write, with h the identity up to a constant.

Owns: `natural_witness`, tried before any search: f = c + g_1 + ... + g_k, or f = c + g_1 * ... * g_k, with
every g_s read off one line of the table.
"""

from __future__ import annotations

from math import gcd

import numpy as np

from .merge import UNDEFINED
from .verdict import Witness


def natural_witness(table: np.ndarray, p: int, form: str) -> Witness | None:
    """Read a witness with h(t) = t + c off the lines through one input, if there is one.

    Arguments:
        table: int64 array, entries 0..p-1 or UNDEFINED.
        p: modulus.
        form: "additive" or "multiplicative".

    Returns:
        A witness without errors, or None. Additive: g_s = 0 at the base input, the first of the domain.
        Multiplicative: g_s = 1 at the base input for s >= 2.

    Example:
        >>> n = np.arange(5)
        >>> natural_witness((n[:, None] ** 2 - n + 3) % 5, 5, "additive").h.tolist()
        [3, 4, 0, 1, 2]
    """
    constants = [None] if form == "additive" else [0, *_constant_slices(table)]
    for constant in constants:
        witness = _additive(table, p) if constant is None else _multiplicative(table, p, constant)
        if witness is not None and witness.errors(table) == 0:
            return _blank_unreached(witness, table)
    return None


def _additive(table: np.ndarray, p: int) -> Witness | None:
    base = np.unravel_index(int(np.argmax(table != UNDEFINED)), table.shape)
    constant = int(table[base])
    lines = _lines(table, base)
    if lines is None:
        return None
    g = tuple(np.where(line == UNDEFINED, 0, (line - constant) % p) for line in lines)
    return Witness("additive", g, (np.arange(p) + constant) % p)


def _multiplicative(table: np.ndarray, p: int, constant: int) -> Witness | None:
    invertible = np.array([gcd(a, p) == 1 for a in range(p)])
    usable = (table != UNDEFINED) & invertible[(table - constant) % p]
    if not usable.any():
        return None
    base = np.unravel_index(int(np.argmax(usable)), table.shape)
    lines = _lines(table, base)
    if lines is None:
        return None
    inverse = pow(int(table[base] - constant), -1, p)
    scale = [1] + [inverse] * (len(lines) - 1)
    g = tuple(np.where(q == UNDEFINED, 0, (q - constant) * c % p) for q, c in zip(lines, scale, strict=True))
    return Witness("multiplicative", g, (np.arange(p) + constant) % p)


def _lines(table: np.ndarray, base: tuple[np.intp, ...]) -> list[np.ndarray] | None:
    """The k lines through an input; None if one misses an operand value that the domain holds."""
    lines = []
    for s in range(table.ndim):
        index: list[slice | np.intp] = list(base)
        index[s] = slice(None)
        line = table[tuple(index)]
        inside = (np.moveaxis(table, s, 0).reshape(table.shape[s], -1) != UNDEFINED).any(axis=1)
        if (inside & (line == UNDEFINED)).any():
            return None
        lines.append(line)
    return lines


def _constant_slices(table: np.ndarray) -> list[int]:
    return [c for c in constant_values(table) if c != 0]


def constant_values(table: np.ndarray) -> list[int]:
    """List the values c for which some slice of some operand holds only c, ascending."""
    constants: set[int] = set()
    for s in range(table.ndim):
        rows = np.moveaxis(table, s, 0).reshape(table.shape[s], -1)
        high = rows.max(axis=1)
        low = np.where(rows == UNDEFINED, np.iinfo(np.int64).max, rows).min(axis=1)
        constants.update(high[(high == low) & (high != UNDEFINED)].tolist())
    return sorted(constants)


def _blank_unreached(witness: Witness, table: np.ndarray) -> Witness:
    """Set h to 0 at arguments that no input of the domain reaches."""
    reached = np.zeros(len(witness.h), dtype=bool)
    reached[witness.arguments(len(witness.h))[table != UNDEFINED]] = True
    return Witness(witness.form, witness.g, np.where(reached, witness.h, 0))
