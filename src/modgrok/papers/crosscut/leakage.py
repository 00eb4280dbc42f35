"""What splits give away of symmetric tasks: twelve tasks, counted without training.

Owns: that claim. The null is `tasks.null`.
"""

from __future__ import annotations

import numpy as np

from ...runs import Experiment
from ...runs.splits import split_of
from ...tasks.null import orbit_null
from ..claims.budget import BudgetName
from ..claims.claim import Claim, ClaimResult, Expected
from ..claims.evidence import Evidence
from ..claims.formulas import at_every_budget, formula_result
from ..claims.plan import no_runs

SYMMETRIC = ("x + y", "x*y", "x^2 + y^2", "x^2 + x*y + y^2", "(x + y)^2", "x^3 + y^3", "x^2*y + x*y^2")
HALF, SEEDS = 0.5, 3
LARGE: tuple[BudgetName, ...] = ("laptop", "paper")


def measure_null(evidence: Evidence) -> ClaimResult:
    """Count what knowing the swap answers, from half of the inputs, on plain and on swap splits."""
    p = 7 if evidence.budget == "tiny" else 37
    rows = []
    for text in SYMMETRIC:
        row: dict[str, float | str] = {"task": text}
        for orbits in ("none", "swap"):
            runs = [
                Experiment.of(text, p=p, fraction=HALF, seed=seed, orbits=orbits) for seed in range(SEEDS)
            ]
            task = runs[0].build_task()
            row[orbits] = float(np.mean([orbit_null(task, split_of(run, task)).accuracy for run in runs]))
        rows.append(row)
    plain = [float(row["none"]) for row in rows]
    swap = [float(row["swap"]) for row in rows]
    values = {"plain_least": min(plain), "plain_most": max(plain), "swap_most": max(swap)}
    return formula_result(
        values,
        {"plain_least": (0.45, 0.6), "plain_most": (0.45, 0.6), "swap_most": (0.0, 0.2)},
        "Accuracy from knowing the swap",
        f"Test accuracy of the orbit null, half of the inputs mod {p}; means of {SEEDS} splits.",
        rows=rows,
    )


CLAIMS = (
    Claim(
        "crosscut/leakage",
        "our own count; bears on all papers",
        "With half of the inputs for training, knowing that the operands can be exchanged answers half of "
        "the test inputs of a symmetric task, without any arithmetic; on splits that keep swapped pairs "
        "together, it answers next to none.",
        no_runs,
        measure_null,
        (
            Expected("plain_least", "about the fraction: 50%, to 5 points below", low=0.45, budgets=LARGE),
            Expected("plain_most", "about the fraction: 50%, to 10 points above", high=0.6, budgets=LARGE),
            Expected("swap_most", "the most common label: at most 20%", high=0.2, budgets=LARGE),
            Expected("plain_least", "more than on swap splits", low=0.2, budgets=("tiny",)),
        ),
        at_every_budget("counted on the splits; nothing is trained"),
        certain="a random half of the pairs holds half of the swaps",
    ),
)
