"""Doshi, He, Das, Gromov 2024: the claims about trained two-layer networks.

Owns: training on sums of four terms and on products (Fig. 2, 3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...algebra import natural_basis
from ...reports.charts.claim_charts import SECOND, TEST, TRAIN, Line, Panel, histogram, lines, single
from ..claims import tiny
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected, Number
from ..claims.evidence import Evidence, RunData
from ..claims.neuron_ipr import neuron_iprs
from ..claims.plan import RunGroup

TRAINED = {
    "parametrisation": "doshi",
    "optimiser": "adamw",
    "lr": 0.005,
    "weight_decay": 5.0,
    "fraction": 0.5,
    "early_stop": False,
}
"""The paper's settings: what it calls Adam with weight decay 5 is decoupled, in the plain parametrisation."""
SEEDS: Mapping[BudgetName, list[int]] = {"tiny": [0], "laptop": [0], "paper": [0, 1, 2, 3, 4]}

# Fig. 2: (n1 + n2 + n3 + n4) mod 11

FOUR: Mapping[BudgetName, Mapping[str, Any]] = {
    "tiny": {"p": 3, "width": tiny.WIDTH, "steps": tiny.STEPS, "observe_every": 5},
    "laptop": {"p": 11, "width": 1000, "steps": 400, "observe_every": 20},
    "paper": {"p": 11, "width": 5000, "steps": 400, "observe_every": 5},
}


def plan_four(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Train on a sum of four terms."""
    base = {**TRAINED, "expression": "n1 + n2 + n3 + n4", **FOUR[budget]}
    return {"four": RunGroup(base, {"seed": SEEDS[budget]}, weights="schedule")}


# Fig. 3: n1 n2 mod 97

PRODUCT: Mapping[BudgetName, Mapping[str, Any]] = {
    "tiny": {"p": tiny.P, "width": tiny.WIDTH, "steps": tiny.STEPS, "observe_every": 5},
    "laptop": {"p": 97, "width": 500, "steps": 150, "observe_every": 2},
    "paper": {"p": 97, "width": 500, "steps": 150, "observe_every": 1},
}


def plan_product(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Train on a product."""
    base = {**TRAINED, "expression": "n1*n2", **PRODUCT[budget]}
    return {"product": RunGroup(base, {"seed": SEEDS[budget]}, weights="schedule")}


# What both figures show


def measure_training(name: str, evidence: Evidence) -> ClaimResult:
    """Measure when and how well a group of runs groks."""
    runs = evidence[name]
    first = runs[0]
    values: dict[str, Number] = {
        "train_accuracy": min(run.last("train_accuracy") for run in runs),
        "test_accuracy": min(run.last("test_accuracy") for run in runs),
        "grokked_at": middle_step(runs),
        "test_loss": float(np.median([run.last("test_loss") for run in runs])),
        "initial_test_loss": float(first.curve("test_loss")[0]),
    }
    return ClaimResult(values, training_panels(runs), run_rows(runs))


def training_panels(runs: Sequence[RunData]) -> tuple[Panel, ...]:
    """Draw accuracies and losses."""
    panels = []
    for name, percent in (("accuracy", True), ("loss", False)):
        curves = [
            Line(label if run is runs[0] else "", run.steps, run.curve(f"{kind}_{name}"), colour)
            for run in runs
            for label, kind, colour in (("training", "train", TRAIN), ("test", "test", TEST))
        ]
        ends = f"{runs[0].last(f'train_{name}'):.3g} and {runs[0].last(f'test_{name}'):.3g}"
        text = f"Training and test {name} against steps, ending at {ends}."
        cell = lines(curves, text, x="step", percent=percent, log_y=not percent, log_x=False)
        caption = f"{runs[0].row.expression} mod {runs[0].row.p}."
        panels.append(single(name, name.capitalize(), caption, cell, 6))
    return tuple(panels)


def middle_step(runs: Sequence[RunData]) -> float | None:
    """Return the median step of grokking, None if a run never grokked."""
    steps = [run.row.grokked_at for run in runs]
    return None if None in steps else float(np.median([step for step in steps if step is not None]))


def run_rows(runs: Sequence[RunData]) -> list[dict[str, Any]]:
    """List how each run went."""
    return [
        {"seed": run.experiment.seed, "grokked at": run.row.grokked_at}
        | {name.replace("_", " "): run.last(name) for name in ("train_accuracy", "test_accuracy", "ipr")}
        for run in runs
    ]


def greatest_fall(curve: np.ndarray) -> float:
    """Return how far a curve ever lies below its maximum so far: 0 if it only rises.

    Example:
        >>> round(greatest_fall(np.array([0.1, 0.5, 0.4, 0.9])), 9)
        0.1
    """
    return float(np.max(np.maximum.accumulate(curve) - curve))


def measure_ipr(name: str, evidence: Evidence) -> ClaimResult:
    """Measure how the IPR rises, over training and over neurons."""
    runs = evidence[name]
    curves = [run.curve("ipr") for run in runs]
    before, after = (np.concatenate([neuron_iprs(run, step) for run in runs]) for step in (0, None))
    values = {
        "initial_ipr": float(np.mean([curve[0] for curve in curves])),
        "final_ipr": float(np.mean([curve[-1] for curve in curves])),
        "greatest_fall": max(greatest_fall(curve) for curve in curves),
        "moved_share": float(np.mean(after > np.quantile(before, 0.95))),
        "natural_order_ipr": float(
            np.mean([neuron_iprs(t, basis=natural_basis(t.row.p, t.task.k)).mean() for t in runs])
        ),
    }
    return ClaimResult(values, ipr_panels(runs, before, after), run_rows(runs))


def ipr_panels(runs: Sequence[RunData], before: np.ndarray, after: np.ndarray) -> tuple[Panel, ...]:
    """Draw the mean IPR beside the test accuracy, and the neurons' IPR at both ends."""
    series = [
        Line(label if run is runs[0] else "", run.steps, run.curve(name), colour)
        for run in runs
        for label, name, colour in (("test accuracy", "test_accuracy", TEST), ("mean IPR", "ipr", SECOND))
    ]
    text = f"Mean IPR rises from {before.mean():.2f} to {after.mean():.2f}."
    curves = lines(series, text, x="step", domain=(0.0, 1.0), log_x=False)
    edges = np.linspace(0, 1, 41)
    halves = [
        single(
            key,
            f"Neurons by IPR, {words}",
            f"Mean {values.mean():.2f}.",
            histogram(
                np.histogram(values, edges)[0],
                edges,
                f"Histogram of {len(values)} neurons by IPR, {words}: mean {values.mean():.2f}.",
                x="IPR",
                y="neurons",
            ),
            4,
        )
        for key, words, values in (("before", "initial", before), ("after", "final", after))
    ]
    caption = "IPR in the order of the task's form: of discrete logarithms for a product. A wave has 1."
    return (single("ipr", "IPR during training", caption, curves, 4), *halves)


# The claims

COMMON_DEVIATION = (
    "learning rate, weight decay and fraction are the paper's; the loss is averaged over classes"
)
SMALL: Mapping[BudgetName, tuple[str, ...]] = {
    "tiny": ("p = 3 and 40 neurons: this checks the machinery, not the claim.",),
    "laptop": ("N = 1000 neurons instead of 5000", "one seed", COMMON_DEVIATION),
    "paper": ("five seeds; the paper does not say how many", COMMON_DEVIATION),
}
SAME: Mapping[BudgetName, tuple[str, ...]] = {
    "tiny": (tiny.TINY_DEVIATION,),
    "laptop": ("one seed; the paper does not say how many", COMMON_DEVIATION),
    "paper": ("five seeds; the paper does not say how many", COMMON_DEVIATION),
}
LEARNED = (
    Expected("train_accuracy", "100%", low=0.999),
    Expected("test_accuracy", "100%", low=0.999),
)


def rising(initial: float, figure: str) -> tuple[Expected, ...]:
    """Return what a figure shows of the IPR.

    Arguments:
        initial: that of normal weights.
        figure: its number.
    """
    return (
        Expected("initial_ipr", f"that of normal weights, about {initial:.2f} (checked)", high=1.3 * initial),
        Expected("final_ipr", f"high ({figure}), of which no number is given: at least 0.5", low=0.5),
        Expected("greatest_fall", f"rises monotonically ({figure}), to 0.02", high=0.02),
        Expected(
            "moved_share",
            f"the histogram moves to high IPR ({figure}): most neurons above 95% of the initial ones",
            low=0.5,
        ),
    )


CLAIMS = (
    Claim(
        "doshi2024/fig2-accuracy",
        "Fig. 2 (left)",
        "A network of neurons z^4 groks (n1 + n2 + n3 + n4) mod 11 from half of the table.",
        plan_four,
        partial(measure_training, "four"),
        (
            LEARNED[0],
            Expected(
                "test_accuracy",
                "100% (Fig. 2); at least 99.95%, since permutations of training inputs alone give 99.5 to "
                "99.7%",
                low=0.9995,
            ),
            Expected(
                "grokked_at",
                "about 400 (read off, report), within half; of 99%, which permutations alone give",
                200.0,
                600.0,
                essential=False,
            ),
        ),
        SMALL,
    ),
    Claim(
        "doshi2024/fig2-ipr",
        "Fig. 2 (middle, right)",
        "While it groks, the neurons' IPR rises: their histogram moves from the initial one to high values.",
        plan_four,
        partial(measure_ipr, "four"),
        rising(4 / 12, "Fig. 2"),
        SMALL,
    ),
    Claim(
        "doshi2024/fig3-accuracy",
        "Fig. 3 (left)",
        "A quadratic network groks n1 n2 mod 97 from half of the table.",
        plan_product,
        partial(measure_training, "product"),
        (
            *LEARNED,
            Expected("grokked_at", "about 60 (read off, report), within half", 30.0, 90.0, essential=False),
        ),
        SAME,
    ),
    Claim(
        "doshi2024/fig3-ipr",
        "Fig. 3 (middle, right)",
        "While it groks, the neurons' IPR in the order of discrete logarithms rises to high values.",
        plan_product,
        partial(measure_ipr, "product"),
        (
            *rising(4 / 97, "Fig. 3"),
            Expected(
                "natural_order_ipr",
                "as that of normal weights, about 0.04, in the order of the numbers (Sec. 3), to a half",
                high=0.06,
                essential=False,
            ),
        ),
        SAME,
    ),
)
