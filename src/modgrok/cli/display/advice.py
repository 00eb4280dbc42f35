"""What to try when a run has not grokked: one line that is true.

Owns: the fractions from which on runs of the atlas grok. A test keeps them equal to `atlas/tables`, which the
package does not ship.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...runs import Experiment, RunRow

LARGEST_FRACTION = 0.9
"""Larger training sets leave too few inputs to test on."""


@dataclass(frozen=True)
class KnownFractions:
    """From which training fraction on at least half of the runs of x + y mod p grok.

    Arguments:
        table: file in `atlas/tables`, `{p}` for the modulus where there is one each.
        settings: of the learner that the sweep used, its rate apart.
        fractions: by p; None where not even the largest fraction was enough.
    """

    table: str
    settings: dict[str, Any]
    fractions: dict[int, float | None]


KNOWN_FRACTIONS = (
    KnownFractions(
        "gd_p{p}.csv",
        {"kind": "mlp", "width": 500, "optimiser": "gd", "loss": "mse", "parametrisation": "gromov"},
        {23: 0.7, 31: 0.6, 47: 0.5, 59: 0.4, 97: 0.3},
    ),
    KnownFractions(
        "critical_adamw.csv",
        {"kind": "mlp", "width": 500, "optimiser": "adamw", "parametrisation": "doshi", "weight_decay": 5.0},
        {11: 0.65, 23: 0.45, 31: 0.35, 47: 0.3, 59: 0.25, 97: 0.2},
    ),
    KnownFractions(
        "critical_rfm.csv",
        {"kind": "rfm", "kernel": "quadratic"},
        {11: None, 17: None, 23: 0.7, 31: 0.65, 47: 0.55, 59: 0.5},
    ),
)


def advice(experiment: Experiment, row: RunRow) -> str | None:
    """Say what to try so that a run groks; None if it grokked, or did not come to its end.

    Arguments:
        experiment: what was run.
        row: how it went.
    """
    if row.grokked_at is not None or row.status != "finished":
        return None
    longer = f"more steps, which continue this run (--steps {4 * row.step})"
    if row.memorised_at is None:
        return f"the training set is not memorised yet: try {longer}"
    known = known_fraction(experiment)
    if known is not None and experiment.fraction < known[1]:
        p, fraction = known
        return (
            f"x + y mod {p} groks from a training fraction of about {fraction:g} on: "
            f"try --fraction {fraction:g}"
        )
    if experiment.corruption > 0:
        return f"memorising redrawn labels works against grokking: try a smaller --corruption, or {longer}"
    if experiment.fraction >= LARGEST_FRACTION:
        return f"the training set is large already: try a larger --p, or {longer}"
    if experiment.folds:
        return f"the training set is memorised: try {longer}"
    larger = min(LARGEST_FRACTION, round(experiment.fraction + 0.2, 2))
    return f"the training set is memorised: try a larger one (--fraction {larger:g}), or {longer}"


def known_fraction(experiment: Experiment) -> tuple[int, float] | None:
    """Return p and the fraction known for it; None if the atlas has no such runs.

    Example:
        >>> known_fraction(Experiment.of("x + y", p=31)), known_fraction(Experiment.of("x*y", p=31))
        ((31, 0.6), None)
    """
    if experiment.task.expression != "x + y" or experiment.corruption:
        return None
    for entry in KNOWN_FRACTIONS:
        if all(getattr(experiment.learner, name, None) == value for name, value in entry.settings.items()):
            fraction = entry.fractions.get(experiment.task.p or 0)
            return None if fraction is None else (experiment.task.p or 0, fraction)
    return None
