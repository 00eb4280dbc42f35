"""What a kernel is: the value and the gradient of one pair of inputs, under a feature matrix M.

Every kernel here is a function of three numbers only,

    k(x, z) = k(u, q, r),   u = x^T M z,   q = x^T M x,   r = z^T M z,

so that its gradient in x is a combination of two vectors,

    grad_x k(x, z) = k_u M z + 2 k_q M x.

Owns: this contract and its meaning on a single pair of dense vectors. Batches are the library's work:
`tables` and `moments` evaluate the same `value` and `slopes` on whole tables.
"""

from __future__ import annotations

import abc
from typing import Any, ClassVar

import equinox as eqx
from jaxtyping import Array, Float

Number = Any
"""A float, or a NumPy or JAX array of any shape: `value` and `slopes` are elementwise on either."""


def namespace(values: Number) -> Any:
    """Return the array library of an array (NumPy or jax.numpy), as the array API standard names it."""
    return values.__array_namespace__()


class Kernel(eqx.Module):
    """A kernel of u, q and r. A new one states `value` and `slopes`, and enters `KERNELS` by one line.

    Arguments:
        radial: whether k depends on q + r - 2u alone; then k_q = -k_u / 2, and sums of k_q need no work.
    """

    radial: ClassVar[bool] = False

    @abc.abstractmethod
    def value(self, u: Number, q: Number, r: Number) -> Number:
        """Return k(u, q, r), elementwise."""

    @abc.abstractmethod
    def slopes(self, u: Number, q: Number, r: Number) -> tuple[Number, Number]:
        """Return the partial derivatives (k_u, k_q), elementwise."""

    def pair(
        self, x: Float[Array, " d"], z: Float[Array, " d"], feature_matrix: Float[Array, "d d"]
    ) -> Number:
        """Return k(x, z) of one pair of dense vectors.

        Example:
            >>> import jax.numpy as jnp
            >>> from modgrok.models.kernels import Quadratic
            >>> x, z = jnp.array([1.0, 0.0]), jnp.array([2.0, 1.0])
            >>> float(Quadratic().pair(x, z, jnp.eye(2)))
            4.0
        """
        return self.value(x @ feature_matrix @ z, x @ feature_matrix @ x, z @ feature_matrix @ z)

    def pair_gradient(
        self, x: Float[Array, " d"], z: Float[Array, " d"], feature_matrix: Float[Array, "d d"]
    ) -> Float[Array, " d"]:
        """Return the gradient of k(x, z) in x, shape (d,), for a symmetric metric.

        Example:
            >>> import jax.numpy as jnp
            >>> from modgrok.models.kernels import Quadratic
            >>> x, z = jnp.array([1.0, 0.0]), jnp.array([2.0, 1.0])
            >>> Quadratic().pair_gradient(x, z, jnp.eye(2)).tolist()
            [8.0, 4.0]
        """
        k_u, k_q = self.slopes(x @ feature_matrix @ z, x @ feature_matrix @ x, z @ feature_matrix @ z)
        return k_u * (feature_matrix @ z) + 2 * k_q * (feature_matrix @ x)


class FormKernel(Kernel):
    """A kernel under which every predictor is a quadratic form, x^T W x + offset.

    Then prediction and gradients cost O(c d^3) however many training inputs there are.
    """

    @abc.abstractmethod
    def forms(
        self, feature_matrix: Float[Array, "d d"], mass: Float[Array, "d d c"], total: Float[Array, " c"]
    ) -> tuple[Float[Array, "d d c"], Float[Array, " c"]]:
        """Return (W, offset) of each class.

        Arguments:
            feature_matrix: M, symmetric.
            mass: S_l = sum_j alpha_jl x_j x_j^T.
            total: sum_j alpha_jl.
        """
