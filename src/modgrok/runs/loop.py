"""Time and iteration: the one training loop of the package.

Owns: compiled segments between observations, stopping, divergence, memorising and grokking, timing, when a
run is committed and which weights are kept. A segment is one compiled while-loop whose length is an
argument, so a run compiles its step once whatever the segments' lengths, and a resumed run repeats the
undisturbed one bit for bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..algebra import Basis
from ..learners.rfm.settings import RFMSettings
from ..learners.transformer.learner import Donors, TransformerLearner, pass_of
from ..learners.transformer.settings import TransformerSettings
from ..measures import basis_of_task
from ..models.on_device import on_device
from ..tasks import InputError, Split, Task
from ..tasks.split import count_of
from ..training.problem import Problem, make_problem
from ..version import __version__
from .assets import donors_of
from .experiment import DEFAULT_STEPS, Experiment
from .learner import Learner, State, build_learner, keeps_every_observation, precision_of
from .observe import Observer, observer_of
from .padding import check_room
from .schedule import GROKKED, MEMORISED, keeps_checkpoint, next_observation, stop_step
from .splits import split_of
from .store.arrays import CorruptFile, flatten, unflatten
from .store.network_file import Network, NetworkFile
from .store.store import Record, RunRow, Store
from .streams import key

MOST_STEPS = 2**31 - 1
"""Steps are counted in int32 on the device."""
Kept = Literal["schedule", "final"]
"""Which weights of a run are kept."""
COMMIT_EVERY = 0.2
"""Seconds after which an observation commits the run; earlier ones wait for it in memory."""


@dataclass(frozen=True, eq=False)
class Setting:
    """An experiment made concrete: its exact objects and their device layout."""

    experiment: Experiment
    task: Task
    split: Split
    basis: Basis
    learner: Learner
    problem: Problem
    observer: Observer


@dataclass(frozen=True, eq=False)
class Progress:
    """What an observer of a running loop sees.

    Arguments:
        row: the run so far.
        record: the newest observation.
        steps_per_second: over the last segment; nan before the first.
        end: the step at which the run will stop, as far as known.
    """

    row: RunRow
    record: Record
    steps_per_second: float
    end: int


@dataclass(frozen=True, eq=False)
class Run:
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


def prepare(
    experiment: Experiment,
    table: Task | None = None,
    metric: np.ndarray | None = None,
    donors: Donors | None = None,
    room: float | None = None,
) -> Setting:
    """Build the exact objects of an experiment, inside its precision.

    Arguments:
        experiment: what to run.
        table: the task, when it is a table given directly.
        metric: the initial M, when the experiment names a stored one.
        donors: networks that parts are taken from, when the experiment names them.
        room: fraction to whose number of training inputs they are padded; see `training.problem`.

    Raises:
        InputError: as `build_learner`, a split without examples, or a run that cannot be padded.
    """
    if room is not None:
        check_room(experiment)
    task = experiment.build_task(table)
    split = split_of(experiment, task)
    basis = basis_of_task(task)
    problem = make_problem(task, split, None if room is None else count_of(room, task.size))
    learner = build_learner(experiment.learner, problem, basis, metric, donors)
    observer = observer_of(learner, problem, basis)
    return Setting(experiment, task, split, basis, learner, problem, observer)


def initial_state(setting: Setting) -> State:
    """Draw the state at step 0 from the run's streams."""
    seed = setting.experiment.seed
    return _init(setting.learner, key(seed, "init"), key(seed, "batch"), setting.problem)


@eqx.filter_jit
def _init(learner: Learner, first: Array, second: Array, problem: Problem) -> State:
    return learner.init(first, second, problem)


@eqx.filter_jit
def advance(learner: Learner, state: State, problem: Problem, stop: Array) -> tuple[State, Array]:
    """Step until `stop`, or until an update is not finite.

    Returns:
        (the last finite state, whether all updates were finite).
    """
    dynamic, static = eqx.partition(state, eqx.is_array)

    def going(carry: tuple[Any, Array]) -> Array:
        arrays, finite = carry
        return finite & (arrays.step < stop)

    def body(carry: tuple[Any, Array]) -> tuple[Any, Array]:
        old = carry[0]
        state, finite = learner.step(eqx.combine(old, static), problem)
        new = eqx.filter(state, eqx.is_array)
        return jax.tree.map(lambda a, b: jnp.where(finite, a, b), new, old), finite

    arrays, finite = jax.lax.while_loop(going, body, (dynamic, jnp.array(True)))
    return eqx.combine(arrays, static), finite


def run(
    experiment: Experiment,
    *,
    store: Store | None = None,
    steps: int | None = None,
    observe_every: int | None = None,
    early_stop: bool | None = None,
    table: Task | None = None,
    metric: np.ndarray | None = None,
    donors: dict[str, NetworkFile] | None = None,
    command: str = "",
    ensemble: int = 1,
    room: float | None = None,
    weights: Kept = "schedule",
    on_observation: Callable[[Progress], None] = lambda progress: None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> Run:
    """Train an experiment up to a step budget, or continue it from where its store left it.

    Arguments:
        experiment: what to run.
        store: where to record; None keeps everything in memory.
        steps: budget, >= 1; `DEFAULT_STEPS` of the learner if None. The same experiment with a larger budget
            continues its run.
        observe_every: steps between observations; None observes every step at first and about every
            twentieth part of the steps so far later.
        early_stop: stop at 1.5 times the step at which the run grokked; None is true for networks and
            false for kernel machines, whose runs are short.
        table: the task, when it is a table given directly.
        metric: the initial M, when the experiment names a stored one.
        donors: digest -> network, for the parts that the experiment takes from other runs.
        command: recorded with the run, for the report.
        ensemble: number of runs of the ensemble that this one belongs to; recorded with the run when above 1.
        room: fraction to whose number of training inputs the run's own are padded and masked, so that runs of
            several fractions share a compiled step; numbers then agree to rounding, no longer to the bit.
        weights: which are kept: `schedule`, the first, those past each power of two, those at memorising and
            grokking, and the last; `final`, the last.
        on_observation: called after every observation.
        stop_requested: asked after every segment; true saves and returns with status `interrupted`.

    Returns:
        The run, with status `finished`, `diverged` or `interrupted`.

    Raises:
        InputError: bad arguments, or the run is being trained by another process.
        CorruptFile: the stored state is damaged.
    """
    kind = experiment.learner.kind
    steps = DEFAULT_STEPS[kind] if steps is None else steps
    early_stop = kind != "rfm" if early_stop is None else early_stop
    if not 1 <= steps <= MOST_STEPS:
        raise InputError(f"steps: must be at least 1 and at most {MOST_STEPS}, got {steps}")
    if observe_every is not None and observe_every < 1:
        raise InputError(f"observe_every: must be at least 1, got {observe_every}")
    metric = _metric(experiment, store, metric)
    settings = experiment.learner
    taken = donors_of(settings, store, donors) if isinstance(settings, TransformerSettings) else None
    loop = _Loop(
        experiment,
        store,
        steps,
        observe_every,
        early_stop,
        table,
        metric,
        taken,
        command,
        ensemble,
        room,
        weights,
    )
    with ExitStack() as stack:
        if store is not None:
            stack.enter_context(store.lock(experiment.id)(experiment.id))
        stack.enter_context(precision_of(experiment.learner))
        return loop.follow(on_observation, stop_requested)


def _metric(experiment: Experiment, store: Store | None, metric: np.ndarray | None) -> np.ndarray | None:
    """Keep an initial M that was handed in, or fetch the one handed in earlier."""
    settings = experiment.learner
    if not isinstance(settings, RFMSettings) or settings.initial_digest is None:
        return None
    if store is not None and metric is not None:
        store.keep_metric(settings.initial_digest, metric)
    if store is not None and metric is None:
        metric = store.metric(settings.initial_digest)
    return metric


@dataclass
class _Loop:
    """The mutable middle of `run`: what is known so far and what is not yet committed."""

    experiment: Experiment
    store: Store | None
    budget: int
    every: int | None
    early_stop: bool
    table: Task | None
    metric: np.ndarray | None
    donors: Donors | None
    command: str
    ensemble: int
    room: float | None
    weights: Kept
    pending: list[Record] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    last_kept: int | None = None
    began: float = field(default_factory=time.perf_counter)
    committed: float = 0.0

    def follow(self, report: Callable[[Progress], None], stop_requested: Callable[[], bool]) -> Run:
        """Run to the end, an interruption or divergence; commit on the way out whatever happens."""
        self.setting = prepare(self.experiment, self.table, self.metric, self.donors, self.room)
        self.row, self.state = self._begin()
        self.earlier = self.row.seconds
        try:
            status = self._iterate(report, stop_requested)
        except BaseException:
            if self.store is not None and self.row.state is not None:
                self._commit("interrupted")
            raise
        self._keep("final")
        self._commit(status)
        return Run(self.experiment, self.row, self.records, self.state.weights, self.setting.task)

    def _iterate(self, report: Callable[[Progress], None], stop_requested: Callable[[], bool]) -> str:
        learner, problem = self.setting.learner, self.setting.problem
        observed = bool(self.records) and self.records[-1].step == self.row.step
        if observed and (self.row.step >= self._end or self.row.status == "diverged"):
            return "finished" if self.row.status != "diverged" else "diverged"
        self.state, _ = advance(learner, self.state, problem, on_device(0, np.int32))  # compile, make no step
        if not observed:
            self._observe(report, float("nan"))
        while self.row.step < self._end:
            target = min(next_observation(self.row.step, self.every), self._end)
            started = time.perf_counter()
            state, all_finite = advance(learner, self.state, problem, on_device(target, np.int32))
            finite = bool(all_finite)
            elapsed = time.perf_counter() - started
            made = int(state.step) - self.row.step
            self.state = state
            self.row = replace(
                self.row,
                step=int(state.step),
                step_seconds=self.row.step_seconds + elapsed,
                timed_steps=self.row.timed_steps + made,
            )
            if finite or made:
                self._observe(report, made / elapsed if made else float("nan"))
            if not finite:
                return "diverged"
            if stop_requested() and self.row.step < self._end:
                return "interrupted"
        return "finished"

    @property
    def _end(self) -> int:
        return stop_step(self.row.grokked_at, self.budget, self.early_stop)

    def _observe(self, report: Callable[[Progress], None], speed: float) -> None:
        setting = self.setting
        numbers, histograms = setting.observer(self.state)
        record = Record(self.row.step, self._seconds, numbers, histograms)
        self.records.append(record)
        self.pending.append(record)
        first_memorised = self.row.memorised_at is None and numbers["train_accuracy"] >= MEMORISED
        first_grokked = self.row.grokked_at is None and numbers["test_accuracy"] >= GROKKED
        if first_memorised:
            self.row = replace(self.row, memorised_at=self.row.step)
        if first_grokked:
            self.row = replace(self.row, grokked_at=self.row.step)
        every = keeps_every_observation(setting.learner)
        scheduled = every or keeps_checkpoint(self.row.step, self.last_kept)
        due = {"schedule": scheduled, "memorised": first_memorised, "grokked": first_grokked}
        due = due if self.weights == "schedule" else {}
        for reason in (reason for reason, wanted in due.items() if wanted):
            self._keep(reason)  # before the commit: what a commit tells of is on disk
        if due.get("schedule"):
            self.last_kept = self.row.step
        if any(due.values()) or self._seconds - self.committed > COMMIT_EVERY:
            self._commit("running")
        report(Progress(self.row, record, speed, self._end))

    @property
    def _seconds(self) -> float:
        return self.earlier + time.perf_counter() - self.began

    def _begin(self) -> tuple[RunRow, State]:
        """Enter the run in the store, or take up its last state."""
        row = self._fresh_row()
        template = initial_state(self.setting)
        if self.store is None:
            return row, template
        if self.experiment.task.table is not None:
            self.store.keep_table(self.setting.task)
        known = self.store.find(row.id)
        self.store.begin(row)
        if known is None or known.state is None:
            return row, template
        state = unflatten(template, self.store.state(known))
        if int(state.step) != known.step:
            raise CorruptFile(f"{known.state}: holds step {int(state.step)}, the store says {known.step}")
        self.records = self.store.records(row.id)
        kept = self.store.checkpoints(row.id)
        self.last_kept = max((c.step for c in kept if "schedule" in c.reasons), default=None)
        fresh = {name: getattr(row, name) for name in ("budget", "early_stop", "observe_every", "context")}
        status = "diverged" if known.status == "diverged" else "running"
        return replace(known, status=status, **fresh), state

    def _fresh_row(self) -> RunRow:
        setting = self.setting
        return RunRow(
            id=self.experiment.id,
            experiment=self.experiment.canonical_json(),
            expression=self.experiment.name,
            p=setting.task.p,
            learner=self.experiment.learner.kind,
            budget=self.budget,
            early_stop=self.early_stop,
            observe_every=self.every,
            scalars=setting.observer.scalars,
            histograms=setting.observer.histograms,
            context=context_of(setting, self.command, self.ensemble),
        )

    def _commit(self, status: str) -> None:
        self.row = replace(self.row, status=status, seconds=self._seconds)
        if self.store is not None:
            self.row = self.store.commit(self.row, self.pending, flatten(self.state))
        self.pending = []
        self.committed = self._seconds

    def _keep(self, reason: str) -> None:
        if self.store is not None:
            content = NetworkFile(
                self.state.weights,
                self.experiment.task,
                self.setting.task.table if self.experiment.task.table is not None else None,
                {"run": self.row.id, "step": self.row.step},
            )
            self.store.keep_weights(self.row.id, self.row.step, reason, content)


def context_of(setting: Setting, command: str, ensemble: int = 1) -> dict[str, Any]:
    """What a reader of the numbers must know beside them: sizes, chance levels, basis, versions."""
    task, split, learner = setting.task, setting.split, setting.learner
    special: dict[str, Any] = {}
    if isinstance(learner, TransformerLearner):
        special["forward"] = pass_of(learner.settings)
    if task.parts:
        special["tasks"] = [part.name for part in task.parts]
    if ensemble > 1:
        special["ensemble"] = {"members": ensemble, "stepping": "sequence"}
    if setting.problem.padded:
        special["padded_to"] = len(setting.problem.inputs)
    return {
        "operands": list(task.operands),
        "inputs": task.size,
        "excluded": task.excluded,
        "train": len(split.train),
        "test": len(split.test),
        "corrupted": int(np.sum(split.corrupted)),
        "chance": 1 / task.p,
        "majority": task.majority_share,
        "zero_rows_constant": task.zero_rows_constant,
        "basis": setting.basis.name,
        "order": setting.basis.order,
        "command": command,
        "version": __version__,
        "jax": jax.__version__,
        "device": jax.devices()[0].platform,
        **special,
    }
