"""Doshi et al. 2023: how training ends on clean and on corrupted labels, and at which weight decay.

Owns: the paper's settings and runs, clean training, the four phases, multiplication.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...measures.corruption.corruption_phase import HIGH, SLACK, Phase, corruption_phase
from ...reports.charts.claim_charts import MEASURE, SECOND, TEST, TRAIN, Line, lines, single, step_lines
from ..claims import tiny
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected, Number
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup

SIZES: Mapping[BudgetName, Mapping[str, Any]] = {
    "tiny": {"p": tiny.P, "width": tiny.WIDTH},
    "laptop": {"p": 97, "width": 500},
    "paper": {"p": 97, "width": 500},
}
SEEDS: Mapping[BudgetName, list[int]] = {"tiny": [0], "laptop": [0], "paper": [0, 1, 2, 3, 4]}
CORRUPTION = 0.35
PHASES: Mapping[int, Phase] = {
    0: "coexistence",
    5: "partial inversion",
    15: "full inversion",
    20: "forgetting",
}
"""What each weight decay ends in."""
STEPS: Mapping[BudgetName, tuple[int, ...]] = {
    "tiny": (tiny.STEPS,) * 4,
    "laptop": (1000, 500, 500, 5000),
    "paper": (1000, 500, 500, 5000),
}
"""Of the executed notebook, for each weight decay."""
ADDITION, MULTIPLICATION = "n1 + n2", "n1*n2"
LONG_RUN = 1500
"""Steps after which a product forgets, for the laptop: its accuracies at step 5000 are not compared."""

# What is run


def base_of(budget: BudgetName) -> dict[str, Any]:
    """Return what all runs of this paper have in common."""
    settings = {"parametrisation": "doshi", "optimiser": "adamw", "lr": 0.01, "fraction": 0.5}
    return {**settings, "early_stop": False, **SIZES[budget]}


def plan_clean(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Train on clean labels with weight decay 5."""
    steps = tiny.STEPS if budget == "tiny" else 100
    base = {**base_of(budget), "expression": ADDITION, "weight_decay": 5.0, "steps": steps}
    return {"clean": RunGroup({**base, "observe_every": 1}, {"seed": SEEDS[budget]})}


def plan_corrupted(expression: str, budget: BudgetName) -> Mapping[str, RunGroup]:
    """Train on corrupted labels at each weight decay, as far as the notebook does."""
    base = {**base_of(budget), "expression": expression, "corruption": CORRUPTION, "observe_every": 20}
    most = LONG_RUN if budget == "laptop" and expression == MULTIPLICATION else max(STEPS[budget])
    steps = [min(most, steps) for steps in STEPS[budget]]
    decays = {"weight_decay": [float(decay) for decay in PHASES], "steps": steps}
    return {"corrupted": RunGroup(base, {"seed": SEEDS[budget]}, [decays])}


# Clean labels (Fig. 2, notebook)


def first_step(run: RunData, name: str, level: float) -> int | None:
    """Return the first observed step at which a number reaches a level, None if it never does."""
    reached = run.curve(name) >= level
    return int(run.steps[reached.argmax()]) if reached.any() else None


def middle(steps: Sequence[int | None]) -> float | None:
    """Return the median of steps, None if one of them never came.

    Example:
        >>> middle([20, 24, 22]), middle([20, None])
        (22.0, None)
    """
    known = [step for step in steps if step is not None]
    return float(np.median(known)) if len(known) == len(steps) else None


def median(runs: Sequence[RunData], name: str) -> float:
    """Return the median over runs of a number at the end."""
    return float(np.median([run.last(name) for run in runs]))


def phase_of(run: RunData) -> Phase:
    """Name the phase in which a run ends."""
    return corruption_phase(
        run.last("train_accuracy"),
        run.last("test_accuracy"),
        run.experiment.corruption,
        generalised=bool(run.curve("test_accuracy").max() >= HIGH),
    )


def run_rows(runs: Sequence[RunData]) -> list[dict[str, Any]]:
    """List how each run ended."""
    names = ("train_accuracy", "test_accuracy", "corrupted_accuracy", "train_loss", "test_loss", "ipr")
    return [
        {"task": run.row.expression, "weight decay": run.point.get("weight_decay", 5.0)}
        | {"seed": run.experiment.seed, "steps": run.row.step, "phase": phase_of(run)}
        | {name.replace("_", " "): run.last(name) for name in names if np.isfinite(run.last(name))}
        for run in runs
    ]


def measure_clean(evidence: Evidence) -> ClaimResult:
    """Measure when clean training memorises and groks."""
    runs = evidence["clean"]
    milestones = {
        name: middle([getattr(t.row, name) for t in runs]) for name in ("memorised_at", "grokked_at")
    }
    values: dict[str, Number] = {
        **milestones,
        "half_at": middle([first_step(run, "test_accuracy", 0.5) for run in runs]),
        **{name: median(runs, name) for name in ("test_accuracy", "train_loss", "test_loss")},
    }
    text = (
        f"Training reaches 99% at step {milestones['memorised_at']}, test at step {milestones['grokked_at']}."
    )
    curves = accuracy_lines(runs, (("training", "train_accuracy", TRAIN), ("test", "test_accuracy", TEST)))
    cell = lines(curves, text, x="step", percent=True, log_x=False)
    return ClaimResult(
        values, (single("clean", "Accuracy, clean labels", CLEAN_CAPTION, cell, 7),), run_rows(runs)
    )


CLEAN_CAPTION = "Weight decay 5, half of the table, every step observed."


def accuracy_lines(runs: Sequence[RunData], quantities: Sequence[tuple[str, str, str]]) -> list[Line]:
    """List lines (label, number, colour) of every run, each named once."""
    return [
        Line(label if run is runs[0] else "", run.steps, run.curve(name), colour)
        for run in runs
        for label, name, colour in quantities
    ]


def measure_ipr(evidence: Evidence) -> ClaimResult:
    """Measure how the IPR rises while clean training groks."""
    runs = evidence["clean"]
    curves = [run.curve("ipr") for run in runs]
    values: dict[str, Number] = {
        "initial_ipr": float(np.mean([curve[0] for curve in curves])),
        "memorised_ipr": ipr_at(runs, "memorised_at"),
        "grokked_ipr": ipr_at(runs, "grokked_at"),
        "final_ipr": float(np.mean([curve[-1] for curve in curves])),
    }
    before, after = values["memorised_ipr"], values["grokked_ipr"]
    values["growth"] = None if before is None or after is None else after / before
    series = accuracy_lines(runs, (("test accuracy", "test_accuracy", TEST), ("mean IPR", "ipr", SECOND)))
    text = f"Mean IPR rises from {values['initial_ipr']:.3f} to {values['final_ipr']:.3f}."
    cell = lines(series, text, x="step", domain=(0.0, 1.0), log_x=False)
    caption = "A weight vector that is one wave has IPR 1, normal weights have 4/(p + 1)."
    return ClaimResult(values, (single("ipr", "IPR while grokking", caption, cell, 7),), run_rows(runs))


def ipr_at(runs: Sequence[RunData], milestone: str) -> float | None:
    """Return the mean IPR at memorising or grokking, None if a run did neither."""
    steps = [getattr(run.row, milestone) for run in runs]
    if None in steps:
        return None
    values = [t.curve("ipr")[np.searchsorted(t.steps, step)] for t, step in zip(runs, steps, strict=True)]
    return float(np.mean(values))


# Corrupted labels (Fig. 1, notebook)


def of_decay(evidence: Evidence, decay: float | int) -> list[RunData]:
    """Return the runs at a weight decay."""
    return [run for run in evidence["corrupted"] if run.point["weight_decay"] == decay]


KINDS = (
    ("test", "test_accuracy", TEST),
    ("training", "train_accuracy", TRAIN),
    ("its corrupted labels", "corrupted_accuracy", SECOND),
    ("its clean labels", "clean_accuracy", MEASURE),
)


def measure_phase(decay: int, evidence: Evidence) -> ClaimResult:
    """Measure accuracies and losses at a weight decay."""
    runs = of_decay(evidence, decay)
    quantities = (
        "train_accuracy",
        "test_accuracy",
        "corrupted_accuracy",
        "train_loss",
        "test_loss",
        "weight_norm",
    )
    values: dict[str, Number] = {name: median(runs, name) for name in quantities}
    values["best_test_accuracy"] = float(np.median([t.curve("test_accuracy").max() for t in runs]))
    ends = ", ".join(f"{label} {100 * median(runs, name):.1f}%" for label, name, _ in KINDS)
    cell = step_lines(accuracy_lines(runs, KINDS), f"Accuracies, at the end: {ends}.", percent=True)
    caption = (
        f"Weight decay {decay}; {100 * CORRUPTION:g}% of the training labels are redrawn. On corrupted "
        "labels an accuracy of 100% is memorising; near 1/p their true labels are answered."
    )
    return ClaimResult(
        values, (single("phase", PHASES[decay].capitalize(), caption, cell, 8),), run_rows(runs)
    )


def measure_multiplication(evidence: Evidence) -> ClaimResult:
    """Count at how many weight decays a product ends in the phase of the sum."""
    panels, same = [], 0
    for decay, phase in PHASES.items():
        runs = of_decay(evidence, decay)
        same += all(phase_of(run) == phase for run in runs)
        text = f"Accuracies on n1 n2 at weight decay {decay}: {phase_of(runs[0])}."
        cell = step_lines(accuracy_lines(runs, KINDS), text, percent=True, height=130)
        panels.append(single(f"decay-{decay}", f"Weight decay {decay}: {phase}", "", cell, 6))
    return ClaimResult({"same": same, "of": len(PHASES)}, tuple(panels), run_rows(evidence["corrupted"]))


# The claims

ACCURACY, LOSS = 0.03, 0.25
"""Tolerances on the notebook's accuracies, and relative ones on its losses: other split, draws, library."""
COMMON_DEVIATION = "The loss is averaged over classes; splits and draws are this project's."
DEVIATIONS: Mapping[BudgetName, tuple[str, ...]] = {
    "tiny": (tiny.TINY_DEVIATION,),
    "laptop": ("One seed.", COMMON_DEVIATION),
    "paper": ("Five seeds.", COMMON_DEVIATION),
}
SHORTER: Mapping[BudgetName, tuple[str, ...]] = {
    **DEVIATIONS,
    "laptop": ("1500 steps instead of 5000 at weight decay 20.", *DEVIATIONS["laptop"]),
}


def near(name: str, value: float, tolerance: float, *, relative: bool = False) -> Expected:
    """Expect a number of the executed notebook, within a tolerance; it alone does not refute a phase."""
    margin = tolerance * value if relative else tolerance
    words = f"{value:.3g} (executed notebook), within {100 * tolerance:g}{'%' if relative else ' points'}"
    return Expected(name, words, value - margin, value + margin, essential=False)


def notebook(train: float, test: float, train_loss: float, test_loss: float) -> tuple[Expected, ...]:
    """Expect the four numbers of a notebook's run."""
    return (
        near("train_accuracy", train, ACCURACY),
        near("test_accuracy", test, ACCURACY),
        near("train_loss", train_loss, LOSS, relative=True),
        near("test_loss", test_loss, LOSS, relative=True),
    )


LINE = SLACK - CORRUPTION
"""Training accuracy between partial and full inversion."""
HIGH_TEST = Expected("test_accuracy", "at least 90% (Table 2)", low=HIGH)
PHASE_CLAIMS: tuple[tuple[int, str, tuple[Expected, ...]], ...] = (
    (
        0,
        "Without weight decay a network that generalises memorises the corrupted labels as well.",
        (
            Expected("train_accuracy", "at least 90% (Table 2)", low=HIGH),
            HIGH_TEST,
            *notebook(0.9783, 0.9830, 2.80e-3, 8.42e-3),
        ),
    ),
    (
        5,
        "Weight decay 5 makes a network answer the true labels of some corrupted examples.",
        (
            Expected("train_accuracy", f"{LINE:.0%} to 90% (Table 2)", low=LINE, high=HIGH),
            HIGH_TEST,
            *notebook(0.7855, 1.0, 4.59e-3, 5.49e-3),
        ),
    ),
    (
        15,
        "Weight decay 15 makes a network answer the true labels of all corrupted examples.",
        (
            Expected("train_accuracy", f"below {LINE:.0%} (Table 2)", high=LINE),
            HIGH_TEST,
            *notebook(0.6537, 1.0, 8.35e-3, 8.17e-3),
        ),
    ),
    (
        20,
        "At weight decay 20 a network generalises first, then its weights vanish and it forgets.",
        (
            Expected("best_test_accuracy", "100% near step 200 (executed notebook)", low=0.99),
            Expected("test_accuracy", "below 90% (Table 2)", high=HIGH),
            Expected("train_accuracy", "below 90% (Table 2)", high=HIGH),
            near("test_accuracy", 0.011, ACCURACY),
            near("test_loss", 1 / 97, 0.02, relative=True),
        ),
    ),
)

CLAIMS = (
    Claim(
        "doshi2023/fig2-clean",
        "Fig. 2, executed notebook",
        "With weight decay 5 and clean labels a network memorises near step 20 and groks near step 42.",
        plan_clean,
        measure_clean,
        (
            Expected("test_accuracy", "100%", low=0.999),
            Expected("memorised_at", "99% of training at step 20 (notebook), within a quarter", 15.0, 25.0),
            Expected("grokked_at", "99% of test at step 42 (notebook), within a quarter", 31.0, 53.0),
            Expected(
                "half_at", "50% of test at step 34 (notebook), within a quarter", 25.0, 43.0, essential=False
            ),
            near("train_loss", 8.1e-4, LOSS, relative=True),
            near("test_loss", 1.01e-3, LOSS, relative=True),
        ),
        DEVIATIONS,
    ),
    Claim(
        "doshi2023/fig2-ipr",
        "Fig. 2",
        "The neurons' IPR rises far more while the network groks than while it memorises.",
        plan_clean,
        measure_ipr,
        (
            Expected("initial_ipr", "that of normal weights, 0.041 (checked)", high=0.05),
            Expected("memorised_ipr", "still low at memorising (Fig. 2): below 0.1", high=0.1),
            Expected("growth", "rises from memorising to grokking (Fig. 2): at least twofold", low=2.0),
        ),
        DEVIATIONS,
    ),
    *(
        Claim(
            f"doshi2023/fig1-{PHASES[decay].replace(' ', '-')}",
            "Fig. 1, Table 2, executed notebook",
            sentence,
            partial(plan_corrupted, ADDITION),
            partial(measure_phase, decay),
            expected,
            DEVIATIONS,
        )
        for decay, sentence, expected in PHASE_CLAIMS
    ),
    Claim(
        "doshi2023/multiplication",
        "Appendix, phase diagram of multiplication",
        "Multiplication has the same phases as addition, at the same weight decays.",
        partial(plan_corrupted, MULTIPLICATION),
        measure_multiplication,
        (Expected("same", "all four phases of addition (Appendix)", 4.0, 4.0),),
        {
            **SHORTER,
            "laptop": (
                *SHORTER["laptop"],
                "At weight decay 20 the run ends while its accuracy still falls, at 62% of test inputs.",
            ),
        },
    ),
)
