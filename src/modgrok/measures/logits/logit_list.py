"""The measures of logits and hidden values, as the list of all measures has them."""

from __future__ import annotations

from ..measure import Direction, Measure


def _measure(reads: str, name: str, title: str, direction: Direction, least: float, most: float) -> Measure:
    return Measure(
        name=name,
        title=title,
        function=lambda numbers, frame: numbers[name],
        reads=reads,
        direction=direction,
        range=lambda p: (least, most),
    )


INFINITE = float("inf")
LOGIT_MEASURES: tuple[Measure, ...] = (
    _measure(
        "logits",
        "margin",
        "mean over the test inputs of the label's logit less the largest other one",
        "up",
        -INFINITE,
        INFINITE,
    ),
    _measure(
        "logits",
        "formula_accuracy",
        "accuracy on the test inputs of the formula that explains the logits",
        "up",
        0.0,
        1.0,
    ),
    _measure(
        "logits", "explained_share", "share of the test inputs that the formula explains", "up", 0.0, 1.0
    ),
    _measure(
        "logits",
        "explained_share_train",
        "share of the training inputs that the formula explains",
        "up",
        0.0,
        1.0,
    ),
    _measure("logits", "formula_frequencies", "number of frequencies in the formula", "none", 0.0, INFINITE),
)
"""What `measures.logits.array_numbers` reads of logits."""
HIDDEN_MEASURES: tuple[Measure, ...] = (
    _measure(
        "hidden",
        "hidden_rank",
        "effective rank of the covariance of the hidden values over all inputs",
        "none",
        0.0,
        INFINITE,
    ),
)
"""What it reads of hidden values."""
