"""Kernels on tuples of one-hot vectors: sums over operands become lookups in rows of M.

An input x = (x_1, ..., x_k) stands for the concatenation of one-hot vectors of sizes (p_1, ..., p_k); its
feature s is `hot[s] = p_1 + ... + p_(s-1) + x_s`. With the columns of M summed over the features of each
training input, L[i, j] = sum_t M[i, hot_jt], everything a kernel asks for is a lookup:

    u(x, z_j) = x^T M z_j = sum_s L[hot_s, j]        q(x) = sum_st M[hot_s, hot_t]

Owns: this layout, kernel matrices and predictions over it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental.layout import Layout as MemoryLayout
from jax.experimental.layout import with_layout_constraint
from jaxtyping import Array, Float, Int

from .kernel import FormKernel, Kernel

CHUNK_BYTES = 4 * 2**20
"""About how much memory one chunk of a kernel matrix takes. Larger ones leave the caches: at n = 1,860 a
Gaussian kernel matrix then takes three times as long."""


def offsets(sizes: tuple[int, ...]) -> np.ndarray:
    """Return the first feature of each operand: int32, shape (k,)."""
    return np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)


def features(inputs: Int[Array, "m k"], sizes: tuple[int, ...]) -> Int[Array, "m k"]:
    """Return the index in 0..d-1 of each operand's one.

    Example:
        >>> features(jnp.array([[1, 4]]), (5, 5)).tolist()
        [[1, 9]]
    """
    return inputs + offsets(sizes)


def lookup(feature_matrix: Float[Array, "d d"], hot: Int[Array, "n k"]) -> Float[Array, "d n"]:
    """Return L[i, j] = sum_t M[i, hot_jt]: products M z_j of all training inputs, by columns."""
    return sum(
        (feature_matrix[:, hot[:, t]] for t in range(1, hot.shape[1])), start=feature_matrix[:, hot[:, 0]]
    )


def products(table: Float[Array, "d n"], hot: Int[Array, "m k"]) -> Float[Array, "m n"]:
    """Return u = x^T M z of every pair, from `lookup`."""
    return sum((table[hot[:, s]] for s in range(1, hot.shape[1])), start=table[hot[:, 0]])


def norms(feature_matrix: Float[Array, "d d"], hot: Int[Array, "m k"]) -> Float[Array, " m"]:
    """Return q(x) = x^T M x of every input.

    The barrier keeps the compiler from looking them up again for every entry of a kernel matrix, which
    would make that matrix five times as slow.
    """
    pairs = itertools.product(range(hot.shape[1]), repeat=2)
    squared_norms = jnp.stack([feature_matrix[hot[:, s], hot[:, t]] for s, t in pairs]).sum(0)
    return jax.lax.optimization_barrier(squared_norms)


def kernel_matrix(
    kernel: Kernel, feature_matrix: Float[Array, "d d"], hot: Int[Array, "n k"]
) -> Float[Array, "n n"]:
    """Return k(x_i, x_j) of all training inputs; about k n^2 lookups of whole rows."""
    return chunked(rows_of(kernel, feature_matrix, hot), hot, 8 * len(hot))


def rows_of(
    kernel: Kernel, feature_matrix: Float[Array, "d d"], hot: Int[Array, "n k"]
) -> Callable[[Int[Array, "b k"]], Float[Array, "b n"]]:
    """Return the function from some inputs to their rows of kernel values against the training inputs."""
    table, norm = lookup(feature_matrix, hot), norms(feature_matrix, hot)

    def rows(at: Array) -> Array:
        values: Array = kernel.value(products(table, at), norms(feature_matrix, at)[:, None], norm[None, :])
        return values

    return rows


def chunked(function: Callable[[Array], Array], rows: Array, row_bytes: int) -> Array:
    """Apply a function of some rows to all rows, a chunk of about `CHUNK_BYTES` at a time.

    Every chunk has the same number of rows; the last one overlaps the one before it.

    Arguments:
        function: rows (b, ...) -> results (b, ...).
        rows: shape (m, ...).
        row_bytes: memory that one row takes inside the function.
    """
    m = len(rows)
    size = max(1, min(m, CHUNK_BYTES // row_bytes))
    if size == m:
        return function(rows)

    def fill(index: Array, results: Array) -> Array:
        start = jnp.minimum(index * size, m - size)
        part = function(jax.lax.dynamic_slice_in_dim(rows, start, size))
        return jax.lax.dynamic_update_slice_in_dim(results, part, start, axis=0)

    shape = jax.eval_shape(function, rows[:size])
    empty = jnp.zeros((m, *shape.shape[1:]), shape.dtype)
    # else XLA makes the zeros in the layout that a later operation asks for, and copies them into rows
    by_rows = with_layout_constraint(empty, MemoryLayout(major_to_minor=tuple(range(empty.ndim))))
    return jax.lax.fori_loop(0, -(-m // size), fill, by_rows)


def predict(
    kernel: Kernel,
    feature_matrix: Float[Array, "d d"],
    alphas: Float[Array, "n c"],
    hot: Int[Array, "n k"],
    at: Int[Array, "m k"],
) -> Float[Array, "m c"]:
    """Return f_l(x) = sum_j alpha_jl k(x, x_j) at other inputs.

    Arguments:
        kernel: any kernel.
        feature_matrix: M, symmetric.
        alphas: dual coefficients.
        hot: features of the training inputs.
        at: features of the inputs to evaluate.
    """
    if isinstance(kernel, FormKernel):
        form, offset = predictor_forms(kernel, feature_matrix, alphas, hot)
        k = at.shape[1]
        pairs = itertools.product(range(k), repeat=2)
        return offset + sum(form[at[:, s], at[:, t]] for s, t in pairs)
    rows = rows_of(kernel, feature_matrix, hot)
    return chunked(lambda some: rows(some) @ alphas, at, 8 * len(hot))


def masses(alphas: Float[Array, "n c"], hot: Int[Array, "n k"], d: int) -> Float[Array, "d d c"]:
    """Return S_l = sum_j alpha_jl x_j x_j^T of every class, by scattering."""
    k = hot.shape[1]
    total = jnp.zeros((d, d, alphas.shape[1]), alphas.dtype)
    for s, t in itertools.product(range(k), repeat=2):
        total = total.at[hot[:, s], hot[:, t]].add(alphas)
    return total


def predictor_forms(
    kernel: FormKernel,
    feature_matrix: Float[Array, "d d"],
    alphas: Float[Array, "n c"],
    hot: Int[Array, "n k"],
) -> tuple[Float[Array, "d d c"], Float[Array, " c"]]:
    """Return (W, offset) with f_l(x) = x^T W_l x + offset_l."""
    return kernel.forms(feature_matrix, masses(alphas, hot, len(feature_matrix)), alphas.sum(0))
