"""The inputs, labels and split of a run as arrays, for training loops of one's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..io.whole_numbers import MOST_SEED, whole_number
from ..tasks import Split, Task, named_task, split_task
from .streams import words


@dataclass(frozen=True, eq=False)
class SplitArrays:
    """All inputs of a task in one order, and which of them train.

    Arguments:
        inputs: operand values, int32, shape (n, k); of a mixture a last column more says which task is meant.
        labels: clean labels, int32, shape (n,).
        train: rows of `inputs` that train, int64, ascending.
        test: the other rows, ascending.
        train_labels: labels to train on, shape (len(train),): those of `labels`, or corrupted ones.
        task: the exact table behind them; what `modgrok.measure_logits` and `modgrok.explain` take.
        split: the same split in flat indices of the table; what these two take as `split`.
    """

    inputs: np.ndarray
    labels: np.ndarray
    train: np.ndarray
    test: np.ndarray
    train_labels: np.ndarray
    task: Task
    split: Split


def arrays(
    expression: str | None = None,
    *,
    p: int | None = None,
    fraction: float = 0.5,
    seed: int = 0,
    group: str | None = None,
    table: Task | None = None,
    symmetric: bool = False,
    orbits: str = "none",
    folds: int = 0,
    fold: int = 0,
    corruption: float = 0.0,
) -> SplitArrays:
    """Return the data of a task with the split that `modgrok train` makes with the same options.

    Arguments:
        expression: see `modgrok.tasks.parse`; with `p`.
        p: modulus.
        fraction: fraction of inputs used for training, in (0, 1).
        seed: of the split and of the corrupted labels.
        group: a finite group's name instead of an expression.
        table: a task read from a table instead of an expression.
        symmetric: keep (x, y) and (y, x) on the same side: the same as `orbits="swap"`.
        orbits: which inputs are kept on the same side; see `modgrok.tasks.split_task`.
        folds: 0, or the number of folds into which all inputs are dealt; then `fraction` is not used.
        fold: which of the folds is tested, from 0.
        corruption: share of the training labels redrawn at random.

    Raises:
        InputError: an option breaks a rule.

    Example:
        >>> data = arrays("x*y", p=7, fraction=0.3, seed=0)
        >>> data.inputs.shape, len(data.train), len(data.test)
        ((49, 2), 14, 35)
        >>> x, y = data.inputs[data.train].T
        >>> bool((x * y % 7 == data.train_labels).all())
        True
    """
    task = named_task(expression, p=p, group=group, table=table).task
    seed = whole_number("seed", seed, 0, MOST_SEED)
    split = split_task(
        task,
        fraction,
        words(seed, "split"),
        symmetric=symmetric,
        orbits=orbits,
        folds=folds,
        fold=fold,
        corruption=corruption,
        noise=words(seed, "noise"),
    )
    return split_arrays(task, split)


def split_arrays(task: Task, split: Split) -> SplitArrays:
    """Return the data of a task with a split of its domain."""
    train, test = (np.searchsorted(task.domain, rows) for rows in (split.train, split.test))
    return SplitArrays(task.inputs(), task.labels(), train, test, split.labels, task, split)
