"""The additive form: f(x_1, ..., x_k) = h[(g_1[x_1] + ... + g_k[x_k]) mod p], for any modulus p.

Owns: `decide_additive` and the choice among equivalent witnesses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modgrok.algebra import units

from .budget import Meter
from .cyclic import solve_cyclic
from .linear import linear_slopes
from .merge import merge
from .natural import natural_witness
from .readout import read_h
from .verdict import Witness


@dataclass(frozen=True, eq=False)
class Attempt:
    """The outcome for one form: a checked witness, or a closed argument against it, or neither of them."""

    witness: Witness | None
    closed: bool
    reason: str


def decide_additive(table: np.ndarray, p: int, meter: Meter) -> Attempt:
    """Decide the additive form of a table with entries 0..p-1 and -1 outside the domain.

    Arguments:
        table: int64 array (n_1, ..., n_k).
        p: modulus, any integer at least 2.
        meter: the budget.

    Returns:
        The attempt. A witness has g_s = 0 at the first operand value of the domain; among its multiples by
        units the one whose tables are lexicographically smallest is taken, unless h can be t -> t + c.

    Example:
        >>> from modgrok.decide.budget import Budget
        >>> n = np.arange(5)
        >>> a = decide_additive((n[:, None] + 2 * n) ** 2 % 5, 5, Meter(Budget()))
        >>> [g.tolist() for g in a.witness.g], a.witness.h.tolist()
        ([[0, 1, 2, 3, 4], [0, 2, 4, 1, 3]], [0, 1, 4, 4, 1])
    """
    natural = natural_witness(table, p, "additive")
    if natural is not None:
        return Attempt(natural, True, "read off the lines through one input, with h(t) = t + c")
    slopes = linear_slopes(table, p)
    if slopes is not None:
        everywhere = (np.ones(p, dtype=bool),) * table.ndim
        g = normalise_sum(tuple(d * np.arange(p) % p for d in slopes), everywhere, p)
        witness = read_h(table, p, "additive", g)
        return Attempt(witness, True, "a shift of one operand is a shift of the last")
    reduced = merge(table)
    finding = solve_cyclic(reduced, p, meter)
    if finding.g is None:
        return Attempt(None, finding.closed, finding.reason)
    inside = tuple(c >= 0 for c in reduced.classes)
    g = normalise_sum(reduced.spread(finding.g), inside, p)
    return Attempt(read_h(table, p, "additive", g), True, finding.reason)


def normalise_sum(
    g: tuple[np.ndarray, ...], inside: tuple[np.ndarray, ...], m: int
) -> tuple[np.ndarray, ...]:
    """Shift every g_s to 0 at its first operand value, and scale all by the lexicographically best unit.

    Arguments:
        g: int64 arrays, entries 0..m-1.
        inside: bool arrays, the operand values within the domain; g is set to 0 outside.
        m: order of the group.

    Example:
        >>> all_in = np.ones(5, dtype=bool)
        >>> normalise_sum((np.array([4, 1, 3, 0, 2]),), (all_in,), 5)[0].tolist()
        [0, 1, 2, 3, 4]
    """
    shifted = [np.where(i, (q - q[np.argmax(i)]) % m, 0) for q, i in zip(g, inside, strict=True)]
    tables = np.concatenate(shifted)
    scaled = units(m)[:, None] * tables[None, :] % m
    best = scaled[np.lexsort(scaled.T[::-1])[0]]
    return tuple(np.split(best, np.cumsum([len(q) for q in shifted])[:-1]))
