"""Strategies: guesses of how many arguments every value has, and the schedule of restarts over them.

Owns: `solve_with_restarts`, which runs searches of growing size over several strategies until one finds a
witness or the complete one is exhausted. Heavy tails are the rule in such searches: a new variant of the
order often ends in a few nodes where another runs for millions, so short runs come first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .budget import BudgetSpent, Meter
from .search import find
from .state import SearchProblem

FIRST_RUN = 4
GROWTH = 1.1


@dataclass(frozen=True, eq=False)
class Strategy:
    """A guess: value v has at least least[v] arguments, and all values together at most `extra` more.

    Attributes:
        least: int64 array of length V, or None to guess nothing.
        extra: how many further arguments are allowed.
        complete: whether the guess excludes nothing, so that exhausting it is a proof.
    """

    least: np.ndarray | None
    extra: int
    complete: bool


def cardinality_guesses(table: np.ndarray, least: np.ndarray, slack: int) -> list[Strategy]:
    """List the guesses, boldest first; the last one is complete.

    A value that fills c entries of the table probably has about c * m / N arguments, so the slack is given
    away one by one to the value with the most entries for each argument it would then have; or, as
    polynomials take most of their values equally often, to the value with the fewest arguments so far.

    Arguments:
        table: reduced table of value numbers.
        least: proven lower bounds.
        slack: m - least.sum(), at least 0.

    Example:
        >>> guesses = cardinality_guesses(np.array([[0, 0, 0], [0, 0, 1]]), np.array([2, 1]), 1)
        >>> [(t.least.tolist(), t.extra) for t in guesses]
        [([2, 1], 0), ([2, 2], 0), ([3, 1], 0), ([2, 1], 1)]
    """
    if slack == 0:
        return [Strategy(least, 0, True)]
    entries = np.bincount(table.ravel() + 1, minlength=len(least) + 1)[1:]
    by_entries, by_level = [least], [least]
    for _ in range(slack):
        by_entries.append(_one_more(by_entries[-1], -entries / (by_entries[-1] + 1)))
        by_level.append(_one_more(by_level[-1], by_level[-1] - entries / (entries.sum() + 1)))
    sizes = [least, by_level[-1], by_entries[-1], by_entries[1]]
    distinct = {size.tobytes(): size for size in sizes}.values()
    return [Strategy(size, 0, False) for size in distinct] + [Strategy(least, slack, True)]


def _one_more(sizes: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Give one more argument to the value where that costs least."""
    return sizes + (np.arange(len(sizes)) == np.argmin(cost))


def solve_with_restarts(
    problem: SearchProblem, strategies: list[Strategy], meter: Meter
) -> tuple[np.ndarray, ...] | None:
    """Run all strategies in turn, each round with a larger allowance and another variant of the order.

    Arguments:
        problem: the problem, whose own bounds are replaced by those of each strategy.
        strategies: as from `cardinality_guesses`; at least one is complete.
        meter: the budget.

    Returns:
        Elements of all classes, or None when a complete strategy is exhausted.

    Raises:
        BudgetSpent: the budget ran out.
    """
    open_ = list(strategies)
    allowance, variant = float(FIRST_RUN), 0
    while True:
        for strategy in list(open_):
            meter.limit = meter.nodes + int(allowance)
            try:
                solution = find(problem.under(strategy.least, strategy.extra), meter, variant)
            except BudgetSpent:
                if meter.spent:
                    raise
                continue
            if solution is not None or strategy.complete:
                return solution
            open_.remove(strategy)
        allowance, variant = allowance * GROWTH, variant + 1
