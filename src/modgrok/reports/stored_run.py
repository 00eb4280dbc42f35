"""A run read from the store, with the exact objects of its task: what reports are made of."""

from __future__ import annotations

from dataclasses import dataclass

from ..algebra import Basis
from ..learners.base.contract import LearnerDefinition
from ..learners.catalogue import definition_named
from ..measures import basis_of_task
from ..runs import Checkpoint, Experiment, Record, RunRow, Store
from ..runs.assets import stored_experiment
from ..tasks import Task


@dataclass(frozen=True, eq=False)
class StoredRun:
    """A run as its store has it.

    Arguments:
        row: state and summary.
        experiment: what was run.
        records: observations, by step.
        checkpoints: kept weights, by step.
        task: the exact task.
        basis: in which its Fourier measures read weights.
    """

    row: RunRow
    experiment: Experiment
    records: list[Record]
    checkpoints: list[Checkpoint]
    task: Task
    basis: Basis

    @property
    def definition(self) -> LearnerDefinition:
        """The learner."""
        return definition_named(self.row.learner)


def read_stored_run(store: Store, run: str) -> StoredRun:
    """Read a run.

    Arguments:
        store: where it is.
        run: its id, the beginning of it, or `latest`.
    """
    row = store.get(run)
    experiment = stored_experiment(store, row)
    task = experiment.build_task()
    records, checkpoints = store.records(row.id), store.checkpoints(row.id)
    return StoredRun(row, experiment, records, checkpoints, task, basis_of_task(task))
