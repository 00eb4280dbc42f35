"""The control of claims on symmetric tasks: the same training on splits that keep (x, y) and (y, x) together.

Owns: how such a claim is made of a paper's own settings. A part r of all pairs, drawn at random, holds
1 - (1 - r)^2 of the unordered ones; the control trains on that part of them, so that it has no fewer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ...reports.charts.claim_charts import LINES, Line, Panel, single, step_lines
from ...tasks.null import orbit_null
from .budget import BudgetName
from .claim import Claim, ClaimResult, Expected
from .evidence import Evidence, RunData
from .plan import RunGroup

SWAP = "swap"
"""How a swap split is named among `tasks.symmetry.ORBITS`."""
LARGER = "The part that trains is 1 - (1 - r)^2, where plain splits have r: it holds as many unordered pairs."


def equal_pairs(fraction: float) -> float:
    """Return the fraction of a swap split that holds as many unordered pairs as a plain one.

    Arguments:
        fraction: of the plain split, 0 to 1.

    Example:
        >>> equal_pairs(0.5), equal_pairs(0.3)
        (0.75, 0.51)
    """
    return round(1 - (1 - fraction) ** 2, 2)


def on_swap_split(base: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a run with a plain split on a swap split of as many unordered pairs."""
    return {**base, "orbits": SWAP, "fraction": equal_pairs(base["fraction"])}


def swap_control(
    claim: str,
    source: str,
    plan: Callable[[BudgetName], Mapping[str, RunGroup]],
    tasks: Mapping[str, str],
    least: float,
    deviations: Mapping[BudgetName, tuple[str, ...]],
    columns: Callable[[RunData], Mapping[str, Any]] = lambda run: {},
) -> Claim:
    """Make the control of a paper's claims on symmetric tasks.

    Arguments:
        claim: id.
        source: what it controls, in words.
        plan: the runs on plain splits; every group names its fraction in its base.
        tasks: expression -> ending of its numbers' names.
        least: test accuracy from which on a task is learned, as the claims on plain splits have it.
        deviations: budget -> how the runs differ from the paper's, but for the split.
        columns: more of a run's row in the table.
    """

    def swapped(budget: BudgetName) -> Mapping[str, RunGroup]:
        return {name: replace(group, base=on_swap_split(group.base)) for name, group in plan(budget).items()}

    be = "are" if len(tasks) > 1 else "is"
    names = (
        " and ".join([", ".join(list(tasks)[:-1]), list(tasks)[-1]]) if len(tasks) > 1 else next(iter(tasks))
    )
    return Claim(
        claim,
        f"beyond the paper: a control of {source}",
        f"{names} {be} learned, and not only copied along the swap of operands: "
        "held-out pairs are answered as well on splits that never part (x, y) from (y, x).",
        swapped,
        partial(measure_swap, tasks=tasks, columns=columns),
        (
            *(
                Expected(
                    f"test_accuracy_{ending}",
                    f"as on plain splits with as many unordered pairs (predicted): {least:.4g}",
                    low=least,
                    budgets=("laptop", "paper"),
                )
                for ending in tasks.values()
            ),
            Expected("null_most", "what is left to copy (predicted): at most 20%", high=0.2, essential=False),
        ),
        {budget: (*words, LARGER) for budget, words in deviations.items()},
    )


def measure_swap(
    evidence: Evidence, tasks: Mapping[str, str], columns: Callable[[RunData], Mapping[str, Any]]
) -> ClaimResult:
    """Compare the test accuracy of every task with the orbit null of its own split."""
    every = [run for runs in evidence.groups.values() for run in runs]
    accuracies: dict[str, list[float]] = {ending: [] for ending in tasks.values()}
    rows: list[dict[str, Any]] = []
    for run in every:
        accuracy, null = run.last("test_accuracy"), orbit_null(run.task, run.split).accuracy
        accuracies[tasks[run.point["expression"]]].append(accuracy)
        rows.append(
            {"task": run.experiment.name, "learner": run.experiment.learner.kind}
            | {"fraction": run.experiment.fraction, "seed": run.experiment.seed}
            | {"test accuracy": accuracy, "orbit null": null, "over the null": accuracy - null}
            | {"best along the way": float(run.curve("test_accuracy").max()), **columns(run)}
        )
    values = {f"test_accuracy_{ending}": min(each) for ending, each in accuracies.items() if each}
    values["null_most"] = max(row["orbit null"] for row in rows)
    return ClaimResult(values, (_panel(every),), rows)


def _panel(runs: list[RunData]) -> Panel:
    lines = [
        Line(run.experiment.name, run.steps, run.curve("test_accuracy"), LINES[i % len(LINES)])
        for i, run in enumerate(runs)
    ]
    null = max(orbit_null(run.task, run.split).accuracy for run in runs)
    ends = ", ".join(f"{run.experiment.name} {run.last('test_accuracy'):.1%}" for run in runs)
    text = f"Test accuracy on swap splits; at the end: {ends}."
    caption = f"Dotted: the largest orbit null of these splits, {null:.1%}."
    return single("swap", "On swap splits", caption, step_lines(lines, text, percent=True, level=null), 12)
