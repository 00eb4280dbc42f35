"""The multiplicative form: f(x_1, ..., x_k) = h[(g_1[x_1] * ... * g_k[x_k]) mod p].

Owns: `decide_multiplicative`: over a prime by taking out the zeros and passing to logarithms, over a
composite modulus by searching the monoid (Z_p, *) itself.

Over a prime, an operand value with g = 0 makes its whole slice equal h(0). For a constant c all slices that
hold only c may then be given g = 0 together: that only removes constraints from the rest, and h(0) = c is
consistent with it. So the form holds exactly when, for no constant or for one, the rest has the cyclic form
over Z_(p-1).
"""

from __future__ import annotations

import numpy as np

from modgrok.algebra import exponential_table, is_prime, logarithm_table, units

from .additive import Attempt
from .bounds import clashes, clique
from .budget import BudgetSpent, Meter
from .cyclic import solve_cyclic
from .law import multiplication
from .merge import HOLE, merge
from .natural import constant_values, natural_witness
from .readout import read_h
from .state import pose
from .tactic import Tactic, pursue
from .verdict import Witness


def decide_multiplicative(table: np.ndarray, p: int, meter: Meter) -> Attempt:
    """Decide the multiplicative form of a table with entries 0..p-1 and -1 outside the domain.

    Arguments:
        table: int64 array (n_1, ..., n_k).
        p: modulus, any integer at least 2.
        meter: the budget.

    Returns:
        The attempt. Over a prime a witness has g_s = 1 at operand value 1 where possible (else at the first
        value with g_s != 0); among its powers by units of Z_(p-1) the one with the smallest exponents is
        taken if the g_s are powers of x, else the lexicographically smallest, unless h can be t -> t + c.

    Example:
        >>> from modgrok.decide.budget import Budget
        >>> n = np.arange(5)
        >>> a = decide_multiplicative(n[:, None] * n % 5, 5, Meter(Budget()))
        >>> [g.tolist() for g in a.witness.g]
        [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]
    """
    natural = natural_witness(table, p, "multiplicative")
    if natural is not None:
        return Attempt(natural, True, "read off the lines through one input, with h(t) = t + c")
    return _over_prime(table, p, meter) if is_prime(p) else _over_composite(table, p, meter)


def _over_prime(table: np.ndarray, p: int, meter: Meter) -> Attempt:
    constants: list[int | None] = list(constant_values(table)) or [None]
    reasons, closed = [], True
    for constant in constants:
        zero = _zero_slices(table, constant)
        rest = table[np.ix_(*[np.flatnonzero(~z) for z in zero])]
        case = "without zeros" if constant is None else f"with g = 0 on the slices that hold only {constant}"
        if (rest == HOLE).all():
            logs = tuple(np.where(z, -1, 0) for z in zero)
            return Attempt(_from_logs(table, p, logs), True, f"{case}, which covers the whole domain")
        reduced = merge(rest)
        finding = solve_cyclic(reduced, p - 1, meter)
        if finding.g is not None:
            logs = _restore(zero, reduced.spread(finding.g), reduced.classes)
            return Attempt(_from_logs(table, p, logs), True, f"{case}: {finding.reason}")
        closed &= finding.closed
        reasons.append(f"{case}: {finding.reason}")
    return Attempt(None, closed, "; ".join(reasons))


def _zero_slices(table: np.ndarray, constant: int | None) -> list[np.ndarray]:
    """For each operand, the values whose slice holds only `constant` inside the domain (and holds it)."""
    zero = []
    for s in range(table.ndim):
        rows = np.moveaxis(table, s, 0).reshape(table.shape[s], -1)
        only = ((rows == constant) | (rows == HOLE)).all(axis=1) & (rows != HOLE).any(axis=1)
        zero.append(only if constant is not None else np.zeros(len(rows), dtype=bool))
    return zero


def _restore(
    zero: list[np.ndarray], g: tuple[np.ndarray, ...], classes: tuple[np.ndarray, ...]
) -> tuple[np.ndarray, ...]:
    """Logarithms of all operand values: -1 at zeros and outside the domain."""
    logs = []
    for z, values, c in zip(zero, g, classes, strict=True):
        log = np.full(len(z), -1, dtype=np.int64)
        log[~z] = np.where(c >= 0, values, -1)
        logs.append(log)
    return tuple(logs)


def _from_logs(table: np.ndarray, p: int, logs: tuple[np.ndarray, ...]) -> Witness:
    power = np.append(exponential_table(p), 0)
    return read_h(table, p, "multiplicative", tuple(power[q] for q in normalise_logs(logs, p)))


def normalise_logs(logs: tuple[np.ndarray, ...], p: int) -> tuple[np.ndarray, ...]:
    """Choose among equivalent witnesses: shift each table of logarithms, scale all by one unit of Z_(p-1).

    Arguments:
        logs: int64 arrays, entries 0..p-2, or -1 for g = 0.
        p: a prime.

    Returns:
        The tables with log g_s(1) = 0 (or at the first nonzero g) that come first in the order: smallest
        exponents of x where g_s is a power of x, then lexicographically smallest g.

    Example:
        >>> normalise_logs((np.array([-1, 0, 3, 1, 2]),), 5)[0].tolist()
        [-1, 0, 1, 3, 2]
    """
    m = p - 1
    shifted = []
    for q in logs:
        at = 1 if len(q) > 1 and q[1] >= 0 else int(np.argmax(q >= 0))
        shifted.append(np.where(q >= 0, (q - q[at]) % m, -1))
    power = np.append(exponential_table(p), 0)
    scales = [int(u) for u in units(m)]
    exponents = [_exponent(q, p) for q in shifted]

    def key(u: int) -> tuple[list[int], list[list[int]]]:
        scaled = [np.where(q >= 0, u * q % m, -1) for q in shifted]
        return [p if e is None else u * e % m for e in exponents], [power[q].tolist() for q in scaled]

    best = min(scales, key=key)
    return tuple(np.where(q >= 0, best * q % m, -1) for q in shifted)


def _exponent(log: np.ndarray, p: int) -> int | None:
    """The e with g(x) = x^e wherever g is nonzero (and x is), or None."""
    if len(log) != p or log[0] >= 0:
        return None
    base = logarithm_table(p)
    generator = int(np.argmax(base == 1)) if p > 2 else 1
    exponent = int(log[generator]) if log[generator] >= 0 else 0
    used = log >= 0
    return exponent if (log[used] == exponent * base[used] % (p - 1)).all() else None


def _over_composite(table: np.ndarray, p: int, meter: Meter) -> Attempt:
    reduced = merge(table)
    law = multiplication(p)
    clash = tuple(clashes(reduced.slices(s)) for s in range(table.ndim))
    for s, pairs in enumerate(clash):
        refutation = _crowded(reduced.slices(s), pairs, law.reach, s, p)
        if refutation is not None:
            return Attempt(None, True, refutation)
    try:
        nothing = Tactic(None, 0, True)
        found = pursue(pose(reduced, law, clash), [nothing], meter)
    except BudgetSpent:
        return Attempt(None, False, meter.describe())
    if found is None:
        sizes = " x ".join(map(str, reduced.table.shape))
        return Attempt(
            None,
            True,
            f"exhaustive search over the {sizes} classes: every assignment of residues mod {p} (up to "
            f"multiplication by units) ends in a contradiction; {meter.nodes} nodes",
        )
    g = reduced.spread(found)
    return Attempt(read_h(table, p, "multiplicative", g), True, f"found by search ({meter.nodes} nodes)")


def _crowded(rows: np.ndarray, clash: np.ndarray, reach: np.ndarray, operand: int, p: int) -> str | None:
    """Slices with v values need g with at least v multiples mod p, and there may be too few of those."""
    apart = rows[clique(clash)]
    variety = np.array([len(np.unique(row[row != HOLE])) for row in apart])
    for v in np.unique(variety):
        slices, elements = int((variety >= v).sum()), int((reach >= v).sum())
        if slices > elements:
            return (
                f"{slices} slices of operand {operand + 1} differ pairwise and hold at least {v} values each, "
                f"but only {elements} residues mod {p} have that many multiples"
            )
    return None
