"""The kernel solve, (K + ridge I) alpha = Y, with and without full numerical rank.

Owns: what happens when the kernel matrix is singular to working precision, and what the solution says of the
training inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


class Solution(NamedTuple):
    """Dual coefficients and how they were found.

    Arguments:
        alphas: shape (n, c).
        condition: condition number of K + ridge I: exact over the eigenvalues kept where the fallback was
            taken; otherwise a lower bound, the squared ratio of the largest to the smallest diagonal entry
            of the Cholesky factor.
        singular: whether the matrix is singular to working precision, so that alphas are of least norm.
    """

    alphas: Float[Array, "n c"]
    condition: Float[Array, ""]
    singular: Bool[Array, ""]


def solve_kernel(
    kernel: Callable[[], Float[Array, "n n"]],
    targets: Float[Array, "n c"],
    ridge: Float[Array, ""] | float = 0.0,
) -> Solution:
    """Solve (K + ridge I) alpha = Y for a symmetric K.

    The Cholesky factor of K + (ridge + jitter) I is used, jitter = eps * mean(diag K) with eps the unit
    round-off: the size of the rounding already made in computing K. Where the factorisation breaks down, or
    the condition exceeds 1/(n eps), the fallback takes an eigendecomposition, about 15 times as long:
    eigenvalues up to n eps times the largest in magnitude are left out, and alpha is the least-squares
    solution of least norm. It also serves an indefinite K, such as the kernel of an indefinite M. In a batch
    (`jax.vmap`) only those members take the fallback that need it, one after another.

    Arguments:
        kernel: computes K; called again by the fallback, so that the factor can take K's place in memory.
        targets: Y.
        ridge: at least 0.

    Example:
        >>> singular = jnp.ones((2, 2))
        >>> solution = solve_kernel(lambda: singular, jnp.array([[1.0], [1.0]]))
        >>> bool(solution.singular), [round(float(a), 3) for a in solution.alphas[:, 0]]
        (True, [0.5, 0.5])
    """
    matrix = kernel()
    n, unit = len(matrix), jnp.finfo(matrix.dtype).eps
    shift = total_ridge(jnp.diagonal(matrix), ridge)
    by_columns = matrix.T  # as LAPACK reads K: the same memory, where K itself would be copied
    factor = jax.lax.linalg.cholesky(_shifted(by_columns, shift), symmetrize_input=False)
    pivots = jnp.diagonal(factor)
    condition = (jnp.max(pivots) / jnp.min(pivots)) ** 2
    regular = jnp.isfinite(condition) & (condition < 1 / (n * unit))
    again, outline = eqx.partition(eqx.filter_closure_convert(kernel), eqx.is_array)

    @jax.custom_batching.sequential_vmap
    def settled(regular: Array, solution: Solution, again: Any, targets: Array, ridge: Array) -> Solution:
        result: Solution = jax.lax.cond(
            regular,
            lambda: solution,
            lambda: _by_eigenvalues(eqx.combine(again, outline)(), targets, ridge),
        )
        return result

    solution = Solution(_by_factor(factor, targets), condition, jnp.zeros((), bool))
    return Solution(*settled(regular, solution, again, targets, jnp.asarray(ridge, matrix.dtype)))


def total_ridge(diagonal: Float[Array, " n"], ridge: Array | float) -> Float[Array, ""]:
    """Return ridge + jitter, what the Cholesky factor is computed with.

    Arguments:
        diagonal: of K.
        ridge: at least 0.
    """
    return ridge + jnp.finfo(diagonal.dtype).eps * jnp.mean(diagonal)


def gives_training_values(
    solution: Solution, diagonal: Float[Array, " n"], ridge: Array | float
) -> Bool[Array, ""]:
    """Return whether Y - (ridge + jitter) alpha is K alpha to about the accuracy of computing it.

    It is where no eigenvalue was left out, where the estimated condition is below 1/(n sqrt(eps)), so that
    the solution has half of its digits at least, and where the ridge is no larger than the mean of K's
    diagonal, so that the difference cancels few.

    Arguments:
        solution: of the system.
        diagonal: of K.
        ridge: at least 0.
    """
    n, unit = len(solution.alphas), jnp.finfo(solution.alphas.dtype).eps
    accurate = solution.condition < 1 / (n * jnp.sqrt(unit))
    return ~solution.singular & accurate & (ridge <= jnp.mean(diagonal))


def _shifted(matrix: Array, shift: Array | float) -> Array:
    n = len(matrix)
    return matrix.at[jnp.arange(n), jnp.arange(n)].add(shift)


def _by_factor(factor: Array, targets: Array) -> Array:
    half = jax.lax.linalg.triangular_solve(factor, targets, left_side=True, lower=True)
    return jax.lax.linalg.triangular_solve(factor, half, left_side=True, lower=True, transpose_a=True)


def _by_eigenvalues(matrix: Array, targets: Array, ridge: Array | float) -> Solution:
    values, vectors = jnp.linalg.eigh(_shifted(matrix, ridge), symmetrize_input=False)
    size = jnp.abs(values)
    nonzero = size > len(matrix) * jnp.finfo(matrix.dtype).eps * jnp.max(size)
    inverse = jnp.where(nonzero, 1 / jnp.where(nonzero, values, 1), 0)
    alphas = vectors @ (inverse[:, None] * (vectors.T @ targets))
    least = jnp.min(jnp.where(nonzero, size, jnp.inf))
    return Solution(alphas, jnp.max(size) / least, ~nonzero.all())
