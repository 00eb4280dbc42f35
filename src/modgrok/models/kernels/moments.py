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

import functools
import itertools
import operator
import os
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
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
PART_ROWS = 48
"""An operand with more values than this makes two parts of D, so that less of the symmetric product of D with
itself is computed twice. XLA also keeps products of up to 64 rows, which these are up to p = 128, on one
core, so that many can run side by side without waiting for each other."""
SLICE_BYTES = 2**20
"""About how much memory the classes of a slice take in a chunk. On several cores the classes are divided into
slices, which fit the cache of one core, and whose products XLA runs side by side."""
PRODUCTS = 128
"""Most outer products of a chunk: the time of compilation grows with them."""


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


class OperandRows(NamedTuple):
    """Some rows of D: the values `first` to `last` - 1 of one operand, which begin with the feature `row`."""

    operand: int
    first: int
    last: int
    row: int


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
    norm = norms(feature_matrix, hot)
    row_bytes = d * c * alphas.dtype.itemsize
    most = max(1, min(BLOCK_INPUTS, BLOCK_BYTES // row_bytes))
    count = -(-n // most)
    size = -(-n // count)
    chunks = jnp.arange(size * count).reshape(count, size)
    on_cpu = jax.default_backend() == "cpu"  # an accelerator shares large products better than small ones
    parts = _parts([len(g) for g in layout.groups], PART_ROWS if on_cpu else None)
    pairs = list(itertools.combinations_with_replacement(range(len(parts)), 2))
    # read when this is compiled, as XLA reads it when it is loaded
    sliced = on_cpu and shares_products(os.environ) and not by_class
    slices = max(1, min(-(-size * row_bytes // SLICE_BYTES), PRODUCTS // len(pairs), c)) if sliced else 1
    ranges = list(itertools.pairwise(c * i // slices for i in range(slices + 1)))
    padded = jnp.pad(alphas, ((0, 1), (0, 0)))  # the index n of no input has alpha 0
    groups = [layout.groups[part.operand][part.first : part.last] for part in parts]
    grouped = [[padded[:, i:j][g].swapaxes(1, 2) for g in groups] for i, j in ranges]

    def add(total: tuple[Array, Array], chunk: Array) -> tuple[tuple[Array, Array], None]:
        chosen = jnp.where(chunk < n, chunk, 0)
        u = products(lookup(feature_matrix, hot[chosen]), hot)
        k_u, k_q = kernel.slopes(u, norm[None, chosen], norm[:, None])
        k_u, k_q = jnp.where(chunk < n, k_u, 0), jnp.where(chunk < n, k_q, 0)
        gathered = [k_u.at[g].get(mode="clip") for g in groups]
        own_of_all = None if kernel.radial else 2 * (alphas.T @ k_q)
        outer, sums = [], []
        for coefficients, (i, j) in zip(grouped, ranges, strict=True):
            blocks = [a @ k for a, k in zip(coefficients, gathered, strict=True)]
            own = _radial_own(blocks, parts) if own_of_all is None else own_of_all[i:j]
            blocks = [_with_own(b, own, hot[chosen], part) for b, part in zip(blocks, parts, strict=True)]
            outer.append(ravel_pytree([_outer(blocks[a], blocks[b], by_class) for a, b in pairs])[0])
            sums.append(jnp.concatenate([block.sum(2) for block in blocks]))
        # products that are all used in one place get memory of their own, and so can run side by side
        return (total[0] + jnp.concatenate(outer), total[1] + jnp.concatenate(sums, axis=1)), None

    lead = (c,) if by_class else ()
    heights = [part.last - part.first for part in parts]
    zeros = {(a, b): jnp.zeros((*lead, heights[a], heights[b]), alphas.dtype) for a, b in pairs}
    flat, by_pair_of = ravel_pytree(zeros)
    totals = jnp.tile(flat, slices), jnp.zeros((d, c), alphas.dtype)
    (outer, first), _ = jax.lax.scan(add, totals, chunks)
    by_pair = by_pair_of(outer.reshape(slices, -1).sum(0))
    second = [[_block(by_pair, a, b) for b in range(len(parts))] for a in range(len(parts))]
    return Moments(jnp.block(second) / n, first / n)


def _parts(sizes: list[int], most: int | None) -> list[OperandRows]:
    parts, row = [], 0
    for s, size in enumerate(sizes):
        for i, j in itertools.pairwise([0, size // 2, size] if most and size > most else [0, size]):
            parts.append(OperandRows(s, i, j, row + i))
        row += size
    return parts


def _radial_own(blocks: list[Array], parts: list[OperandRows]) -> Float[Array, "c b"]:
    """Return 2 sum_j alpha_jl k_q, which is the sum of -k_u over all values of any operand."""
    sums = [b.sum(0) for b, part in zip(blocks, parts, strict=True) if part.operand == 0]
    return -functools.reduce(operator.add, sums)


def _with_own(
    block: Float[Array, "p c b"], own: Float[Array, "c b"], hot: Int[Array, "b k"], part: OperandRows
) -> Array:
    """Add each input's own term, in the row of its value if the part has it."""
    place = hot[:, part.operand] - part.row
    place = jnp.where(place < 0, len(block), place)
    return block.at[place, :, jnp.arange(len(hot))].add(own.T, mode="drop")


def _outer(left: Array, right: Array, by_class: bool) -> Array:
    """Sum the outer products of two blocks of D, (a, c, x) and (b, c, x), over inputs and classes."""
    if by_class:
        return jnp.einsum("acx,bcx->cab", left, right)
    return left.reshape(len(left), -1) @ right.reshape(len(right), -1).T


def _block(blocks: dict[tuple[int, int], Array], a: int, b: int) -> Array:
    return blocks[a, b] if a <= b else blocks[b, a].swapaxes(-1, -2)
