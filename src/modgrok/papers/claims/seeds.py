"""A claim over seeds: its numbers of each, and the statistic that decides.

Owns: how runs are parted by their seed, the median, and the table of runs that is kept beside the result.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...reports.charts.seeds import panels_of_seeds
from ...tasks.null import LEAKAGE
from .budget import BudgetName
from .claim import Claim, ClaimResult, Number
from .evidence import Evidence, RunData


def measure_claim(
    claim: Claim, budget: BudgetName, evidence: Evidence
) -> tuple[ClaimResult, dict[str, tuple[Number, ...]]]:
    """Measure a claim: at the budget `desktop` seed by seed, otherwise all runs together.

    Returns:
        (numbers, the median over seeds at `desktop`, with a figure in which the seeds are bands; name -> the
        number of each seed, empty at the other budgets).
    """
    seeds = sorted({run.experiment.seed for runs in evidence.groups.values() for run in runs})
    if budget != "desktop" or not seeds:
        return claim.measure(evidence), {}
    each = [claim.measure(of_seed(evidence, seed)) for seed in seeds]
    values = {name: tuple(result.values[name] for result in each) for name in each[0].values}
    rows = [
        {"seed": seed, **{name: value for name, value in row.items() if name != "seed"}}
        for seed, result in zip(seeds, each, strict=True)
        for row in result.rows
    ]
    panels = panels_of_seeds([result.panels for result in each])
    medians = medians_of_seeds(claim, budget, values)
    return replace(each[0], values=medians, panels=panels, rows=rows), values


def medians_of_seeds(
    claim: Claim, budget: BudgetName, seed_values: Mapping[str, Sequence[Number]]
) -> dict[str, Number]:
    """Return the median of each number; one that a seed lacks counts on the side that the claim must avoid.

    Arguments:
        claim: says which numbers have a bound from below alone.
        budget: at which it is judged.
        seed_values: name -> number of each seed.
    """
    least = {expected.name for expected in claim.judged(budget) if math.isinf(expected.high)}
    return {name: median(numbers, missing_last=name not in least) for name, numbers in seed_values.items()}


def of_seed(evidence: Evidence, seed: int) -> Evidence:
    """Return the runs of one seed, in the groups that they have."""
    groups = {
        name: tuple(run for run in runs if run.experiment.seed == seed)
        for name, runs in evidence.groups.items()
    }
    return Evidence(evidence.budget, groups)


def median(numbers: Sequence[Number], *, missing_last: bool = True) -> Number:
    """Return the median; a number that is missing, a step that never came, counts as the largest.

    Arguments:
        numbers: one of each seed.
        missing_last: False counts it as the smallest.

    Example:
        >>> median([3, 1, 2]), median([40, None, 60]), median([None, 7, None])
        (2, 60, None)
        >>> median([0.2, None, 0.4], missing_last=False)
        0.2
    """
    known = sorted(number for number in numbers if number is not None and not math.isnan(number))
    absent: list[Number] = [None] * (len(numbers) - len(known))
    ordered: list[Number] = [*known, *absent] if missing_last else [*absent, *known]
    middle = len(ordered) // 2
    low, high = ordered[(len(ordered) - 1) // 2], ordered[middle]
    if low is None or high is None:
        return None
    return high if low == high else (low + high) / 2


def run_table(groups: Mapping[str, Sequence[RunData]]) -> tuple[dict[str, Any], ...]:
    """List every run once: what it was, when it memorised and grokked, how it ended, and at what cost."""
    rows: dict[str, dict[str, Any]] = {}
    for name, runs in groups.items():
        for run in runs:
            rows.setdefault(run.row.id, {"group": name, "run": run.row.id, **_run_row(run)})
    return tuple(rows.values())


def _run_row(run: RunData) -> dict[str, Any]:
    experiment, row = run.experiment, run.row
    return {
        "task": experiment.name,
        "p": experiment.task.p,
        "learner": experiment.learner.kind,
        "fraction": experiment.fraction,
        "orbits": experiment.orbits,
        "corruption": experiment.corruption,
        "seed": experiment.seed,
        "steps": row.step,
        "memorised_at": row.memorised_at,
        "grokked_at": row.grokked_at,
        "train_accuracy": run.last("train_accuracy"),
        "test_accuracy": run.last("test_accuracy"),
        "best_test_accuracy": float(run.curve("test_accuracy").max()),
        "majority": row.context.get("majority"),
        **{name: row.context.get(name) for name in LEAKAGE},
        "seconds": round(row.seconds, 1),
    }
