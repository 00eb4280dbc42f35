"""The form over a cyclic group: is the table h(g_1 + ... + g_k) with sums in Z_m?

Owns: `solve_cyclic`, the chain of arguments from free placement over counting and refinement to
exhaustive search. Both forms rest on it: the additive one with m = p, the multiplicative one over a prime
with m = p - 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bounds import Needs, clashes, count_needs, count_values
from .budget import BudgetSpent, Meter
from .law import addition
from .merge import Reduced, distinct_rows
from .refine import balanced, refine
from .state import pose
from .strategy import cardinality_guesses, solve_with_restarts

SUBGROUP_NODES = 200


@dataclass(frozen=True, eq=False)
class Finding:
    """The outcome of one attempt.

    Attributes:
        g: for each operand the elements of its classes, or None.
        closed: True if `g` is found or excluded; False if the budget ran out.
        reason: the argument in words.
    """

    g: tuple[np.ndarray, ...] | None
    closed: bool
    reason: str


def solve_cyclic(reduced: Reduced, order: int, meter: Meter) -> Finding:
    """Find elements of Z_order for all classes, or show that there are none.

    Arguments:
        reduced: the merged table.
        order: order m of the group, at least 1.
        meter: the budget.

    Returns:
        The finding; it is never closed by a guess.

    Example:
        >>> from modgrok.decide.budget import Budget
        >>> from modgrok.decide.merge import merge
        >>> n = np.arange(5)
        >>> solve_cyclic(merge((n[:, None] * n) % 5), 5, Meter(Budget())).closed
        True
    """
    shape = reduced.table.shape
    if int(np.prod(shape, dtype=object)) <= order:
        return Finding(_spread_out(shape), True, "so few classes that all arguments can be made distinct")
    clash = tuple(clashes(reduced.slices(s)) for s in range(len(shape)))
    needs = count_needs(reduced, order, clash)
    if needs.refutation is not None:
        return Finding(None, True, needs.refutation)
    within = _within_subgroup(reduced, order, clash, meter)
    if within is not None:
        return within
    reduced, needs, refuted = _refined(reduced, needs, order)
    if refuted is not None:
        return Finding(None, True, refuted)
    return _search(reduced, order, clash, needs, meter)


def _within_subgroup(
    reduced: Reduced, order: int, clash: tuple[np.ndarray, ...], meter: Meter
) -> Finding | None:
    """Try a proper subgroup that the classes of some operand fill; its form is a form of the whole group.

    Periodic tables such as (x + y)^2 mod 36, of period 18, are of this kind. No conclusion follows from
    failure.
    """
    size = max(reduced.table.shape)
    if reduced.holes or size == order or order % size:
        return None
    needs = count_needs(reduced, size, clash)
    if needs.refutation is not None:
        return None
    finer, needs, refuted = _refined(reduced, needs, size)
    if refuted is not None:
        return None
    finding = _search(finer, size, clash, needs, meter.sub_budget(SUBGROUP_NODES))
    if finding.g is None:
        return None
    step = order // size
    return Finding(
        tuple(step * g for g in finding.g), True, f"{finding.reason}, in the subgroup of order {size}"
    )


def _spread_out(shape: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """Number the tuples of classes in mixed radix, so that no two sums agree."""
    steps = [int(np.prod(shape[s + 1 :], dtype=np.int64)) for s in range(len(shape))]
    return tuple(np.arange(size, dtype=np.int64) * step for size, step in zip(shape, steps, strict=True))


def _refined(reduced: Reduced, needs: Needs, order: int) -> tuple[Reduced, Needs, str | None]:
    """Refine the values wherever one operand and the tuple of the others both fill the group."""
    for operand, size in enumerate(reduced.table.shape):
        if reduced.holes or size != order:
            continue
        rows = reduced.slices(operand)
        lines, label = distinct_rows(rows.T)
        if len(lines) != order:
            continue
        table = refine(rows[:, lines])
        if not balanced(table):
            return reduced, needs, _unbalanced(operand, order)
        shape = np.moveaxis(reduced.table, operand, 0).shape
        finer = np.moveaxis(table[:, label].reshape(shape), 0, operand)
        least = count_values(table, int(table.max()) + 1)[0]
        values = np.arange(len(least))
        return Reduced(np.ascontiguousarray(finer), reduced.classes, values), Needs(least, 0, None), None
    return reduced, needs, None


def _search(
    reduced: Reduced, order: int, clash: tuple[np.ndarray, ...], needs: Needs, meter: Meter
) -> Finding:
    """Search by guesses of the sizes of h^-1(v); only the complete one can close the case."""
    problem = pose(reduced, addition(order), clash)
    try:
        solution = solve_with_restarts(
            problem, cardinality_guesses(reduced.table, needs.least, needs.slack), meter
        )
    except BudgetSpent:
        return Finding(None, False, meter.describe())
    if solution is not None:
        return Finding(solution, True, f"found by search ({meter.nodes} nodes)")
    return Finding(None, True, _exhausted(reduced, order, needs, meter))


def _unbalanced(operand: int, order: int) -> str:
    return (
        f"operand {operand + 1} and the tuple of the other operands both have {order} distinct classes, as "
        "many as the group has elements; then the number of ways in which the values around an entry combine "
        "depends on its argument alone, so after splitting the values by it all slices must still hold one "
        "multiset of values, and they do not"
    )


def _exhausted(reduced: Reduced, order: int, needs: Needs, meter: Meter) -> str:
    sizes = " x ".join(map(str, reduced.table.shape))
    return (
        f"exhaustive search over the {sizes} classes: every assignment of elements of the group of order "
        f"{order} (up to shifts and automorphisms, with at most {needs.slack} arguments of h beyond the "
        f"counting bound) ends in a contradiction; {meter.nodes} nodes"
    )
