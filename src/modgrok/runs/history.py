"""The row and the records of one run, whoever trains it.

Owns: milestones, times, and commits to the store. It knows neither state nor arrays: those who train or watch
a run hand it numbers.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .schedule import GROKKED, MEMORISED, held_since
from .store.database import Record, RunRow
from .store.store import Store, WeightsToKeep

MILESTONES = (("memorised", "train_accuracy", MEMORISED), ("grokked", "test_accuracy", GROKKED))
"""Name of a milestone, the number that reaches it, and from which value on."""


class RunHistory:
    """What is known of a run so far.

    Arguments:
        row: the run at its beginning.
        store: where it is kept; None for memory alone.

    Attributes:
        row: the run's state and summary.
        records: observations, by step.
        held_since: see `schedule.held_since`; carried along, for the loop asks at every observation.
    """

    def __init__(self, row: RunRow, store: Store | None) -> None:
        self.row, self.store = row, store
        self.records: list[Record] = []
        self.held_since: int | None = None
        self._pending: list[Record] = []
        self._began, self._earlier, self._committed = time.perf_counter(), 0.0, 0.0

    def continue_from(self, row: RunRow, records: list[Record]) -> None:
        """Take up a run with what was recorded of it."""
        self.row, self.records, self._earlier = row, records, row.seconds
        self.held_since = held_since(self._curve())

    def drop_from(self, step: int, *, kept_anew: Collection[int] = ()) -> None:
        """Forget what was recorded from a step on, in the store as well; see `Store.drop_from`."""
        remaining = [record for record in self.records if record.step < step]
        earlier: dict[str, Any] = {
            f"{name}_at": at if at is not None and at < step else None
            for name, _, _ in MILESTONES
            for at in [getattr(self.row, f"{name}_at")]
        }
        self.records = remaining
        self.held_since = held_since(self._curve())
        self._pending = [record for record in self._pending if record.step < step]
        self.row = replace(self.row, step=remaining[-1].step if remaining else 0, **earlier)
        if self.store is not None:
            self.store.drop_from(self.row.id, step, kept_anew=kept_anew)

    @property
    def seconds(self) -> float:
        """Seconds since the run began, all sessions together."""
        return self._earlier + time.perf_counter() - self._began

    @property
    def seconds_since_commit(self) -> float:
        """Seconds of the run that a killed process would lose."""
        return self.seconds - self._committed

    def advance(self, step: int, seconds: float) -> None:
        """Note that training reached a step, and how much longer it has been inside steps."""
        row = self.row
        self.row = replace(
            row,
            step=step,
            step_seconds=max(0.0, row.step_seconds + seconds),
            timed_steps=row.timed_steps + step - row.step,
        )

    def add(self, numbers: dict[str, float], histograms: dict[str, np.ndarray]) -> tuple[Record, list[str]]:
        """Record numbers at the present step.

        Returns:
            The record, and the milestones first reached by it.
        """
        record = Record(self.row.step, self.seconds, numbers, histograms)
        self.records.append(record)
        self._pending.append(record)
        if not numbers["test_accuracy"] >= GROKKED:
            self.held_since = None
        elif self.held_since is None:
            self.held_since = record.step
        return record, self._reached(numbers)

    def _curve(self) -> list[tuple[int, float]]:
        return [(record.step, record.scalars["test_accuracy"]) for record in self.records]

    def _reached(self, numbers: Mapping[str, float]) -> list[str]:
        reached = [
            name
            for name, scalar, limit in MILESTONES
            if getattr(self.row, f"{name}_at") is None and numbers[scalar] >= limit
        ]
        changes: dict[str, Any] = {f"{name}_at": self.row.step for name in reached}
        self.row = replace(self.row, **changes)
        return reached

    def commit(
        self,
        status: str,
        state: dict[str, np.ndarray] | None = None,
        weights: Sequence[WeightsToKeep] = (),
    ) -> None:
        """Write row, new records and weights to the store, all or nothing.

        Arguments:
            status: of the run from now on.
            state: arrays from which it can be resumed; None where there are none.
            weights: that are to be kept.
        """
        self.row = replace(self.row, status=status, seconds=self.seconds)
        if self.store is not None:
            self.row = self.store.commit(self.row, self._pending, state, weights)
        self._pending = []
        self._committed = self.seconds
