"""Furuta et al. 2024: which polynomials grok from which share of the pairs.

Owns: rows of Table A.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ...reports.charts.claim_charts import SOFT, TEST, Line, Point, lines, points, single
from ...runs.schedule import GROKKED
from ...tasks.null import orbit_null
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup
from .runs import LAPTOP, LONG, SIZES, TINY, best_accuracy, group, last_grokking

SUM = "x + y"
LINEAR, PRODUCT, QUADRATIC, CUBIC = "2x + 3y", "x*y + y", "x^2 + x*y + y^2", "x^3 + x*y"
DEVIATIONS: Mapping[BudgetName, tuple[str, ...]] = {
    "tiny": TINY,
    "laptop": (
        LAPTOP[0],
        "Shares of 60%, 75% and 90%; at p = 37 addition groks from 60%, as from 30% at p = 97.",
        LAPTOP[2],
        "At most 3,600 steps, not 300,000: a run that has not grokked by then counts as one that does not.",
        "One seed, not three.",
    ),
}


def fractions(budget: BudgetName, expression: str, **options: Any) -> RunGroup:
    """Plan a task at every share of the budget, as long from each; options are fields of `train`."""
    shares = list(SIZES[budget].fractions)
    return group(budget, expression, fraction=shares, steps=LONG[budget], **options)


def followed(runs: RunGroup) -> RunGroup:
    """Follow the run at the largest share also after grokking, as fig4-shifted-products does."""
    axes = dict(runs.axes)
    shares = axes.pop("fraction")
    early = [True] * (len(shares) - 1) + [False]
    return replace(runs, axes=axes, zip=[{"fraction": shares, "early_stop": early}])


def plan_of(expression: str) -> Callable[[BudgetName], Mapping[str, RunGroup]]:
    """Return the plan of a task at every share, with addition at the smallest."""

    def plan(budget: BudgetName) -> Mapping[str, RunGroup]:
        least = SIZES[budget].fractions[0]
        runs = fractions(budget, expression)
        return {
            "fractions": followed(runs) if expression == PRODUCT and budget == "laptop" else runs,
            "sum": group(budget, SUM, fraction=least),
        }

    return plan


def measure_fractions(evidence: Evidence) -> ClaimResult:
    """Find the best test accuracy at every share, and the smallest share that groks."""
    runs = evidence["fractions"]
    added = evidence.one("sum")
    task = runs[0].experiment.name
    shares = [run.experiment.fraction for run in runs]
    best = [best_accuracy([run]) for run in runs]
    grokked = [share for share, accuracy in zip(shares, best, strict=True) if accuracy >= GROKKED]
    values: dict[str, float | None] = {
        "sum_accuracy": best_accuracy([added]),
        "least_accuracy": best[0],
        "grok_fraction": min(grokked, default=None),
        "least_rise": float(np.diff(best).min(initial=np.inf)) if len(best) > 1 else None,
        "accuracy_below_90": max(a for share, a in zip(shares, best, strict=True) if share < 0.85),
        "most_accuracy": best[-1],
        "most_over_null": max(run.last("test_accuracy") - null_of(run) for run in runs),
    }
    rows: list[dict[str, Any]] = [
        {
            "task": run.experiment.name,
            "fraction": run.experiment.fraction,
            "training pairs": len(run.split.train),
            "steps": run.row.step,
            "best test accuracy": best_accuracy([run]),
            "orbit null": null_of(run),
            "grokked at": last_grokking([run]),
            "majority": run.task.majority_share,
        }
        for run in (added, *runs)
    ]
    words = "; ".join(
        f"{row['task']} at {row['fraction']:g}: {row['best test accuracy']:.1%}" for row in rows
    )
    panels = (
        single(
            "map",
            "Best test accuracy",
            "Best test accuracy along a run, by the fraction of pairs used for training. The paper's table "
            "prints no number where a task is learned; its mark is at 100% there.",
            lines(
                [
                    Line(task, shares, best, TEST, dots=True),
                    Line("orbit null", shares, [null_of(run) for run in runs], SOFT, dashed=True),
                ],
                f"Best test accuracy of {task} against the fraction of pairs used for training: {words}.",
                x="fraction of pairs used for training",
                y="best test accuracy",
                log_x=False,
                percent=True,
            ),
            6,
        ),
    )
    return ClaimResult(values, panels, rows)


def null_of(run: RunData, *, signs: bool = False) -> float:
    """Return what knowing the symmetries of a run's task gives on its split: the orbit null."""
    return orbit_null(run.task, run.split, signs=signs).accuracy


# What leakage gives ---------------------------------------------------------------------------------------


def plan_leakage(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan a^2 + ab + b^2 at every share, on plain splits and on splits that keep swaps together."""
    return {
        "plain": fractions(budget, QUADRATIC),
        "swap": fractions(budget, QUADRATIC, orbits="swap"),
    }


def measure_leakage(evidence: Evidence) -> ClaimResult:
    """Compare accuracies with the orbit null of the same split."""
    named = {name: evidence[name] for name in ("plain", "swap")}
    values: dict[str, float | None] = {}
    rows: list[dict[str, Any]] = []
    marks = []
    for name, runs in named.items():
        off = [abs(run.last("test_accuracy") - null_of(run)) for run in runs]
        values[f"most_off_{name}"] = max(off)
        values[f"most_accuracy_{name}"] = max(run.last("test_accuracy") for run in runs)
        for run in runs:
            accuracy, null = run.last("test_accuracy"), null_of(run)
            share = f"{run.experiment.fraction:g}"
            marks.append(Point(f"{name}, {share}", accuracy, max(null - 0.03, 0.0), min(null + 0.03, 1.0)))
            rows.append(
                {"split": name, "fraction": run.experiment.fraction, "seed": run.experiment.seed}
                | {"test accuracy": accuracy, "orbit null": null, "steps": run.row.step}
            )
    words = "; ".join(f"{row['split']} at {row['fraction']:g}: {row['test accuracy']:.1%}" for row in rows)
    cell = points(marks, f"Test accuracy of {QUADRATIC}: {words}.", x="test accuracy", percent=True)
    caption = "Shaded: the orbit null of the same split, within 3 points: what knowing the swap gives."
    panel = single("leakage", "Accuracy against the orbit null", caption, cell, 12)
    return ClaimResult(values, (panel,), rows)


def _claim(name: str, task: str, sentence: str, expected: tuple[Expected, ...]) -> Claim:
    addition = Expected("sum_accuracy", "a + b groks from r = 0.3 on (Table A.5)", low=GROKKED)
    return Claim(
        f"furuta2024/tableA5-{name}",
        "Table A.5, App. Fig. A.15",
        sentence,
        plan_of(task),
        measure_fractions,
        (addition, *expected),
        DEVIATIONS,
    )


LEAKAGE = Claim(
    "furuta2024/leakage-quadratic",
    "beyond the paper: a control of Table A.5",
    "What a transformer answers correctly of a^2 + ab + b^2 is what knowing the swap of operands gives: on "
    "plain splits and on splits that keep swapped pairs together, its test accuracy is that of the orbit "
    "null.",
    plan_leakage,
    measure_leakage,
    tuple(
        Expected(
            f"most_off_{name}",
            f"within 3 points of the orbit null on {name} splits (predicted)",
            high=0.03,
            absence=True,
        )
        for name in ("plain", "swap")
    ),
    {
        **DEVIATIONS,
        "laptop": (*DEVIATIONS["laptop"], "The prediction is that of docs/predictions.md."),
    },
)

CLAIMS = (
    _claim(
        "linear",
        LINEAR,
        "2a + 3b does not grok from the share of pairs from which a + b does; it does from some share up to "
        "90%.",
        (
            Expected("least_accuracy", "3.3% at r = 0.3", high=0.5, absence=True),
            Expected("grok_fraction", "0.4: at 90% at most", 0.4, 0.9),
            Expected("grok_fraction", "0.4", 0.4, 0.5, budgets=("paper",)),
        ),
    ),
    _claim(
        "shifted-product",
        PRODUCT,
        "ab + b does not grok from the share of pairs from which a + b does, although it is a product, "
        "(a+1)b; it does from some share up to 90%.",
        (
            Expected("least_accuracy", "6.1% at r = 0.3", high=0.5, absence=True),
            Expected("grok_fraction", "0.5: at 90% at most", 0.4, 0.9),
            Expected("grok_fraction", "0.5", 0.5, 0.5, budgets=("paper",)),
        ),
    ),
    _claim(
        "quadratic",
        QUADRATIC,
        "The accuracy on a^2 + ab + b^2 grows with the share of pairs, without a jump, and is complete only "
        "for large ones.",
        (
            Expected("least_accuracy", "34% at r = 0.3", 0.1, 0.9),
            Expected(
                "least_rise",
                "34, 47, 56, 65, 74% at r = 0.3 to 0.7; the orbit null rises so as well",
                low=0.0,
                essential=False,
            ),
            Expected("most_accuracy", "100% from r = 0.8 on", low=GROKKED),
        ),
    ),
    _claim(
        "cubic",
        CUBIC,
        "a^3 + ab does not grok from up to three quarters of the pairs.",
        (
            Expected("accuracy_below_90", "16% at r = 0.8", high=0.3, absence=True),
            Expected(
                "most_accuracy",
                "100% at r = 0.9 (p = 97 alone: not at 59 and 113, Fig. A.22)",
                low=GROKKED,
                budgets=("paper",),
            ),
        ),
    ),
    LEAKAGE,
)
