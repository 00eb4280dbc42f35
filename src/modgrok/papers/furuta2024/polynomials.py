"""Furuta et al. 2024: what the networks of polynomials are made of.

Owns: the claims of Fig. 4 to 8 and A.14 about polynomials that grok at the default fraction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ...reports.charts.claim_charts import Panel, Point, points, single
from ...runs.schedule import GROKKED
from ..claims import tiny
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup
from .elementary import CONTROL, DENSE, FALL, HIGH, SPARSE, fall_over_failing
from .runs import (
    FAILING,
    LAPTOP,
    LONG,
    ONE_SEED,
    TINY,
    best_accuracy,
    every,
    failing,
    fall,
    group,
    measured,
    of_task,
    spectra_panel,
)

LIKE_PRODUCT = "x*y + x + y"
LATE = "x*y + y"
SPARSE_BIASED = "x^2 - y"
POWERS = ("x^2 + y^2", "x^3 + y^3")
OF_SUM = ("(x + y)^2", "(x + y)^3")
LATE_FRACTION: Mapping[BudgetName, float] = {"tiny": tiny.FRACTION, "laptop": 0.9, "paper": 0.5}
"""Where x*y + y groks: not at the default fraction (Table A.5)."""
FOLLOWED: Mapping[BudgetName, int] = {"tiny": 12, "laptop": 3000, "paper": 300_000}
"""Steps of polynomials."""
DEVIATIONS: Mapping[BudgetName, tuple[str, ...]] = {
    "tiny": TINY,
    "laptop": (*LAPTOP[:3], "At most 3,000 steps, not 300,000.", "One seed, not three."),
}


def polynomials(budget: BudgetName, expressions: Sequence[str]) -> RunGroup:
    """Plan polynomials; runs stop some time after grokking, if that is not early: waves settle later."""
    at_once = budget != "paper" and (set(expressions) == set(POWERS) or expressions == (LIKE_PRODUCT,))
    return group(
        budget,
        *expressions,
        seeds=3 if budget == "paper" else 1,
        steps=None if at_once else FOLLOWED[budget],
        early_stop=False if at_once else None,
    )


def plan_of(*expressions: str) -> Callable[[BudgetName], Mapping[str, RunGroup]]:
    """Return the plan of polynomials at the default fraction."""

    def plan(budget: BudgetName) -> Mapping[str, RunGroup]:
        return {"polynomials": polynomials(budget, expressions)}

    return plan


def plan_shifted(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Plan both polynomials that are products of shifted operands."""
    return {
        "polynomials": polynomials(budget, (LIKE_PRODUCT,)),
        "late": group(
            budget,
            LATE,
            seeds=3 if budget == "paper" else 1,
            fraction=LATE_FRACTION[budget],
            steps=LONG[budget],
            early_stop=None if budget == "paper" else False,
        ),
        **failing(budget, LIKE_PRODUCT, LATE),
    }


def measure_waves(evidence: Evidence, tasks: Mapping[str, str]) -> ClaimResult:
    """Measure FFS and FCR of both matrices.

    Arguments:
        evidence: of the runs, in any groups.
        tasks: ending of the values' names -> task.
    """
    named = {ending: of_task(every(evidence), task) for ending, task in tasks.items()}
    values: dict[str, float] = {}
    rows = []
    for ending, runs in named.items():
        row = measured(runs)
        rows.append(row)
        values |= {
            f"test_accuracy{ending}": best_accuracy(runs),
            f"ffs_embedding{ending}": row["FFS W_E"],
            f"fcr_embedding{ending}": row["FCR W_E"],
            f"ffs_readout{ending}": row["FFS W_L"],
            f"fcr_readout{ending}": row["FCR W_L"],
            f"fcr_embedding_fall{ending}": fall(runs, "fcr_embedding"),
        }
        if FAILING in evidence.groups:
            values[f"fcr_fall_over_failing{ending}"] = fall_over_failing(evidence, tasks[ending])
    if {"_2", "_3"} <= tasks.keys():
        values["fcr_lower_by_2"] = values["fcr_embedding_3"] - values["fcr_embedding_2"]
    first_runs = [runs[0] for runs in named.values()]
    panels = (spectra_panel(first_runs, "embedding"), spectra_panel(first_runs, "readout"), _summary(named))
    return ClaimResult(values, panels, rows)


def _summary(named: Mapping[str, Sequence[RunData]]) -> Panel:
    marks, summary = [], []
    for runs in named.values():
        row = measured(runs)
        for key in ("FFS W_E", "FCR W_E", "FFS W_L", "FCR W_L"):
            marks.append(Point(f"{row['task']}: {key}", row[key]))
            summary.append(f"{row['task']} {key} {row[key]:.2f}")
    cell = points(marks, "FFS and FCR at the end: " + ", ".join(summary) + ".", domain=(0.0, 1.0))
    caption = "Means over seeds at the end of the runs. Both are near 1 at random weights."
    return single("summary", "FFS and FCR at the end", caption, cell, 12)


def _groks(ending: str = "", paper: str = "groks at r = 0.3 (Table A.5)") -> Expected:
    return Expected(f"test_accuracy{ending}", paper, low=GROKKED)


def _waves(name: str, paper: str, **options: Any) -> Expected:
    """Expect a number of a network's waves, which says nothing before the network groks."""
    ending = f"_{name.rpartition('_')[2]}" if name.rpartition("_")[2] in ("2", "3", "late") else ""
    return Expected(name, paper, given=f"test_accuracy{ending}", **options)


CLAIMS = (
    Claim(
        "furuta2024/fig4-shifted-products",
        "Fig. 4, Fig. 5, Fig. 8",
        "ab + a + b = (a+1)(b+1) - 1 is learned as multiplication is: FFS stays 1, FCR falls. In ab + b = "
        "(a+1)b both fall.",
        plan_shifted,
        partial(measure_waves, tasks={"": LIKE_PRODUCT, "_late": LATE}),
        (
            _groks(),
            _waves("ffs_embedding", "1.0, as that of ab (Fig. 5)", low=DENSE),
            _waves("fcr_embedding_fall", "falls, as that of ab (Fig. 5)", low=FALL),
            _waves("fcr_fall_over_failing", CONTROL, low=FALL),
            _waves("fcr_embedding", "falls, as that of ab (Fig. 5)", high=HIGH, essential=False),
            _groks("_late", "groks from r = 0.5 (Table A.5)"),
            _waves("ffs_embedding_late", "falls (Fig. 8)", high=0.9),
            _waves("fcr_embedding_fall_late", "falls (Fig. 8)", low=FALL),
            _waves("fcr_fall_over_failing_late", CONTROL, low=FALL),
            _waves("fcr_embedding_late", "falls (Fig. 8)", high=HIGH, essential=False),
        ),
        {
            **DEVIATIONS,
            "laptop": (
                *DEVIATIONS["laptop"],
                "Runs go on to their last step, also after grokking: waves settle later.",
                "ab + b with 90% of the pairs, not 50%, and at most 3,600 steps.",
            ),
        },
    ),
    Claim(
        "furuta2024/fig4-square-difference",
        "Fig. 4, Fig. 5",
        "a^2 - b groks with a biased and sparse embedding.",
        plan_of(SPARSE_BIASED),
        partial(measure_waves, tasks={"": SPARSE_BIASED}),
        (
            _groks(paper="groks from r = 0.4; 9.5% at r = 0.3 (Table A.5)"),
            _waves("ffs_embedding", "sparse (Fig. 5)", high=SPARSE),
            _waves("fcr_embedding", "biased (Fig. 5)", high=HIGH),
        ),
        DEVIATIONS,
    ),
    Claim(
        "furuta2024/fig6-sums-of-powers",
        "Fig. 6 to 8, Fig. A.14",
        "a^n + b^n has an embedding like that of multiplication, with FCR falling more for even n, and a "
        "neuron-logit map like that of addition: sparse and unbiased.",
        plan_of(*POWERS),
        partial(measure_waves, tasks={"_2": POWERS[0], "_3": POWERS[1]}),
        (
            _groks("_2"),
            _groks("_3"),
            _waves("ffs_embedding_2", "stays 1.0 (Fig. 8)", low=DENSE),
            _waves("fcr_embedding_2", "falls (Fig. 8)", high=HIGH),
            _waves("fcr_lower_by_2", "lower for n = 2 than for n = 3 (Fig. 8)", low=0.0),
            _waves("ffs_readout_2", "falls (Fig. A.14)", high=SPARSE),
            _waves("ffs_readout_3", "falls (Fig. A.14)", high=SPARSE),
            _waves("fcr_readout_2", "high (Fig. A.14)", low=HIGH),
            _waves("fcr_readout_3", "high (Fig. A.14)", low=HIGH),
            _waves("ffs_embedding_3", "falls more than that of n = 2 (Fig. 8)", high=DENSE, essential=False),
        ),
        {
            "tiny": TINY,
            "laptop": (
                *ONE_SEED,
                "Runs go on to their last step: they generalise at once, as a^n takes few values, and "
                "waves settle later.",
            ),
        },
    ),
    Claim(
        "furuta2024/fig7-powers-of-sums",
        "Fig. 6 to 8, Fig. A.14",
        "(a+b)^n has an embedding like that of addition: sparse, with FCR falling for even n alone. Its "
        "neuron-logit map stays dense and unbiased.",
        plan_of(*OF_SUM),
        partial(measure_waves, tasks={"_2": OF_SUM[0], "_3": OF_SUM[1]}),
        (
            _groks("_2"),
            _groks("_3"),
            _waves("ffs_embedding_2", "falls (Fig. 8)", high=SPARSE),
            _waves("ffs_embedding_3", "falls (Fig. 8)", high=SPARSE),
            _waves("fcr_embedding_3", "stays high (Fig. 8)", low=HIGH),
            _waves("ffs_readout_2", "stays high (Fig. A.14)", low=0.8),
            _waves("ffs_readout_3", "stays high (Fig. A.14)", low=0.8),
            _waves("fcr_embedding_2", "falls (Fig. 8)", high=HIGH, essential=False),
            _waves("fcr_readout_2", "stays high (Fig. A.14)", low=HIGH, essential=False),
            _waves("fcr_readout_3", "stays high (Fig. A.14)", low=HIGH, essential=False),
        ),
        DEVIATIONS,
    ),
)
