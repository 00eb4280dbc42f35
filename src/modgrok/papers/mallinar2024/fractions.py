"""Mallinar et al. 2024: accuracy and features against the share that trains (App. Fig. 10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...reports.charts import claim_charts as charts
from ...reports.charts.claim_charts import Line, Panel, single
from ..claims import tiny
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup
from .setup import (
    CENTRED,
    ITERATIONS,
    MODULUS,
    ONE_SEED,
    TINY,
    alignments,
    machine,
    matrices,
    passes,
    quadratic_runs,
    runs,
    shown,
)

# Accuracy against training fraction (App. Fig. 10)

LONG: Mapping[str, int] = {"tiny": tiny.ITERATIONS, "laptop": 100, "paper": 100}
REPORTED = {0.05: (0.0, 0.0), 0.1: (0.0, 0.0), 0.2: (0.0, 0.0), 0.25: (0.004, 0.018), 0.3: (0.053, 0.122)}
"""Training fraction -> test accuracy at iterations 30 and 100, quadratic kernel, p = 61."""
REPORTED_DEVIATION = {0.05: 0.0159, 0.1: 0.0155, 0.2: 0.0118, 0.25: 0.0071, 0.3: 0.0036}
"""Training fraction -> deviation at iteration 30, with the mean in place of the sum."""


def percent_of(fraction: float) -> str:
    """Write a training fraction as the end of a name."""
    return f"{100 * fraction:02.0f}"


def plan_fractions(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Small fractions long enough, larger ones as in Fig. 2."""
    base = machine(budget, "quadratic", expression="x + y", seed=0)
    small = {**base, "steps": LONG[budget]}
    del small["fraction"], base["fraction"]
    return {
        "small": RunGroup(small, {"fraction": list(REPORTED) if budget != "tiny" else [tiny.OTHER_FRACTION]}),
        "half": quadratic_runs(budget, ["x + y"]),
        **({"large": RunGroup(base, {"fraction": [0.4, 0.7]})} if budget != "tiny" else {}),
    }


def measure_fractions(evidence: Evidence) -> ClaimResult:
    """Read accuracy and deviation at iterations 30 and 100."""
    budget = evidence.budget
    short, long = ITERATIONS[budget], LONG[budget]
    every = sorted(runs(evidence), key=lambda run: run.experiment.fraction)
    names = [percent_of(fraction) for fraction in REPORTED]
    measured = ("accuracy30", "accuracy100", "deviation30")
    values: dict[str, float | None] = {f"{number}_{name}": None for name in names for number in measured}
    for run in evidence["small"]:
        name = percent_of(run.experiment.fraction)
        values[f"accuracy30_{name}"] = run.at("test_accuracy", short)
        values[f"accuracy100_{name}"] = run.at("test_accuracy", long)
        values[f"deviation30_{name}"] = run.at("circulant_deviation_mean", short)
    values["accuracy30_50"] = evidence.one("half").last("test_accuracy")
    rows = [
        {
            "fraction": run.experiment.fraction,
            "accuracy at 30": shown(run.at("test_accuracy", short)),
            "accuracy at 100": shown(run.at("test_accuracy", long)) if run.row.step > short else "",
            "deviation at 30, sum": shown(run.at("circulant_deviation", short)),
            "deviation at 30, mean": shown(run.at("circulant_deviation_mean", short), 4),
        }
        for run in every
    ]
    return ClaimResult(values, _fraction_panels(every, short), rows)


def _fraction_panels(every: Sequence[RunData], short: int) -> tuple[Panel, ...]:
    x = [run.experiment.fraction for run in every]
    accuracy = [run.at("test_accuracy", short) for run in every]
    deviation = [run.at("circulant_deviation", short) for run in every]
    curves = [
        Line("accuracy", x, accuracy, charts.TEST, dots=True),
        Line("circulant deviation", x, deviation, charts.SECOND, dots=True),
    ]
    text = ", ".join(f"{a:.3f} at fraction {r:g}" for r, a in zip(x, accuracy, strict=True))
    caption = "Test accuracy and circulant deviation (sum in each stripe) of x + y at iteration 30."
    cell = charts.lines(
        curves, f"Accuracy {text}.", x="training fraction", log_x=False, domain=(0.0, 1.0), height=190
    )
    return (single("fraction", "Against training fraction", caption, cell, 12),)


def _fractions_expected() -> tuple[Expected, ...]:
    expectations = [Expected("accuracy30_50", "groks at r = 0.5 (Fig. 2); at least 99%", low=0.99)]
    for fraction, (short, long) in REPORTED.items():
        name = percent_of(fraction)
        expectations += [
            Expected(f"accuracy30_{name}", f"{short:g} (report), 0.05", max(short - 0.05, 0), short + 0.05),
            Expected(
                f"accuracy100_{name}", f"{long:g} (report), 0.05", long - 0.05, long + 0.05, essential=False
            ),
        ]
    for fraction, value in REPORTED_DEVIATION.items():
        name = f"deviation30_{percent_of(fraction)}"
        expectations.append(Expected(name, f"{value:g} (report), 25%", 0.75 * value, 1.25 * value))
    return tuple(expectations)


FRACTIONS = Claim(
    "mallinar2024/fractions-quadratic",
    "beyond the paper: a reproduction report on Fig. 2's setting",
    "With a twentieth or a tenth of the table of x + y mod 61 the quadratic machine learns no features; with "
    "a fifth to three tenths it learns them and hardly generalises, in 30 and in 100 iterations; with half "
    "it does.",
    plan_fractions,
    measure_fractions,
    _fractions_expected(),
    {"tiny": TINY, "laptop": (ONE_SEED, CENTRED), "paper": (ONE_SEED, CENTRED)},
)


# Sharp accuracy, gradual features (App. Fig. 10)

WHOLE: Mapping[str, float] = {"tiny": 0.95, "laptop": 0.999, "paper": 0.999}
"""Fraction of the machine whose features stand for those of the whole table: all inputs but a few."""
ALIGNED = (
    "alignment is taken with the features that a machine learns from 99.9% of the table, whatever its split; "
    "at no fraction of the figure is it 1 by construction"
)
SWEPT: Mapping[str, tuple[float, ...]] = {
    "tiny": (tiny.OTHER_FRACTION,),
    "laptop": (0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.7),
    "paper": (0.05, 0.1, 0.15, 0.2, 0.225, 0.25, 0.275, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7),
}
SWEPT_MODULUS: Mapping[str, int] = {**MODULUS, "paper": 97}


def gaussian_sweep(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Return x + y with a Gaussian kernel over training fractions; half of the table is a run of others."""
    base = machine(budget, "gaussian", expression="x + y", seed=0, p=SWEPT_MODULUS[budget])
    del base["fraction"]
    groups = {
        "sweep": RunGroup(base, {"fraction": list(SWEPT[budget])}),
        "whole": RunGroup({**base, "fraction": WHOLE[budget]}),
    }
    if budget != "paper":
        groups["half"] = RunGroup({**base, "fraction": 0.5})
    return groups


def measure_sweep(evidence: Evidence) -> ClaimResult:
    """Compare over which span of fractions accuracy and alignment rise."""
    whole = evidence.one("whole")
    every = [run for run in runs(evidence) if run.row.id != whole.row.id]
    every.sort(key=lambda run: run.experiment.fraction)
    x = [run.experiment.fraction for run in every]
    last = [matrices(run)[run.row.step] for run in every]
    accuracy = np.array([run.last("test_accuracy") for run in every])
    loss = np.array([run.last("test_loss") for run in every])
    aligned = alignments(last, matrices(whole)[whole.row.step])
    values = {
        "least_accuracy": float(accuracy[0]),
        "half_fraction_accuracy": float(accuracy[x.index(0.5)]),
        "threshold": passes(x, accuracy, 0.5),
        "accuracy_span": span(x, accuracy),
        "alignment_span": span(x, scaled(aligned)),
        "alignment_kept": float(scaled(aligned)[-1]),
        "alignment_largest": float(aligned[-1]),
    }
    rows = [
        {"fraction": r, "accuracy": shown(a, 4), "test loss": shown(m, 4), "alignment": shown(c)}
        for r, a, m, c in zip(x, accuracy.tolist(), loss.tolist(), aligned.tolist(), strict=True)
    ]
    curves = [
        Line("test accuracy", x, accuracy, charts.TEST, dots=True),
        Line("alignment", x, aligned, charts.MEASURE, dots=True),
    ]
    caption = (
        f"x + y mod {every[0].task.p}, Gaussian kernel, iteration {every[0].row.step}. Alignment: cosine of "
        f"M with that of a machine trained on {whole.experiment.fraction:.1%} of the table."
    )
    text = ", ".join(f"accuracy {a:.3f} at {r:g}" for r, a in zip(x, accuracy, strict=True))
    cell = charts.lines(curves, f"{text}.", x="training fraction", log_x=False, domain=(0.0, 1.0), height=190)
    return ClaimResult(values, (single("sweep", "Against training fraction", caption, cell, 12),), rows)


def scaled(curve: np.ndarray) -> np.ndarray:
    """Return a curve moved and stretched to the range from 0 to 1; zeros if it is constant.

    Example:
        >>> scaled(np.array([0.5, 0.6, 0.7])).round(9).tolist()
        [0.0, 0.5, 1.0]
    """
    result: np.ndarray = (curve - curve.min()) / (np.ptp(curve) or 1.0)
    return result


def span(x: Sequence[float] | np.ndarray, y: np.ndarray) -> float | None:
    """Return how far apart in x a rising curve passes 0.1 and 0.9; None if it does not reach both."""
    low, high = passes(x, y, 0.1), passes(x, y, 0.9)
    return None if low is None or high is None else high - low


SWEEP = Claim(
    "mallinar2024/appfig10-fractions",
    "App. Fig. 10",
    "Over training fractions the accuracy of the Gaussian machine after 30 iterations rises sharply, and the "
    "alignment of its features gradually.",
    gaussian_sweep,
    measure_sweep,
    (
        Expected("least_accuracy", "none at the smallest fraction (App. Fig. 10); at most 5%", high=0.05),
        Expected("half_fraction_accuracy", "100% at r = 0.5 (App. Fig. 10); at least 99%", low=0.99),
        Expected("threshold", "about 0.25 (report), 0.05", 0.2, 0.3, essential=False, budgets=("paper",)),
        Expected("accuracy_span", "sharp: from 10% to 90% within 0.2 of the table", high=0.2),
        Expected("alignment_span", "gradual: over more than 0.2 of the table", low=0.2),
        Expected(
            "alignment_kept",
            "rises: at the largest fraction it is still at least 90% of the way up its range",
            low=0.9,
            given="alignment_kept",
        ),
    ),
    {
        "tiny": TINY,
        "laptop": (
            "p = 61 instead of 97: the place of the threshold, about a quarter of the table, is not judged",
            ALIGNED,
            ONE_SEED,
            CENTRED,
        ),
        "paper": (ALIGNED, ONE_SEED, CENTRED),
    },
)

CLAIMS = (FRACTIONS, SWEEP)
