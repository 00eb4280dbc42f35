"""Which inputs train and which test, and which training labels are corrupted.

Owns: choosing by fraction or by fold, keeping permuted inputs together, label noise. All randomness is an
argument, and is drawn as raw 64-bit words, whose stream NumPy promises never to change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from ..display import Displayed, Facts
from ..io.whole_numbers import whole_number
from .errors import InputError, shorten
from .task import Task

ORBITS = ("none", "swap", "sign")
"""Which inputs a split keeps on the same side; see `split_task`."""


@dataclass(frozen=True, eq=False, repr=False)
class Split(Displayed):
    """A disjoint cover of a task's domain, with the labels to train on.

    Arguments:
        train: flat indices, ascending; int64, shape (n_train,).
        test: the other indices of the domain, ascending.
        labels: training labels, corrupted where `corrupted` is true; int32, shape (n_train,).
        corrupted: bool, shape (n_train,); a corrupted label was redrawn and may equal the true one.
    """

    train: np.ndarray
    test: np.ndarray
    labels: np.ndarray
    corrupted: np.ndarray

    def _facts(self) -> Facts:
        sizes = {"train": len(self.train), "test": len(self.test)}
        return {**sizes, "corrupted": int(self.corrupted.sum())}


def held_out(task: Task, split: Split | None) -> np.ndarray:
    """Mark the inputs of a task that do not train: bool, shape (n,), in the order of `Task.inputs`.

    Arguments:
        task: any task.
        split: of it; None marks all inputs.

    Example:
        >>> from modgrok.tasks import task_from_expression
        >>> task = task_from_expression("x + y", 3)
        >>> split = split_task(task, 0.5, np.random.PCG64(0))
        >>> int(held_out(task, split).sum()), int(held_out(task, None).sum())
        (5, 9)
    """
    tests = np.ones(task.size, dtype=bool)
    if split is not None:
        if not isinstance(split, Split):
            raise InputError(f"split: must be a Split, as split_from_training makes, got {shorten(split)}")
        tests[np.searchsorted(task.domain, split.train)] = False
    return tests


def count_of(fraction: float, n: int) -> int:
    """Round a share of n down, as the papers do: floor(fraction * n), immune to binary fractions.

    Example:
        >>> count_of(0.49, 9409), count_of(0.3, 9409), count_of(0.29, 100)
        (4610, 2822, 29)
    """
    return math.floor(fraction * n + 1e-9)


def split_task(
    task: Task,
    fraction: float,
    words: np.random.BitGenerator,
    *,
    symmetric: bool = False,
    orbits: str = "none",
    folds: int = 0,
    fold: int = 0,
    corruption: float = 0.0,
    noise: np.random.BitGenerator | None = None,
) -> Split:
    """Choose a training set uniformly, without replacement, or all but one of several random folds.

    Arguments:
        task: any task. A mixture's tasks share the choice: an operand pair trains in all of them or in none.
        fraction: share of the domain that trains, in (0, 1); n_train = floor(fraction * n). With folds it
            is not used.
        words: source of the choice.
        symmetric: the same as `orbits="swap"`.
        orbits: which inputs are kept on the same side, whether or not their labels are the same. `none`:
            every input by itself. `swap`: all permutations of an input, so that (x, y) in training never
            gives (y, x) away; then n_train may fall short by less than k! inputs. `sign`: all permutations
            with any operands negated as well, 2^k k! inputs at most.
        folds: 0 for a split by fraction; else number of folds into which whole orbits are dealt, from 2 to
            the number of orbits. The sizes of folds differ by at most the largest orbit.
        fold: which of them is tested, in 0..folds-1, while the others train. With the same `words` every
            input is tested in exactly one of them.
        corruption: share of the training labels redrawn uniformly from 0..p-1, in [0, 1].
        noise: source of the corruption; needed when `corruption` > 0.

    Raises:
        InputError: a fraction, fold or number of folds out of range, an unknown kind of orbit, or one side
            without an example.

    Source: Doshi et al. 2023 (arXiv 2310.13061), Sec. 2, for the corruption.
    """
    if orbits not in ORBITS:
        raise InputError(f"orbits: must be one of {', '.join(ORBITS)}, got {shorten(orbits)}")
    grouping = "swap" if symmetric and orbits == "none" else orbits
    folds, fold = (whole_number(name, value, -(2**63)) for name, value in (("folds", folds), ("fold", fold)))
    places = np.unique(task.places)
    if folds or fold:
        train_places = _orbit_folds(_place_orbits(task, places, grouping), folds, fold, words) != fold
    else:
        train_places = _choose_by_fraction(task, places, fraction, words, grouping)
    chosen = train_places[np.searchsorted(places, task.places)]
    train, test = task.domain[chosen], task.domain[~chosen]
    if len(train) == 0 or len(test) == 0:
        raise InputError(f"fraction: must leave an example on each side of a symmetric split, got {fraction}")
    labels = task.labels(train)
    corrupted = np.zeros(len(train), dtype=bool)
    n_corrupted = count_of(_share(corruption, "corruption"), len(train))
    if n_corrupted:
        if noise is None:
            raise InputError("noise: must be given when corruption is above 0, got None")
        corrupted[_permutation(len(train), noise)[:n_corrupted]] = True
        labels = np.where(corrupted, _integers(task.p, len(train), noise), labels).astype(np.int32)
    return Split(train, test, labels, corrupted)


def split_from_training(task: Task, rows: Any, *, labels: Any = None) -> Split:
    """Return the split of a network that was trained elsewhere, from the inputs that trained it.

    Arguments:
        task: any task.
        rows: in the order of `Task.inputs`: the numbers of the training inputs, integers in 0..n-1, each
            once; or bool, shape (n,), true where an input trains.
        labels: on which they were trained, in the order of `rows`, integers in 0..p-1; None for the task's.

    Raises:
        InputError: another kind or shape, a number out of range or twice, or one side without an input.

    Example:
        >>> from modgrok.tasks import task_from_expression
        >>> task = task_from_expression("x + y", 3)
        >>> split = split_from_training(task, [0, 4, 8])
        >>> split.train.tolist(), split.test.tolist(), split.labels.tolist()
        ([0, 4, 8], [1, 2, 3, 5, 6, 7], [0, 2, 1])
    """
    chosen = np.asarray(rows)
    if chosen.dtype == bool and chosen.shape == (task.size,):
        chosen = np.flatnonzero(chosen)
    if chosen.ndim != 1 or not np.issubdtype(chosen.dtype, np.integer):
        raise InputError(
            f"train: must be integers in one row, or {task.size} values of true and false, got "
            f"{chosen.dtype} of shape {chosen.shape}"
        )
    if not 0 < len(chosen) < task.size:
        raise InputError(f"train: must be 1 to {task.size - 1} of {task.size} inputs, got {len(chosen)}")
    if chosen.min() < 0 or chosen.max() >= task.size:
        outside = int(chosen.min() if chosen.min() < 0 else chosen.max())
        raise InputError(f"train: must be in 0..{task.size - 1}, got {outside}")
    order = np.argsort(chosen, kind="stable")
    ordered = chosen[order].astype(np.int64)
    if (twice := ordered[1:][ordered[1:] == ordered[:-1]]).size:
        raise InputError(f"train: must name each input once, got {int(twice[0])} twice")
    train = task.domain[ordered]
    clean = task.labels(train)
    own = clean if labels is None else _own_labels(labels, order, task.p)
    return Split(train, np.delete(task.domain, ordered), own, own != clean)


def _own_labels(labels: Any, order: np.ndarray, p: int) -> np.ndarray:
    values = np.asarray(labels)
    if values.shape != order.shape or not np.issubdtype(values.dtype, np.integer):
        raise InputError(f"labels: must be {len(order)} integers, got {values.dtype} of shape {values.shape}")
    if values.min() < 0 or values.max() >= p:
        raise InputError(f"labels: must be in 0..{p - 1}, got {int(values.min())} to {int(values.max())}")
    return values[order].astype(np.int32)


def _share(value: float, name: str, open_interval: bool = False) -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise InputError(f"{name}: must be a number, got {shorten(value)}")
    inside = 0 < value < 1 if open_interval else 0 <= value <= 1
    if not inside:
        rule = "between 0 and 1, both excluded" if open_interval else "in [0, 1]"
        raise InputError(f"{name}: must be {rule}, got {value}")
    return value


def _permutation(n: int, words: np.random.BitGenerator) -> np.ndarray:
    return np.argsort(np.asarray(words.random_raw(n), dtype=np.uint64), kind="stable")


def _integers(p: int, n: int, words: np.random.BitGenerator) -> np.ndarray:
    """Uniform residues: 64-bit words mod p, whose bias is below p / 2^64."""
    return (np.asarray(words.random_raw(n), dtype=np.uint64) % np.uint64(p)).astype(np.int64)


def _choose_by_fraction(
    task: Task, places: np.ndarray, fraction: float, words: np.random.BitGenerator, grouping: str
) -> np.ndarray:
    n_train = count_of(_share(fraction, "fraction", open_interval=True), len(places))
    if n_train < 1:
        raise InputError(
            f"fraction: must leave at least one training example of {len(places)}, got {fraction}"
        )
    if n_train >= len(places):
        raise InputError(f"fraction: must leave at least one test example of {len(places)}, got {fraction}")
    if grouping == "none":
        return _choose(places, n_train, words)
    return _choose_orbits(_place_orbits(task, places, grouping), n_train, words)


def _choose(places: np.ndarray, n_train: int, words: np.random.BitGenerator) -> np.ndarray:
    chosen = np.zeros(len(places), dtype=bool)
    chosen[_permutation(len(places), words)[:n_train]] = True
    return chosen


def _place_orbits(task: Task, places: np.ndarray, grouping: str) -> np.ndarray:
    """Number the orbits of places under permutation of the operands, and signs; int64, shape of `places`."""
    if grouping == "none":
        return np.arange(len(places))
    shape = task.table.shape[:-1] if task.parts else task.table.shape
    inputs = np.stack(np.unravel_index(places, shape), axis=1)
    if grouping == "sign":
        inputs = np.minimum(inputs % task.p, -inputs % task.p)
    sorted_inputs = np.sort(inputs, axis=1)
    keys = np.ravel_multi_index(tuple(sorted_inputs.T), shape)
    return np.unique(keys, return_inverse=True)[1]


def _choose_orbits(orbit: np.ndarray, n_train: int, words: np.random.BitGenerator) -> np.ndarray:
    """Take whole orbits in random order, while they fit."""
    sizes = np.bincount(orbit)
    order = _permutation(len(sizes), words)
    selected = np.zeros(len(sizes), dtype=bool)
    selected[order[np.cumsum(sizes[order]) <= n_train]] = True
    return selected[orbit]


def _orbit_folds(orbit: np.ndarray, folds: int, fold: int, words: np.random.BitGenerator) -> np.ndarray:
    """Deal whole orbits to folds, large ones first, each to the fold that is smallest so far; shape (n,)."""
    sizes = np.bincount(orbit)
    if not 2 <= folds <= len(sizes):
        raise InputError(f"folds: must be from 2 to {len(sizes)}, the number of orbits, got {folds}")
    if not 0 <= fold < folds:
        raise InputError(f"fold: must be from 0 to {folds - 1}, got {fold}")
    shuffled = _permutation(len(sizes), words)
    filled, fold_of = np.zeros(folds, np.int64), np.zeros(len(sizes), np.int64)
    for each in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        fold_of[each] = np.argmin(filled)
        filled[fold_of[each]] += sizes[each]
    return fold_of[orbit]
