"""A task and its split as device arrays: what every learner trains on and is evaluated on."""

from __future__ import annotations

import equinox as eqx
import numpy as np
from jaxtyping import Array, Bool, Int

from ..models.on_device import all_on_device
from ..tasks import InputError, Split, Task

GROUPS = ("train", "test", "clean", "corrupted", "nonzero")
"""The sets of inputs over which accuracy is counted: training (with the labels trained on), test,
training inputs with clean labels, training inputs with corrupted labels (against the corrupted label), and
test inputs without a zero operand."""


class Problem(eqx.Module):
    """Training set and full domain.

    Arguments:
        inputs: training inputs, int32, shape (n, k), in ascending flat order.
        labels: training labels, int32, shape (n,), corrupted ones included.
        all_inputs: the whole domain, int32, shape (m, k).
        all_labels: labels over the domain, with the training labels where it trains.
        groups: bool, shape (g, m): membership of each input in `GROUPS`, then, in a mixture of tasks, in each
            task's training set and each task's test set (`group_names`).
        classes: number of classes.
        tasks: number of tasks; with several, the last column of the inputs is the task.
        padded: whether training inputs are followed by others, of label -1, that do not count.
    """

    inputs: Int[Array, "n k"]
    labels: Int[Array, " n"]
    all_inputs: Int[Array, "m k"]
    all_labels: Int[Array, " m"]
    groups: Bool[Array, "g m"]
    classes: int = eqx.field(static=True)
    tasks: int = eqx.field(static=True, default=1)
    padded: bool = eqx.field(static=True, default=False)

    @property
    def operands(self) -> int:
        """k, the number of operands, without the task of a mixture."""
        return self.inputs.shape[1] - (self.tasks > 1)

    @property
    def group_names(self) -> tuple[str, ...]:
        """Name of each row of `groups`."""
        if self.tasks == 1:
            return GROUPS
        return GROUPS + tuple(f"{side}_{t + 1}" for side in ("train", "test") for t in range(self.tasks))


def make_problem(task: Task, split: Split, pad_to: int | None = None) -> Problem:
    """Lay a task and its split out for training.

    Arguments:
        task: any.
        split: of its domain.
        pad_to: number of training inputs to pad to; None, or one that is not larger than their number, pads
            nothing.

    Example:
        >>> from modgrok.tasks import split_task, task_from_expression
        >>> task = task_from_expression("x + y", 5)
        >>> problem = make_problem(task, split_task(task, 0.5, np.random.PCG64(0)))
        >>> problem.inputs.shape, problem.all_inputs.shape, problem.groups.sum(axis=1).tolist()
        ((12, 2), (25, 2), [12, 13, 12, 0, 9])
    """
    inputs = task.inputs()
    labels = task.labels()
    train = np.isin(task.domain, split.train, assume_unique=True)
    corrupted = np.zeros(task.size, dtype=bool)
    corrupted[train] = split.corrupted
    labels[train] = split.labels
    tasks = len(task.parts) or 1
    operands = inputs[:, :-1] if task.parts else inputs
    groups = [train, ~train, train & ~corrupted, corrupted, ~train & (operands % task.p != 0).all(axis=1)]
    if task.parts:
        groups += [side & (inputs[:, -1] == t) for side in (train, ~train) for t in range(tasks)]
    more = max(0, (pad_to or 0) - len(split.train))
    arrays = (
        np.pad(inputs[train], ((0, more), (0, 0))),
        np.pad(split.labels, (0, more), constant_values=-1),
        inputs,
        labels,
        np.stack(groups),
    )
    examples, targets, domain, values, members = all_on_device(arrays)
    return Problem(examples, targets, domain, values, members, task.p, tasks, pad_to is not None)


def check_batch_size(size: int | None, problem: Problem) -> None:
    """Refuse mini-batches larger than the training set.

    Raises:
        InputError: they are.
    """
    n = len(problem.inputs)
    if size is not None and size > n:
        raise InputError(f"batch_size: must be at most the {n} training examples, got {size}")
