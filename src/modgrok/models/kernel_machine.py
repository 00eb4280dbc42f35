"""The kernel machine: a feature matrix, training inputs, dual coefficients, and its forward pass.

    f(x)_l = sum_j alpha_jl k(x, x_j; M)

Owns: the record. Where the coefficients and the matrix come from is in `learners`.
"""

from __future__ import annotations

import equinox as eqx
from jaxtyping import Array, Float, Int

from ..display import Displayed, Facts, last_axes
from ..former_names import former_field
from .kernels.kernel import Kernel
from .kernels.tables import features, norms, predict, rows_of


class KernelMachine(Displayed, eqx.Module):
    """A kernel predictor on k one-hot operands.

    Arguments:
        kernel: which kernel.
        feature_matrix: M, symmetric, shape (d, d) with d the sum of `sizes`; operand s owns the rows from
            sizes[0] + ... + sizes[s-1] on.
        alphas: dual coefficients, shape (n, c).
        inputs: training inputs, shape (n, k).
        sizes: number of values of each operand: (p, ..., p), and the number of tasks behind them when the
            last operand says which task is meant.

    Source: Mallinar et al. 2024, Sec. 2.
    """

    kernel: Kernel
    feature_matrix: Float[Array, "d d"]
    alphas: Float[Array, "n c"]
    inputs: Int[Array, "n k"]
    sizes: tuple[int, ...] = eqx.field(static=True)

    metric = former_field("feature_matrix")

    def _facts(self) -> Facts:
        n, classes = last_axes(self.alphas, 2)
        return {"kernel": type(self.kernel).__name__, "sizes": self.sizes, "n": n, "classes": classes}

    @property
    def operands(self) -> int:
        """k, the number of operands."""
        return len(self.sizes)

    @property
    def classes(self) -> int:
        """c, the number of logits."""
        return self.alphas.shape[1]

    def diagonal(self) -> Float[Array, " n"]:
        """Return k(x_j, x_j) of the training inputs."""
        q = norms(self.feature_matrix, features(self.inputs, self.sizes))
        values: Array = self.kernel.value(q, q, q)
        return values

    def activations(self, inputs: Int[Array, "m k"]) -> dict[str, Array]:
        """Return `kernel`, the values against the training inputs, and `logits`."""
        rows = rows_of(self.kernel, self.feature_matrix, features(self.inputs, self.sizes))
        return {"kernel": rows(features(inputs, self.sizes)), "logits": self(inputs)}

    def __call__(self, inputs: Int[Array, "m k"]) -> Float[Array, "m c"]:
        """Return the logits of each input.

        Arguments:
            inputs: operand values in 0..size-1; values outside that range are undefined behaviour.

        Example:
            >>> import jax.numpy as jnp
            >>> from modgrok.models.kernels import Quadratic
            >>> machine = KernelMachine(
            ...     Quadratic(), jnp.eye(10), jnp.ones((1, 5)), jnp.array([[0, 4]]), (5, 5)
            ... )
            >>> machine(jnp.array([[0, 4], [0, 1]]))[:, 0].tolist()
            [4.0, 1.0]
        """
        hot, at = features(self.inputs, self.sizes), features(inputs, self.sizes)
        return predict(self.kernel, self.feature_matrix, self.alphas, hot, at)
