"""The pairs of operand values in the basis of their task: which tokens, in which order, with which sums.

Owns: the layout of everything that is measured over the p x p inputs of two operands.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...algebra import Basis


@dataclass(frozen=True, eq=False)
class PairGrid:
    """All pairs of values that take part in a basis: for x*y those without 0.

    Arguments:
        tokens: values of the first and of the second operand, ascending.
        labels: g_1 and g_2 of those values, in 0..n-1: logarithms for x*y, values for x + y.
        order: n, the order of the cyclic group.
        classes: int64, shape (r, s): the answer to each pair, -1 where the task has none.
        name: the basis's name.
    """

    tokens: tuple[np.ndarray, np.ndarray]
    labels: tuple[np.ndarray, np.ndarray]
    order: int
    classes: np.ndarray
    name: str

    @property
    def shape(self) -> tuple[int, int]:
        """(r, s), the numbers of values of the two operands."""
        return len(self.tokens[0]), len(self.tokens[1])

    @property
    def frequencies(self) -> range:
        """1..n//2, the frequencies of the group."""
        return range(1, self.order // 2 + 1)

    @cached_property
    def inputs(self) -> np.ndarray:
        """The pairs, int32, shape (r s, 2)."""
        return np.stack(np.meshgrid(*self.tokens, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.int32)

    @cached_property
    def sums(self) -> np.ndarray:
        """g_1(x) + g_2(y) mod n, shape (r s,)."""
        return (self.labels[0][:, None] + self.labels[1]).ravel() % self.order

    @cached_property
    def differences(self) -> np.ndarray:
        """g_1(x) - g_2(y) mod n, shape (r s,)."""
        return (self.labels[0][:, None] - self.labels[1]).ravel() % self.order

    @cached_property
    def frames(self) -> tuple[np.ndarray, np.ndarray]:
        """For each operand orthonormal bases of span{1, cos k, sin k} over its labels, for every frequency k.

        Shape (r, n//2, 3) and (s, n//2, 3); a column that adds nothing to the span is 0.
        """
        return tuple(  # type: ignore[return-value]
            _frames(labels, np.array(self.frequencies), self.order) for labels in self.labels
        )

    @cached_property
    def targets(self) -> np.ndarray:
        """The classes, shape (r s,), -1 where the task has none."""
        return self.classes.ravel()


def _frames(labels: np.ndarray, frequencies: np.ndarray, order: int) -> np.ndarray:
    angles = 2 * np.pi * (np.outer(frequencies, labels) % order) / order
    waves = np.stack([np.ones(angles.shape), np.cos(angles), np.sin(angles)], axis=2)
    left, size, _ = np.linalg.svd(waves, full_matrices=False)
    left *= (size > 1e-9 * size[:, :1])[:, None]
    return np.moveaxis(left, 0, 1)


def pair_grid(basis: Basis, table: np.ndarray) -> PairGrid:
    """Lay out the pairs of a task of two operands.

    Arguments:
        basis: of the task.
        table: int64, shape (p, p), -1 outside the domain.

    Raises:
        ValueError: the task has another number of operands.

    Example:
        >>> from modgrok.algebra import multiplicative_basis
        >>> n = np.arange(5)
        >>> grid = pair_grid(multiplicative_basis((n, n), n), n[:, None] * n % 5)
        >>> grid.shape, grid.labels[0].tolist(), grid.sums[:4].tolist()
        ((4, 4), [0, 1, 3, 2], [0, 1, 3, 2])
    """
    if table.ndim != 2:
        raise ValueError(f"table: must have two operands, got {table.ndim}")
    first, second = (np.flatnonzero(labels >= 0) for labels in basis.operands)
    labels = (basis.operands[0][first], basis.operands[1][second])
    return PairGrid((first, second), labels, basis.order, table[np.ix_(first, second)], basis.name)
