"""The null that knows a task's symmetries and the training labels, and nothing else.

Owns: its predictions on the test inputs of a split, and how many are correct. The page `docs/leakage.md` says
why it is reported with the chance levels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..display import Displayed, Facts
from ..former_names import former_field
from .split import Split
from .symmetry import generators_of, orbits_under
from .task import Task

LEAKAGE = ("orbit_accuracy", "swap_share", "sign_accuracy")
"""Numbers that a run records of what its split gives away; see `leakage_numbers`."""


@dataclass(frozen=True, eq=False, repr=False)
class OrbitNull(Displayed):
    """What the null predicts on the test inputs of a split.

    Arguments:
        predictions: in the order of `split.test`; int32, shape (n_test,).
        covered: whether the orbit of a test input holds a training input; bool, shape (n_test,).
        correct: number of correct predictions.
        trivial: whether no symmetry but the identity was used.
    """

    predictions: np.ndarray
    covered: np.ndarray
    correct: int
    trivial: bool

    answers = former_field("predictions")

    @property
    def accuracy(self) -> float:
        """Share of correct predictions, in [0, 1]."""
        return self.correct / len(self.predictions)

    @property
    def covered_share(self) -> float | None:
        """Share of test inputs whose orbit holds a training input; None without a symmetry."""
        return None if self.trivial else int(self.covered.sum()) / len(self.covered)

    def _facts(self) -> Facts:
        return {"accuracy": self.accuracy, "covered_share": self.covered_share, "test": len(self.predictions)}


def orbit_null(task: Task, split: Split, *, signs: bool = False) -> OrbitNull:
    """Predict for every test input the most frequent training label of its orbit.

    The orbit is that of `orbits`: under the permutations of operands that leave every label unchanged. Of
    equally frequent labels the smallest is taken; if the orbit holds no training input, the most frequent
    training label of all. Labels are those trained on, corrupted ones included; a prediction is correct if it
    is the true label.

    Arguments:
        task: any task. Each task of a mixture is predicted from its own symmetries and its own labels.
        split: of that task.
        signs: let the permutations negate any operands as well (x -> -x): all 2^k k! signed permutations,
            each kept only if it leaves every label unchanged.

    Example:
        >>> from modgrok.tasks import split_task, task_from_expression
        >>> task = task_from_expression("x*y", 13)
        >>> null = orbit_null(task, split_task(task, 0.5, np.random.PCG64(0)))
        >>> null.correct, len(null.predictions), int(null.covered.sum())
        (36, 85, 23)
    """
    parts = task.parts or (task,)
    count = len(parts)
    predictions = np.empty(len(split.test), dtype=np.int32)
    covered = np.zeros(len(split.test), dtype=bool)
    trivial = True
    for number, part in enumerate(parts):
        train, test = split.train % count == number, split.test % count == number
        generators = generators_of(part, signs=signs)
        orbit = orbits_under(generators, part).ravel()
        places = orbit[split.train[train] // count], orbit[split.test[test] // count]
        predictions[test], covered[test] = _predictions(*places, split.labels[train], task.p)
        trivial = trivial and not generators
    correct = int((predictions == task.labels(split.test)).sum())
    return OrbitNull(predictions, covered, correct, trivial)


def leakage_numbers(task: Task, split: Split) -> dict[str, Any]:
    """Return what a run records of its split's leakage.

    Returns:
        `orbit_accuracy`, the accuracy of the null; `swap_share`, the share of test inputs whose orbit holds a
        training input, None if no permutation but the identity leaves the labels unchanged; `sign_accuracy`,
        the accuracy with signs as well.

    Example:
        >>> from modgrok.tasks import split_task, task_from_expression
        >>> task = task_from_expression("x - y", 13)
        >>> leakage_numbers(task, split_task(task, 0.5, np.random.PCG64(0)))["swap_share"] is None
        True
    """
    null = orbit_null(task, split)
    return {
        "orbit_accuracy": null.accuracy,
        "swap_share": null.covered_share,
        "sign_accuracy": orbit_null(task, split, signs=True).accuracy,
    }


def _predictions(
    train_orbits: np.ndarray, test_orbits: np.ndarray, labels: np.ndarray, p: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the prediction for each test orbit, and whether it holds a training input."""
    if not len(labels):
        return np.zeros(len(test_orbits), np.int32), np.zeros(len(test_orbits), dtype=bool)
    pairs, counts = np.unique(train_orbits.astype(np.int64) * p + labels, return_counts=True)
    owners, values = np.divmod(pairs, p)
    order = np.lexsort((values, -counts, owners))  # in an orbit the most frequent first, then the smallest
    owners, values = owners[order], values[order]
    known, first = np.unique(owners, return_index=True)
    at = np.minimum(np.searchsorted(known, test_orbits), len(known) - 1)
    covered = known[at] == test_orbits
    commonest = np.bincount(labels, minlength=p).argmax()
    return np.where(covered, values[first][at], commonest).astype(np.int32), covered
