"""Losses and accuracies as measures: quotients of a `Tally`'s exact counts, taken on the host."""

from __future__ import annotations

import math

import numpy as np

from ..training.problem import GROUPS
from .accuracy import Tally
from .measure import Measure

_MEANINGS = {
    "train": "the training inputs, corrupted labels included",
    "test": "the test inputs",
    "clean": "the training inputs whose labels were not redrawn",
    "corrupted": "the training inputs whose labels were redrawn, against those labels",
    "nonzero": "the test inputs without a zero operand",
}


def group_accuracy(tally: Tally, group: int) -> float:
    """Return the share of a group's inputs whose greatest logit is their label; nan if the group is empty."""
    size = int(tally.size[group])
    return int(tally.correct[group]) / size if size else math.nan


def group_loss(tally: Tally, group: int) -> float:
    """Return the mean loss over a group, as the shortest decimal that gives the stored float32 back."""
    return float(str(np.asarray(tally.loss)[group]))


def _accuracy(number: int, group: str) -> Measure:
    return Measure(
        name=f"{group}_accuracy",
        title=f"accuracy on {_MEANINGS[group]}",
        function=lambda tally, frame: group_accuracy(tally, number),
        reads="counts",
        direction="up" if group != "corrupted" else "none",
        range=lambda p: (0.0, 1.0),
    )


def _loss(number: int, group: str) -> Measure:
    return Measure(
        name=f"{group}_loss",
        title=f"mean loss on {_MEANINGS[group]}",
        function=lambda tally, frame: group_loss(tally, number),
        reads="counts",
        direction="down",
        range=lambda p: (0.0, float("inf")),
    )


COUNT_MEASURES: tuple[Measure, ...] = (
    _loss(0, "train"),
    _loss(1, "test"),
    *(_accuracy(number, group) for number, group in enumerate(GROUPS)),
)
"""What every learner records, in this order."""
