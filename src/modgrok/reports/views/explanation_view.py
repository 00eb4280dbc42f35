"""The explanation of a network, as plain arrays that panels draw."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...measures.logits import Explanation, explain
from ...measures.logits.explanation_sentence import formula_words
from ...measures.logits.formula import formula
from ...measures.logits.index_means import Part, centred, constant_part, index_means, parts
from ...measures.logits.logit_measures import MOST_RECORDED
from ...measures.logits.rows import rows_of_array, rows_of_network
from ...runs import Checkpoint
from ...runs.splits import split_of
from ...tasks import InputError, Split, Task
from ...tasks.errors import NotFiniteError
from ..stored_run import StoredRun

MOST_CIRCLES = 6
"""Frequencies that are drawn."""
MOST_TERMS = 4
"""Terms of a formula that are written; the others are counted."""


@dataclass(frozen=True, eq=False)
class ExplanationView:
    """A network's formula, and what it leaves over.

    Arguments:
        task: of the network.
        explanation: of its logits.
        logits: centred, over the domain, float64, shape (n, p).
        inputs_name: what the inputs are called of which the explained share is counted.
    """

    task: Task
    explanation: Explanation
    logits: np.ndarray
    inputs_name: str = "test inputs"

    @property
    def sentence(self) -> str:
        """What the formula explains, in one sentence."""
        return formula_words(self.explanation, f"the {self.inputs_name}")

    @property
    def formula(self) -> str:
        """The formula with its largest terms, and how many more it has."""
        explanation, index = self.explanation, self.explanation.index
        assert index is not None
        frequencies = explanation.frequencies or ()
        if len(frequencies) <= MOST_TERMS:
            return explanation.formula or ""
        by_frequency = {part.frequency: part for part in self._parts[1]}
        return formula(index, [by_frequency[name] for name in frequencies], MOST_TERMS)

    @cached_property
    def _parts(self) -> tuple[np.ndarray, list[Part]]:
        index = self.explanation.index
        assert index is not None
        means = index_means(index, rows_of_array(self.task, self.logits))
        return constant_part(index, means), parts(index, means)

    @property
    def circles(self) -> list[tuple[str, np.ndarray, np.ndarray]]:
        """Name of a frequency, the indices, and where they lie in the plane of its part of the logits.

        The plane is spanned by the two directions along the classes in which the part varies most; points are
        scaled to the root mean square 1.
        """
        circle_points = []
        for part in self._parts[1][: min(len(self.explanation.frequencies or ()), MOST_CIRCLES)]:
            index = self.explanation.index
            assert index is not None
            here = np.flatnonzero(index.position >= 0)
            left, size, _ = np.linalg.svd(part.values[here], full_matrices=False)
            points = left[:, :2] * size[:2]
            scale = float(np.sqrt(np.mean(np.sum(points**2, axis=1)))) or 1.0
            circle_points.append((str(part.frequency), here, points / scale))
        return circle_points

    @cached_property
    def left_over(self) -> np.ndarray:
        """Spread of what the formula leaves out over the formula's margin, of each input of the domain.

        Below 1 the input is explained; infinite where the formula answers wrongly.
        """
        index, task = self.explanation.index, self.task
        assert index is not None
        base, split = self._parts
        formula = base + sum((part.values for part in split[: len(self.explanation.frequencies or ())]), 0.0)
        values, labels = formula[index.values], task.labels().astype(np.int64)
        rest = self.logits - values
        spread = rest.max(axis=1) - rest.min(axis=1)
        at = np.arange(len(labels))
        right = values[at, labels]
        others = values.copy()
        others[at, labels] = -np.inf
        margin = right - others.max(axis=1)
        return np.where(margin > 0, spread / np.where(margin > 0, margin, 1), np.inf)


def explanation_view(run: StoredRun) -> ExplanationView | None:
    """Explain the last network of a run that can be read; None where there is none, or no formula.

    Arguments:
        run: any; mixtures, tasks without a form and very large ones have no view.
    """
    if _too_large(run.task) or not run.checkpoints:
        return None
    checkpoint: Checkpoint = run.checkpoints[-1]
    try:
        network = checkpoint.load()
    except InputError:  # damaged or missing weights, or named arrays
        return None
    return network_explanation(run.task, network, split_of(run.experiment, run.task))


def network_explanation(task: Task, network: Any, split: Split | None = None) -> ExplanationView | None:
    """Explain a network, whatever its source; None where it has no formula.

    Arguments:
        task: any; mixtures, tasks without a form and very large ones have no view.
        network: inputs int32 (n, k) -> logits (n, p), or an array of logits; see `measures.explain`.
        split: which inputs train; None counts all inputs.
    """
    if _too_large(task):
        return None
    try:
        rows = rows_of_network(task, network) if callable(network) else rows_of_array(task, network)
        logits = centred(rows(0, task.size))
        explanation = explain(task, logits, split=split)
    except NotFiniteError:
        return None
    if explanation.index is None or explanation.formula is None:
        return None
    return ExplanationView(task, explanation, logits, "inputs" if split is None else "test inputs")


def _too_large(task: Task) -> bool:
    return bool(task.parts) or task.size * task.p > MOST_RECORDED
