"""Time and iteration: the one training loop of the package.

Owns: the order of segments and observations, stopping and divergence. Steps are compiled in `segments`; what
is recorded is the `Recorder`'s.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..display import Displayed, Facts
from ..former_names import former_keyword
from ..learners.base.observation import Observed
from ..learners.catalogue import definition_of
from ..tasks import InputError, Task
from ..tasks.errors import shorten
from .assets import gather
from .experiment import Experiment
from .followed_run import FollowedRun
from .options import CheckpointPolicy, ObservationSchedule, Progress, RunHooks, RunOptions
from .preparation import prepare
from .recorder import Recorder
from .run_display import accuracy_curves, facts_of_run, notebook_progress
from .segments import Descent, advance, shares_gradient
from .store.database import Record, RunRow
from .store.network_file import Network, NetworkFile
from .store.store import Store


@dataclass(frozen=True, eq=False, repr=False)
class Run(Displayed):
    """A run as far as it went.

    Arguments:
        experiment: what was run.
        row: its state and summary.
        records: observations, by step.
        weights: the network or kernel machine at the last step.
        task: the task.
    """

    experiment: Experiment
    row: RunRow
    records: list[Record]
    weights: Network
    task: Task

    def _facts(self) -> Facts:
        return facts_of_run(self.row, self.records)

    def _picture(self) -> str:
        return accuracy_curves(self.records)


@former_keyword("metric", "feature_matrix")
@former_keyword("donors", "pretrained")
@former_keyword("room", "pad_to_fraction")
def run(
    experiment: Experiment,
    *,
    store: Store | None = None,
    steps: int | None = None,
    observe_every: int | None = None,
    early_stop: bool | None = None,
    table: Task | None = None,
    feature_matrix: np.ndarray | None = None,
    pretrained: Mapping[str, NetworkFile] | None = None,
    command: str = "",
    ensemble: int = 1,
    pad_to_fraction: float | None = None,
    weights: CheckpointPolicy = "schedule",
    on_observation: Callable[[Progress], None] | None = None,
    stop_requested: Callable[[], bool] = lambda: False,
    schedule: ObservationSchedule = "cost",
) -> Run:
    """Train an experiment up to a step budget, or continue it from where its store left it.

    Arguments:
        experiment: what to run. A table, an initial M and networks that parts are taken from travel with it
            (`Experiment.of`), or are in the store since the run began.
        store: where to record; None keeps everything in memory.
        steps: budget, >= 1; the learner's default if None. The same experiment with a larger budget continues
            its run.
        observe_every: steps between observations; None leaves them to the schedule.
        schedule: see `RunOptions`.
        early_stop: stop at 1.5 times the step since which the run holds 99%; None is true for networks and
            false for kernel machines, whose runs are short.
        table: the task, when it is a table given directly and the experiment was read from JSON.
        feature_matrix: the initial M, likewise.
        pretrained: digest -> network, likewise.
        command: recorded with the run, for the report.
        ensemble: number of runs of the ensemble that this one belongs to; recorded with the run when above 1.
        pad_to_fraction: fraction to whose number of training inputs the run's own are padded and masked, so
            that runs of several fractions share a compiled step; numbers then agree to rounding, no longer to
            the bit.
        weights: which are kept: `schedule`, the first, those past each power of two, those at memorising and
            grokking, and the last; `final`, the last; `observations`, those of every observation.
        on_observation: called after every observation; None shows progress in a notebook, and elsewhere
            nothing.
        stop_requested: asked after every segment; true saves and returns with status `interrupted`.

    Returns:
        The run, with status `finished`, `diverged` or `interrupted`.

    Raises:
        InputError: bad arguments, or the run is being trained by another process.
        CorruptFile: the stored state is damaged.
    """
    options = RunOptions(
        steps, observe_every, early_stop, weights, pad_to_fraction, command, ensemble, schedule
    )
    assets: dict[str, Any] = dict(pretrained or {})
    for digest, kind in experiment.needs().items():
        if kind == "table" and table is not None:
            assets[digest] = table
        if kind == "matrix" and feature_matrix is not None:
            assets[digest] = feature_matrix
    if assets:
        experiment = experiment.with_assets({**experiment.assets, **assets})
    return follow(experiment, store, options, RunHooks(on_observation or notebook_progress(), stop_requested))


def follow(
    experiment: Experiment,
    store: Store | None = None,
    options: RunOptions | None = None,
    hooks: RunHooks | None = None,
) -> Run:
    """Train an experiment as `run` does, with what is asked for in two records."""
    options, hooks = options or RunOptions(), hooks or RunHooks()
    if not isinstance(store, Store | None):
        raise InputError(f"store: must be an open store, such as Store(folder), got {shorten(store)}")
    with ExitStack() as stack:
        if store is not None:
            stack.enter_context(store.lock(experiment.id)(experiment.id))
        stack.enter_context(definition_of(experiment.learner).precision(experiment.learner))
        try:
            followed = followed_run(experiment, store, options, hooks)
        except BaseException:
            if store is not None:
                store.discard_unbegun(experiment.id)
            raise
        loop = _Loop(followed, followed.recorder.start_run())
        try:
            status = loop.iterate()
        except BaseException:
            followed.recorder.abandon(loop.state)
            raise
        followed.recorder.finish(loop.state, status)
        return run_of(followed, loop.state)


def followed_run(
    experiment: Experiment, store: Store | None, options: RunOptions, hooks: RunHooks
) -> FollowedRun:
    """Prepare a run and its recorder, inside its precision."""
    prepared = prepare(gather(experiment, store), options.pad_to_fraction)
    return FollowedRun(experiment, prepared, Recorder(prepared, store, options), hooks)


def run_of(followed: FollowedRun, state: Any) -> Run:
    """Return a run as it ended, with the weights of its last state."""
    recorder = followed.recorder
    return Run(followed.experiment, recorder.row, recorder.records, state.weights, followed.prepared.task)


IDLE_CALLS = 3
"""Calls without a step of which the fastest says what a call takes beside its steps."""


class _Loop:
    """Segments, one after another, each followed by an observation.

    Arguments:
        followed: the run.
        state: where it stands: the last one that is known to be finite.
    """

    def __init__(self, followed: FollowedRun, state: Any) -> None:
        self.followed, self.state = followed, state
        self._descent: Descent | None = None
        self._calls = self._elapsed = self._in_steps = 0.0
        self._idle = math.inf

    def iterate(self) -> str:
        """Go on to the end; return the status."""
        followed = self.followed
        if followed.status is not None:
            return followed.status
        if shares_gradient(followed.prepared):
            self._descent = Descent(followed.prepared, self.state)
        observed = self._advance(0)[1]  # compile, make no step
        self._idle = min(self._timed(0)[0] for _ in range(IDLE_CALLS)) if self._descent else 0.0
        status = followed.observe_start(self.state, observed)
        while status is None:
            elapsed, finite, observed = self._timed(followed.target)
            status = followed.reach(self.state, finite, self._steps_of(elapsed), observed)
        return status

    def _steps_of(self, elapsed: float) -> float:
        """Return how much longer the run has been inside steps after a call of so many seconds.

        What calls without a step take is subtracted from the sum, so that noise of short ones cancels; it is
        at most what the fastest call took, which a busy machine may not show in the first calls.
        """
        self._idle = min(self._idle, elapsed)
        self._calls, self._elapsed = self._calls + 1, self._elapsed + elapsed
        before, self._in_steps = self._in_steps, max(0.0, self._elapsed - self._calls * self._idle)
        return self._in_steps - before

    def _timed(self, target: int) -> tuple[float, bool, Observed | None]:
        started = time.perf_counter()
        finite, observed = self._advance(target)
        return time.perf_counter() - started, finite, observed

    def _advance(self, target: int) -> tuple[bool, Observed | None]:
        """Step until the target; return whether all updates were finite, and what was measured on the way.

        The state changes last: an interrupt while it is computed leaves the one before.
        """
        prepared, stop = self.followed.prepared, np.int32(target)
        if self._descent is not None:
            self.state, finite, observed = self._descent.advance(self.state, stop)
            return finite, observed
        state, updated = advance(prepared.learner, self.state, prepared.problem, stop)
        finite = bool(updated)
        self.state = state
        return finite, None
