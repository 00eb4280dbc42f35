"""Gromov 2023, Sec. 4 and Fig. 10: how much data is needed, and what optimisers change.

Owns: the claims on the critical fraction against p, on momentum and decay, and on n^2 + nm + m^2 from nearly
all of the table.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...reports.charts.claim_charts import LINES, SOFT, TEST, Line, lines, single
from ...tasks.null import orbit_null
from ..claims import tiny
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup
from .functions import NOTES
from .runs import (
    SMALL,
    SMALLER,
    grokking_by_fraction,
    grokking_chart,
    grokking_line,
    least_fraction,
    small_rate,
)

NO_DOT = "Medians over seeds. Fractions that do not grok have no dot."

# Sec. 4: the critical fraction falls with p

MODULI: Mapping[BudgetName, tuple[int, ...]] = {"tiny": (5, 7), "laptop": (13, 23, 47), "paper": (23, 47, 97)}
SHARES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def plan_moduli(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Gradient descent on x + y over training fractions, at three moduli."""
    small = budget == "tiny"
    base: dict[str, Any] = {
        "expression": "x + y",
        "width": SMALL[budget]["width"],
        "steps": {"tiny": tiny.STEPS, "laptop": 5000, "paper": 20_000}[budget],
    }
    shares = [tiny.FRACTION] if small else list(SHARES)
    seeds = [0, 1, 2] if budget == "paper" else [0]
    return {f"p{p}": RunGroup({**base, "p": p}, {"fraction": shares, "seed": seeds}) for p in MODULI[budget]}


def measure_moduli(evidence: Evidence) -> ClaimResult:
    """Find the smallest fraction that groks at every modulus."""
    least: dict[int, float | None] = {}
    curves, rows = [], []
    for runs, colour in zip(evidence.groups.values(), LINES, strict=False):
        p = runs[0].task.p
        median = grokking_by_fraction(runs)
        least[p] = least_fraction(median)
        curves.append(grokking_line(f"p = {p}", median, colour))
        rows.append({"p": p, "least fraction": least[p], **{f"{s:g}": step for s, step in median.items()}})
    shares = list(least.values())
    falls = [None if a is None or b is None else a - b for a, b in itertools.pairwise(shares)]
    values: dict[str, float | None] = {
        "least_fall": None if None in falls else min(fall for fall in falls if fall is not None),
        "whole_fall": None if shares[0] is None or shares[-1] is None else shares[0] - shares[-1],
        **{f"fraction_{i}": share for i, share in enumerate(shares, 1)},
    }
    words = ", ".join(f"{share or 'none'} at p = {p}" for p, share in least.items())
    text = f"Step of grokking against the training fraction; the smallest that groks: {words}."
    cell = grokking_chart(curves, text)
    return ClaimResult(values, (single("moduli", "Fractions that grok", NO_DOT, cell, 12),), rows)


# Sec. 4: momentum, decay, AdamW ------------------------------------------------------------

SLOW_RATE = 1305.6
"""A tenth of the default rate at p = 31 and 200 neurons, so that momentum is stable at the same rate."""
WAYS = ("gd", "momentum", "decay", "adamw")


def plan_optimisers(budget: BudgetName) -> Mapping[str, RunGroup]:
    """The same rate without and with momentum or decay, and AdamW, over training fractions."""
    small = budget == "tiny"
    rate = {} if small else {"lr": 1e5 if budget == "paper" else SLOW_RATE}
    base = {
        "expression": "x + y",
        **SMALL[budget],
        "steps": tiny.STEPS if small else 20_000,
    }
    adamw = {"optimiser": "adamw", "parametrisation": "doshi", "weight_decay": 1.0, "lr": 0.01}
    fields: dict[str, dict[str, Any]] = {
        "gd": rate,
        "momentum": {**rate, "optimiser": "momentum"},
        "decay": {**rate, "weight_decay": 1e-4 / rate.get("lr", 1.0)},
        "adamw": adamw | {"steps": tiny.STEPS if small else 2000},
    }
    shares = [tiny.FRACTION] if small else [0.4, 0.5, 0.6, 0.7]
    seeds = [0, 1, 2] if budget == "paper" else [0]
    return {way: RunGroup({**base, **fields[way]}, {"fraction": shares, "seed": seeds}) for way in WAYS}


def measure_optimisers(evidence: Evidence) -> ClaimResult:
    """Compare steps of grokking at the largest fraction, and the smallest fractions that grok."""
    most = max(run.experiment.fraction for run in evidence["gd"])
    steps = {way: grokking_by_fraction(evidence[way]) for way in WAYS}
    least = {way: least_fraction(row) for way, row in steps.items()}
    alone = steps["gd"][most]
    values: dict[str, float | None] = {}
    for way in WAYS[1:]:
        own = steps[way][most]
        values[f"{way}_speed_up"] = None if alone is None or own is None else alone / own
        first, second = least["gd"], least[way]
        values[f"{way}_saves"] = None if first is None or second is None else first - second
        values[f"{way}_delay_ratio"] = _delay_ratio(evidence[way], evidence["gd"], most)
    names = {"gd": "gradient descent", "momentum": "momentum", "decay": "weight decay", "adamw": "AdamW"}
    curves = [
        grokking_line(names[way], row, colour)
        for (way, row), colour in zip(steps.items(), LINES, strict=False)
    ]
    cell = grokking_chart(curves, "Step of grokking against the training fraction, by optimiser.")
    rows = [
        {"optimiser": names[way], "least fraction": least[way]} | {f"{s:g}": step for s, step in row.items()}
        for way, row in steps.items()
    ]
    return ClaimResult(values, (single("optimisers", "What speeds grokking up", NO_DOT, cell, 12),), rows)


def _delay_ratio(runs: Sequence[RunData], alone: Sequence[RunData], share: float) -> float | None:
    """Return grokked/memorised of runs over that of gradient descent alone.

    Below 1 if grokking follows sooner; a larger rate, as which momentum acts, shortens both steps alike.
    """
    ratios = []
    for each in (runs, alone):
        delays = [
            run.row.grokked_at / run.row.memorised_at
            for run in each
            if run.experiment.fraction == share and run.row.grokked_at and run.row.memorised_at
        ]
        if not delays:
            return None
        ratios.append(float(np.median(delays)))
    return ratios[0] / ratios[1]


# Fig. 10: n^2 + nm + m^2 from nearly all of the table

QUADRATIC_FORM = "x^2 + x*y + y^2"


def plan_nearly_all(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Gradient descent on n^2 + nm + m^2 from most of the table, on plain and on swap splits."""
    small = budget == "tiny"
    base = {
        "expression": QUADRATIC_FORM,
        **SMALL[budget],
        **small_rate(budget),
        "steps": {"tiny": tiny.STEPS, "laptop": 5000, "paper": 100_000}[budget],
    }
    shares = [tiny.FRACTION] if small else [0.8, 0.9, 0.95, 0.97]
    seeds = [0, 1, 2] if budget == "paper" else [0]
    axes = {"fraction": shares, "seed": seeds}
    return {"plain": RunGroup(base, axes), "swap": RunGroup({**base, "orbits": "swap"}, axes)}


def measure_nearly_all(evidence: Evidence) -> ClaimResult:
    """Compare accuracies with the orbit null of the same split."""
    rows: list[dict[str, Any]] = []
    for split in ("plain", "swap"):
        for run in evidence[split]:
            null = orbit_null(run.task, run.split).accuracy
            accuracy = run.last("test_accuracy")
            rows.append(
                {"split": split, "fraction": run.experiment.fraction, "seed": run.experiment.seed}
                | {"test accuracy": accuracy, "orbit null": null, "over the null": accuracy - null}
                | {"of the null's errors": (accuracy - null) / (1 - null) if null < 1 else 0.0}
            )
    shares = sorted({row["fraction"] for row in rows})
    most = shares[-1]

    def median(split: str, name: str, share: float) -> float:
        return float(np.median([r[name] for r in rows if (r["split"], r["fraction"]) == (split, share)]))

    values = {
        "accuracy_plain": median("plain", "test accuracy", most),
        "over_null_plain": median("plain", "over the null", most),
        "errors_of_null_answered": median("plain", "of the null's errors", most),
        "accuracy_swap": median("swap", "test accuracy", most),
    }
    curves = [
        Line(
            f"{split} split" if name == "test accuracy" else "",
            shares,
            [median(split, name, share) for share in shares],
            colour if name == "test accuracy" else SOFT,
            dots=name == "test accuracy",
            dashed=name != "test accuracy",
        )
        for split, colour in (("plain", TEST), ("swap", LINES[1]))
        for name in ("test accuracy", "orbit null")
    ]
    words = f"at {most:.0%} of the table {values['accuracy_plain']:.1%} on plain splits"
    cell = lines(
        curves,
        f"Test accuracy of {QUADRATIC_FORM}: {words}, {values['accuracy_swap']:.1%} on swap splits.",
        x="training fraction",
        log_x=False,
        percent=True,
    )
    caption = "Medians over seeds; dashed: the orbit null of the same split, what knowing the swap gives."
    return ClaimResult(values, (single("nearly-all", "Accuracy and its null", caption, cell, 12),), rows)


NO_LAYERS = "BatchNorm and dropout, which the section also names, are not among the networks here"

NEARLY_ALL: Mapping[BudgetName, tuple[str, ...]] = {
    "tiny": NOTES["tiny"],
    "laptop": (SMALLER, "one seed, 5,000 steps", "fractions of 0.8, 0.9, 0.95 and 0.97"),
}

CLAIMS = (
    Claim(
        "gromov2023/fig10-nearly-all",
        "App. C, Fig. 10",
        "n^2 + nm + m^2 is answered on nearly all test inputs from more than 95% of the table.",
        plan_nearly_all,
        measure_nearly_all,
        (
            Expected("accuracy_plain", "97% above a fraction of 0.95 (App. C); within two points", low=0.95),
            Expected(
                "errors_of_null_answered",
                "more than the swap gives away: half of the inputs that the orbit null misses (ours)",
                low=0.5,
                given="errors_of_null_answered",
            ),
        ),
        NEARLY_ALL,
    ),
    Claim(
        "gromov2023/fig10-swap",
        "beyond the paper: a control of Fig. 10",
        "n^2 + nm + m^2 is answered no better than knowing the swap of operands allows: on splits that keep "
        "swapped pairs together it is not learned.",
        plan_nearly_all,
        measure_nearly_all,
        (
            Expected("over_null_plain", "no more than the orbit null and 5 points (predicted)", high=0.05),
            Expected("accuracy_swap", "not learned without the swap (predicted): at most 50%", high=0.5),
        ),
        NEARLY_ALL,
    ),
    Claim(
        "gromov2023/sec4-critical-fraction",
        "Sec. 4",
        "The larger p, the smaller the fraction of the table from which gradient descent groks x + y.",
        plan_moduli,
        measure_moduli,
        (
            Expected("whole_fall", "falls with p (Sec. 4): by a tenth of the table at least", low=0.1),
            Expected("least_fall", "falls with p (Sec. 4): never rises", low=0.0),
        ),
        {
            "tiny": (tiny.TINY_DEVIATION,),
            "laptop": (
                "p = 13, 23 and 47, 200 neurons; learning rate scaled to them",
                "eight fractions, one seed each, at most 5,000 steps",
                "the paper gives no numbers",
            ),
        },
    ),
    Claim(
        "gromov2023/sec4-optimisers",
        "Sec. 4",
        "Momentum, weight decay and AdamW make a network grok x + y in fewer steps than plain gradient "
        "descent, and from no more data.",
        plan_optimisers,
        measure_optimisers,
        tuple(
            expected
            for way, words, low in (
                ("momentum", "momentum", 1.5),
                ("decay", "weight decay", 1.0),
                ("adamw", "AdamW", 1.5),
            )
            for expected in (
                Expected(
                    f"{way}_speed_up", f"{words} speeds grokking up (Sec. 4): {low:g} times at least", low=low
                ),
                Expected(f"{way}_saves", f"{words} needs no more data (Sec. 4: less)", low=0.0),
                Expected(
                    f"{way}_delay_ratio",
                    f"{words} shortens grokking over memorising, not both alike (ours)",
                    high=0.9,
                    essential=False,
                ),
            )
        ),
        {
            "tiny": (tiny.TINY_DEVIATION,),
            "laptop": (
                "p = 31 and 200 neurons, a tenth of the default rate, with which momentum is stable",
                "weight decay of 1e-4 a step; AdamW at rate 0.01 with weight decay 1",
                "four fractions, one seed each, at most 20,000 steps",
                "momentum of 0.9 acts as ten times the rate, and speeds memorising up as much",
                NO_LAYERS,
            ),
            "paper": (NO_LAYERS,),
        },
    ),
)
