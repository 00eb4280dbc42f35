"""One table: every learner on the same tasks, and the closed form, by the same measures.

Owns: the claim on the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...measures.circuit.logit_parts import SumLogits
from ...measures.circuit.task_grid import task_grids
from ...models.kernel_machine import KernelMachine
from ...reports.charts.claim_charts import single, table_map
from ...runs.schedule import GROKKED
from ...tasks import Task
from ..claims.budget import BudgetName
from ..claims.claim import Claim, ClaimResult, Expected, Number
from ..claims.evidence import Evidence
from ..claims.plan import RunGroup
from .setup import (
    CONTENDERS,
    DEVIATIONS,
    MLP,
    SMALL_SET,
    WITH_FORM,
    WITHOUT,
    best_accuracy,
    closed_form,
    runs_of,
)

CLOSED = "closed form"


@dataclass(frozen=True)
class LearnerOutcome:
    """What one learner, or the closed form, made of a task.

    Arguments:
        name: of the learner in the claim's numbers.
        title: of the learner in the table.
        task: expression.
        accuracy: the best on test inputs; of the closed form on all.
        grokked_at: step; None if never.
        sum_share: of the logits' variance, see `sum_share`.
        frequencies: see `frequency_number`.
    """

    name: str
    title: str
    task: str
    accuracy: float
    grokked_at: int | None
    sum_share: float
    frequencies: float

    def row(self) -> dict[str, Any]:
        """Return the row of the printed table."""
        return {
            "task": self.task,
            "learner": self.title,
            "accuracy": self.accuracy,
            "grokked at": self.grokked_at,
            "share of the sum": self.sum_share,
            "frequencies": self.frequencies,
        }


def plan_table(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan the few tasks under the three trained learners, to their last step: logits settle late."""
    return {
        contender.name: runs_of(budget, contender, SMALL_SET, early_stop=False) for contender in CONTENDERS
    }


def sum_logits(network: Any, task: Task) -> SumLogits:
    """Read a network's logits at every pair, each pair's mean over classes taken off: softmax ignores it."""
    (at,) = task_grids(task)
    with jax.enable_x64(isinstance(network, KernelMachine)):
        logits = np.asarray(network(jnp.asarray(at.grid.inputs)), np.float64)
    return SumLogits(logits - logits.mean(axis=1, keepdims=True), at.grid)


def sum_share(logits: SumLogits) -> float:
    """Return the share of the logits' variance that depends on g_1(x) + g_2(y) alone, in [0, 1]."""
    spread = logits.logits - logits.logits.mean(axis=0)
    total = float(np.sum(spread**2))
    return 1 - float(np.sum(logits.residual**2)) / total if total else 0.0


def frequency_number(logits: SumLogits) -> float:
    """Return (sum P)^2 / sum P^2 over the powers P of frequencies in that sum: how many equal ones it has."""
    power = np.sum(np.abs(logits.transform[1:]) ** 2, axis=1)
    squares = float(np.sum(power**2))
    return float(power.sum()) ** 2 / squares if squares else 0.0


def measure_table(evidence: Evidence) -> ClaimResult:
    """Measure every learner on every task, and the closed form as well."""
    outcomes: list[LearnerOutcome] = []
    for place, text in enumerate(SMALL_SET):
        task = evidence[MLP.name][place].task
        for contender in CONTENDERS:
            run = evidence[contender.name][place]
            accuracy, grokked_at = best_accuracy(run), run.row.grokked_at
            names = contender.name, contender.title
            outcomes.append(_outcome(*names, text, task, accuracy, grokked_at, run.network()))
        construction = closed_form(task)
        if construction is not None:
            accuracy = construction.report.accuracy
            outcomes.append(_outcome("closed_form", CLOSED, text, task, accuracy, 0, construction.network))
    inside = [outcome for outcome in outcomes if outcome.task in WITH_FORM]
    outside = [outcome for outcome in outcomes if outcome.task in WITHOUT]
    values: dict[str, Number] = {
        **{
            f"least_accuracy_{name}": min(outcome.accuracy for outcome in inside if outcome.name == name)
            for name in ("mlp", "closed_form", "transformer", "rfm")
        },
        "least_sum_share": min(outcome.sum_share for outcome in inside),
        "most_accuracy_without": max(outcome.accuracy for outcome in outside),
    }
    accuracies = table_map(
        [(o.title, o.task, o.accuracy) for o in outcomes], "test_accuracy", "learner", "task"
    )
    share = table_map([(o.title, o.task, o.sum_share) for o in outcomes], "share_accuracy", "learner", "task")
    panels = (
        single(
            "test_accuracy",
            "Accuracy",
            "Best accuracy on test inputs, in per cent; for the closed form, accuracy on all inputs.",
            accuracies,
            6,
        ),
        single(
            "share_accuracy",
            "Logits that depend on the sum alone",
            "Share of the variance of the logits over all pairs, in per cent, that is a function of "
            "g1(x) + g2(y); for a task without a form, of x + y.",
            share,
            6,
        ),
    )
    return ClaimResult(values, panels, [outcome.row() for outcome in outcomes])


def _outcome(
    name: str,
    title: str,
    text: str,
    task: Task,
    accuracy: float,
    grokked_at: int | None,
    network: Any,
) -> LearnerOutcome:
    logits = sum_logits(network, task)
    return LearnerOutcome(
        name, title, text, accuracy, grokked_at, sum_share(logits), frequency_number(logits)
    )


CLAIMS = (
    Claim(
        "crosscut/table",
        "our own comparison",
        "Every model of a task with a form, trained by gradients, fitted by kernels or written in closed "
        "form, has logits that are mostly a function of g1(x) + g2(y); no model learns a task without a "
        "form.",
        plan_table,
        measure_table,
        (
            Expected("least_accuracy_mlp", "100% where there is a form (Hypothesis 5.1)", low=GROKKED),
            Expected("least_accuracy_closed_form", "100%, written down", low=1.0),
            Expected("least_sum_share", "most of the variance: half, a bound of ours", low=0.5),
            Expected("most_accuracy_without", "below 100% (Hypothesis 5.2)", high=GROKKED, absence=True),
            Expected("least_accuracy_transformer", "100%, a bound of ours", low=GROKKED, essential=False),
            Expected("least_accuracy_rfm", "100%, a bound of ours", low=GROKKED, essential=False),
        ),
        {
            **DEVIATIONS,
            "laptop": (
                *DEVIATIONS["laptop"],
                "80% of the pairs are used for training, so most test pairs of a symmetric polynomial have "
                "their swap in training: a network may be right on those without a form.",
            ),
        },
    ),
)
