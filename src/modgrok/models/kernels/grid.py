"""Sums of gradients of an exponential kernel on two operands, as two large matrix products.

For x = (a, b) and z = (c, d) every term of the exponent -gamma (x - z)^T M (x - z) depends on two of the four
values. With M_1, M_2 and M_12 the blocks of M, X = exp(2 gamma M_12), and squared distances
delta_s(i, j) = M_s,ii + M_s,jj - 2 M_s,ij within an operand,

    k(x, z) = R(x, c) S(x, d) / X(c, d)
    R(x, c) = exp(-gamma delta_1(a, c)) X(c, b) / X(a, b),   S(x, d) = exp(-gamma delta_2(b, d)) X(a, d).

So row c of the first block of D (see `moments`) is R(x, c) sum_d S(x, d) A_l(c, d), where A_l(c, d) is
2 gamma alpha_jl / X(c, d) if (c, d) is training input j, and 0 if it is none. For a chunk of b inputs that is
one product, of a p c x p by a p x b matrix, in place of p products over the training inputs of each value. It
takes no exponential of a pair of inputs.

Owns: this factorisation, and where it can be used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import cast

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from .kernel import ExponentialKernel, Kernel
from .layout import Layout

LEAST_FRACTION = 0.3
"""Share of all pairs of values from which on these sums are faster than those over the training inputs of
each value: they run over all pairs, and those that are no training inputs count 0."""
ROUNDING = 1e-10
"""Shift of M's eigenvalues, as a share of its largest entry, below which they count as 0."""


def suits(kernel: Kernel, sizes: Sequence[int], n: float) -> bool:
    """Return whether these sums are defined and fast.

    Arguments:
        kernel: any.
        sizes: number of values of each operand.
        n: number of training inputs.
    """
    two_operands = isinstance(kernel, ExponentialKernel) and len(sizes) == 2
    return two_operands and n >= LEAST_FRACTION * math.prod(sizes)


def exact(kernel: Kernel, feature_matrix: Float[Array, "d d"]) -> Bool[Array, ""]:
    """Return whether M is positive semi-definite and no factor overflows or vanishes.

    A squared distance is then at least 0, so that the cut-off of `Gaussian.value` does nothing. And no entry
    of M exceeds the largest on its diagonal, m, so that the exponents of R, S and 1 / X add up to at most
    16 gamma m in size.
    """
    largest = jnp.max(jnp.diagonal(feature_matrix))
    identity = jnp.eye(len(feature_matrix), dtype=feature_matrix.dtype)
    factor = jnp.linalg.cholesky(feature_matrix + ROUNDING * largest * identity)
    most = jnp.log(jnp.finfo(feature_matrix.dtype).max)
    return jnp.isfinite(factor).all() & (16 * cast(ExponentialKernel, kernel).gamma * largest < most)


def grid_sums(
    kernel: Kernel,
    feature_matrix: Float[Array, "d d"],
    alphas: Float[Array, "n c"],
    hot: Int[Array, "n k"],
    layout: Layout,
) -> Callable[[Int[Array, " b"], Bool[Array, " b"]], tuple[list[Array], Array]]:
    """Return the function from a chunk of training inputs to its blocks of D, as `moments` asks for.

    Arguments:
        kernel: an exponential one.
        feature_matrix: M, for which `exact` holds.
        alphas: dual coefficients.
        hot: features of the training inputs.
        layout: gives the number of values of each operand.
    """
    (p, q), c = layout.sizes, alphas.shape[1]
    gamma = cast(ExponentialKernel, kernel).gamma
    left, right = hot[:, 0], hot[:, 1] - p
    cross = jnp.exp(2 * gamma * feature_matrix[:p, p:])
    near = [jnp.exp(-gamma * _distances(block)) for block in (feature_matrix[:p, :p], feature_matrix[p:, p:])]
    coefficients = 2 * gamma * alphas / cross[left, right][:, None]
    grid = jnp.zeros((p, q, c), alphas.dtype).at[left, right].add(coefficients)
    by_first = grid.swapaxes(1, 2).reshape(p * c, q)
    by_second = grid.transpose(1, 2, 0).reshape(q * c, p)

    def sums(chosen: Array, valid: Array) -> tuple[list[Array], Array]:
        a, b = left[chosen], right[chosen]
        first = near[0][:, a] * cross[:, b] * jnp.where(valid, 1 / cross[a, b], 0)
        second = near[1][:, b] * cross.T[:, a]
        blocks = [
            (by_first @ second).reshape(p, c, -1) * first[:, None],
            (by_second @ first).reshape(q, c, -1) * second[:, None],
        ]
        return blocks, -blocks[0].sum(0)

    return sums


def _distances(block: Float[Array, "p p"]) -> Float[Array, "p p"]:
    squared = jnp.diagonal(block)
    return squared[:, None] + squared[None, :] - 2 * block
