"""Similarity of two feature matrices: cosine, and correlation of their entries."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float


@eqx.filter_jit
def agop_alignment(feature_matrix: Float[Array, "d d"], final: Float[Array, "d d"]) -> Float[Array, ""]:
    """Return the cosine <A, B>_F / (|A| |B|) of a feature matrix and the final one, in [-1, 1].

    In [0, 1] for positive semi-definite matrices, 1 at the end of a run; 0 for a zero matrix.

    Example:
        >>> round(float(agop_alignment(jnp.eye(4), jnp.diag(jnp.array([1.0, 0, 0, 0])))), 3)
        0.5

    Source: Mallinar et al. 2024, Sec. 4.
    """
    size = jnp.linalg.norm(feature_matrix) * jnp.linalg.norm(final)
    return jnp.where(size > 0, jnp.sum(feature_matrix * final) / jnp.where(size > 0, size, 1), 0)


@eqx.filter_jit
def feature_correlation(nfm: Float[Array, "d d"], root: Float[Array, "d d"]) -> Float[Array, ""]:
    """Return Pearson's correlation over the entries of two matrices, in [-1, 1].

    The neural feature ansatz says that W_1^T W_1 is proportional to the square root of the AGOP; the paper
    reports this number for trained networks. 0 for constant matrices.

    Arguments:
        nfm: W_1^T W_1 (`models.agop.nfm`).
        root: AGOP^(1/2) (`models.circulant.matrix_power`).

    Example:
        >>> round(float(feature_correlation(jnp.eye(3), 2 * jnp.eye(3) + 1)), 6)
        1.0

    Source: Mallinar et al. 2024, Sec. 5 and App. Fig. 6-7.
    """
    return agop_alignment(nfm - jnp.mean(nfm), root - jnp.mean(root))
