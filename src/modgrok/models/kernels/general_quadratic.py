"""The general quadratic kernel, (x^T M z)^2 + (|x|^2 - 1)(|z|^2 - 1)/2 with |x|^2 = x^T M x."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from .kernel import FormKernel, Number
from .quadratic import sandwich


class GeneralQuadratic(FormKernel):
    """k = u^2 + (q - 1)(r - 1) / 2: the kernel of second Hermite activations off the unit sphere.

    The gradient is the exact one. The released code's differs from it by a vector that is the same at
    every input and so drops out of its centred AGOP.

    Source: released code of Mallinar et al. 2024, `general_quadratic`; arXiv 2209.04121, Theorem 1.

    Example:
        >>> GeneralQuadratic().value(3.0, 2.0, 5.0), GeneralQuadratic().slopes(3.0, 2.0, 5.0)
        (11.0, (6.0, 2.0))
    """

    def value(self, u: Number, q: Number, r: Number) -> Number:
        """Return u^2 + (q - 1)(r - 1)/2."""
        return u * u + (q - 1) * (r - 1) / 2

    def slopes(self, u: Number, q: Number, r: Number) -> tuple[Number, Number]:
        """Return (2u, (r - 1)/2)."""
        return 2 * u, (r - 1) / 2 + 0 * q

    def forms(
        self, feature_matrix: Float[Array, "d d"], mass: Float[Array, "d d c"], total: Float[Array, " c"]
    ) -> tuple[Float[Array, "d d c"], Float[Array, " c"]]:
        """Return (M S M + b M / 2, -b/2) with b_l = sum_j alpha_jl (r_j - 1) = <M, S_l> - sum_j alpha_jl."""
        balance = jnp.tensordot(feature_matrix, mass, axes=2) - total
        return sandwich(feature_matrix, mass) + feature_matrix[:, :, None] * (balance / 2), -balance / 2
