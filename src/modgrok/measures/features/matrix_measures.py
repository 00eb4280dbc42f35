"""The measures of a feature matrix: M of a kernel machine, the AGOP or the NFM of a network."""

from __future__ import annotations

from jaxtyping import Array, Float

from ...models.circulant import CirculantStructure
from ..measure import Measure
from .circulant import circulant_deviation
from .spectrum import effective_rank
from .structure_share import structure_share


def _mean_deviation(feature_matrix: Float[Array, "d d"], structure: CirculantStructure) -> Float[Array, ""]:
    return circulant_deviation(feature_matrix, structure, "mean")


def _effective_rank(feature_matrix: Float[Array, "d d"], structure: CirculantStructure) -> Float[Array, ""]:
    return effective_rank(feature_matrix)


def _cyclic(structure: CirculantStructure | None) -> bool:
    """Circulant diagonals belong to cyclic groups."""
    return structure is None or structure.cyclic


MATRIX_MEASURES: tuple[Measure, ...] = (
    Measure(
        name="circulant_deviation",
        title="variance within circulant diagonals of the off-diagonal blocks, summed, over their energy",
        function=circulant_deviation,
        reads="feature_matrix",
        defined=_cyclic,
        direction="down",
        range=lambda p: (0.0, 1.0),
        random_value=lambda p, width: 1 - 1 / p,
        closed_form_value=lambda p: 0.0,
    ),
    Measure(
        name="circulant_deviation_mean",
        title="the same with the mean in place of the sum within each diagonal, as the published curves",
        function=_mean_deviation,
        reads="feature_matrix",
        defined=_cyclic,
        direction="down",
        range=lambda p: (0.0, 1 / p),
        random_value=lambda p, width: (1 - 1 / p) / p,
        closed_form_value=lambda p: 0.0,
    ),
    Measure(
        name="structure_share",
        title="share of the energy of M in its projection on exactly block-circulant matrices",
        function=structure_share,
        reads="feature_matrix",
        defined=_cyclic,
        direction="up",
        range=lambda p: (0.0, 1.0),
        random_value=lambda p, width: (2 * p + 8) / (4 * p * p + 2 * p),
        closed_form_value=lambda p: 1.0,
    ),
    Measure(
        name="effective_rank",
        title="(tr M)^2 / |M|^2, the number of equal eigenvalues that M amounts to",
        function=_effective_rank,
        reads="feature_matrix",
        range=lambda p: (0.0, 2.0 * p),
    ),
)
"""For two operands: ranges and values on random matrices are those of d = 2p."""
