"""Gromov 2023: the runs that several claims read, and how they differ from the paper's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...reports.charts.claim_charts import Cell, Line, lines
from ...sweeps.critical.statistics import quantile
from ..claims import tiny
from ..claims.claim import BudgetName
from ..claims.evidence import RunData
from ..claims.plan import RunGroup

SIZES: Mapping[BudgetName, dict[str, int]] = {
    "tiny": {"p": tiny.P, "width": tiny.WIDTH},
    "laptop": {"p": 97, "width": 500},
    "paper": {"p": 97, "width": 500},
}
SMALL: Mapping[BudgetName, dict[str, int]] = {**SIZES, "laptop": {"p": 31, "width": 200}}
"""Sizes where many runs are made."""
FRACTION: Mapping[BudgetName, float] = {"tiny": tiny.FRACTION, "laptop": 0.49, "paper": 0.49}
RATE = (
    "learning rate 3e5, since none is stated: training then follows Fig. 1 in a third of its steps; at 1e6, "
    "also tried, the loss is unstable after grokking"
)
SMALLER = "p = 31 and 200 neurons; learning rate scaled to them so that training follows Fig. 4a"
ADAMW = "AdamW in the plain parametrisation at rate 0.01 with weight decay 1, since none is stated"


def rate(budget: BudgetName) -> dict[str, float]:
    """Return gradient descent's rate: that of Fig. 1's time scale, or thrice it; tiny has the default."""
    return {} if budget == "tiny" else {"lr": 1e5 if budget == "paper" else 3e5}


def small_rate(budget: BudgetName) -> dict[str, float]:
    """Return gradient descent's rate at the sizes of `SMALL`: scaled to them by default."""
    return rate(budget) if budget == "paper" else {}


def descent(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Full-batch gradient descent on x + y without regularisation."""
    steps = {"tiny": tiny.STEPS, "laptop": 5500, "paper": 30_000}[budget]
    base = {"expression": "x + y", "fraction": FRACTION[budget], "early_stop": False, "steps": steps}
    base |= {} if budget == "tiny" else {"observe_every": 20 if budget == "laptop" else 50}
    seeds = {"tiny": [0], "laptop": [0], "paper": [0, 1, 2, 3, 4]}[budget]
    return {"gd": RunGroup({**base, **SIZES[budget], **rate(budget)}, {"seed": seeds})}


def adamw(budget: BudgetName, lr: float, steps: int) -> RunGroup:
    """AdamW on x + y, followed well beyond grokking."""
    base = {"expression": "x + y", "optimiser": "adamw", "parametrisation": "doshi", "weight_decay": 1.0}
    return RunGroup(
        {**base, **SIZES[budget], "fraction": FRACTION[budget], "early_stop": False, "lr": lr, "steps": steps}
    )


def optimisers(budget: BudgetName) -> Mapping[str, RunGroup]:
    """The same task under gradient descent, with momentum, and under AdamW."""
    short = budget == "tiny"
    momentum = {} if short else {"lr": 1e5 if budget == "laptop" else 1e4}
    limit = {"steps": 2000} if budget == "laptop" else {}
    base = dict(descent(budget)["gd"].base) | {"optimiser": "momentum"} | limit
    base.pop("lr", None)
    return {
        **descent(budget),
        "momentum": RunGroup({**base, **momentum}),
        "adamw": adamw(budget, 0.01, tiny.STEPS if short else 500),
    }


def fractions(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Training fractions under gradient descent and AdamW (Fig. 4a)."""
    shares = {
        "tiny": [tiny.FRACTION, tiny.OTHER_FRACTION],
        "laptop": [0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
        "paper": [0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    }[budget]
    steps = {"tiny": tiny.STEPS, "laptop": 5000, "paper": 100_000}[budget]
    rates = {"lr": 3e5} if budget == "paper" else {}  # by default scaled to the sizes of `SMALL`
    gd = {"expression": "x + y", **SMALL[budget], **rates, "steps": steps}
    base = {
        "expression": "x + y",
        "optimiser": "adamw",
        "parametrisation": "doshi",
        "weight_decay": 1.0,
        "lr": 0.01,
    }
    seeds = [0, 1, 2] if budget == "paper" else [0]
    return {
        "gd": RunGroup(gd, {"fraction": shares, "seed": seeds}),
        "adamw": RunGroup(
            {**base, **SMALL[budget], "steps": min(steps, 2000)}, {"fraction": shares, "seed": seeds}
        ),
    }


def participation(budget: BudgetName) -> Mapping[str, RunGroup]:
    """AdamW with a small rate, so that the regimes lie apart (Fig. 5)."""
    return {"adamw": adamw(budget, 0.003, {"tiny": tiny.STEPS, "laptop": 1500, "paper": 20_000}[budget])}


LAPTOP_SEEDS = "one seed"
SHARED: Mapping[BudgetName, tuple[str, ...]] = {
    "tiny": (tiny.TINY_DEVIATION,),
    "laptop": (RATE, LAPTOP_SEEDS),
    "paper": (
        "learning rate 1e5, chosen for the paper's time scale, since none is stated; at 1e6, with which this "
        "book began, the training loss rises after grokking, and fig1-loss fails",
    ),
}
WITH_ADAMW: Mapping[BudgetName, tuple[str, ...]] = {
    "tiny": (tiny.TINY_DEVIATION,),
    "laptop": (RATE, ADAMW, "one seed"),
    "paper": (ADAMW,),
}
REAL: tuple[BudgetName, ...] = ("laptop", "paper")


def least(values: Sequence[float | int | None]) -> float | int | None:
    """Return the smallest, None if one is missing."""
    known = [value for value in values if value is not None]
    return min(known) if known and len(known) == len(values) else None


def greatest(values: Sequence[float | int | None]) -> float | int | None:
    """Return the largest, None if one is missing."""
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None


def grokking_by_fraction(runs: Sequence[RunData]) -> dict[float, float | None]:
    """Return training fraction -> step of grokking, the median over seeds; None if it is never."""
    steps: dict[float, list[int | None]] = {}
    for run in runs:
        steps.setdefault(run.experiment.fraction, []).append(run.row.grokked_at)
    return {share: quantile(each, 0.5) for share, each in steps.items()}


def grokking_line(name: str, steps: Mapping[float, float | None], colour: str) -> Line:
    """Make the line of the fractions that grok."""
    grokked = {share: step for share, step in steps.items() if step is not None}
    return Line(name, list(grokked), list(grokked.values()), colour, dots=True)


def grokking_chart(curves: Sequence[Line], text: str) -> Cell:
    """Draw steps of grokking against the training fraction."""
    return lines(curves, text, x="training fraction", y="step of grokking", log_x=False, log_y=True)


def least_fraction(steps: Mapping[float, float | None]) -> float | None:
    """Return the smallest fraction that groks.

    Example:
        >>> least_fraction({0.3: None, 0.5: 900, 0.4: 2000.0}), least_fraction({0.3: None})
        (0.4, None)
    """
    return min((share for share, step in steps.items() if step is not None), default=None)
