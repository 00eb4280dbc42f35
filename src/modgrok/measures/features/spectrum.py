"""The spectrum of a feature matrix."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float


def spectrum(feature_matrix: Float[Array, "d d"]) -> Float[Array, " d"]:
    """Return the eigenvalues of a symmetric matrix, the largest first.

    Example:
        >>> spectrum(jnp.diag(jnp.array([1.0, 3.0]))).tolist()
        [3.0, 1.0]
    """
    return jnp.linalg.eigvalsh(feature_matrix)[::-1]


def effective_rank(feature_matrix: Float[Array, "d d"]) -> Float[Array, ""]:
    """Return (sum v)^2 / sum v^2 = (tr M)^2 / |M|_F^2 over eigenvalues v: in [1, d] where M is positive.

    Example:
        >>> float(effective_rank(jnp.eye(6))), float(effective_rank(jnp.ones((6, 6))))
        (6.0, 1.0)
    """
    energy = jnp.sum(feature_matrix**2)
    return jnp.where(energy > 0, jnp.trace(feature_matrix) ** 2 / jnp.where(energy > 0, energy, 1), 0)
