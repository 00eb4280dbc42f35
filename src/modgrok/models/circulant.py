"""The block-circulant structure that feature matrices of a task converge to.

In the labels of the task's basis, f = h(g_1(x_1) + ... + g_k(x_k)), the off-diagonal block of operands s
and t depends on g_s(i) - g_t(j) alone. That is a Toeplitz block for x + y, a Hankel one for x - y (there
g_2(y) = -y), both in order of discrete logarithms for x*y and x/y, and so on for every task with a basis.

Owns: the structure as a value, matrices drawn at random from it, and the replacement of a matrix by an
exactly structured one.
"""

from __future__ import annotations

import itertools
from typing import Any, Literal, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from ..algebra import Basis, logarithm_table
from .on_device import on_device

Orientation = Literal["toeplitz", "hankel"]
"""toeplitz: constant where i - j is; hankel: constant where i + j is (mod n)."""
Matrix = TypeVar("Matrix", Array, np.ndarray)
"""A matrix of JAX or of NumPy."""


class CirculantStructure(eqx.Module):
    """Labels of each operand's values.

    Arguments:
        labels: g_s(i), int32, shape (k, p), entries in 0..n-1, or -1 where a value takes no part.
        order: n, the order of the cyclic group.
        one_to_one: whether every operand has each label exactly once.
        cyclic: whether the task's group is; of another group the labels are a mere numbering.
    """

    labels: Int[Array, "k p"]
    order: int = eqx.field(static=True)
    one_to_one: bool = eqx.field(static=True)
    cyclic: bool = eqx.field(static=True, default=True)

    def diagonals(self, s: int, t: int) -> Int[Array, "p p"]:
        """Return (g_s(i) - g_t(j)) mod n, or n where a value takes no part."""
        rows, columns = self.labels[s][:, None], self.labels[t][None, :]
        return jnp.where((rows >= 0) & (columns >= 0), (rows - columns) % self.order, self.order)

    def taken(self, s: int) -> Bool[Array, " p"]:
        """Return which values of operand s take part."""
        return self.labels[s] >= 0


def structure_of(basis: Basis) -> CirculantStructure:
    """Return the structure that a task's basis implies.

    Example:
        >>> from modgrok.algebra import natural_basis
        >>> structure_of(natural_basis(5, 2)).diagonals(0, 1)[0].tolist()
        [0, 4, 3, 2, 1]
    """
    labels = np.stack(basis.operands)
    one_to_one = all(np.array_equal(np.sort(row[row >= 0]), np.arange(basis.order)) for row in labels)
    return CirculantStructure(on_device(labels, np.int32), basis.order, one_to_one, basis.group is None)


def oriented(p: int, orientation: Orientation, *, logarithmic: bool = False) -> CirculantStructure:
    """Return the structure of two operands with blocks of one orientation.

    Arguments:
        p: modulus; prime when `logarithmic`.
        orientation: `toeplitz`, blocks that depend on i - j (x + y, and x*y in logarithms), or `hankel`, on
            i + j (x - y and x/y).
        logarithmic: whether i and j are discrete logarithms; 0 then takes no part.

    Example:
        >>> oriented(5, "hankel").diagonals(0, 1)[1].tolist()
        [1, 2, 3, 4, 0]
    """
    rows = logarithm_table(p) if logarithmic else np.arange(p)
    order = p - 1 if logarithmic else p
    negated = np.where(rows < 0, -1, (-rows) % order)
    columns = rows if orientation == "toeplitz" else negated
    return CirculantStructure(on_device(np.stack([rows, columns]), np.int32), order, True)


def orientations(structure: CirculantStructure) -> tuple[tuple[str, CirculantStructure], ...]:
    """Name the ways in which a matrix of two operands can be circulant in a task's labels.

    Blocks are `toeplitz` where they depend on the difference of the operands' own labels, as for x + y, and
    `hankel` where on their sum, as for x - y. Where the operands are labelled differently, as in x + y^3,
    the task's own structure is `own` and the other one `opposite`. Other than two operands have `own` alone.

    Example:
        >>> from modgrok.algebra import natural_basis
        >>> [name for name, _ in orientations(structure_of(natural_basis(5, 2)))]
        ['toeplitz', 'hankel']
    """
    labels, n = np.asarray(structure.labels), structure.order
    if len(labels) != 2:
        return (("own", structure),)
    negated = np.where(labels[1] < 0, -1, (-labels[1]) % n)
    other = CirculantStructure(
        on_device(np.stack([labels[0], negated]), np.int32), n, structure.one_to_one, structure.cyclic
    )
    if np.array_equal(labels[0], labels[1]):
        return ("toeplitz", structure), ("hankel", other)
    if np.array_equal(labels[0], negated):
        return ("toeplitz", other), ("hankel", structure)
    return ("own", structure), ("opposite", other)


def spread(values: Float[Array, " n"], diagonals: Int[Array, "p p"]) -> Float[Array, "p p"]:
    """Return the block with a value on each diagonal, 0 where none."""
    return jnp.append(values, 0.0)[diagonals]


def diagonal_means(
    block: Float[Array, "p p"], diagonals: Int[Array, "p p"], order: int
) -> Float[Array, " n"]:
    """Average a block over each diagonal; 0 for an empty one."""
    total = jnp.zeros(order + 1, block.dtype).at[diagonals].add(block)
    count = jnp.zeros(order + 1, block.dtype).at[diagonals].add(1)
    return (total / jnp.maximum(count, 1))[:order]


def centring(p: int) -> Float[Array, "p p"]:
    """Return I - 11^T/p, the diagonal block of structured matrices."""
    return jnp.eye(p) - 1 / p


def random_circulant(key: PRNGKeyArray, structure: CirculantStructure) -> Float[Array, "d d"]:
    """Draw M*, a random matrix with the structure of a task.

        M* = [[I - 11^T/p, C^T], [C, I - 11^T/p]],   C[i, j] = c(g_2(i) - g_1(j)),   c uniform, of mean 0

    For k operands each pair of them has its own c. M* is indefinite; `matrix_power` takes its positive
    part, as the released code's real square root does.

    Source: Mallinar et al. 2024, Sec. 5; c has its mean taken out as in the released kernel script.

    Example:
        >>> from modgrok.algebra import natural_basis
        >>> m = random_circulant(jax.random.key(0), structure_of(natural_basis(5, 2)))
        >>> m.shape, bool(jnp.allclose(m[5, 1], m[9, 0]))
        ((10, 10), True)
    """
    k, p = structure.labels.shape
    pairs = list(itertools.combinations(range(k), 2))
    random = jax.random.uniform(key, (len(pairs), structure.order))
    random = random - random.mean(1, keepdims=True)
    blocks = [[centring(p) for _ in range(k)] for _ in range(k)]
    for values, (t, s) in zip(random, pairs, strict=True):
        blocks[s][t] = spread(values, structure.diagonals(s, t))
        blocks[t][s] = blocks[s][t].T
    return jnp.block(blocks)


def enforce(feature_matrix: Float[Array, "d d"], structure: CirculantStructure) -> Float[Array, "d d"]:
    """Replace a feature matrix by an exactly structured one.

    M~ = D^(-1/2) M D^(-1/2) with D = diag M; diagonal blocks become I - 11^T/p; each block below the
    diagonal becomes circulant, with the values of its first column, that is of the column labelled 0.
    Where labels are not one to one, diagonals take their mean instead.

    Arguments:
        feature_matrix: M, shape (d, d), d >= k p; rows behind the k operands are scaled, not replaced.
        structure: of the task.

    Source: Mallinar et al. 2024, App. F, for k = 2 in the bases of addition and multiplication.
    """
    k, p = structure.labels.shape
    diagonal = jnp.diagonal(feature_matrix)
    root = jnp.where(diagonal > 0, jax.lax.rsqrt(jnp.where(diagonal > 0, diagonal, 1)), 0)
    scaled = feature_matrix * root[:, None] * root[None, :]
    for s in range(k):
        scaled = scaled.at[s * p : (s + 1) * p, s * p : (s + 1) * p].set(centring(p))
    for t, s in itertools.combinations(range(k), 2):
        here, there = slice(s * p, (s + 1) * p), slice(t * p, (t + 1) * p)
        block, diagonals = scaled[here, there], structure.diagonals(s, t)
        if structure.one_to_one:
            first = (structure.labels[t] == 0)[None, :]
            values = diagonal_means(block, jnp.where(first, diagonals, structure.order), structure.order)
        else:
            values = diagonal_means(block, diagonals, structure.order)
        new = spread(values, diagonals)
        scaled = scaled.at[here, there].set(new).at[there, here].set(new.T)
    return scaled


def matrix_power(matrix: Float[Matrix, "d d"], exponent: Array | float) -> Float[Matrix, "d d"]:
    """Raise the positive part of a symmetric matrix to a power: sum over eigenvalues v > 0 of v^s e e^T.

    Eigenvalues up to d eps times the largest are rounding and count as 0: a square root would lift them
    from 1e-16 to 1e-8. A matrix of NumPy has its power computed by NumPy, without compiling anything.

    Example:
        >>> matrix_power(jnp.diag(jnp.array([4.0, -1.0])), 0.5).tolist()
        [[2.0, 0.0], [0.0, 0.0]]
    """
    xp: Any = np if isinstance(matrix, np.ndarray) else jnp
    values, vectors = xp.linalg.eigh(matrix)
    positive = values > len(matrix) * xp.finfo(matrix.dtype).eps * xp.max(xp.abs(values))
    powers = xp.where(positive, xp.where(positive, values, 1) ** exponent, 0)
    power_matrix: Matrix = (vectors * powers) @ vectors.T
    return (power_matrix + power_matrix.T) / 2
