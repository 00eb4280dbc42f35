"""Furuta et al. 2024: several tasks in one network.

Owns: claims of Fig. 10 and 11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...measures.logits.rows import rows_of_network
from ...reports.charts.claim_charts import Line, Panel, single, step_lines
from ...runs.schedule import GROKKED
from ...tasks import Split, Task
from ...tasks.null import orbit_null
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup
from .fractions import null_of
from .runs import LAPTOP, SIZES, TINY, accuracy_panel, best_accuracy, group
from .transfer import DEVIATIONS, SUM, downstream

ELEMENTARY = "x + y; x - y; x*y"
QUADRATICS = "x^2 + y^2; x^2 + x*y + y^2; (x + y)^2"
SINGLE = "x^2 + x*y + y^2"
MORE_DATA = (
    "The mixture sees three times the data of the task alone, a third of it of that task, as in the paper."
)
MIXTURE_DEVIATIONS = {name: (*words, MORE_DATA) for name, words in DEVIATIONS.items()}


def plan_operations(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan the three operations together, from most and from few pairs."""
    few, most = SIZES[budget].fractions[0], SIZES[budget].fractions[-1]
    return {
        "most": group(budget, ELEMENTARY, fraction=most, steps=MIXED[budget]),
        "few": group(budget, ELEMENTARY, fraction=few, steps=MIXED[budget]),
    }


MIXED: Mapping[BudgetName, int] = {"tiny": 12, "laptop": 4000, "paper": 300_000}
"""Steps of the mixture of operations."""


def measure_operations(evidence: Evidence) -> ClaimResult:
    """Take the accuracy of each operation."""
    most, few = evidence.one("most"), evidence.one("few")
    best = {
        (label, i): best_accuracy([run], f"test_{i}_accuracy")
        for label, run in (("most", most), ("few", few))
        for i in (1, 2, 3)
    }
    values = {
        "accuracy_sum": best["most", 1],
        "accuracy_difference": best["most", 2],
        "accuracy_product": best["most", 3],
        "least_accuracy_few": min(best["few", i] for i in (1, 2, 3)),
    }
    names = [part.name for part in most.task.parts]
    nulls = {label: nulls_of_parts(run) for label, run in (("most", most), ("few", few))}
    values["product_over_null_few"] = best["few", 3] - nulls["few"][2]
    rows = [
        {"task": name, "fraction": run.experiment.fraction, "steps": run.row.step}
        | {"best test accuracy": best[label, i], "orbit null": nulls[label][i - 1]}
        for label, run in (("most", most), ("few", few))
        for i, name in enumerate(names, 1)
    ]
    panels = tuple(parts_panel(run) for run in (most, few))
    return ClaimResult(values, panels, rows)


def nulls_of_parts(run: RunData) -> list[float]:
    """Return the orbit null's accuracy on the test inputs of each task of a mixture."""
    right = orbit_null(run.task, run.split).predictions == run.task.labels(run.split.test)
    count = len(run.task.parts)
    return [float(right[run.split.test % count == place].mean()) for place in range(count)]


def parts_panel(run: RunData) -> Panel:
    """Draw the test accuracy of each task of a mixture against steps."""
    names = [part.name for part in run.task.parts]
    curves = [Line(name, run.steps, run.curve(f"test_{i}_accuracy")) for i, name in enumerate(names, 1)]
    summary = ", ".join(f"{line.name} {float(line.y[-1]):.1%}" for line in curves)
    share = f"{run.experiment.fraction:.0%}"
    cell = step_lines(
        curves,
        f"Test accuracy of each task of a mixture against steps, {share} of the pairs: at the end {summary}.",
        y="test accuracy",
        percent=True,
        level=GROKKED,
    )
    return single(
        f"mixture_{run.experiment.fraction:g}",
        f"Several tasks, {share} of the pairs",
        "One network, one line per task.",
        cell,
        6,
    )


def plan_quadratics(budget: BudgetName, **split: str) -> Mapping[str, RunGroup]:
    """Plan three quadratic polynomials together, and the hardest of them alone."""
    return {
        "mixture": downstream(budget, QUADRATICS, **split),
        "single": downstream(budget, SINGLE, **split),
    }


def measure_quadratics(evidence: Evidence) -> ClaimResult:
    """Compare the hardest of three polynomials alone and among the others."""
    mixture, alone = evidence.one("mixture"), evidence.one("single")
    best = [best_accuracy([mixture], f"test_{i}_accuracy") for i in (1, 2, 3)]
    values = {
        "accuracy_mixture": best[1],
        "accuracy_single": best_accuracy([alone]),
        "lift": best[1] - best_accuracy([alone]),
        "mixture_over_null": best[1] - max(null_of(alone, signs=signs) for signs in (False, True)),
    }
    panels = (parts_panel(mixture), accuracy_panel([(SINGLE, alone)]))
    rows = mixture_rows(mixture, "of all three", best, alone)
    counts = [
        own for run in (mixture, alone) for own in answered_by_partner(run.task, run.split, run.network())
    ]
    return ClaimResult(values, panels, [row | own for row, own in zip(rows, counts, strict=True)])


def answered_by_partner(task: Task, split: Split, network: Any) -> list[dict[str, str]]:
    """Count what a network answers of the test inputs of each task, by their partners in training.

    A partner is another input with the same label by a symmetry of the task: the swap of the operands, or
    negations and their products with it.
    """
    predictions = rows_of_network(task, network)(0, task.size).argmax(axis=1)
    right = np.isin(split.test, task.domain[predictions == task.labels()])
    swap, signs = (orbit_null(task, split, signs=which).covered for which in (False, True))
    groups = {
        "swap partner in training": swap,
        "other partner by signs alone": signs & ~swap,
        "no partner": ~signs,
    }
    tasks = len(task.parts) or 1

    def answered(inputs: np.ndarray) -> str:
        return f"{np.count_nonzero(right & inputs)} of {np.count_nonzero(inputs)}"

    of_task = (split.test % tasks == place for place in range(tasks))
    return [{name: answered(own & inputs) for name, inputs in groups.items()} for own in of_task]


def mixture_rows(
    mixture: RunData, network: str, best: Sequence[float], alone: RunData
) -> list[dict[str, Any]]:
    """Return one row per task of a mixture, and one of the task that is learned alone as well.

    Arguments:
        mixture: the run of all tasks.
        network: what its network is called.
        best: best test accuracy of each task.
        alone: the run of one task.
    """
    rows = [
        {"task": part.name, "network": network, "steps": mixture.row.step, "best test accuracy": accuracy}
        for part, accuracy in zip(mixture.task.parts, best, strict=True)
    ]
    own = {"task": alone.experiment.name, "network": "of its own", "steps": alone.row.step}
    return [*rows, own | {"best test accuracy": best_accuracy([alone])}]


OVER_NULL = Expected(
    "mixture_over_null",
    "learned at all: at least 3 points above the null models, swap with or without signs (ours)",
    low=0.03,
    given="mixture_over_null",
)
"""A premise: two networks that know nothing of the task cannot be compared."""


def plan_pair(budget: BudgetName, tasks: str, alone: str) -> Mapping[str, RunGroup]:
    """Plan two tasks together, and the second alone."""
    return {"mixture": downstream(budget, tasks), "single": downstream(budget, alone)}


def pair_of(*tasks: str) -> Callable[[BudgetName], Mapping[str, RunGroup]]:
    """Return the plan of two tasks in one network, and of the second in a network of its own."""
    return partial(plan_pair, tasks="; ".join(tasks), alone=tasks[-1])


def measure_pair(evidence: Evidence) -> ClaimResult:
    """Compare the second of two tasks in their mixture and alone."""
    mixture, alone = evidence.one("mixture"), evidence.one("single")
    first, second = (best_accuracy([mixture], f"test_{i}_accuracy") for i in (1, 2))
    values = {
        "accuracy_first": first,
        "accuracy_mixture": second,
        "accuracy_single": best_accuracy([alone]),
        "lift": second - best_accuracy([alone]),
    }
    panels = (parts_panel(mixture), accuracy_panel([(alone.experiment.name, alone)]))
    return ClaimResult(values, panels, mixture_rows(mixture, "of both", (first, second), alone))


CLAIMS = (
    Claim(
        "furuta2024/fig10-mixture",
        "Fig. 10",
        "One network groks +, - and * together from 90% of the pairs, but not from few.",
        plan_operations,
        measure_operations,
        (
            Expected("accuracy_sum", "groks at r = 0.9", low=GROKKED),
            Expected("accuracy_difference", "groks at r = 0.9", low=GROKKED),
            Expected("accuracy_product", "groks at r = 0.9", low=GROKKED),
            Expected("least_accuracy_few", "fails at r = 0.3", high=0.9, absence=True),
        ),
        {
            "tiny": TINY,
            "laptop": (
                LAPTOP[0],
                "60% of the pairs, not 30%, as few.",
                LAPTOP[2],
                "At most 4,000 steps, not 300,000.",
                "One seed, not three.",
            ),
        },
    ),
    Claim(
        "furuta2024/fig11-mixture",
        "Fig. 11",
        "Learned together with a^2 + b^2 and (a+b)^2, a^2 + ab + b^2 generalises better than alone.",
        plan_quadratics,
        measure_quadratics,
        (
            Expected("accuracy_single", "34% at r = 0.3 (Table A.5)", high=0.9),
            OVER_NULL,
            Expected("lift", "above 0 at r = 0.3 (Fig. 11)", low=0.05, given="mixture_over_null"),
        ),
        MIXTURE_DEVIATIONS,
    ),
    Claim(
        "furuta2024/fig11-swap",
        "beyond the paper: a control of Fig. 11",
        "Learned together with a^2 + b^2 and (a+b)^2, a^2 + ab + b^2 generalises better than alone also "
        "where no swap of a test pair is trained on.",
        partial(plan_quadratics, orbits="swap"),
        measure_quadratics,
        (
            Expected("accuracy_single", "not learned alone; at most 90%", high=0.9),
            OVER_NULL,
            Expected("lift", "above 0, if it is not leakage", low=0.05, given="mixture_over_null"),
        ),
        MIXTURE_DEVIATIONS,
    ),
    Claim(
        "furuta2024/fig11-product",
        "Fig. 11",
        "Learned together with a + b, ab + b generalises better than alone.",
        pair_of(SUM, "x*y + y"),
        measure_pair,
        (
            Expected("accuracy_first", "a + b groks in the mixture", low=GROKKED),
            Expected("accuracy_single", "6.1% at r = 0.3 (Table A.5)", high=0.9),
            Expected("lift", "above 0 at r = 0.3 (Fig. 11)", low=0.001),
        ),
        MIXTURE_DEVIATIONS,
    ),
    *(
        Claim(
            f"furuta2024/fig11-{name}",
            "Fig. 11",
            f"Learned together with (a + b)^3, {words} reaches a plateau and does not grok.",
            pair_of("(x + y)^3", task),
            measure_pair,
            (
                Expected("accuracy_first", "(a + b)^3 groks in the mixture", low=GROKKED, essential=False),
                Expected("accuracy_single", f"{alone} at r = 0.3 (Table A.5)", high=0.9, absence=True),
                Expected("accuracy_mixture", "a plateau (Fig. 11)", high=0.9, absence=True),
            ),
            MIXTURE_DEVIATIONS,
        )
        for name, words, task, alone in (
            ("cubic", "a^3 + ab", "x^3 + x*y", "4.9%"),
            ("cubic-never", "a^3 + ab^2 + b", "x^3 + x*y^2 + y", "4.0%"),
        )
    ),
)
