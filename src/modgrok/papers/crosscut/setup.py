"""What the comparisons share: learners at comparable sizes, tasks with a form and without, and how they end.

Owns: the settings and lists. What is compared is in the module of each claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ...analytic import Construction, construct
from ...decide import Verdict, decide_table
from ...tasks import Task, task_from_text
from ..claims import tiny
from ..claims.budget import BudgetName
from ..claims.evidence import RunData
from ..claims.plan import RunGroup

MODULUS: Mapping[BudgetName, int] = {"tiny": tiny.P, "laptop": 31, "paper": 47}
FRACTION: Mapping[BudgetName, float] = {"tiny": tiny.FRACTION, "laptop": 0.8, "paper": 0.8}


@dataclass(frozen=True)
class Contender:
    """A learner as it enters the comparisons.

    Arguments:
        name: of its group of runs and of its numbers.
        title: in tables and figures.
        settings: fields of `train`.
        small: those of the tiny budget beside them.
        steps: budget -> steps.
    """

    name: str
    title: str
    settings: Mapping[str, Any]
    small: Mapping[str, Any]
    steps: Mapping[BudgetName, int]


MLP = Contender(
    "mlp",
    "MLP",
    {
        "learner": "mlp",
        "parametrisation": "doshi",
        "optimiser": "adamw",
        "lr": 0.01,
        "weight_decay": 1.0,
        "width": 256,
    },
    {"width": tiny.WIDTH},
    {"tiny": tiny.STEPS, "laptop": 1000, "paper": 10_000},
)
"""Two-layer network of z^2 with AdamW (Doshi et al. 2023)."""
TRANSFORMER = Contender(
    "transformer",
    "transformer",
    {"learner": "transformer", "lr": 0.003},
    {"d_model": 16, "d_mlp": 64},
    {"tiny": 12, "laptop": 1200, "paper": 40_000},
)
"""One-layer transformer with AdamW (Furuta et al. 2024, three times its rate)."""
RFM = Contender("rfm", "RFM", {"learner": "rfm"}, {}, {"tiny": tiny.ITERATIONS, "laptop": 25, "paper": 50})
"""Quadratic kernel (Mallinar et al. 2024)."""
CONTENDERS = (MLP, TRANSFORMER, RFM)

DEVIATIONS: Mapping[BudgetName, tuple[str, ...]] = {
    "tiny": (tiny.TINY_DEVIATION,),
    "laptop": (
        "p = 31; the papers have 59 to 97.",
        "One seed. At most 1,000 steps of the MLP, 1,200 of the transformer, 25 iterations of the RFM.",
    ),
    "paper": ("p = 47, one seed.",),
}

WITH_FORM = (
    "x + y",
    "x*y",
    "x^2 + y^2",
    "(x + y)^2",
    "x - y",
    "2x + 3y",
    "x*y + x + y",
    "x*y + y",
    "x^2 - y",
    "(x + y)^3",
    "x^3 + y^3",
    "x^3 + 2y",
    "x^2*y",
    "(2x + 3y)^2",
    "(4x + y^2)^3",
)
WITHOUT = (
    "x^2 + x*y + y^2",
    "x^3 + x*y",
    "x^2 + x*y",
    "x^2 + x*y + y^2 + x",
    "x^3 + x*y^2 + y",
    "(x + y)^3 + x*y",
    "x^2*y + x*y^2",
    "x^2*y + x + y",
    "x^3 + x*y^2",
    "(4x + y^2)^3 + x*y",
    "(2x + 3y)^4 - x^2",
    "(x + y)^2 + x*y",
    "x^2 + 3x*y + 2y^2",
    "x^3 + y^2 + x*y",
    "(5x^3 + 2y^4)^2 - y",
)
"""Polynomials that `decide` finds to have neither form at p = 31; this is measured again, not assumed."""
SMALL_SET = (*WITH_FORM[:4], *WITHOUT[:2])
"""The polynomials for all learners, the transformer too."""


def runs_of(
    budget: BudgetName,
    contender: Contender,
    tasks: Sequence[str],
    fractions: Sequence[float] | None = None,
    **options: bool,
) -> RunGroup:
    """Plan a learner on tasks, at one share of the inputs or several; options are fields of `train`."""
    base = {
        **contender.settings,
        **(contender.small if budget == "tiny" else {}),
        "p": MODULUS[budget],
        "steps": contender.steps[budget],
        "seed": 0,
        **options,
    }
    return RunGroup(base, {"expression": list(tasks), "fraction": list(fractions or (FRACTION[budget],))})


def best_accuracy(run: RunData) -> float:
    """Return the best test accuracy along a run."""
    return float(run.curve("test_accuracy").max())


@cache
def verdict_of(text: str, p: int) -> Verdict:
    """Decide a task."""
    return decide_table(task_from_text(text, p).table, p)


def closed_form(task: Task) -> Construction | None:
    """Write a task's network down; None if it has no form."""
    verdict = decide_table(task.table, task.p)
    return None if verdict.witness is None else construct(task.table, task.p, verdict.witness)
