"""The pairs of every task that a transformer of two operands was trained on, each in its own basis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...algebra import Basis
from ...models.transformer import Transformer
from ...tasks import Task
from ..fourier.task_basis import basis_of_task
from .pair_grid import PairGrid, pair_grid

MOST_NUMBERS = 2**28
"""Most pairs x neurons of a circuit, 2 GiB in float64."""


@dataclass(frozen=True, eq=False)
class TaskGrid:
    """The pairs of one task of a run.

    Arguments:
        task: the task itself.
        number: its number in a mixture; None where the run has one task.
        basis: of the task.
        grid: its pairs; of the extended domain those of 0..p-1.
    """

    task: Task
    number: int | None
    basis: Basis
    grid: PairGrid

    def chosen(self, run: Task, indices: np.ndarray) -> np.ndarray:
        """Say which pairs are among the flat indices of the run's table, such as its training set.

        Arguments:
            run: the run's task, a mixture or this task itself.
            indices: flat indices into `run.table`.

        Returns:
            bool, shape (r s,).
        """
        columns = [*self.grid.inputs.T.astype(np.int64)]
        if self.number is not None:
            columns.append(np.full(len(columns[0]), self.number))
        return np.isin(np.ravel_multi_index(tuple(columns), run.table.shape), indices)


def task_grids(task: Task) -> tuple[TaskGrid, ...]:
    """Lay out the pairs of a task, or of every task of a mixture.

    Returns:
        Nothing for tasks of another number of operands than two, and for groups that are not cyclic: the
        pairs have no order in which activations could be waves.

    Example:
        >>> from modgrok.tasks.mixture import task_from_text
        >>> [(at.task.name, at.grid.shape) for at in task_grids(task_from_text("x + y; x*y", 5))]
        [('x + y', (5, 5)), ('x*y', (4, 4))]
    """
    parts = task.parts or (task,)
    if parts[0].k != 2 or basis_of_task(parts[0]).group is not None:
        return ()
    numbers = range(len(parts)) if task.parts else (None,)
    grids = []
    for part, number in zip(parts, numbers, strict=True):
        basis = basis_of_task(part)
        grid = pair_grid(basis, part.table[: part.p, : part.p])
        grids.append(TaskGrid(part, number, basis, grid))
    return tuple(grids)


def has_circuit(task: Task, net: Transformer) -> bool:
    """Say whether a network can be read at every pair: two operands, and no more than memory holds."""
    if basis_of_task(task).group is not None:
        return False
    operands = (task.parts or (task,))[0].k
    return operands == 2 and task.p**2 * net.blocks[-1].mlp_in.shape[1] <= MOST_NUMBERS
