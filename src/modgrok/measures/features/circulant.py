"""How circulant the off-diagonal blocks of a feature matrix are.

Owns: the deviation in both normalisations and any structure, and its least value over several.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ...models.circulant import CirculantStructure, diagonal_means


@eqx.filter_jit
def circulant_deviation(
    feature_matrix: Float[Array, "d d"],
    structure: CirculantStructure,
    normalisation: Literal["sum", "mean"] = "sum",
) -> Float[Array, ""]:
    """Measure how far the blocks below the diagonal are from constant on their diagonals, in [0, 1].

        D = (1/|A|_F^2) sum_l Var(A on diagonal l),   Var(v) = sum_i (v_i - mean v)^2

    over all pairs of operands; 0 for exactly circulant blocks, 1 - 1/n in the mean for independent entries
    of mean 0. `mean` divides each variance by the size of its diagonal (on p diagonals of p entries, D by p):
    the published curves' axis. The released code has no such measure. A block of zeros has 0.

    Arguments:
        feature_matrix: M or an AGOP or NFM.
        structure: which diagonals; `structure_of(basis)` is the task's own, `oriented` gives Toeplitz and
            Hankel ones, in natural order or in discrete logarithms, where row and column 0 take no part.
        normalisation: `sum`, the formula as printed, or `mean`.

    Example:
        >>> from modgrok.models.circulant import oriented
        >>> m = jnp.zeros((6, 6)).at[3:, :3].set(jnp.array([[1., 3., 2.], [2., 1., 3.], [3., 2., 1.]]))
        >>> [round(float(circulant_deviation(m, oriented(3, o))), 4) for o in ("toeplitz", "hankel")]
        [0.0, 0.1429]

    Source: Mallinar et al. 2024, Sec. 4; its right shift of row l by l makes Hankel blocks constant, so the
    task's own orientation is used here.
    """
    k, p = structure.labels.shape
    deviation, energy = jnp.zeros((), feature_matrix.dtype), jnp.zeros((), feature_matrix.dtype)
    for t, s in itertools.combinations(range(k), 2):
        block, diagonals = feature_matrix[s * p : (s + 1) * p, t * p : (t + 1) * p], structure.diagonals(s, t)
        means = jnp.append(diagonal_means(block, diagonals, structure.order), 0.0)
        counts = jnp.zeros(structure.order + 1, feature_matrix.dtype).at[diagonals].add(1)
        square = jnp.where(diagonals < structure.order, (block - means[diagonals]) ** 2, 0)
        weight = 1 / jnp.maximum(counts, 1)[diagonals] if normalisation == "mean" else 1
        deviation += jnp.sum(square * weight)
        energy += jnp.sum(jnp.where(diagonals < structure.order, block**2, 0))
    return jnp.where(energy > 0, deviation / jnp.where(energy > 0, energy, 1), 0)


def least_deviation(
    feature_matrix: Float[Array, "d d"],
    structures: Sequence[CirculantStructure],
    normalisation: Literal["sum", "mean"] = "sum",
) -> tuple[Float[Array, ""], Int[Array, ""]]:
    """Return the smallest circulant deviation over some structures, and the index of its structure.

    Example:
        >>> from modgrok.models.circulant import oriented
        >>> m = jnp.zeros((6, 6)).at[3:, :3].set(jnp.array([[1., 3., 2.], [3., 2., 1.], [2., 1., 3.]]))
        >>> value, which = least_deviation(m, (oriented(3, "toeplitz"), oriented(3, "hankel")))
        >>> round(float(value), 6), int(which)
        (0.0, 1)
    """
    deviations = jnp.stack([circulant_deviation(feature_matrix, s, normalisation) for s in structures])
    return jnp.min(deviations), jnp.argmin(deviations)
