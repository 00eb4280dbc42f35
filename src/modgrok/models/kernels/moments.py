"""Moments of a kernel predictor's gradients over its training inputs, from which the AGOP is made.

The gradient of f_l at x is M D_l(x) with

    D_l(x) = sum_j alpha_jl k_u(x, x_j) x_j + 2 (sum_j alpha_jl k_q(x, x_j)) x

so the AGOP is M (sum_x,l D D^T / n) M, and M is multiplied in once, at the end. The sums over j run over
the training inputs grouped by the value of one operand (`layout`): p batched products of b x m by m x c
matrices for a chunk of b inputs.

Owns: the sums. Memory holds them for one chunk, never for all inputs.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from .kernel import FormKernel, Kernel
from .layout import Layout
from .tables import lookup, norms, predictor_forms

BLOCK_BYTES = 16 * 2**20
"""About how much memory the gradients of one chunk take."""


class Moments(NamedTuple):
    """Sums over training inputs of the gradients' preimages D under M.

    Arguments:
        second: sum over inputs and classes of D D^T / n, shape (d, d).
        first: sum over inputs of D / n, shape (d, c).
    """

    second: Float[Array, "d d"]
    first: Float[Array, "d c"]


class _Group(NamedTuple):
    """One operand's grouping with everything looked up in it."""

    table: Float[Array, "p d m"]
    norm: Float[Array, "p 1 m"]
    alphas: Float[Array, "p m c"]


def agop(
    kernel: Kernel,
    metric: Float[Array, "d d"],
    alphas: Float[Array, "n c"],
    hot: Int[Array, "n k"],
    layout: Layout,
    *,
    centred: bool = True,
) -> Float[Array, "d d"]:
    """Average the outer products of the gradients over the training inputs, summed over classes.

        G = (1/n) sum_j sum_l (g_jl - c_l)(g_jl - c_l)^T,   g_jl = grad f_l(x_j)

    Arguments:
        kernel: any kernel.
        metric: M, symmetric.
        alphas: dual coefficients of f.
        hot: features of the training inputs (`tables.features`).
        layout: their grouping.
        centred: whether c_l is the mean gradient of class l (the released code) or 0 (the paper).

    Returns:
        Symmetric and positive semi-definite.

    Source: Mallinar et al. 2024, Sec. 2.
    """
    if isinstance(kernel, FormKernel):
        form, _ = predictor_forms(kernel, metric, alphas, hot)
        weighed = jnp.tensordot(_input_moment(hot, len(metric), centred), form, axes=1)
        found = 4 * jnp.tensordot(form, weighed, axes=((0, 2), (0, 2)))
    else:
        sums = moments(kernel, metric, alphas, hot, layout)
        inner = sums.second - sums.first @ sums.first.T if centred else sums.second
        found = metric @ inner @ metric
    return (found + found.T) / 2


def _input_moment(hot: Int[Array, "n k"], d: int, centred: bool) -> Float[Array, "d d"]:
    """Second moment of the one-hot inputs, E[x x^T], or their covariance."""
    one_hot = jax.nn.one_hot(hot, d, dtype=jnp.result_type(float)).sum(1)
    mean = one_hot.mean(0)
    second = one_hot.T @ one_hot / len(hot)
    return second - jnp.outer(mean, mean) if centred else second


def moments(
    kernel: Kernel,
    metric: Float[Array, "d d"],
    alphas: Float[Array, "n c"],
    hot: Int[Array, "n k"],
    layout: Layout,
) -> Moments:
    """Sum D and D D^T over the training inputs, a chunk at a time.

    About 2 n^2 c operations for each operand and 2 n c d^2 for the outer products.
    """
    d, (n, c) = len(metric), alphas.shape
    table = jnp.pad(lookup(metric, hot), ((0, 0), (0, 1)))
    norm = norms(metric, hot)
    padded_norm, padded_alphas = jnp.pad(norm, (0, 1)), jnp.pad(alphas, ((0, 1), (0, 0)))
    groups = [
        _Group(table[:, g].swapaxes(0, 1), padded_norm[g][:, None, :], padded_alphas[g])
        for g in layout.groups
    ]
    count = max(1, -(-n * d * c * alphas.dtype.itemsize // BLOCK_BYTES))
    size = -(-n // count)
    rows = jnp.arange(size * count).reshape(count, size)

    def add(total: Moments, chunk: Array) -> tuple[Moments, None]:
        inside = chunk < n
        chosen = jnp.where(inside, chunk, 0)
        gradients = _preimages(kernel, groups, hot[chosen], norm[chosen], inside.astype(alphas.dtype))
        flat = gradients.reshape(d, -1)
        return Moments(total.second + flat @ flat.T, total.first + gradients.sum(1)), None

    start = Moments(jnp.zeros((d, d), alphas.dtype), jnp.zeros((d, c), alphas.dtype))
    total, _ = jax.lax.scan(add, start, rows)
    return Moments(total.second / n, total.first / n)


def _preimages(
    kernel: Kernel, groups: list[_Group], hot: Array, norm: Array, weight: Array
) -> Float[Array, "d b c"]:
    """Return D of a chunk of inputs, times a weight of each input."""
    weights = [_weights(kernel, group, hot, norm) for group in groups]
    sums = jnp.concatenate([k_u @ g.alphas for (k_u, _), g in zip(weights, groups, strict=True)])
    if kernel.radial:
        own = -sums[: len(groups[0].alphas)].sum(0)
    else:
        own = 2 * (weights[0][1] @ groups[0].alphas).sum(0)
    at = (jnp.arange(len(sums))[:, None, None] == hot).any(-1)
    return (sums + at[:, :, None] * own) * weight[:, None]


def _weights(kernel: Kernel, group: _Group, hot: Array, norm: Array) -> tuple[Array, Array]:
    """Return the slopes k_u and k_q of a chunk of inputs against a group, each (p, b, m)."""
    u = sum((group.table[:, hot[:, t]] for t in range(1, hot.shape[1])), start=group.table[:, hot[:, 0]])
    slopes: tuple[Array, Array] = kernel.slopes(u, norm[None, :, None], group.norm)
    return slopes
