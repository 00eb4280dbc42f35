"""`decide` against what is learned: tasks with a form and without, under each learner.

Owns: the claim on the hypotheses of Doshi et al. 2024.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...reports.charts.claim_charts import single, table_map
from ...runs.schedule import GROKKED
from ..claims.budget import BudgetName
from ..claims.claim import Claim, ClaimResult, Expected, Number
from ..claims.evidence import Evidence
from ..claims.plan import RunGroup
from .setup import (
    CONTENDERS,
    DEVIATIONS,
    FRACTION,
    MLP,
    RFM,
    SMALL_SET,
    TRANSFORMER,
    WITH_FORM,
    WITHOUT,
    best_accuracy,
    runs_of,
    verdict_of,
)


@dataclass(frozen=True)
class TaskOutcome:
    """One polynomial under each learner.

    Arguments:
        task: expression.
        form: as `decide` says.
        has_form: whether there is a witness of it.
        majority: share of the most frequent value.
        accuracies: learner's name -> best test accuracy, of those that learn it.
    """

    task: str
    form: str
    has_form: bool
    majority: float
    accuracies: dict[str, float] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """Return the row of the printed table."""
        learners = {contender.title: self.accuracies.get(contender.name) for contender in CONTENDERS}
        return {"task": self.task, "form": self.form, "majority": self.majority, **learners}


def plan_hypothesis(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan thirty polynomials under the quick learners, few under the transformer."""
    tasks = SMALL_SET if budget == "tiny" else (*WITH_FORM, *WITHOUT)
    return {
        MLP.name: runs_of(budget, MLP, tasks, early_stop=False),
        RFM.name: runs_of(budget, RFM, tasks, early_stop=False),
        TRANSFORMER.name: runs_of(budget, TRANSFORMER, SMALL_SET, early_stop=False),
    }


def outcomes_of(evidence: Evidence) -> list[TaskOutcome]:
    """Read what each learner made of each polynomial; those with a form first."""
    known: dict[str, TaskOutcome] = {}
    for contender in CONTENDERS:
        for run in evidence[contender.name]:
            text, task = str(run.point["expression"]), run.task
            verdict = verdict_of(text, task.p)
            has_form = verdict.witness is not None
            outcome = known.setdefault(text, TaskOutcome(text, verdict.form, has_form, task.majority_share))
            outcome.accuracies[contender.name] = best_accuracy(run)
    return sorted(known.values(), key=lambda outcome: outcome.form == "neither")


def learned_share(outcomes: list[TaskOutcome], learner: str, has_form: bool) -> float:
    """Return the share of the tasks with a form, or without, that a learner learns; 0 if it has none."""
    chosen = [o.accuracies[learner] for o in outcomes if o.has_form == has_form and learner in o.accuracies]
    return float(np.mean([accuracy >= GROKKED for accuracy in chosen] or [False]))


def measure_hypothesis(evidence: Evidence) -> ClaimResult:
    """Count, of the tasks with a form and without, those that each learner learns."""
    outcomes = outcomes_of(evidence)
    values: dict[str, Number] = {"tasks": len(outcomes)}
    for name in (contender.name for contender in CONTENDERS):
        values[f"{name}_with_form"] = learned_share(outcomes, name, True)
        values[f"{name}_without"] = learned_share(outcomes, name, False)
    cells = [
        (contender.title, outcome.task, outcome.accuracies[contender.name])
        for outcome in outcomes
        for contender in CONTENDERS
        if contender.name in outcome.accuracies
    ]
    text_of_tasks = "; ".join(
        f"{o.task} ({'neither form' if o.form == 'neither' else o.form}): MLP {o.accuracies[MLP.name]:.0%}"
        for o in outcomes
    )
    caption = (
        f"Best test accuracy, in per cent, from {FRACTION[evidence.budget]:.0%} of the pairs. Tasks with a "
        "form h(g1(x) + g2(y)) or h(g1(x) g2(y)) above, those proven to have neither below. "
        + text_of_tasks
        + "."
    )
    panel = single(
        "outcomes", "What is learned", caption, table_map(cells, "test_accuracy", "learner", "task"), 8
    )
    return ClaimResult(values, (panel,), [outcome.row() for outcome in outcomes])


CLAIMS = (
    Claim(
        "crosscut/hypothesis",
        "Doshi et al. 2024, Hypotheses 5.1 and 5.2",
        "A polynomial is learned to 100% if and only if it has the form h(g1(x) + g2(y)) or "
        "h(g1(x) g2(y)), which is decided beforehand without training.",
        plan_hypothesis,
        measure_hypothesis,
        (
            Expected("mlp_with_form", "all (Hypothesis 5.1)", low=1.0),
            Expected("mlp_without", "none (Hypothesis 5.1)", high=0.0, absence=True),
            Expected("rfm_without", "none (Hypothesis 5.2)", high=0.0, absence=True),
            Expected("transformer_without", "none (Hypothesis 5.2)", high=0.0, absence=True),
            Expected("transformer_with_form", "all (Hypothesis 5.2)", low=1.0),
            Expected("rfm_with_form", "all, were kernels included", low=1.0, essential=False),
        ),
        {
            **DEVIATIONS,
            "laptop": (
                *DEVIATIONS["laptop"],
                "The transformer is trained on six of the thirty polynomials.",
                "Weight decay 1 of the MLP was chosen on five of the thirty, after 5 had been too strong at "
                "this size; it is the same for those with a form and those without.",
            ),
        },
    ),
)
