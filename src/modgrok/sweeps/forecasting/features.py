r"""The features from which grokking is forecast, by name, computed from a run's first part.

Owns: the names. `ln p` and `ln fraction` are what they say, `ln memorised_at` is the logarithm of 1 + the
memorising step. `memorised NAME` is a recorded number at that step; `slope NAME` is its change from there to
1.5 times the step, over the change of $\ln(1 + t)$. Losses and norms enter as their logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ...tasks import InputError
from .first_part import FirstPart

SETTINGS = ("ln p", "ln fraction")
"""Features that are known before training."""
MEMORISING = "ln memorised_at"
AT, SLOPE = "memorised ", "slope "
"""How the names of features of a recorded number begin."""
LOGARITHMIC = ("_loss", "_norm")
"""Endings of the recorded numbers that enter as logarithms."""
LEAST = 1e-30
"""Smaller numbers enter as this one's logarithm."""


def feature_names(recorded: Sequence[str], *, later: bool) -> tuple[str, ...]:
    """Return the names of all features.

    Arguments:
        recorded: names of the recorded numbers to use.
        later: whether the slopes up to 1.5 times the memorising step are known.

    Example:
        >>> feature_names(["ipr"], later=True)
        ('ln p', 'ln fraction', 'ln memorised_at', 'memorised ipr', 'slope ipr')
    """
    slopes = tuple(SLOPE + name for name in recorded) if later else ()
    return (*SETTINGS, MEMORISING, *(AT + name for name in recorded), *slopes)


def feature_values(names: Sequence[str], p: int, fraction: float, part: FirstPart) -> np.ndarray:
    """Return the features of a run by their names, float64, shape (names,).

    Arguments:
        names: see `feature_names`; slopes only if the part has a second observation.
        p: modulus, at least 2.
        fraction: share of the table that trains, in (0, 1).
        part: of the run.

    Raises:
        InputError: the run does not record a number that is needed, or it is not finite.

    Example:
        >>> part = FirstPart(9, {"ipr": 0.25, "train_loss": 1.0}, 19, {"ipr": 0.5, "train_loss": 0.5}, None)
        >>> names = ["ln memorised_at", "memorised train_loss", "slope ipr"]
        >>> feature_values(names, 31, 0.5, part).round(3).tolist()
        [2.303, 0.0, 0.361]
    """
    own = {"ln p": math.log(p), "ln fraction": math.log(fraction), MEMORISING: math.log1p(part.memorised_at)}
    return np.array([own[name] if name in own else _observed(name, part) for name in names])


def _observed(feature: str, part: FirstPart) -> float:
    if feature.startswith(AT):
        return _number(feature.removeprefix(AT), part.memorised)
    assert part.later_at is not None
    name = feature.removeprefix(SLOPE)
    change = _number(name, part.later) - _number(name, part.memorised)
    return change / (math.log1p(part.later_at) - math.log1p(part.memorised_at))


def _number(name: str, numbers: Mapping[str, float]) -> float:
    value = float(numbers.get(name, math.nan))
    if not math.isfinite(value):
        raise InputError(
            f"run: must have recorded {name} when it memorised, and at 1.5 times that step, got none"
        )
    return math.log(max(value, LEAST)) if name.endswith(LOGARITHMIC) else value
