"""How much of a feature matrix its exactly structured part explains.

Owns: the projection on block-circulant matrices, and its share of the energy.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from ...models.circulant import CirculantStructure, diagonal_means, spread


def structured_part(
    feature_matrix: Float[Array, "d d"], structure: CirculantStructure
) -> Float[Array, "w w"]:
    """Project a matrix on those whose off-diagonal blocks are circulant and whose diagonal blocks are
    c_1 I + c_2 11^T, over the values that take part; 0 elsewhere.

    Source: Mallinar et al. 2024, Observation 1.

    Example:
        >>> from modgrok.models.circulant import oriented
        >>> m = jnp.arange(16.0).reshape(4, 4)
        >>> structured_part(m + m.T, oriented(2, "toeplitz"))[0].tolist()
        [5.0, 5.0, 15.0, 15.0]
    """
    k, p = structure.labels.shape
    rows = []
    for s in range(k):
        here = feature_matrix[s * p : (s + 1) * p]
        blocks = [
            _diagonal_part(here[:, t * p : (t + 1) * p], structure.taken(s))
            if s == t
            else _circulant_part(here[:, t * p : (t + 1) * p], structure, s, t)
            for t in range(k)
        ]
        rows.append(jnp.concatenate(blocks, axis=1))
    return jnp.concatenate(rows)


def structure_share(feature_matrix: Float[Array, "d d"], structure: CirculantStructure) -> Float[Array, ""]:
    """Return |P M|_F^2 / |M|_F^2 over the values that take part, in [0, 1]; 1 for an exact structure.

    The identity, whose off-diagonal blocks are 0, has 1 as well: it lies in the same space.

    Example:
        >>> from modgrok.models.circulant import oriented
        >>> float(structure_share(jnp.eye(10), oriented(5, "toeplitz")))
        1.0
    """
    k, p = structure.labels.shape
    in_domain = jnp.concatenate([structure.taken(s) for s in range(k)])
    inside = feature_matrix[: k * p, : k * p] * in_domain[:, None] * in_domain[None, :]
    energy = jnp.sum(inside**2)
    explained = jnp.sum(structured_part(feature_matrix, structure) ** 2)
    return jnp.where(energy > 0, explained / jnp.where(energy > 0, energy, 1), 0)


def _circulant_part(block: Array, structure: CirculantStructure, s: int, t: int) -> Array:
    diagonals = structure.diagonals(s, t)
    return spread(diagonal_means(block, diagonals, structure.order), diagonals)


def _diagonal_part(block: Array, in_domain: Array) -> Array:
    """Fit c_1 I + c_2 11^T over the values that take part: the means on and off the diagonal."""
    size = jnp.sum(in_domain)
    inside = block * in_domain[:, None] * in_domain[None, :]
    on = jnp.trace(inside) / jnp.maximum(size, 1)
    off = (jnp.sum(inside) - jnp.trace(inside)) / jnp.maximum(size * (size - 1), 1)
    fitted = jnp.where(jnp.eye(len(block), dtype=bool), on, off)
    return fitted * in_domain[:, None] * in_domain[None, :]
