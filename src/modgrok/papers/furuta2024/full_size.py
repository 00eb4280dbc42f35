"""Furuta et al. 2024 at the paper's modulus: does a task grok from the share from which it does there?

Owns: these runs mod 97, which the other claims replace by runs mod 37. At the budget `desktop` each has one
seed and as many steps as two cores make in about 90 minutes. Smaller budgets check the machinery: what they
find mod 37 leaves the sentences open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...runs.schedule import GROKKED
from ...tasks.symmetry import generators_of
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence
from ..claims.plan import RunGroup
from .elementary import NAMES
from .fractions import CUBIC, PRODUCT, QUADRATIC, SUM, null_of
from .runs import LAPTOP, LONG, TINY, accuracy_panel, best_accuracy, every, group, last_grokking
from .scales import STEPS_97

Named = tuple[tuple[str, str], ...]
"""(name in values, task)."""


def plan_of(tasks: Named, fraction: float, **options: Any) -> Callable[[BudgetName], Mapping[str, RunGroup]]:
    """Return the plan of tasks at the paper's smallest share; mod 37 at three quarters of the pairs or more.

    Arguments:
        tasks: one run a seed each.
        fraction: from which the paper's networks grok.
        options: fields of `train`.
    """
    shares = {"laptop": max(0.75, fraction), "paper": fraction}

    def plan(budget: BudgetName) -> Mapping[str, RunGroup]:
        at = {"fraction": shares[budget]} if budget in shares else {}
        return {
            name: group(
                budget, task, seeds=3 if budget == "paper" else 1, steps=LONG[budget], **at, **options
            )
            for name, task in tasks
        }

    return plan


def measure(evidence: Evidence) -> ClaimResult:
    """Find the best test accuracy of each task and what knowing its symmetries gives."""
    values: dict[str, float | None] = {"modulus": every(evidence)[0].task.p}
    rows: list[dict[str, Any]] = []
    for name, runs in evidence.groups.items():
        values[f"accuracy_{name}"] = best_accuracy(runs)
        values[f"over_null_{name}"] = min(run.last("test_accuracy") - null_of(run) for run in runs)
        rows += [
            {"task": run.experiment.name, "seed": run.experiment.seed, "fraction": run.experiment.fraction}
            | {"training pairs": len(run.split.train), "steps": run.row.step}
            | {"best test accuracy": best_accuracy([run]), "orbit null": null_of(run)}
            | {"majority": run.task.majority_share, "grokked at": last_grokking([run])}
            for run in runs
        ]
    curves = [(run.experiment.name, run) for run in every(evidence)]
    symmetric = {run.experiment.name: null_of(run) for run in every(evidence) if generators_of(run.task)}
    return ClaimResult(values, (accuracy_panel(curves, span=12, nulls=symmetric),), rows)


def _claim(
    name: str,
    source: str,
    sentence: str,
    printed: str,
    tasks: Named,
    fraction: float,
    **options: Any,
) -> Claim:
    expected = (
        *(Expected(f"accuracy_{key}", printed, low=GROKKED) for key, _ in tasks),
        Expected("modulus", "97: other moduli decide nothing", 97, 97),
    )
    steps = STEPS_97[f"{name}-97"]
    return Claim(
        f"furuta2024/{name}-97",
        source,
        sentence,
        plan_of(tasks, fraction, **options),
        measure,
        expected,
        {
            "tiny": TINY,
            "laptop": (
                LAPTOP[0],
                f"{max(0.75, fraction):.0%} of the pairs are used for training, not {fraction:.0%}.",
                LAPTOP[2],
                "At most 3,600 steps, not 300,000.",
                "One seed, not three.",
            ),
            "desktop": (
                f"At most {steps:,} steps, not 300,000: a run that has not grokked by then decides nothing.",
            ),
        },
    )


CLAIMS = (
    _claim(
        "fig3",
        "Fig. 3, Table A.5",
        "Mod 97 addition, subtraction and multiplication grok from 30% of the pairs.",
        "100% from r = 0.3 on (Table A.5)",
        NAMES,
        0.3,
    ),
    _claim(
        "tableA5-shifted-product",
        "Table A.5",
        "Mod 97 ab + b groks from half of the pairs.",
        "100% from r = 0.5 on (Table A.5)",
        (("product", PRODUCT),),
        0.5,
    ),
    _claim(
        "tableA5-quadratic",
        "Table A.5, against Hypothesis 5.2 of Doshi et al. 2024",
        "Mod 97 a^2 + ab + b^2 groks from 80% of the pairs, although it has neither form of Hypothesis 5.2.",
        "100% from r = 0.8 on (Table A.5); knowing the swap gives 80%",
        (("plain", QUADRATIC),),
        0.8,
    ),
    _claim(
        "leakage-quadratic",
        "beyond the paper: a control of Table A.5",
        "Mod 97 a^2 + ab + b^2 groks from 80% of the pairs also where (a, b) and (b, a) are on the same side "
        "of the split: its 100% in Table A.5 is not due to swaps.",
        "100% (Table A.5), if it is not leakage; knowing the swap gives 2%",
        (("swap", QUADRATIC),),
        0.8,
        orbits="swap",
    ),
    _claim(
        "tableA5-cubic",
        "Table A.5, against Hypothesis 5.2 of Doshi et al. 2024",
        "Mod 97 a^3 + ab groks from 90% of the pairs, although it has neither form of Hypothesis 5.2.",
        "100% at r = 0.9 (Table A.5; not mod 59 and 113, Fig. A.22)",
        (("cubic", CUBIC),),
        0.9,
    ),
    _claim(
        "figA13",
        "Fig. A.13, App. F",
        "Mod 97 addition groks from 30% of the pairs with a random embedding that is not trained.",
        "groks (Fig. A.13)",
        (("sum", SUM),),
        0.3,
        freeze_embedding=True,
    ),
)
