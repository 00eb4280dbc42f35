"""Training inputs grouped by the value of each operand: what turns gradient sums into matrix products.

Owns: the index tables. They depend on the inputs alone, and are built once, on the host.
"""

from __future__ import annotations

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int


class Layout(eqx.Module):
    """For each operand s, which training inputs have each value.

    Arguments:
        groups: for each operand an int32 table of shape (p_s, m_s): row i lists the training inputs with
            x_s = i, padded with n, the index of no input.
    """

    groups: tuple[Int[Array, "_p _m"], ...]


def make_layout(inputs: np.ndarray, sizes: tuple[int, ...]) -> Layout:
    """Group training inputs.

    Arguments:
        inputs: operand values, shape (n, k).
        sizes: number of values of each operand.

    Example:
        >>> layout = make_layout(np.array([[0, 1], [2, 1]]), (3, 3))
        >>> layout.groups[0].tolist(), layout.groups[1].tolist()
        ([[0], [2], [1]], [[2, 2], [0, 1], [2, 2]])
    """
    values = np.asarray(inputs)
    return Layout(tuple(_group(values[:, s], size) for s, size in enumerate(sizes)))


def widen_layout(layout: Layout, n: int, widths: Sequence[int]) -> Layout:
    """Pad the tables to more columns, so that layouts of several training sets have equal shapes.

    Sums over the inputs of a value are the same to rounding.

    Arguments:
        layout: of n training inputs.
        n: their number.
        widths: columns of each operand's table; a table that has as many already is left as it is.

    Example:
        >>> widen_layout(make_layout(np.array([[0], [2]]), (3,)), 2, [2]).groups[0].tolist()
        [[0, 2], [2, 2], [1, 2]]
    """
    tables = []
    for table, width in zip(layout.groups, widths, strict=True):
        more = max(0, width - table.shape[1])
        padded = np.pad(np.asarray(table), ((0, 0), (0, more)), constant_values=n)
        tables.append(jnp.asarray(padded) if more else table)
    return Layout(tuple(tables))


def _group(values: np.ndarray, size: int) -> Int[Array, "p m"]:
    n = len(values)
    counts = np.bincount(values, minlength=size)
    table = np.full((size, max(1, counts.max())), n, dtype=np.int32)
    order = np.argsort(values, kind="stable")
    place = np.arange(n) - np.repeat(np.cumsum(counts) - counts, counts)
    table[values[order], place] = order
    return jnp.asarray(table)
