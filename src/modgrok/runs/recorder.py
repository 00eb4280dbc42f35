"""What is recorded of a run: observations, milestones, checkpoints, and when the store is written.

Owns: the run's row, records and commits. It knows no iteration: the loop tells it how far training went and
shows it the state.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from .options import RunOptions
from .preparation import PreparedRun, context_of, initial_state
from .schedule import GROKKED, MEMORISED, held_since, keeps_checkpoint, stop_step
from .store.arrays import CorruptFile, flatten, unflatten
from .store.network_file import NetworkFile
from .store.store import Record, RunRow, Store

COMMIT_EVERY = 0.2
"""Seconds after which an observation commits the run; earlier ones wait for it in memory."""


class Recorder:
    """The memory of one run, in the store or without one.

    Arguments:
        prepared: the run.
        store: where to record; None keeps everything in memory.
        options: budget, early stopping, which weights are kept.

    Attributes:
        row: the run's state and summary.
        records: observations, by step.
    """

    def __init__(self, prepared: PreparedRun, store: Store | None, options: RunOptions) -> None:
        self.prepared, self.store, self.options = prepared, store, options
        self.row = self._fresh_row()
        self.records: list[Record] = []
        self._pending: list[Record] = []
        self._last_kept: int | None = None
        self._began, self._earlier, self._committed = time.perf_counter(), 0.0, 0.0

    # Beginning and ending ----------------------------------------------------------------------------------

    def start_run(self) -> Any:
        """Enter the run in the store, or take up where it was left.

        Returns:
            The state to go on from.

        Raises:
            CorruptFile: the stored state is damaged.
        """
        template = initial_state(self.prepared)
        if self.store is None:
            return template
        row, known = self.row, self.store.find(self.row.id)
        self.store.start_run(row)
        if known is None or known.state is None:
            return template
        state = unflatten(template, self.store.state(known))
        if int(state.step) != known.step:
            raise CorruptFile(f"{known.state}: holds step {int(state.step)}, the store says {known.step}")
        self.records = self.store.records(row.id)
        checkpoints = self.store.checkpoints(row.id)
        self._last_kept = max((c.step for c in checkpoints if "schedule" in c.reasons), default=None)
        fresh = {name: getattr(row, name) for name in ("budget", "early_stop", "observe_every", "context")}
        status = "diverged" if known.status == "diverged" else "running"
        self.row = replace(known, status=status, **fresh)
        self._earlier = self.row.seconds
        return state

    def finish(self, state: Any, status: str) -> None:
        """Keep the last weights and commit."""
        self._keep(state, "final")
        self._commit(state, status)

    def abandon(self, state: Any) -> None:
        """Commit what is known when an error ends the loop; a run that never was committed is left alone."""
        if self.store is not None and self.row.state is not None:
            self._commit(state, "interrupted")

    # On the way --------------------------------------------------------------------------------------------

    @property
    def end(self) -> int:
        """The step at which the run stops, as far as known."""
        curve = [(record.step, record.scalars["test_accuracy"]) for record in self.records]
        return stop_step(held_since(curve), self.row.budget, self.row.early_stop)

    @property
    def observed(self) -> bool:
        """Whether the present step is recorded."""
        return bool(self.records) and self.records[-1].step == self.row.step

    def advance(self, step: int, seconds: float) -> None:
        """Note that training reached a step, and the time of these steps."""
        row = self.row
        self.row = replace(
            row,
            step=step,
            step_seconds=row.step_seconds + seconds,
            timed_steps=row.timed_steps + step - row.step,
        )

    def observe(self, state: Any) -> Record:
        """Measure the state; record the numbers, the milestones, and the weights that are to be kept."""
        numbers, histograms = self.prepared.observer(state)
        record = Record(self.row.step, self._seconds, numbers, histograms)
        self.records.append(record)
        self._pending.append(record)
        reasons = self._reasons(self._milestones(numbers))
        for reason in reasons:
            self._keep(state, reason)  # before the commit: what a commit names is on disk
        if "schedule" in reasons:
            self._last_kept = self.row.step
        if reasons or self._seconds - self._committed > COMMIT_EVERY:
            self._commit(state, "running")
        return record

    def _milestones(self, numbers: dict[str, float]) -> list[str]:
        """Set memorising and grokking when first observed; return those reached now."""
        limits = (("memorised", "train_accuracy", MEMORISED), ("grokked", "test_accuracy", GROKKED))
        reached = [
            name
            for name, scalar, limit in limits
            if getattr(self.row, f"{name}_at") is None and numbers[scalar] >= limit
        ]
        changes: dict[str, Any] = {f"{name}_at": self.row.step for name in reached}
        self.row = replace(self.row, **changes)
        return reached

    def _reasons(self, milestones: list[str]) -> list[str]:
        """Say why the present weights are kept, if they are."""
        if self.options.weights == "final":
            return []
        every = self.prepared.definition.keeps_every_observation
        scheduled = every or keeps_checkpoint(self.row.step, self._last_kept)
        return [*(["schedule"] if scheduled else []), *milestones]

    # The store ---------------------------------------------------------------------------------------------

    def _commit(self, state: Any, status: str) -> None:
        self.row = replace(self.row, status=status, seconds=self._seconds)
        if self.store is not None:
            self.row = self.store.commit(self.row, self._pending, flatten(state))
        self._pending = []
        self._committed = self._seconds

    def _keep(self, state: Any, reason: str) -> None:
        if self.store is not None:
            prepared, source = self.prepared, self.prepared.experiment.task
            table = prepared.task.table if source.table is not None else None
            notes = {"run": self.row.id, "step": self.row.step}
            content = NetworkFile(state.weights, source, table, notes)
            self.store.keep_weights(self.row.id, self.row.step, reason, content)

    @property
    def _seconds(self) -> float:
        return self._earlier + time.perf_counter() - self._began

    def _fresh_row(self) -> RunRow:
        prepared, options = self.prepared, self.options
        definition, experiment = prepared.definition, prepared.experiment
        stops = definition.stops_early if options.early_stop is None else options.early_stop
        return RunRow(
            id=experiment.id,
            experiment=experiment.canonical_json(),
            expression=experiment.name,
            p=prepared.task.p,
            learner=definition.name,
            budget=definition.default_steps if options.steps is None else options.steps,
            early_stop=stops,
            observe_every=options.observe_every,
            scalars=prepared.observer.scalars,
            histograms=prepared.observer.histograms,
            context=context_of(prepared, options),
        )
