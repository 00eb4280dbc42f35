"""Stored runs as a claim reads them: curves, last numbers, weights, the exact task.

Owns: reading. Nothing here trains, and nothing is computed that a claim does not ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ...algebra import Basis
from ...measures import basis_of_task
from ...runs import Checkpoint, Experiment, Record, RunRow, Store
from ...runs.schedule import stop_of_curve
from ...runs.splits import split_of
from ...runs.store.network_file import Network
from ...sweeps.grid.sweep_file import Member
from ...tasks import InputError, Split, Task
from .budget import BudgetName


@dataclass(frozen=True, eq=False)
class RunData:
    """One run of a claim.

    Arguments:
        point: field -> value, as its group's axes gave it.
        experiment: what was run.
        row: how it went.
        records: observations, by step.
        checkpoints: kept weights, by step.
    """

    point: Mapping[str, Any]
    experiment: Experiment
    row: RunRow
    records: tuple[Record, ...]
    checkpoints: tuple[Checkpoint, ...]

    @cached_property
    def task(self) -> Task:
        """The task's exact table."""
        return self.experiment.build_task(None)

    @cached_property
    def split(self) -> Split:
        """Which inputs train, and with which labels."""
        return split_of(self.experiment, self.task)

    @cached_property
    def basis(self) -> Basis:
        """The order of operands and classes in which the task is a sum."""
        return basis_of_task(self.task)

    @property
    def steps(self) -> np.ndarray:
        """Steps at which it was observed, int64."""
        return np.array([record.step for record in self.records], dtype=np.int64)

    def curve(self, name: str) -> np.ndarray:
        """Return a recorded number at every observation, float64.

        Raises:
            InputError: the run records no such number.
        """
        if name not in self.row.scalars:
            raise InputError(f"curve: must be one of {', '.join(self.row.scalars)}, got {name}")
        return np.array([record.scalars[name] for record in self.records])

    def at(self, name: str, step: float | int) -> float:
        """Return a recorded number at the last observation up to a step."""
        return float(self.curve(name)[np.searchsorted(self.steps, step, side="right") - 1])

    def last(self, name: str) -> float:
        """Return a recorded number at the end."""
        return float(self.curve(name)[-1])

    def network(self, step: int | None = None) -> Network:
        """Load weights.

        Arguments:
            step: the last kept step up to this one; None for the end.

        Raises:
            InputError: no weights were kept so early.
        """
        earlier = [c for c in self.checkpoints if step is None or c.step <= step]
        if not earlier:
            raise InputError(f"step: must be a step with a checkpoint in {self.row.id}, got {step}")
        return earlier[-1].load()


@dataclass(frozen=True, eq=False)
class Evidence:
    """All runs of a claim, by the names of its plan.

    Arguments:
        budget: at which they were run.
        groups: name -> runs, in the order of the group's grid.
    """

    budget: BudgetName
    groups: Mapping[str, tuple[RunData, ...]]

    def __getitem__(self, name: str) -> tuple[RunData, ...]:
        return self.groups[name]

    def one(self, name: str) -> RunData:
        """Return the only run of a group."""
        (run,) = self.groups[name]
        return run


def read_run_data(store: Store, member: Member) -> RunData:
    """Read a member's run from the store, as far as the member follows it: others may have gone on.

    Raises:
        InputError: there is no such run.
    """
    row = store.get(member.experiment.id)
    records = store.records(row.id)
    curve = [(record.step, record.scalars["test_accuracy"]) for record in records]
    end = min(row.step, stop_of_curve(curve, member.steps, member.stops_early))
    memorised, grokked = (_until(step, end) for step in (row.memorised_at, row.grokked_at))
    return RunData(
        member.point,
        member.experiment,
        replace(row, step=end, memorised_at=memorised, grokked_at=grokked),
        tuple(record for record in records if record.step <= end),
        tuple(checkpoint for checkpoint in store.checkpoints(row.id) if checkpoint.step <= end),
    )


def _until(step: int | None, end: int) -> int | None:
    return step if step is not None and step <= end else None
