"""What a claim is: a sentence of a paper, the runs that test it, what to measure, and what was expected.

Owns: these records and how a verdict follows from numbers and from the sizes of the runs. Running the runs is
`plan` and `sweeps`; the claims themselves are one flat file per paper.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ...learners.catalogue import definition_named
from ...reports.charts.chart import Panel
from ...tasks import InputError
from .budget import BUDGETS as BUDGETS
from .budget import BudgetName as BudgetName
from .desktop import Desktop
from .evidence import Evidence
from .plan import RunGroup
from .printed import Printed
from .scale import PaperScale, Shortfall, shortfalls

ClaimVerdict = Literal["reproduced", "deviates", "refuted", "misprint", "open"]
"""What the numbers say of a claim."""
Number = float | int | None
_COUNTS = re.compile(r"\b(seeds?|steps|draws)\b")


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
        given: name of a number without which this one cannot refute: the waves of a network that has not
            grokked say nothing. Its own name marks a premise of the sentence: where it is out of range, it
            leaves the claim open.
        absence: whether it says that something does not happen within the paper's steps. Shorter runs
            cannot confirm that.
    """

    name: str
    paper: str
    low: float | int = -math.inf
    high: float | int = math.inf
    essential: bool = True
    budgets: tuple[BudgetName, ...] = BUDGETS
    given: str | None = None
    absence: bool = False

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


@dataclass(frozen=True)
class Misprint:
    """A slip of the paper, by which its printed formula or number misses and a corrected one holds.

    Arguments:
        printed: names of the numbers that follow from what is printed.
        corrected: names of those that follow from the correction; at least one.
        erratum: where `docs/errata.md` gives the correction and its test.
    """

    printed: tuple[str, ...]
    corrected: tuple[str, ...]
    erratum: str


@dataclass(frozen=True, eq=False)
class Claim:
    """One claim of a paper.

    Arguments:
        id: `paper/name`, as in `gromov2023/fig1-accuracy`.
        source: figure, table, equation or section.
        sentence: the claim in our words.
        plan: budget -> the runs that it needs, by names of its own; empty where none are. The budget
            `desktop` is made of another one's plan, see `groups`.
        measure: what is measured of those runs, and the figure.
        expected: the numbers that decide.
        deviations: budget -> how its runs differ from the paper's, one short sentence each.
        scale: the sizes of the paper's own runs; None if nothing is run, or if they are not known, and
            then the claim's runs never refute.
        scales: group -> sizes, where they are others.
        desktop: how the plan of the budget `desktop` is made.
        misprint: the slip of the paper that the claim shows, if it does.
        printed: what the paper prints of the numbers and curves, drawn beside them.
        certain: why its numbers could hardly have come out otherwise, as where they follow from definitions;
            empty for the others. Such a claim explains or checks, and is no evidence.
    """

    id: str
    source: str
    sentence: str
    plan: Callable[[BudgetName], Mapping[str, RunGroup]]
    measure: Callable[[Evidence], ClaimResult]
    expected: tuple[Expected, ...]
    deviations: Mapping[BudgetName, tuple[str, ...]] = field(default_factory=dict)
    scale: PaperScale | None = None
    scales: Mapping[str, PaperScale] = field(default_factory=dict)
    desktop: Desktop = field(default_factory=Desktop)
    misprint: Misprint | None = None
    printed: tuple[Printed, ...] = ()
    certain: str = ""

    @property
    def paper(self) -> str:
        """The part of the id before the slash."""
        return self.id.partition("/")[0]

    def basis(self, budget: BudgetName) -> BudgetName:
        """Return the budget whose sizes and expectations hold at a budget: of `desktop` another one's."""
        return self.desktop.basis if budget == "desktop" else budget

    def groups(self, budget: BudgetName) -> Mapping[str, RunGroup]:
        """Return the runs needed at a budget, by names of the claim's own."""
        groups = self.plan(self.basis(budget))
        if budget != "desktop":
            return groups
        return {name: self.desktop.resized(group) for name, group in groups.items()}

    def of_seeds(self, seeds: Collection[int]) -> Claim:
        """Return the claim with those of its seeds at the budget `desktop`, or itself if it has none."""
        chosen = tuple(seed for seed in self.desktop.seeds if seed in seeds)
        return replace(self, desktop=replace(self.desktop, seeds=chosen)) if chosen else self

    def judged(self, budget: BudgetName) -> tuple[Expected, ...]:
        """Return what is expected of the numbers at a budget."""
        return tuple(expected for expected in self.expected if self.basis(budget) in expected.budgets)

    def deviations_at(self, budget: BudgetName) -> tuple[str, ...]:
        """Return how the runs of a budget differ from the paper's.

        Of `desktop` without words of its own: its seeds and its limit on steps, and what its basis says of
        neither.
        """
        if budget != "desktop" or budget in self.deviations:
            return tuple(self.deviations.get(budget, ()))
        sentences = [
            words for words in self.deviations.get(self.desktop.basis, ()) if not _COUNTS.search(words)
        ]
        seeds = f"{len(self.desktop.seeds)} seeds, of which the median decides"
        limits: dict[str, int] = {}
        for member in (each for group in self.groups(budget).values() for each in group.members()):
            unit = definition_named(member.experiment.learner.kind).wording.unit
            limits[unit] = max(limits.get(unit, 0), member.steps)
        limit = " and ".join(f"{steps:,} {unit}s" for unit, steps in limits.items())
        return (f"{seeds}; at most {limit}.", *sentences) if limits else tuple(sentences)

    def shortfalls(self, budget: BudgetName) -> tuple[Shortfall, ...]:
        """List in what the runs of a budget fall short of the paper's; while there are any, none refutes.

        Computed from the planned runs: modulus, sizes of the network, steps, number of seeds; and whether
        the paper states its steps, where something is said not to happen within them. The budget `tiny`
        falls short of every paper.

        Example:
            >>> claim = Claim("a/b", "", "", lambda budget: {}, lambda evidence: ClaimResult({}, ()), ())
            >>> claim.shortfalls("laptop"), len(claim.shortfalls("tiny"))
            ((), 1)
        """
        groups = self.groups(budget)
        by_group = shortfalls(groups, self.scale, self.scales)
        scales = [self.scales.get(name, self.scale) for name in groups]
        unstated = any(scale is not None and scale.steps is None for scale in scales)
        if unstated and rests_on_absence(self.judged(budget)):
            by_group = (*by_group, Shortfall("length"))
        return by_group or ((Shortfall("tiny"),) if budget == "tiny" else ())

    def verdict(self, values: Mapping[str, Number], budget: BudgetName) -> ClaimVerdict:
        """Compare numbers with what was expected, and the runs with the paper's: nothing else decides.

        All in range: `reproduced`. Only supporting numbers out of range: `deviates`. Either is `open` where
        something is said not to happen, and the runs are too short to show it. Numbers of a printed formula
        out of range and those of its correction in range: `misprint`. A number out of range on which the
        sentence rests: `refuted` where the runs are of the paper's size, length and number of seeds,
        otherwise `open`.

        Raises:
            InputError: nothing is expected at this budget.
        """
        expectations = self.judged(budget)
        if not expectations:
            raise InputError(f"budget: must be one at which {self.id} expects a number, got {budget}")
        return judge(expectations, values, self.shortfalls(budget), self.misprint)


def rests_on_absence(expectations: Sequence[Expected]) -> bool:
    """Say whether a sentence rests on something that is not to happen, which shorter runs cannot confirm."""
    return any(expected.absence and expected.essential for expected in expectations)


def judge(
    expectations: Sequence[Expected],
    values: Mapping[str, Number],
    short: Sequence[Shortfall],
    misprint: Misprint | None = None,
) -> ClaimVerdict:
    """Return the verdict on numbers; see `Claim.verdict`.

    Arguments:
        expectations: all expectations at the budget.
        values: name -> measured number.
        short: in what the runs fall short of the paper's.
        misprint: the slip of the paper that is shown, if one is.

    Example:
        >>> groks = Expected("test_accuracy", "100%", low=0.999)
        >>> [judge((groks,), {"test_accuracy": 0.5}, short) for short in ((), (Shortfall("steps", 9, 5),))]
        ['refuted', 'open']
    """
    missed = [expected for expected in expectations if not expected.holds(values.get(expected.name))]
    if missed and misprint is not None and _is_misprint(expectations, missed, misprint):
        return "misprint"
    if any(expected.essential for expected in missed):
        return "refuted" if refuting(expectations, values, short) else "open"
    shortened = any(each.kind in ("steps", "length", "scale") for each in short)
    if shortened and rests_on_absence(expectations):
        return "open"
    return "deviates" if missed else "reproduced"


def refuting(
    expectations: Sequence[Expected], values: Mapping[str, Number], short: Sequence[Shortfall]
) -> tuple[Expected, ...]:
    """List the expectations that are missed and refute: none where runs fall short of the paper's.

    Arguments:
        expectations: all expectations at the budget.
        values: name -> measured number.
        short: in what the runs fall short.

    Example:
        >>> groks = Expected("test_accuracy", "100%", low=0.999, essential=False)
        >>> sparse = Expected("ffs", "falls", high=0.5, given="test_accuracy")
        >>> [len(refuting((groks, sparse), {"test_accuracy": a, "ffs": 0.9}, ())) for a in (0.7, 1.0)]
        [0, 1]
    """
    if short:
        return ()
    missed = [expected for expected in expectations if not expected.holds(values.get(expected.name))]
    absent = {expected.name for expected in missed}
    return tuple(e for e in missed if e.essential and e.given not in absent)


def _is_misprint(expectations: Sequence[Expected], missed: Sequence[Expected], misprint: Misprint) -> bool:
    names = {expected.name for expected in missed}
    return (
        names <= set(misprint.printed) and set(misprint.corrected) <= {e.name for e in expectations} - names
    )
