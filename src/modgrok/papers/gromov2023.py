"""Gromov 2023, "Grokking modular arithmetic": what it says, and the runs that test it."""

from __future__ import annotations

from collections.abc import Mapping

from .charts import TEST, TRAIN, Line, lines, single
from .claim import Budget, Claim, Expected, Found
from .evidence import Evidence
from .plan import Group

TITLE = "Grokking modular arithmetic"
CITATION = "A. Gromov, 2023, arXiv:2301.02679"

SHARED: Mapping[Budget, tuple[str, ...]] = {
    "laptop": (
        "learning rate 1e6 instead of an unstated one: the same curves in a tenth of the steps",
        "the loss is averaged over examples and classes",
    ),
    "tiny": ("p = 11 and 60 neurons: checks the machinery only",),
    "paper": ("learning rate 1e5, chosen for the paper's time scale, since none is stated",),
}


def descent(budget: Budget) -> Mapping[str, Group]:
    """Full-batch gradient descent on x + y without regularisation, alpha = 0.49 (Fig. 1)."""
    sizes = {
        "tiny": {"p": 11, "width": 60, "steps": 60, "fraction": 0.8},
        "laptop": {"p": 97, "width": 500, "lr": 1e6, "steps": 3000, "fraction": 0.49},
        "paper": {"p": 97, "width": 500, "lr": 1e5, "steps": 40_000, "fraction": 0.49},
    }[budget]
    base = {"expression": "x + y", "optimiser": "gd", "early_stop": False, **sizes}
    return {"gd": Group(base, {"seed": [0] if budget == "tiny" else [0, 1, 2]})}


def accuracy(evidence: Evidence) -> Found:
    """Read when gradient descent memorises and when it groks."""
    runs = evidence["gd"]
    ratios = [
        run.row.grokked_at / run.row.memorised_at
        for run in runs
        if run.row.grokked_at and run.row.memorised_at
    ]
    drawn = [
        Line(name if run is runs[0] else "", run.steps, run.curve(key), colour)
        for run in runs
        for name, key, colour in (("training", "train_accuracy", TRAIN), ("test", "test_accuracy", TEST))
    ]
    cell = lines(drawn, "Training accuracy rises to 100% before test accuracy does.", percent=True)
    return Found(
        {
            "train_accuracy": min(run.last("train_accuracy") for run in runs),
            "test_accuracy": min(run.last("test_accuracy") for run in runs),
            "delay": min(ratios) if len(ratios) == len(runs) else None,
        },
        (single("accuracy", "Accuracy", "Training and test accuracy, one line a seed.", cell, 6),),
    )


CLAIMS = (
    Claim(
        "gromov2023/fig1-accuracy",
        "Fig. 1c",
        "Plain full-batch gradient descent without regularisation memorises first, and reaches 100% on the "
        "test inputs later.",
        descent,
        accuracy,
        (
            Expected("train_accuracy", "100% (Fig. 1c)", low=0.999),
            Expected("test_accuracy", "100% (Fig. 1c)", low=0.999),
            Expected("delay", "test after training: 1.2 to 3 times the steps (Fig. 1c)", low=1.05),
        ),
        SHARED,
    ),
)
