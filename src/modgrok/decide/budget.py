"""Budgets: how much search a decision may spend before it has to say `undecided`.

Owns: the frozen `Budget`, and the `Meter` that counts one search against it.
Not here: what a node is (`search`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter


@dataclass(frozen=True)
class Budget:
    """Bound the search for one form of one table.

    Attributes:
        nodes: search nodes (guesses followed by propagation) for each form; deterministic. At least 0.
        seconds: wall-clock cap for each form, a safety net above the node count. Above 0.

    Raises:
        ValueError: a bound is out of range.

    Example:
        >>> Budget(nodes=50).nodes
        50
    """

    nodes: int = 8_000
    seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.nodes < 0:
            raise ValueError(f"nodes: must be at least 0, got {self.nodes}")
        if not self.seconds > 0:
            raise ValueError(f"seconds: must be above 0, got {self.seconds}")


class BudgetSpent(Exception):
    """Raised inside a search when its meter has run out; never leaves `decide_table`."""


@dataclass
class Meter:
    """Count nodes and seconds of one decision against a budget.

    Example:
        >>> meter = Meter(Budget(nodes=1))
        >>> meter.spend(); meter.nodes
        1
    """

    budget: Budget
    nodes: int = 0
    started: float = field(default_factory=perf_counter)
    limit: int | None = None
    part_of: int | None = None
    """Nodes of the whole budget, where this is a part of it."""

    def spend(self) -> None:
        """Count one node; raise `BudgetSpent` if the budget (or the current sub-budget) is spent."""
        bound = self.budget.nodes if self.limit is None else min(self.limit, self.budget.nodes)
        if self.nodes >= bound or perf_counter() - self.started > self.budget.seconds:
            raise BudgetSpent
        self.nodes += 1

    def sub_budget(self, nodes: int) -> Meter:
        """A meter of its own for a side attempt, with at most `nodes` nodes within the same clock."""
        budget = Budget(min(nodes, self.budget.nodes), self.budget.seconds)
        return Meter(budget, started=self.started)

    @property
    def spent(self) -> bool:
        """Whether the whole budget, not only a sub-budget of it, is spent."""
        return self.nodes >= self.budget.nodes or perf_counter() - self.started > self.budget.seconds

    def describe(self) -> str:
        """Say in words what was spent."""
        if self.nodes >= self.budget.nodes:
            part = (
                ""
                if self.part_of is None
                else f", its part of {self.part_of:,} once the other form is known,"
            )
            return f"the budget of {self.budget.nodes:,} search nodes{part} ran out"
        return f"the budget of {self.budget.seconds:g} seconds ran out after {self.nodes} search nodes"
