"""What is recorded at an observation: the measures that a learner's state allows, in one compiled function.

Owns: which numbers a record holds, and their order, which is that of `MEASURES`. Accuracies are quotients of
exact counts, taken on the host.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Array

from ...algebra import Basis
from ...measures.accuracy import CHUNK, Tally, tally, tally_of_logits
from ...measures.catalogue import MEASURES, measures_reading
from ...measures.counts import group_accuracy, group_loss
from ...measures.measure import Measure
from ...models.program import Packed, Program, pack_arrays, unpack_arrays
from ...training.losses import Loss, mse
from ...training.problem import GROUPS, Problem

Numbers = dict[str, float]
HistogramCounts = dict[str, np.ndarray]
Subjects = dict[str, Any]
"""What measures read (`Measure.reads`) -> the subject of a state."""
GRADIENT = "gradient"
"""What measures of the training gradient read."""
StateMeasures = tuple[Tally, dict[str, Any], dict[str, Any]]
"""Counts of right answers, measures, and counts by name, of a state."""
Observed = tuple[Numbers, HistogramCounts]
"""What an observer says of a state: the numbers by name, and the counts by name."""


@runtime_checkable
class Observer(Protocol):
    """Measures a state on the whole domain.

    Attributes:
        scalars: names of its numbers in the order in which they are stored.
        histograms: (name, number of bins) of its counts.
    """

    scalars: tuple[str, ...]
    histograms: tuple[tuple[str, int], ...]

    def __call__(self, state: Any) -> Observed:
        """Measure a state."""


@runtime_checkable
class TableLearner(Protocol):
    """A learner whose states give the logits of the whole domain with less work than `logits` takes."""

    def table_logits(self, state: Any, problem: Problem) -> Array:
        """Return the logits of every input of the domain, shape (m, c), equal to `logits` up to rounding.

        Traced, and called in batches of states, for domains of at most `measures.accuracy.CHUNK` inputs.
        """


class MeasureObserver:
    """Observer that takes every measure whose subject a learner's state has.

    Arguments:
        learner: gives logits.
        problem: the full domain, with the groups over which is counted.
        loss: recorded for every group.
        frames: what is read -> its frame, for instance `two_layer_weights` -> the basis of the task; see
            `Measure`.
        subjects: (learner, state, problem) -> what is read -> its subject; traced, so a function of a module.
        histograms: (name, number of bins) of the counts.
        count: (subjects, frames) -> counts by name; traced.
    """

    def __init__(
        self,
        learner: Any,
        problem: Problem,
        *,
        loss: Loss = mse,
        frames: Mapping[str, Any] | None = None,
        subjects: Callable[[Any, Any, Problem], Subjects] = lambda learner, state, problem: {},
        histograms: tuple[tuple[str, int], ...] = (),
        count: Callable[[Subjects, Mapping[str, Any]], dict[str, Array]] = lambda subjects, frames: {},
    ) -> None:
        self.learner, self.problem, self.loss = learner, problem, loss
        self.frames, self.subjects = dict(frames or {}), subjects
        self.histograms, self.count = histograms, count
        self._measured: Callable[[Any, Any], Packed] | None = None
        chosen = {m.name for reads, frame in self.frames.items() for m in measures_reading(reads, frame)}
        self.measures = tuple(measure for measure in MEASURES if measure.name in chosen)
        names = problem.group_names[len(GROUPS) :]
        self._tasks = tuple((name, len(GROUPS) + i) for i, name in enumerate(names))
        self._counts = measures_reading("counts")
        self.scalars = (
            *(measure.name for measure in self._counts),
            *(f"{name}_accuracy" for name, _ in self._tasks),
            *(f"{name}_loss" for name, _ in self._tasks),
            *(measure.name for measure in self.measures),
        )

    @property
    def reads_gradient(self) -> bool:
        """Whether the training gradient is measured."""
        return GRADIENT in self.frames

    @property
    def traced(self) -> tuple[Any, ...]:
        """The arguments of `measured_state` that are the same for all states."""
        request = (self.loss, self.subjects, self.count, self.measures)
        return self.learner, self.problem, self.frames, request

    def __call__(self, state: Any) -> Observed:
        """Measure a state."""
        if self._measured is None:
            self._measured = _OBSERVE.bind(*self.traced)
        return self.read(unpack_arrays(self._measured(state, None)))

    def read(self, measured: StateMeasures) -> Observed:
        """Return the record of what `measured_state` has measured.

        Arguments:
            measured: of this observer's measures, on the host.
        """
        counts_of_inputs, numbers, counts = measured
        values = {measure.name: measure.function(counts_of_inputs, None) for measure in self._counts}
        values |= {f"{name}_accuracy": group_accuracy(counts_of_inputs, group) for name, group in self._tasks}
        values |= {f"{name}_loss": group_loss(counts_of_inputs, group) for name, group in self._tasks}
        values |= {name: shortest_decimal(value) for name, value in numbers.items()}
        return {name: values[name] for name in self.scalars}, counts


class LogitObserver(MeasureObserver):
    """Observer of any learner: losses and accuracies, from its logits, and the norm of its weights.

    Arguments:
        learner, problem: as above.
        basis: not read.
        loss: recorded for every group.
    """

    def __init__(self, learner: Any, problem: Problem, basis: Basis, loss: Loss = mse) -> None:
        super().__init__(learner, problem, loss=loss, frames={"weights": None}, subjects=_weights)


def _weights(learner: Any, state: Any, problem: Problem) -> Subjects:
    return {"weights": state.weights}


def shortest_decimal(value: Any) -> float:
    """Turn a float32 into the shortest decimal that gives it back: one number in records, files and pages.

    Example:
        >>> shortest_decimal(np.float32(0.1))
        0.1
    """
    return float(str(np.asarray(value)[()]))


def measured_state(
    learner: Any,
    problem: Problem,
    frames: dict[str, Any],
    request: tuple[Loss, Callable[..., Subjects], Callable[..., dict[str, Array]], tuple[Measure, ...]],
    state: Any,
    gradient: Any,
) -> StateMeasures:
    """Measure a state inside a compiled function; `MeasureObserver.read` makes a record of it.

    Arguments:
        learner, problem, frames, request: `MeasureObserver.traced`.
        state: any.
        gradient: of the training loss there, where the next step has it anyway; None to compute it.
    """
    loss, subjects_of, count, measures = request
    subjects = subjects_of(learner, state, problem)
    if gradient is not None:
        subjects = {**subjects, GRADIENT: gradient}  # the compiler leaves out what nothing reads
    numbers = {m.name: m.function(subjects[m.reads], frames[m.reads]) for m in measures}
    if isinstance(learner, TableLearner) and len(problem.all_inputs) <= CHUNK:
        counts = tally_of_logits(learner.table_logits(state, problem), loss, problem)
    else:
        counts = tally(lambda inputs: learner.logits(state.weights, inputs), loss, problem)
    return counts, numbers, count(subjects, frames)


_OBSERVE = Program(lambda *arguments: pack_arrays(measured_state(*arguments)))
