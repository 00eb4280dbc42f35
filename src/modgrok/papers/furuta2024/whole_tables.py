"""Furuta et al. 2024: Tables 1 and A.5 as whole tables, at four shares of the pairs.

Owns: their printed cells, the runs of every cell, and how far two tables agree whose moduli differ. A share
of the pairs mod 37 is not the same amount of data as mod 97; what can be compared is which of two rows needs
more, and whether a part of another network helps or harms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, Literal

from ...reports.charts.claim_charts import Panel, Point, points, single
from ...runs.schedule import GROKKED
from ..claims import tiny
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup
from .formulas import SMALL_SET, TABLE
from .runs import LAPTOP, LONG, SIZES, TINY, best_accuracy, group
from .transfer import DIFFERENCE, SUM, TIMES

SHARES: Mapping[BudgetName, tuple[float, ...]] = {
    "tiny": (tiny.FRACTION,),
    "laptop": (0.3, 0.5, 0.7, 0.9),
    "paper": (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
}
SEED = 5
"""Of all cells at the budgets laptop and desktop."""
COLUMNS = ("PG-E(+)", "PG-T(+)", "PG-E(*)", "PG-T(*)", "PG-E(-)", "PG-T(-)")
"""Part of which operation's network is taken: E its embedding, T its attention and MLP."""
NEVER = None
TRANSFER: Mapping[str, tuple[float | None, ...]] = {
    "2x + y": (0.3, 0.3, NEVER, 0.3, 0.4, 0.7, 0.5),
    "2x - y": (0.3, 0.3, NEVER, 0.3, 0.3, 0.5, 0.4),
    "2x + 3y": (0.3, 0.3, NEVER, 0.3, 0.4, NEVER, 0.4),
    "2x - 3y": (0.3, 0.3, NEVER, 0.3, 0.4, 0.8, 0.4),
    "x*y + y": (NEVER, 0.3, 0.4, 0.3, NEVER, 0.7, 0.5),
    "x*y - y": (NEVER, 0.4, 0.4, 0.3, NEVER, 0.7, 0.5),
    "(x + y)^2": (0.3, 0.3, 0.8, 0.3, 0.3, 0.9, 0.3),
    "(x - y)^2": (0.3, NEVER, 0.9, NEVER, 0.3, 0.8, 0.3),
    "(x + y)^2 + x + y": (0.3, 0.4, NEVER, 0.3, 0.3, 0.3, 0.3),
    "x^2 + x*y + y^2": (0.9, NEVER, 0.7, NEVER, 0.9, NEVER, 0.8),
    "x^2 - y": (0.4, 0.3, NEVER, 0.3, 0.6, 0.9, 0.4),
    "x^2 - y^2": (0.6, 0.7, 0.6, 0.5, 0.7, 0.4, 0.3),
    "(x + y)^3": (0.3, NEVER, NEVER, NEVER, 0.6, NEVER, 0.3),
    "(x - y)^3": (0.4, NEVER, NEVER, NEVER, 0.6, NEVER, 0.5),
    "x^3 + x*y": (NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, 0.9),
    "x^3 + x*y^2 + y": (NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER),
}
"""Table 1, p = 97: expression -> the smallest share that groks, by column, the last without parts of another
network; None for never."""
Effect = Literal["helps", "harms", "none"]


def scratch(budget: BudgetName, tasks: Sequence[str]) -> RunGroup:
    """Plan tasks without parts of another network, at every share."""
    return of_own_seed(budget, group(budget, *tasks, fraction=list(SHARES[budget]), steps=LONG[budget]))


def of_own_seed(budget: BudgetName, runs: RunGroup) -> RunGroup:
    """Give runs a seed that no other claim has, whose runs may be followed for another number of steps."""
    return runs if budget in ("tiny", "paper") else replace(runs, axes={**runs.axes, "seed": [SEED]})


def least_shares(runs: Sequence[RunData]) -> dict[str, float | None]:
    """Return the smallest share from which each task groks, None for never."""
    least: dict[str, float | None] = {}
    for run in runs:
        task, share = str(run.point["expression"]), run.experiment.fraction
        known = least.setdefault(task, None)
        if best_accuracy([run]) >= GROKKED and (known is None or share < known):
            least[task] = share
    return least


def order_agreement(
    ours: Mapping[str, float | None], paper: Mapping[str, float | None]
) -> tuple[float | None, int]:
    """Compare which of two rows needs more data, over all pairs of rows that the paper tells apart.

    Arguments:
        ours, paper: row -> smallest share that groks, None for never.

    Returns:
        (share of the pairs that are in the paper's order here, pairs of equal rows here counting as half;
        number of pairs). 0.5 for rows in no particular order; None without a pair.

    Example:
        >>> order_agreement({"a": 0.5, "b": 0.7, "c": None}, {"a": 0.3, "b": 0.3, "c": 0.9})
        (1.0, 2)
    """
    size = {name: _rank(share) for name, share in paper.items() if name in ours}
    here = {name: _rank(ours[name]) for name in size}
    agreements = []
    for first, second in combinations(size, 2):
        printed, ours_here = size[first] - size[second], here[first] - here[second]
        if printed:
            agreements.append(0.5 if ours_here == 0 else float((ours_here > 0) == (printed > 0)))
    return (sum(agreements) / len(agreements) if agreements else None), len(agreements)


def _rank(share: float | None) -> float:
    return 2.0 if share is None else share


def effect(with_part: float | None, alone: float | None) -> Effect:
    """Say whether a part of another network helps, harms or changes nothing, by smallest shares.

    Example:
        >>> effect(0.3, 0.5), effect(None, 0.9), effect(0.4, 0.4)
        ('helps', 'harms', 'none')
    """
    difference = _rank(with_part) - _rank(alone)
    return "none" if difference == 0 else "helps" if difference < 0 else "harms"


# Table A.5 --------------------------------------------------------------------------------------------------


def plan_expressions(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan every expression of Table A.5 at every share."""
    return {"table": scratch(budget, SMALL_SET if budget == "tiny" else tuple(TABLE))}


def measure_expressions(evidence: Evidence) -> ClaimResult:
    """Compare the smallest shares that grok with the paper's."""
    ours = least_shares(evidence["table"])
    most = max(run.experiment.fraction for run in evidence["table"])
    at_most = {task: share is not None and share <= most for task, share in ours.items()}
    paper_at_most = {task: TABLE[task] is not None for task in ours}
    agreement, pairs = order_agreement(ours, TABLE)
    values = {
        "order_agreement": agreement,
        "agree_at_most_data": sum(at_most[task] == paper_at_most[task] for task in ours) / len(ours),
        "null_at_most_data": max(sum(paper_at_most.values()), len(ours) - sum(paper_at_most.values()))
        / len(ours),
        "pairs": pairs,
    }
    rows = [
        {"task": task, "groks from": share, "paper, p = 97": TABLE[task]}
        | {
            f"{run.experiment.fraction:g}": best_accuracy([run])
            for run in evidence["table"]
            if run.point["expression"] == task
        }
        for task, share in ours.items()
    ]
    return ClaimResult(values, (_agreement_panel(values, ("order_agreement", "agree_at_most_data")),), rows)


# Table 1 ----------------------------------------------------------------------------------------------------


def plan_transfer(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan every expression of Table 1 at every share, with and without parts of the three operations."""
    small = budget == "tiny"
    tasks = tuple(TRANSFER)[:2] if small else tuple(TRANSFER)
    alone = scratch(budget, tasks)
    share, steps = SIZES[budget].fraction, LONG[budget]
    operations = {"+": SUM, "*": TIMES, "-": DIFFERENCE}
    groups = {
        name: of_own_seed(budget, group(budget, task, fraction=share, steps=steps))
        for name, task in operations.items()
    }
    groups["scratch"] = alone
    for column in COLUMNS[:2] if small else COLUMNS:
        embedding, body = (column[5] if column[3] == part else None for part in "ET")
        groups[column] = replace(alone, embedding_from=embedding, body_from=body)
    return groups


def measure_transfer(evidence: Evidence) -> ClaimResult:
    """Compare, cell by cell, whether a part of another network helps, harms or changes nothing."""
    columns = [name for name in COLUMNS if name in evidence.groups]
    alone = least_shares(evidence["scratch"])
    with_part = {column: least_shares(evidence[column]) for column in columns}
    agreed, effects = 0, []
    rows: list[dict[str, Any]] = []
    for task, share in alone.items():
        printed = dict(zip(COLUMNS, TRANSFER[task], strict=False))
        row: dict[str, Any] = {"task": task, "alone": share, "alone, paper": TRANSFER[task][-1]}
        for column in columns:
            ours, theirs = effect(with_part[column][task], share), effect(printed[column], TRANSFER[task][-1])
            agreed += ours == theirs
            effects.append(theirs)
            row |= {column: with_part[column][task], f"{column}, paper": printed[column]}
        rows.append(row)
    values = {
        "upstream_grokked": sum(
            run.row.grokked_at is not None for name in ("+", "*", "-") for run in evidence[name]
        ),
        "agreement": agreed / len(effects),
        "null": max(effects.count(each) for each in set(effects)) / len(effects),
        "over_null": agreed / len(effects) - max(effects.count(each) for each in set(effects)) / len(effects),
        "cells": len(effects),
    }
    return ClaimResult(values, (_agreement_panel(values, ("agreement", "null")),), rows)


def _agreement_panel(values: Mapping[str, float | int | None], names: Sequence[str]) -> Panel:
    marks = [Point(name.replace("_", " "), values[name]) for name in names]
    words = ", ".join(f"{mark.name} {mark.value:.0%}" for mark in marks if mark.value is not None)
    cell = points(marks, f"Agreement with the printed table: {words}.", percent=True)
    return single("agreement", "Agreement with the paper's table", "Cells or pairs that agree.", cell, 12)


ONE = (
    LAPTOP[0],
    "Shares of 30, 50, 70 and 90%, not 30 to 90% in tenths.",
    LAPTOP[2],
    "At most 3,600 steps, not 300,000: a run that has not grokked by then counts as one that does not.",
    "One seed, not three.",
)

CLAIMS = (
    Claim(
        "furuta2024/tableA5-whole",
        "Table A.5",
        "Which of two expressions needs more of the pairs is the same here as in the table, for most pairs "
        "of its rows; and from 90% the same rows grok.",
        plan_expressions,
        measure_expressions,
        (
            Expected("order_agreement", "Table A.5's order; 0.5 by chance", low=0.75),
            Expected(
                "agree_at_most_data",
                "25 of 27 rows grok from 90% (Table A.5): 26 rows agree at least, where 'all grok' gives 25",
                low=26 / 27,
                absence=True,
            ),
        ),
        {"tiny": TINY, "laptop": ONE},
    ),
    Claim(
        "furuta2024/table1-whole",
        "Table 1",
        "Whether the embedding or the attention and MLP of an operation help, harm or change nothing is the "
        "same here as in the table, for most of its 96 cells.",
        plan_transfer,
        measure_transfer,
        (
            Expected("upstream_grokked", "the three operations grok", low=3),
            Expected(
                "over_null",
                "Table 1: 10 points more cells than the table's most common effect gives",
                low=0.1,
            ),
        ),
        {"tiny": TINY, "laptop": (*ONE, "The three operations from 70% of the pairs.")},
    ),
)
