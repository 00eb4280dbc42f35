"""What is recorded of a run: observations, milestones, checkpoints, and when the store is written.

Owns: what is observed, kept and committed when. It knows no iteration: the loop tells it how far training
went and shows it the state. Row and records are those of its `RunHistory`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..learners.base.observation import Observed
from ..measures.logits import recorded_share
from .history import RunHistory
from .options import RunOptions
from .preparation import SPACING, PreparedRun, context_of, initial_state
from .schedule import keeps_checkpoint, stop_step
from .store.arrays import CorruptFile, flatten, unflatten
from .store.database import Record, RunRow
from .store.network_file import NetworkFile
from .store.store import Store, WeightsToKeep

COMMIT_EVERY = 0.2
"""Seconds after which an observation commits the run; earlier ones and their weights wait for it in memory,
unless the run has memorised or grokked. In a stack as many times that as there are members, so that commits
take no larger share of the time than in a run by itself."""


class Recorder:
    """The memory of one run, in the store or without one.

    Arguments:
        prepared: the run.
        store: where to record; None keeps everything in memory.
        options: budget, early stopping, which weights are kept.
    """

    def __init__(self, prepared: PreparedRun, store: Store | None, options: RunOptions) -> None:
        self.prepared, self.store, self.options = prepared, store, options
        self.history = RunHistory(self._fresh_row(), store)
        self._commit_every = COMMIT_EVERY * (options.ensemble if options.stepping == "stack" else 1)
        self._last_checkpoint: int | None = None
        self._share: tuple[int, float | None] | None = None  # step, explained share of its weights
        self._waiting: list[WeightsToKeep] = []  # for the next commit

    @property
    def row(self) -> RunRow:
        """The run's state and summary."""
        return self.history.row

    @property
    def records(self) -> list[Record]:
        """Observations, by step."""
        return self.history.records

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
        known = self.store.find(self.row.id)
        self.history.row = row = _entered(self.row, known)
        if known is None or known.state is None:
            self.store.start_run(row)
            return template
        # All that is read is checked before anything is written: a damaged state leaves the row as it was.
        state = unflatten(template, self.store.state(known))
        if int(state.step) != known.step:
            raise CorruptFile(
                f"{known.state}: must hold step {known.step}, as the store does, got {int(state.step)}"
            )
        records = self.store.records(row.id)
        if not records or records[-1].step != known.step:
            last = f"step {records[-1].step}" if records else "none"
            raise CorruptFile(
                f"run {row.id}: records: must end at step {known.step}, as its state does, got {last}"
            )
        checkpoints = self.store.checkpoints(row.id)
        self.store.start_run(row)
        self._last_checkpoint = max((c.step for c in checkpoints if "schedule" in c.reasons), default=None)
        fresh = {name: getattr(row, name) for name in ("budget", "early_stop", "observe_every", "context")}
        fresh["context"] = {**row.context, SPACING: _spacing(known)}
        status = "diverged" if known.status == "diverged" else "running"
        self.history.continue_from(replace(known, status=status, **fresh), records)
        return state

    def finish(self, state: Any, status: str) -> None:
        """Keep the last weights and commit."""
        self._keep(state, "final")
        self._commit(state, status)

    def abandon(self, state: Any) -> None:
        """Commit what is known when an error ends the loop; a run of which nothing is known is left alone."""
        if self.store is not None and (self.row.state is not None or self.records):
            self._commit(state, "interrupted")

    # On the way --------------------------------------------------------------------------------------------

    @property
    def end(self) -> int:
        """The step at which the run stops, as far as known."""
        return stop_step(self.history.held_since, self.row.budget, self.row.early_stop)

    @property
    def spacing(self) -> int:
        """Least distance of observations by default; see `schedule.stride`."""
        return _spacing(self.row)

    @property
    def observed(self) -> bool:
        """Whether the present step is recorded."""
        return bool(self.records) and self.records[-1].step == self.row.step

    def advance(self, step: int, seconds: float) -> None:
        """Note that training reached a step, and the time of these steps."""
        self.history.advance(step, seconds)

    def observe(self, state: Any, observed: Observed | None = None) -> Record:
        """Record the numbers of a state, the milestones, and the weights that are to be kept.

        Arguments:
            state: at the present step.
            observed: what is measured of it; None to measure it now.
        """
        numbers, histograms = self.prepared.observer(state) if observed is None else observed
        record, milestones = self.history.add(numbers, histograms)
        reasons = self._reasons(milestones)
        for reason in reasons:
            self._keep(state, reason)
        if "schedule" in reasons:
            self._last_checkpoint = self.row.step
        if milestones or self.history.seconds_since_commit > self._commit_every:
            self._commit(state, "running")
        return record

    def _reasons(self, milestones: list[str]) -> list[str]:
        """Say why the present weights are kept, if they are."""
        if self.options.weights == "final":
            return []
        observations = self.options.weights == "observations"
        every = observations or self.prepared.definition.keeps_every_observation
        scheduled = every or keeps_checkpoint(self.row.step, self._last_checkpoint)
        return [*(["schedule"] if scheduled else []), *milestones]

    # The store ---------------------------------------------------------------------------------------------

    def _commit(self, state: Any, status: str) -> None:
        self.history.commit(status, None if self.store is None else flatten(state), self._waiting)
        self._waiting = []

    def _keep(self, state: Any, reason: str) -> None:
        if self.store is not None:
            prepared, source = self.prepared, self.prepared.experiment.task
            table = prepared.task.table if source.table is not None else None
            notes = {"run": self.row.id, "step": self.row.step}
            content = NetworkFile(state.weights, source, table, notes)
            share = self._explained_share(state.weights)
            self._waiting.append(WeightsToKeep(self.row.step, reason, content, share))

    def _explained_share(self, weights: Any) -> float | None:
        """Count the explained share of the present weights, once a step."""
        if self._share is None or self._share[0] != self.row.step:
            prepared = self.prepared
            self._share = (self.row.step, recorded_share(prepared.task, prepared.split, weights))
        return self._share[1]

    def _fresh_row(self) -> RunRow:
        prepared, options = self.prepared, self.options
        definition = prepared.definition
        stops = definition.stops_early if options.early_stop is None else options.early_stop
        return RunRow(
            id=prepared.experiment.id,
            experiment=prepared.experiment.canonical_json(),
            expression=prepared.experiment.name,
            p=prepared.task.p,
            learner=definition.name,
            budget=definition.default_steps if options.steps is None else options.steps,
            early_stop=stops,
            observe_every=options.observe_every,
            scalars=prepared.observer.scalars,
            histograms=prepared.observer.histograms,
            context=context_of(prepared, options),
        )


def _entered(row: RunRow, known: RunRow | None) -> RunRow:
    """Return a run as it is entered again: one that is past what is asked for keeps how it was made.

    Arguments:
        row: with what is asked for.
        known: as the store has it; None if it has not.
    """
    if known is None or known.state is None or known.step <= row.budget:
        return row
    options = {name: getattr(known, name) for name in ("early_stop", "observe_every", "context")}
    if known.status not in ("running", "interrupted"):
        return replace(row, budget=max(known.budget, known.step), **options)
    command = f"{known.context.get('command', '')} # interrupted at step {known.step}"
    return replace(row, budget=known.step, **(options | {"context": {**known.context, "command": command}}))


def _spacing(row: RunRow) -> int:
    """Return the least distance of a run's observations: 1 in runs of versions that recorded none."""
    spacing = row.context.get(SPACING)
    return spacing if type(spacing) is int and spacing >= 1 else 1
