"""A kernel machine seen through the basis of its task: its feature matrix M, whole or by blocks.

Owns: at which iterations a report looks at M, and the orders in which it draws it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...algebra import Basis
from ...models.kernel_machine import KernelMachine
from ...runs import Record, RunRow
from .mlp_view import OperandAxis, operand_axis
from .tables import Stage

LARGEST_BLOCK = 512
"""Most values of an operand drawn in a map; of more, evenly spaced ones are."""


@dataclass(frozen=True, eq=False)
class FeatureMatrixView:
    """The feature matrix of one iteration, and what its rows mean.

    Arguments:
        stage: which iteration, in words.
        feature_matrix: M, shape (d, d).
        sizes: number of values of each operand; their rows follow each other.
        basis: of the task.
        operands: names of the task's operands; further ones say which task is meant.
    """

    stage: Stage
    feature_matrix: np.ndarray
    sizes: tuple[int, ...]
    basis: Basis
    operands: tuple[str, ...]

    @classmethod
    def of(
        cls, stage: Stage, machine: KernelMachine, basis: Basis, operands: tuple[str, ...]
    ) -> FeatureMatrixView:
        """Take the feature matrix out of a kernel machine."""
        return cls(stage, np.asarray(machine.feature_matrix), machine.sizes, basis, operands)

    @property
    def label(self) -> str:
        """Its iteration, for a reader."""
        return self.stage.name

    @property
    def names(self) -> tuple[str, ...]:
        """Name of every operand, the task's own first."""
        return (*self.operands, *("task",) * (len(self.sizes) - len(self.operands)))[: len(self.sizes)]

    @cached_property
    def natural(self) -> tuple[OperandAxis, ...]:
        """Every operand in the order of its values."""
        every = [np.arange(size) for size in self.sizes]
        return tuple(OperandAxis(n, n, name, True) for n, name in zip(every, self.names, strict=True))

    @cached_property
    def reordered(self) -> tuple[OperandAxis, ...]:
        """Every operand in the order of its labels in the basis; those that the basis lacks as they are."""
        return tuple(
            operand_axis(self.basis, s, axis.title)
            if s < len(self.basis.operands) and len(self.basis.operands[s]) == len(axis.order)
            else axis
            for s, axis in enumerate(self.natural)
        )

    @property
    def gains_from_order(self) -> bool:
        """Whether some operand's values are neither in the basis's order nor in its reverse."""
        return any(
            not _steady(axis.order, len(own.order))
            for axis, own in zip(self.reordered, self.natural, strict=True)
        )

    def rows(self, axes: Sequence[OperandAxis], operand: int) -> np.ndarray:
        """Return the rows of M that belong to an operand, in the order of an axis."""
        order = axes[operand].order
        return sum(self.sizes[:operand]) + order[:: -(-len(order) // LARGEST_BLOCK)]

    def whole(self, axes: Sequence[OperandAxis]) -> np.ndarray:
        """Return M with its rows and columns in the order of axes."""
        at = np.concatenate([self.rows(axes, s) for s in range(len(self.sizes))])
        return self.feature_matrix[np.ix_(at, at)]

    def block(self, axes: Sequence[OperandAxis]) -> np.ndarray:
        """Return the block of the second operand's rows and the first one's columns."""
        return self.feature_matrix[np.ix_(self.rows(axes, 1), self.rows(axes, 0))]

    @property
    def eigenvalues(self) -> np.ndarray:
        """Eigenvalues of M, the largest first."""
        return np.linalg.eigvalsh((self.feature_matrix + self.feature_matrix.T) / 2)[::-1]


def _steady(order: np.ndarray, size: int) -> bool:
    """Say whether an order goes through all values up or down, wherever it starts."""
    steps = np.diff(order) % size
    return len(order) == size and (bool((steps == 1).all()) or bool((steps == size - 1).all()))


def transition(records: Sequence[Record]) -> int | None:
    """Return the observed step nearest to where test accuracy crosses half of its last value.

    None where it starts above that, or ends at less than twice its start: there was no transition.

    Example:
        >>> [transition([Record(t, 0.0, {"test_accuracy": a}, {}) for t, a in enumerate(curve)])
        ...  for curve in ([0.0, 0.1, 0.7, 1.0], [0.1, 0.1, 0.1], [1.0, 1.0])]
        [2, None, None]
    """
    accuracies = [(r.step, r.scalars.get("test_accuracy", np.nan)) for r in records]
    accuracies = [(step, value) for step, value in accuracies if np.isfinite(value)]
    if len(accuracies) < 2 or accuracies[-1][1] <= 2 * accuracies[0][1]:
        return None
    half = accuracies[-1][1] / 2
    for (before, low), (after, high) in itertools.pairwise(accuracies):
        if low < half <= high:
            return before if half - low < high - half else after
    return None


def machine_stages(row: RunRow, records: Sequence[Record]) -> list[Stage]:
    """List the iterations at which a report looks at M: before, at and after the transition.

    Before is iteration 1, whose M is the first that was learned. A run without a transition has half its
    iterations in the middle.
    """
    at = transition(records)
    middle = (at, "transition, ") if at is not None else (row.step // 2, "")
    labels: dict[int, str] = {min(1, row.step): ""}
    if min(1, row.step) < middle[0] < row.step:
        labels[middle[0]] = middle[1]
    labels[row.step] = "transition and end, " if at == row.step else "" if row.step == 0 else "end, "
    accuracy = {r.step: r.scalars.get("test_accuracy", np.nan) for r in records}
    return [
        Stage(_stage_words(name, step, accuracy.get(step, np.nan)), step) for step, name in labels.items()
    ]


def _stage_words(name: str, step: int, accuracy: float) -> str:
    accuracy_words = f" · test accuracy {100 * accuracy:.3g}%" if np.isfinite(accuracy) else ""
    words = f"{name}iteration {step:,}"
    return words[0].upper() + words[1:] + accuracy_words
