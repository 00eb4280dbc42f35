"""A transformer at one step of its run: what it does with every pair of a task's operands, as plain arrays.

Owns: the order in which pairs are drawn, and that every pair is read once for all panels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...measures.circuit.circuit import Circuit, circuit_of
from ...measures.circuit.task_grid import TaskGrid
from ...models.transformer import Transformer
from .mlp_view import OperandAxis, operand_axis
from .tables import Stage


@dataclass(frozen=True, eq=False)
class CircuitView:
    """A transformer at one stage of its run, and a task that it learned.

    Arguments:
        stage: which step.
        net: the weights.
        at: the task with its pairs.
    """

    stage: Stage
    net: Transformer
    at: TaskGrid

    @property
    def label(self) -> str:
        """Its step, for a reader."""
        return self.stage.label

    @property
    def operands(self) -> tuple[str, ...]:
        """Names of both operands."""
        return self.at.task.operands

    @cached_property
    def circuit(self) -> Circuit:
        """What it does with every pair."""
        return circuit_of(self.net, self.at.grid, self.at.number)

    @cached_property
    def axes(self) -> tuple[OperandAxis, OperandAxis]:
        """Drawing order of both operands: that of the basis."""
        first, second = (operand_axis(self.at.basis, s, name) for s, name in enumerate(self.operands))
        return first, second

    def in_order(self, maps: np.ndarray) -> np.ndarray:
        """Bring maps over the pairs of the grid, shape (..., r, s), into the drawing order."""
        rows, columns = (
            np.searchsorted(tokens, axis.order)
            for tokens, axis in zip(self.at.grid.tokens, self.axes, strict=True)
        )
        return maps[..., rows[:, None], columns]
