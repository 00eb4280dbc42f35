"""What a measure of a feature matrix declares about itself, and the tuple of all of them.

The counterpart of `measure.Measure` for M, the AGOP and the NFM: d x d matrices instead of weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Array, Float

from ...models.circulant import Structure
from .circulant import circulant_deviation
from .spectrum import effective_rank
from .structure_share import structure_share


@dataclass(frozen=True)
class MetricMeasure:
    """A number computed from a feature matrix and the structure its task implies.

    Arguments:
        name: how commands and records call it.
        title: one sentence for a reader, with the formula.
        direction: `up` if it rises as a learner generalises, `down` if it falls, `none`.
        range: least and greatest value, the greatest as a function of p for k = 2.
        random_value: p -> its mean over symmetric matrices of independent normal entries, k = 2.
        structured_value: its value on an exactly structured matrix; None if that depends on the matrix.
        function: (matrix, structure) -> scalar array.
    """

    name: str
    title: str
    direction: Literal["up", "down", "none"]
    range: Callable[[int], tuple[float, float]]
    random_value: Callable[[int], float] | None
    structured_value: float | None
    function: Callable[[Array, Structure], Array]


def _mean_deviation(metric: Float[Array, "d d"], structure: Structure) -> Float[Array, ""]:
    return circulant_deviation(metric, structure, "mean")


def _effective_rank(metric: Float[Array, "d d"], structure: Structure) -> Float[Array, ""]:
    return effective_rank(metric)


METRIC_MEASURES: tuple[MetricMeasure, ...] = (
    MetricMeasure(
        name="circulant_deviation",
        title="variance within circulant levels of the off-diagonal blocks, summed, over their energy",
        direction="down",
        range=lambda p: (0.0, 1.0),
        random_value=lambda p: 1 - 1 / p,
        structured_value=0.0,
        function=circulant_deviation,
    ),
    MetricMeasure(
        name="circulant_deviation_mean",
        title="the same with the mean in place of the sum within each level, as the published curves",
        direction="down",
        range=lambda p: (0.0, 1 / p),
        random_value=lambda p: (1 - 1 / p) / p,
        structured_value=0.0,
        function=_mean_deviation,
    ),
    MetricMeasure(
        name="structure_share",
        title="share of the energy of M in its projection on exactly block-circulant matrices",
        direction="up",
        range=lambda p: (0.0, 1.0),
        random_value=lambda p: (2 * p + 8) / (4 * p * p + 2 * p),
        structured_value=1.0,
        function=structure_share,
    ),
    MetricMeasure(
        name="effective_rank",
        title="(tr M)^2 / |M|^2, the number of equal eigenvalues that M amounts to",
        direction="none",
        range=lambda p: (0.0, 2.0 * p),
        random_value=None,
        structured_value=None,
        function=_effective_rank,
    ),
)
"""Every measure of a feature matrix; a new one enters all shared tests by one line here."""
