"""The quadratic kernel, (x^T M z)^2."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from .kernel import FormKernel, Number


class Quadratic(FormKernel):
    """k = u^2.

    The released code multiplies by 3, which divides the dual coefficients by 3 and changes no prediction;
    it is left out.

    Source: Mallinar et al. 2024, Sec. 3.

    Example:
        >>> Quadratic().value(3.0, 1.0, 1.0), Quadratic().slopes(3.0, 1.0, 1.0)
        (9.0, (6.0, 0.0))
    """

    def value(self, u: Number, q: Number, r: Number) -> Number:
        """Return u^2."""
        return u * u

    def slopes(self, u: Number, q: Number, r: Number) -> tuple[Number, Number]:
        """Return (2u, 0)."""
        return 2 * u, 0 * u

    def forms(
        self, feature_matrix: Float[Array, "d d"], mass: Float[Array, "d d c"], total: Float[Array, " c"]
    ) -> tuple[Float[Array, "d d c"], Float[Array, " c"]]:
        """Return (M S M, 0): sum_j alpha_j (x^T M x_j)^2 = x^T M S M x."""
        return sandwich(feature_matrix, mass), jnp.zeros_like(total)


def sandwich(feature_matrix: Float[Array, "d d"], mass: Float[Array, "d d c"]) -> Float[Array, "d d c"]:
    """Return M S_l M for every class, for a symmetric M: two matrix products of 2 c d^3 operations."""
    left = jnp.tensordot(feature_matrix, mass, axes=1)
    return jnp.tensordot(feature_matrix, left.swapaxes(0, 1), axes=1)
