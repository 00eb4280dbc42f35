"""Codes: a product over Z_m written as a sum in a finite abelian group, for m that is not prime.

    h[g_1(n_1) * ... * g_k(n_k)] = label[u_1(n_1) + ... + u_k(n_k)],   u_s: Z_m -> Z_n1 x ... x Z_nr

Owns: the two codes, valuations with unit logarithms and plain numbering. Elements are numbered as in
`characters`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from math import prod

import numpy as np

from ..algebra import factorise, primitive_root
from .characters import digits, numbered
from .forms import Witness, tabulate

LARGEST = 10**6
"""The largest group, and the largest table of distinct values, that a code is made from."""


@dataclass(frozen=True, eq=False)
class Code:
    """A task as a labelled sum.

    Attributes:
        factors: n_1..n_r, orders of the cyclic factors.
        arguments: u, int64 (k, p), element number of every operand value.
        label: int64 (order,), class of each sum; 0 where none arrives.
        reach: bool (order,), the sums that some input has.
    """

    factors: tuple[int, ...]
    arguments: np.ndarray
    label: np.ndarray
    reach: np.ndarray

    @property
    def order(self) -> int:
        """The number of group elements."""
        return prod(self.factors)


def codes(witness: Witness, p: int) -> tuple[Code, ...]:
    """List the codes of a multiplicative witness, the smaller group first.

    Arguments:
        witness: a multiplicative one over Z_p.
        p: modulus, at least 2, prime or not.

    Raises:
        ValueError: both groups exceed `LARGEST`.

    Example:
        >>> from modgrok.analytic.forms import monomial
        >>> [code.factors for code in codes(monomial(4, (1, 1)), 4)]
        [(5, 2), (16,)]
    """
    candidates = [code for make in (valuation_code, plain_code) if (code := make(witness, p)) is not None]
    if not candidates:
        raise ValueError(f"witness: must embed in a group of at most {LARGEST} elements at p = {p}")
    return tuple(sorted(candidates, key=lambda code: code.order))


def valuation_code(witness: Witness, p: int) -> Code | None:
    """Code a value by its valuation and unit logarithm at every prime power q^e that divides p exactly.

    x = u q^v mod q^e with a unit u, v = e and u = 1 for 0: valuations add, in a cyclic group just too large
    for them to wrap; logarithms add in the unit group, Z_(q-1)q^(e-1), or Z_2 x Z_2^(e-2) for q = 2. Factors
    on which no operand moves are left out.

    Returns:
        The code; None if its group exceeds `LARGEST`.

    Example:
        >>> from modgrok.analytic.forms import monomial
        >>> valuation_code(monomial(15, (1, 1)), 15).factors
        (3, 2, 3, 4)

    Source: structure of (Z/q^e)*, Ireland and Rosen 1990, Ch. 4, Thm. 2 and 2'.
    """
    values = np.stack([np.asarray(g, dtype=np.int64) for g in witness.g])
    columns, factors = [], []
    for q, e in factorise(p):
        valuation, logs, orders = _local(q, e)
        local = values % q**e
        columns += [valuation[local], *logs[:, local]]
        factors += [int(valuation[local].max(axis=1).sum()) + 1, *orders]
    moving = [i for i, (u, n) in enumerate(zip(columns, factors, strict=True)) if n > 1 and u.any()]
    code_factors = tuple(factors[i] for i in moving) or (1,)
    if prod(code_factors) > LARGEST:
        return None
    elements = (
        np.stack([columns[i] for i in moving], axis=-1) if moving else np.zeros((*values.shape, 1), int)
    )
    return _code(
        code_factors, numbered(elements, code_factors), values, np.asarray(witness.h, dtype=np.int64), p
    )


def plain_code(witness: Witness, p: int) -> Code | None:
    """Number the distinguishable values of each operand in mixed radix, inside one cyclic group.

    Values with equal rows of the table get one number; operand s has r_s of them and the step
    r_(s+1) ... r_k, so that every combination is a different sum in Z_(r_1 ... r_k).

    Returns:
        The code; None if the group or the table of distinct values exceeds `LARGEST`.
    """
    inverse, reduced = [], []
    for g in witness.g:
        distinct, where = np.unique(np.asarray(g, dtype=np.int64), return_inverse=True)
        inverse.append(where)
        reduced.append(distinct)
    if prod(len(d) for d in reduced) > LARGEST:
        return None
    table = tabulate(Witness("multiplicative", tuple(reduced), witness.h), p)
    for s in range(table.ndim):
        table, where = np.unique(table, axis=s, return_inverse=True)
        inverse[s] = where.reshape(-1)[inverse[s]]
    steps = [prod(table.shape[s + 1 :]) for s in range(table.ndim)]
    arguments = np.stack([step * where for step, where in zip(steps, inverse, strict=True)])
    return Code((table.size,), arguments.astype(np.int64), table.ravel(), np.ones(table.size, dtype=bool))


def _local(q: int, e: int) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """Tabulate Z_q^e: valuations, logarithms of the unit parts (r, q^e), and the orders of the unit group."""
    n = q**e
    valuation, unit = np.zeros(n, dtype=np.int64), np.arange(n)
    for _ in range(e):
        divisible = (unit % q == 0) & (unit > 0)
        valuation, unit = valuation + divisible, np.where(divisible, unit // q, unit)
    valuation[0], unit[0] = e, 1
    orders, generators = _unit_group(q, e)
    logs = np.zeros((len(orders), n), dtype=np.int64)
    grid = np.indices(orders).reshape(len(orders), -1).T if orders else np.zeros((1, 0), int)
    for exponents in grid:
        element = prod(pow(g, int(a), n) for g, a in zip(generators, exponents, strict=True)) % n
        logs[:, element] = exponents
    return valuation, logs[:, unit], orders


def _unit_group(q: int, e: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return orders and generators of the units of Z_q^e."""
    n = q**e
    if q == 2:
        pairs = [(2, n - 1), (n // 4, 5)]
        nontrivial = [(order, g) for order, g in pairs[: max(0, e - 1)] if order > 1]
        return tuple(o for o, _ in nontrivial), tuple(g for _, g in nontrivial)
    root = primitive_root(q)
    if e > 1 and pow(root, q - 1, q * q) == 1:
        root += q
    return ((q - 1) * q ** (e - 1),), (root,)


def _code(factors: tuple[int, ...], arguments: np.ndarray, values: np.ndarray, h: np.ndarray, p: int) -> Code:
    """Follow all sums, one operand after the other, with the product each of them stands for."""

    def joined(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        sums = digits(left[:, None, 0], factors) + digits(right[None, :, 0], factors)
        products = left[:, None, 1] * right[None, :, 1] % p
        return np.unique(np.stack([numbered(sums, factors), products], axis=-1).reshape(-1, 2), axis=0)

    operands = [np.unique(np.stack(pair, axis=-1), axis=0) for pair in zip(arguments, values, strict=True)]
    sums, products = reduce(joined, operands).T
    order = prod(factors)
    label, reach = np.zeros(order, dtype=np.int64), np.zeros(order, dtype=bool)
    label[sums], reach[sums] = h[products % p], True
    return Code(factors, arguments, label, reach)
