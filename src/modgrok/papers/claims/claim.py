"""What a claim is: a sentence of a paper, the runs that test it, what to measure, and what was expected.

Owns: these records and how a verdict follows from numbers. Running the runs is `plan` and `sweeps`; the
claims themselves are one flat file a paper.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ...reports.charts.chart import Panel
from ...tasks import InputError
from .budget import BUDGETS as BUDGETS
from .budget import FULL as FULL
from .budget import BudgetName as BudgetName
from .evidence import Evidence
from .plan import RunGroup

ClaimVerdict = Literal["reproduced", "deviates", "refuted"]
"""What the numbers say of a claim."""
Number = float | int | None


@dataclass(frozen=True)
class Expected:
    """What a paper says of one measured number.

    Arguments:
        name: of the number in `ClaimResult.values`.
        paper: what the paper or papers.md says, in words, with its place ("100% (Table 1)").
        low, high: the range, ends included, in which it counts as the paper's: its value with a stated
            tolerance, or the side of a bound that the sentence draws.
        essential: whether the sentence itself fails with this number; otherwise the number alone deviates.
        budgets: those at which it is judged: a value of p = 97 says nothing of p = 31.
        decisive: those at which an essential number out of range refutes. Where runs are shorter or smaller
            than the paper's and a miss may be due to that, it only deviates.
        given: name of a number without which this one cannot refute: the waves of a network that has not
            grokked say nothing.
    """

    name: str
    paper: str
    low: float | int = -math.inf
    high: float | int = math.inf
    essential: bool = True
    budgets: tuple[BudgetName, ...] = BUDGETS
    decisive: tuple[BudgetName, ...] = BUDGETS
    given: str | None = None

    def refutes(self, budget: BudgetName) -> bool:
        """Say whether this number, out of range, refutes the sentence at a budget.

        Example:
            >>> late = Expected("test_accuracy", "100% (Fig. 3)", low=0.999, decisive=("paper",))
            >>> late.refutes("laptop"), late.refutes("paper")
            (False, True)
        """
        return self.essential and budget in self.decisive

    def holds(self, value: Number) -> bool:
        """Say whether a measured number is in the range; nothing measured is not.

        Example:
            >>> grokked = Expected("test_accuracy", "100% (Fig. 1c)", low=0.999)
            >>> grokked.holds(1.0), grokked.holds(0.5), grokked.holds(None)
            (True, False, False)
        """
        return value is not None and self.low <= value <= self.high


@dataclass(frozen=True, eq=False)
class ClaimResult:
    """The numbers measured for a claim, with its figure and table.

    Arguments:
        values: name -> number; None where there is none, such as the step of a grokking that never came.
        panels: the claim's figure.
        rows: a table to print below it, one mapping a row with the same keys; numbers and short strings.
    """

    values: Mapping[str, Number]
    panels: tuple[Panel, ...]
    rows: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, eq=False)
class Claim:
    """One claim of a paper.

    Arguments:
        id: `paper/name`, as in `gromov2023/fig1-accuracy`.
        source: figure, table, equation or section.
        sentence: the claim in our words.
        plan: budget -> the runs that it needs, by names of its own; empty where none are.
        measure: what is measured of those runs, and the figure.
        expected: the numbers that decide.
        deviations: budget -> how its runs differ from the paper's, one short sentence each.
    """

    id: str
    source: str
    sentence: str
    plan: Callable[[BudgetName], Mapping[str, RunGroup]]
    measure: Callable[[Evidence], ClaimResult]
    expected: tuple[Expected, ...]
    deviations: Mapping[BudgetName, tuple[str, ...]] = field(default_factory=dict)

    @property
    def paper(self) -> str:
        """The part of the id before the slash."""
        return self.id.partition("/")[0]

    def judged(self, budget: BudgetName) -> tuple[Expected, ...]:
        """Return what is expected of the numbers at a budget."""
        return tuple(expected for expected in self.expected if budget in expected.budgets)

    def verdict(self, values: Mapping[str, Number], budget: BudgetName) -> ClaimVerdict:
        """Compare numbers with what was expected: nothing else decides.

        `reproduced` if all are in range, `refuted` if one is not that refutes at this budget, or else
        `deviates`.

        Raises:
            InputError: nothing is expected at this budget.
        """
        judged = self.judged(budget)
        if not judged:
            raise InputError(f"budget: must be one at which {self.id} expects a number, got {budget}")
        if all(expected.holds(values.get(expected.name)) for expected in judged):
            return "reproduced"
        return "refuted" if refuting(judged, values, budget) else "deviates"


def refuting(
    judged: Sequence[Expected], values: Mapping[str, Number], budget: BudgetName
) -> tuple[Expected, ...]:
    """List the expectations that are missed and refute.

    Arguments:
        judged: all expectations at the budget.
        values: name -> measured number.
        budget: of the runs.

    Example:
        >>> groks = Expected("test_accuracy", "100%", low=0.999, decisive=FULL)
        >>> sparse = Expected("ffs", "falls", high=0.5, given="test_accuracy")
        >>> [len(refuting((groks, sparse), {"test_accuracy": a, "ffs": 0.9}, "laptop")) for a in (0.7, 1.0)]
        [0, 1]
    """
    missed = [expected for expected in judged if not expected.holds(values.get(expected.name))]
    absent = {expected.name for expected in missed}
    return tuple(e for e in missed if e.refutes(budget) and e.given not in absent)
