"""The state of a search: what is still possible for every g, for h, and for the partial table.

Owns: `SearchProblem` (what stays fixed during one search) and `SearchState` (what changes), with copying.
Not here: the deductions (`propagate`) and the guesses (`search`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from .bounds import count_values
from .law import Operation
from .merge import UNDEFINED, Reduced


@dataclass(frozen=True, eq=False)
class SearchProblem:
    """Find g_s on the classes of every operand and h, with h(g_1 * ... * g_k) equal to the table.

    Attributes:
        operation: on elements 0..m-1.
        table: int64 array (R_1, ..., R_k) of value numbers 0..V-1, UNDEFINED outside the domain.
        lines: for each operand s, the table with axis s last.
        values: V.
        variety: for each operand, int64 (R_s,): how many values every slice holds.
        clash: for each operand, bool (R_s, R_s): the classes that must get distinct elements.
        bijective: for each operand, whether its g is a bijection of the group (R_s = m, all clash).
        least: int64 array of length V, lower bounds on the size of h^-1(v), or None without them.
        extra: how many arguments beyond `least` h may use in total.
        zero_holds: the one value number that h(0) may be, V for a value outside the table; None if free.
    """

    operation: Operation
    table: np.ndarray
    lines: tuple[np.ndarray, ...]
    values: int
    variety: tuple[np.ndarray, ...]
    clash: tuple[np.ndarray, ...]
    bijective: tuple[bool, ...]
    least: np.ndarray | None = None
    extra: int = 0
    zero_holds: int | None = None

    def under(self, least: np.ndarray | None, extra: int) -> SearchProblem:
        """The same problem with other bounds on the sizes of h^-1(v)."""
        return replace(self, least=least, extra=extra)


def pose(reduced: Reduced, operation: Operation, clash: tuple[np.ndarray, ...]) -> SearchProblem:
    """Pose the search problem for a reduced table under an operation."""
    table = reduced.table
    lines = tuple(np.ascontiguousarray(np.moveaxis(table, s, -1)) for s in range(table.ndim))
    bijective = tuple(
        len(pairs) == operation.order and int(pairs.sum()) == operation.order * (operation.order - 1)
        for pairs in clash
    )
    values = len(reduced.values)
    variety = tuple((count_values(reduced.slices(s), values) > 0).sum(axis=1) for s in range(table.ndim))
    return SearchProblem(operation, table, lines, values, variety, clash, bijective)


@dataclass(eq=False)
class SearchState:
    """What is known and what is possible.

    Attributes:
        domain: for each operand, bool (R_s, m): the elements g_s may still take on each class.
        chosen: for each operand, int64 (R_s,): the element, or -1 while undetermined.
        possible: bool (V + 1, m): whether h(t) = v is possible; row V is all True and stands for a hole.
        h: int64 (m,): the value number of each argument, or -1 while undetermined.
        column: for each operand, int64 (m, R_s): row q holds the table along operand s where the
            other operands join to q; UNDEFINED where not known.
        seen: for each operand, bool (m,): the q that occur.
        stabiliser: the symmetries of the operation that fix every guess so far.
        dirty: arguments whose row of `possible` shrank since it was last propagated.
    """

    domain: list[np.ndarray]
    chosen: list[np.ndarray]
    possible: np.ndarray
    h: np.ndarray
    column: list[np.ndarray]
    seen: list[np.ndarray]
    stabiliser: np.ndarray
    dirty: set[int] = field(default_factory=set)

    def copy(self) -> SearchState:
        """Copy everything that propagation changes."""
        return SearchState(
            [a.copy() for a in self.domain],
            [a.copy() for a in self.chosen],
            self.possible.copy(),
            self.h.copy(),
            [a.copy() for a in self.column],
            [a.copy() for a in self.seen],
            self.stabiliser,
            set(self.dirty),
        )


def blank(problem: SearchProblem) -> SearchState:
    """Start a search with everything possible, less what the reach of an element rules out.

    In a monoid x * q takes only `operation.reach[x]` values as q runs, so a slice with more values than that
    cannot sit at x.
    """
    m, shape = problem.operation.order, problem.table.shape
    domain = [variety[:, None] <= problem.operation.reach[None, :] for variety in problem.variety]
    possible = np.ones((problem.values + 1, m), dtype=bool)
    if problem.zero_holds is not None:
        possible[:-1, 0] = np.arange(problem.values) == problem.zero_holds
    return SearchState(
        domain,
        [np.full(size, -1, dtype=np.int64) for size in shape],
        possible,
        np.full(m, -1, dtype=np.int64),
        [np.full((m, size), UNDEFINED, dtype=np.int64) for size in shape],
        [np.zeros(m, dtype=bool) for _ in shape],
        problem.operation.symmetries,
    )
