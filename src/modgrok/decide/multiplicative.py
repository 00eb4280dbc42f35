"""The multiplicative form: f(x_1, ..., x_k) = h[(g_1[x_1] * ... * g_k[x_k]) mod p].

Owns: `decide_multiplicative`: over a prime by taking out the zeros and passing to logarithms, over a
composite modulus by searching the monoid (Z_p, *) itself.

An operand value with g = 0 makes its whole slice equal h(0). If h(0) = c in some witness, all slices that
hold only c may be given g = 0 together. Over a prime no other product is 0, so this only removes
constraints from the rest: the form holds exactly when the rest has the cyclic form over Z_(p-1), for one of
the constants c of slices, or for the whole table if no slice is constant. Over a composite modulus zero
divisors still meet at 0, so the rest is searched with h(0) = c, and the case without zeros is a case of its
own.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modgrok.algebra import exponential_table, is_prime, logarithm_table, units

from .additive import Attempt
from .bounds import clashes, clique
from .budget import BudgetSpent, Meter
from .cyclic import Finding, solve_cyclic
from .law import multiplication
from .merge import UNDEFINED, Reduced, merge
from .natural import constant_values, natural_witness
from .readout import read_h
from .state import pose
from .strategy import Strategy, solve_with_restarts


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
    return _by_zeros(table, p, meter)


def _by_zeros(table: np.ndarray, p: int, meter: Meter) -> Attempt:
    """Go through the constants that h(0) may be, with all their slices at g = 0."""
    prime = is_prime(p)
    constants: list[int | None] = list(constant_values(table))
    if not prime or not constants:
        constants.append(None)
    reasons, closed = [], True
    for constant in constants:
        zero = _zero_slices(table, constant)
        rest = table[np.ix_(*[np.flatnonzero(~z) for z in zero])]
        case = "without zeros" if constant is None else f"with g = 0 on the slices that hold only {constant}"
        if (rest == UNDEFINED).all():
            g = tuple(np.where(z, 0, 1) for z in zero)
            return Attempt(read_h(table, p, "multiplicative", g), True, f"{case}, which covers the domain")
        reduced = merge(rest)
        finding = _solve_units(reduced, p, meter) if prime else _solve_monoid(reduced, p, constant, meter)
        if finding.g is not None:
            g = _restore(zero, reduced.spread(finding.g), reduced.classes)
            g = normalise_product(g, p) if prime else g
            return Attempt(read_h(table, p, "multiplicative", g), True, f"{case}: {finding.reason}")
        closed &= finding.closed
        reasons.append(f"{case}: {finding.reason}")
    return Attempt(None, closed, "; ".join(reasons))


def _zero_slices(table: np.ndarray, constant: int | None) -> list[np.ndarray]:
    """For each operand, the values whose slice holds only `constant` inside the domain (and holds it)."""
    zero = []
    for s in range(table.ndim):
        rows = np.moveaxis(table, s, 0).reshape(table.shape[s], -1)
        only = ((rows == constant) | (rows == UNDEFINED)).all(axis=1) & (rows != UNDEFINED).any(axis=1)
        zero.append(only if constant is not None else np.zeros(len(rows), dtype=bool))
    return zero


def _restore(
    zero: list[np.ndarray], g: tuple[np.ndarray, ...], classes: tuple[np.ndarray, ...]
) -> tuple[np.ndarray, ...]:
    """Tables of all operand values: 0 on the zero slices and outside the domain."""
    tables = []
    for z, values, c in zip(zero, g, classes, strict=True):
        table = np.zeros(len(z), dtype=np.int64)
        table[~z] = np.where(c >= 0, values, 0)
        tables.append(table)
    return tuple(tables)


def _solve_units(reduced: Reduced, p: int, meter: Meter) -> Finding:
    """Over a prime: the units are cyclic of order p - 1."""
    finding = solve_cyclic(reduced, p - 1, meter)
    if finding.g is None:
        return finding
    power = exponential_table(p)
    return replace(finding, g=tuple(power[g] for g in finding.g))


def _solve_monoid(reduced: Reduced, p: int, constant: int | None, meter: Meter) -> Finding:
    """Over a composite modulus: search the monoid (Z_p, *), with h(0) = constant unless that is None."""
    operation = multiplication(p)
    clash = tuple(clashes(reduced.slices(s)) for s in range(reduced.table.ndim))
    for s, pairs in enumerate(clash):
        refutation = _crowded(reduced.slices(s), pairs, operation.reach, s, p)
        if refutation is not None:
            return Finding(None, True, refutation)
    try:
        problem = pose(reduced, operation, clash)
        if constant is not None:
            at = np.flatnonzero(reduced.values == constant)
            problem = replace(problem, zero_holds=int(at[0]) if len(at) else len(reduced.values))
        solution = solve_with_restarts(problem, [Strategy(None, 0, True)], meter)
    except BudgetSpent:
        return Finding(None, False, meter.describe())
    if solution is not None:
        return Finding(solution, True, f"found by search ({meter.nodes} nodes)")
    sizes = " x ".join(map(str, reduced.table.shape))
    return Finding(
        None,
        True,
        f"exhaustive search over the {sizes} classes: every assignment of residues mod {p} (up to "
        f"multiplication by units) ends in a contradiction; {meter.nodes} nodes",
    )


def normalise_product(g: tuple[np.ndarray, ...], p: int) -> tuple[np.ndarray, ...]:
    """`normalise_logs` on the tables themselves."""
    power, logs = np.append(exponential_table(p), 0), logarithm_table(p)
    return tuple(power[q] for q in normalise_logs(tuple(logs[t] for t in g), p))


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


def _crowded(rows: np.ndarray, clash: np.ndarray, reach: np.ndarray, operand: int, p: int) -> str | None:
    """Slices with v values need g with at least v multiples mod p, and there may be too few of those."""
    apart = rows[clique(clash)]
    variety = np.array([len(np.unique(row[row != UNDEFINED])) for row in apart])
    for v in np.unique(variety):
        slices, elements = int((variety >= v).sum()), int((reach >= v).sum())
        if slices > elements:
            return (
                f"{slices} slices of operand {operand + 1} differ pairwise and hold at least {v} values, "
                f"but only {elements} residues mod {p} have that many multiples"
            )
    return None
