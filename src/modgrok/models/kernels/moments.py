"""Moments of a kernel predictor's gradients over its training inputs, from which the AGOP is made.

The gradient of f_l at x is M D_l(x) with

    D_l(x) = sum_j alpha_jl k_u(x, x_j) x_j + 2 (sum_j alpha_jl k_q(x, x_j)) x

so the AGOP is M (sum_x,l D D^T / n) M, and M is multiplied in once, at the end. D has a block for each
operand. Row i of block s sums over the training inputs with x_s = i alone, so with the inputs grouped by
operand value (`layout`) a block is p products of c x m by m x b matrices for a chunk of b inputs; the
second term then changes one row of it. The slopes of a chunk are evaluated once, and their rows gathered for
every block: the padding of the groups and the number of operands cost no exponentials.

Owns: the sums. Memory holds D for one chunk, never for all inputs.
"""

from __future__ import annotations

import itertools
import os
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ...threads import shares_products
from .kernel import FormKernel, Kernel
from .layout import Layout
from .tables import lookup, norms, predictor_forms, products

BLOCK_INPUTS = 64
"""Training inputs whose gradients make one chunk: fewer leave the products' vector units idle, more leave the
caches. Measured best at p = 61 and 97, where a chunk takes 4 and 10 MiB."""
BLOCK_BYTES = 16 * 2**20
"""Most memory that the gradients of a chunk of several inputs take."""
JOINED = range(40, 65)
"""Rows of the largest block of D for which one product of all blocks is faster than one for each pair of
them, on several cores. XLA keeps products of up to 64 rows on one; below 40, a second core gains less than
the added work costs. Numbers agree up to rounding."""


class Moments(NamedTuple):
    """Means over training inputs of the gradients' preimages D under M.

    Arguments:
        second: mean over inputs of the sum over classes of D D^T, shape (d, d); of each class alone, shape
            (c, d, d), when asked for by class.
        first: mean over inputs of D, shape (d, c).
    """

    second: Float[Array, "*c d d"]
    first: Float[Array, "d c"]


def agop(
    kernel: Kernel,
    feature_matrix: Float[Array, "d d"],
    alphas: Float[Array, "n c"],
    hot: Int[Array, "n k"],
    layout: Layout,
    *,
    centred: bool = True,
    by_class: bool = False,
) -> Float[Array, "*c d d"]:
    """Average the outer products of the gradients over the training inputs, summed over classes.

        G = (1/n) sum_j sum_l (g_jl - m_l)(g_jl - m_l)^T,   g_jl = grad f_l(x_j)

    Under a `FormKernel` f_l = x^T W_l x + const, so G = 4 sum_l W_l E[x x^T] W_l (with the covariance of x
    when centred): 4 c d^3 operations beside those of W, whatever n is. Under other kernels it takes about
    2 n^2 c operations for each operand and n c d (d + p) for the outer products.

    Arguments:
        kernel: any kernel.
        feature_matrix: M, symmetric.
        alphas: dual coefficients of f.
        hot: features of the training inputs (`tables.features`).
        layout: their grouping.
        centred: whether m_l is the mean gradient of class l (the released code) or 0 (the paper).
        by_class: leave out the sum over classes.

    Returns:
        Symmetric and positive semi-definite; shape (c, d, d) by class.

    Source: Mallinar et al. 2024, Sec. 2.
    """
    if isinstance(kernel, FormKernel):
        form, _ = predictor_forms(kernel, feature_matrix, alphas, hot)
        weighed = jnp.tensordot(_input_moment(hot, len(feature_matrix), centred), form, axes=1)
        weighted = (
            4 * jnp.einsum("iac,ajc->cij", form.swapaxes(0, 1), weighed)
            if by_class
            else 4 * jnp.tensordot(form, weighed, axes=((0, 2), (0, 2)))
        )
    else:
        second, first = moments(kernel, feature_matrix, alphas, hot, layout, by_class=by_class)
        outer = jnp.einsum("ac,bc->cab", first, first) if by_class else first @ first.T
        weighted = feature_matrix @ (second - outer if centred else second) @ feature_matrix
    return (weighted + weighted.swapaxes(-1, -2)) / 2


def _input_moment(hot: Int[Array, "n k"], d: int, centred: bool) -> Float[Array, "d d"]:
    """Second moment of the one-hot inputs, E[x x^T], or their covariance."""
    one_hot = jax.nn.one_hot(hot, d, dtype=jnp.result_type(float)).sum(1)
    mean = one_hot.mean(0)
    second = one_hot.T @ one_hot / len(hot)
    return second - jnp.outer(mean, mean) if centred else second


def moments(
    kernel: Kernel,
    feature_matrix: Float[Array, "d d"],
    alphas: Float[Array, "n c"],
    hot: Int[Array, "n k"],
    layout: Layout,
    *,
    by_class: bool = False,
) -> Moments:
    """Average D and D D^T over the training inputs, a chunk at a time."""
    d, (n, c) = len(feature_matrix), alphas.shape
    grouped = [jnp.pad(alphas, ((0, 1), (0, 0)))[g].swapaxes(1, 2) for g in layout.groups]
    norm = norms(feature_matrix, hot)
    most = max(1, min(BLOCK_INPUTS, BLOCK_BYTES // (d * c * alphas.dtype.itemsize)))
    count = -(-n // most)
    size = -(-n // count)
    chunks = jnp.arange(size * count).reshape(count, size)
    sizes = [len(g) for g in layout.groups]
    # read when this is compiled, as XLA reads it when it is loaded
    joined = shares_products(os.environ) and max(sizes) in JOINED and not by_class
    every = tuple(range(len(sizes)))
    parts = [every] if joined else [every[s : s + 1] for s in every]
    rows = [sum(sizes[s] for s in part) for part in parts]
    pairs = list(itertools.combinations_with_replacement(range(len(parts)), 2))

    def add(total: tuple[list[Array], Array], chunk: Array) -> tuple[tuple[list[Array], Array], None]:
        chosen = jnp.where(chunk < n, chunk, 0)
        u = products(lookup(feature_matrix, hot[chosen]), hot)
        k_u, k_q = kernel.slopes(u, norm[None, chosen], norm[:, None])
        k_u, k_q = jnp.where(chunk < n, k_u, 0), jnp.where(chunk < n, k_q, 0)
        blocks = [_summed(k_u, g, a) for g, a in zip(layout.groups, grouped, strict=True)]
        own = -blocks[0].sum(0) if kernel.radial else 2 * (alphas.T @ k_q)
        blocks = [jnp.concatenate(blocks)] if joined else blocks
        blocks = _with_own(blocks, own, hot[chosen], parts)
        sums = [t + _outer(blocks[a], blocks[b], by_class) for t, (a, b) in zip(total[0], pairs, strict=True)]
        return (sums, total[1] + jnp.concatenate([block.sum(2) for block in blocks])), None

    lead = (c,) if by_class else ()
    zeros = [jnp.zeros((*lead, rows[a], rows[b]), alphas.dtype) for a, b in pairs]
    (sums, first), _ = jax.lax.scan(add, (zeros, jnp.zeros((d, c), alphas.dtype)), chunks)
    by_pair = dict(zip(pairs, sums, strict=True))
    second = [[_block(by_pair, a, b) for b in range(len(parts))] for a in range(len(parts))]
    return Moments(jnp.block(second) / n, first / n)


def _summed(k_u: Float[Array, "n b"], group: Int[Array, "p m"], alphas: Float[Array, "p c m"]) -> Array:
    """Return a block of D but for the inputs' own term, (p, c, b); the index n of no input has alpha 0."""
    return alphas @ k_u.at[group].get(mode="clip")


def _with_own(
    blocks: list[Array], own: Float[Array, "c b"], hot: Int[Array, "b k"], parts: list[tuple[int, ...]]
) -> list[Array]:
    """Add each input's own term, in the rows of its values; `parts` are the operands of each block."""
    first, inputs = 0, jnp.arange(len(hot))
    updated = []
    for part, block in zip(parts, blocks, strict=True):
        total = block
        for s in part:
            total = total.at[hot[:, s] - first, :, inputs].add(own.T, mode="promise_in_bounds")
        updated.append(total)
        first += len(block)
    return updated


def _outer(left: Array, right: Array, by_class: bool) -> Array:
    """Sum the outer products of two blocks of D, (a, c, x) and (b, c, x), over inputs and classes."""
    if by_class:
        return jnp.einsum("acx,bcx->cab", left, right)
    return left.reshape(len(left), -1) @ right.reshape(len(right), -1).T


def _block(blocks: dict[tuple[int, int], Array], a: int, b: int) -> Array:
    return blocks[a, b] if a <= b else blocks[b, a].swapaxes(-1, -2)
