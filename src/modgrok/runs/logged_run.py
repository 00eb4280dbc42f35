"""A run of a training loop of one's own, in the store: `modgrok.log`.

Owns: what such a program calls: `observe`, `keep`, `finish`. Numbers are those of `measures`, arrays are read
by `io.numpy_array`, row and records are a `RunHistory`, files are the store's. No framework is imported.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import jax
import numpy as np
from pydantic import ValidationError

from ..display import Displayed, Facts
from ..io import numpy_array, visible
from ..io.whole_numbers import whole_number
from ..learners.base.settings import checked_options, plain_number
from ..learners.catalogue import definition_of
from ..learners.external.settings import ExternalSettings, check_new_settings
from ..measures import basis_of_task, measures_reading
from ..measures.accuracy import tally_of_logits
from ..measures.counts import group_accuracy
from ..measures.logits import recorded_share
from ..measures.logits.array_numbers import (
    array_measure_names,
    embedding_numbers,
    hidden_numbers,
    logit_numbers,
)
from ..measures.logits.rows import rows_of_network
from ..models.on_device import on_device
from ..tasks import InputError, Split, Task, named_task
from ..tasks.errors import shorten
from ..training.losses import loss_named
from ..training.problem import GROUPS, make_problem
from ..version import __version__
from .assets import gather
from .experiment import Experiment, first_line
from .external_weights import external_weights
from .history import MILESTONES, RunHistory
from .options import MOST_STEPS
from .preparation import data_context
from .run_display import accuracy_curves, facts_of_run
from .schedule import next_observation
from .split_arrays import SplitArrays, split_arrays
from .splits import split_of
from .store.database import Record, RunRow
from .store.network_file import NamedArrays, StoredWeights
from .store.store import Store

EXISTING = ("refuse", "continue", "replace")
"""What to do about a run that is in the store already."""
LEAST_AGREEMENT = 0.98
"""Correlation of a kept network's logits with those observed at its step: short floats and an update between
the two leave more."""
FINISHED = ("finished", "interrupted", "diverged", "failed")
"""How a run can end."""


def log(
    expression: str | None = None,
    *,
    p: int | None = None,
    group: str | None = None,
    table: Task | None = None,
    fraction: float = 0.5,
    seed: int = 0,
    orbits: str = "none",
    folds: int = 0,
    fold: int = 0,
    corruption: float = 0.0,
    name: str = "",
    loss: str = "cross_entropy",
    settings: Mapping[str, Any] | None = None,
    steps: int | None = None,
    existing: str = "refuse",
    runs: Path | str | Store = "runs",
) -> LoggedRun:
    """Enter a run of one's own training loop in a store, and return what records it.

    Arguments:
        expression: see `modgrok.tasks.parse`; with `p`.
        p: modulus.
        group: a finite group's name instead of an expression.
        table: a task read from a table instead of an expression.
        fraction: fraction of inputs used for training, in (0, 1).
        seed: of the split and of the corrupted labels.
        orbits: which inputs are kept on the same side; see `modgrok.tasks.split_task`.
        folds: 0, or the number of folds into which all inputs are dealt; then `fraction` is not used.
        fold: which of the folds is tested, from 0.
        corruption: share of the training labels redrawn at random.
        name: what is trained, in a few words.
        loss: recorded for every group of inputs: `cross_entropy`, `mse`, `stablemax` or `log_softmax`.
        settings: names and values (text, numbers, truth values, None) that distinguish this run from others,
            such as `{"lr": 1e-3, "width": 128}`; listed and compared like the settings of other runs.
        steps: planned number of steps, if known.
        existing: what to do if the store has this run: `refuse` it, `continue` its records, or `replace` it.
        runs: folder of the store, or an open store.

    Returns:
        The run. As a context manager it is finished at the end of the block, and reads `interrupted` after an
        exception.

    Raises:
        InputError: an option breaks a rule, the run is in the store, or another process records it.

    Example:
        >>> from tempfile import mkdtemp
        >>> with log("x + y", p=5, settings={"width": 10}, runs=mkdtemp()) as run:
        ...     numbers = run.observe(0, logits=np.eye(5)[run.data.labels])
        >>> numbers["test_accuracy"], numbers["explained_share"], run.row.status
        (1.0, 1.0, 'finished')
    """
    if existing not in EXISTING:
        raise InputError(f"existing: must be one of {', '.join(EXISTING)}, got {shorten(existing)}")
    if steps is not None:
        steps = whole_number("steps", steps, 1, MOST_STEPS)
    if not isinstance(settings, Mapping | None):
        raise InputError(f"settings: must be a mapping from names to values, got {shorten(settings)}")
    if not isinstance(runs, Path | str | Store):
        raise InputError(f"runs: must be a folder or an open store, got {shorten(runs)}")
    own = {name: plain_number(value) for name, value in (settings or {}).items()}
    if existing != "continue":  # a run of an earlier version may have names that new ones may not
        check_new_settings(own)
    fields = {"seed": seed, "orbits": orbits, "folds": folds, "fold": fold, "corruption": corruption}
    fields = checked_options(Experiment, fields if folds else {**fields, "fraction": fraction})
    words = checked_options(ExternalSettings, {"name": name, "loss": loss})
    named = named_task(expression, p=p, group=group, table=table)
    try:
        experiment = Experiment(
            task=named.source,
            **fields,
            learner=ExternalSettings(**words, **own),
        )
    except ValidationError as error:
        raise InputError(first_line(error)) from None
    if named.source.table is not None:
        experiment = experiment.with_assets({named.source.table: named.task})
    with ExitStack() as stack:
        store = runs if isinstance(runs, Store) else stack.enter_context(Store(Path(runs)))
        run = LoggedRun(experiment, named.task, store, steps or 0, existing)
        known = store.find(experiment.id)
        if known is None or existing != "continue":
            check_new_settings(own, run.row.scalars)
        if existing == "replace" and known is not None:
            store.remove(experiment.id)
        stack.enter_context(store.lock(experiment.id)(experiment.id))
        run._begin(stack.pop_all())
    return run


class LoggedRun(Displayed):
    """A run of a training loop of one's own; made by `log`.

    Attributes:
        experiment: what is recorded: task, split and settings.
        task: the task.
        split: its split.
        store: where the run is recorded.
    """

    def __init__(self, experiment: Experiment, task: Task, store: Store, budget: int, existing: str) -> None:
        self.experiment, self.task, self.store = experiment, task, store
        self.split: Split = split_of(experiment, task)
        self._existing = existing
        self._basis = basis_of_task(task)
        self._problem = make_problem(task, self.split)
        self._loss = loss_named(getattr(experiment.learner, "loss"))  # noqa: B009 (of external settings)
        self._history = RunHistory(self._fresh_row(budget), store)
        self._resources: ExitStack | None = None
        self._first = True  # nothing was observed since `log`
        self._diverged = False
        self._kept: set[int] = set()
        self._last_logits: tuple[int, np.ndarray] | None = None  # (step, of all inputs)
        self._since = time.perf_counter()

    # What is known of it -----------------------------------------------------------------------------------

    @property
    def row(self) -> RunRow:
        """The run's state and summary."""
        return self._history.row

    @property
    def records(self) -> list[Record]:
        """Observations, by step."""
        return self._history.records

    @cached_property
    def data(self) -> SplitArrays:
        """Inputs, labels and split as arrays; the same as of `modgrok.arrays` with the same options."""
        return split_arrays(self.task, self.split)

    def _facts(self) -> Facts:
        return facts_of_run(self.row, self.records)

    def _picture(self) -> str:
        return accuracy_curves(self.records)

    # What a program calls ----------------------------------------------------------------------------------

    def is_due(self, step: Any) -> bool:
        """Say whether `modgrok train` would observe by now: densely at first, then about logarithmically.

        Arguments:
            step: number of updates made.
        """
        return self._first or _whole(step) >= next_observation(self.row.step)

    def observe(
        self, step: Any, logits: Any = None, hidden: Any = None, embedding: Any = None
    ) -> dict[str, float]:
        """Record every measure that arrays of the network allow.

        Arguments:
            step: number of updates made, an integer of any framework; ascending.
            logits: of all inputs, in the order of `data.inputs`, shape (n, p).
            hidden: activations of some layer for the same inputs, shape (n, h).
            embedding: of the values 0..p-1, shape (p, d), or with further rows for other tokens.

        Arrays are of NumPy, JAX, PyTorch, or anything with `__array__` or `__dlpack__`. Measures of arrays
        that are not given are undefined at this step. Where logits are not finite in float32 all are, and the
        run ends as `diverged`.

        Returns:
            The numbers of this observation that are defined, by name.

        Raises:
            InputError: a step that is not ascending, no array, or one of another shape.
        """
        self._check_open()
        elapsed = time.perf_counter() - self._since
        arrays = {"logits": logits, "hidden": hidden, "embedding": embedding}
        if all(value is None for value in arrays.values()):
            raise InputError("logits: must be given, or hidden or embedding, got none")
        step = self._checked_step(step)
        values = None if logits is None else self._domain_logits(logits)
        numbers = self._numbers(values, hidden, embedding)
        self._last_logits = None if values is None else (step, values.copy())  # callers may reuse their array
        if self._first and self.records and step <= self.records[-1].step:
            self._history.drop_from(step, kept_anew=self._kept)
        self._history.advance(step, 0.0 if self._first else elapsed)
        _, reached = self._history.add({name: numbers.get(name, math.nan) for name in self.row.scalars}, {})
        if step in self._kept:
            share = numbers.get("explained_share", math.nan)
            self.store.note_weights(self.row.id, step, reached, None if math.isnan(share) else share)
        self._history.commit("running")
        self._first = False
        self._since = time.perf_counter()
        return {name: value for name, value in numbers.items() if not math.isnan(value)}

    def keep(
        self,
        step: Any,
        weights: Any,
        *,
        kind: str | None = None,
        names: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> Path:
        """Keep weights as a checkpoint of the run, a safetensors file.

        Arguments:
            step: number of updates made.
            weights: name -> array of any framework, such as a `state_dict`, nested or not; or a network of
                modgrok.
            kind: of network that the weights are, a name in `modgrok.models.networks.NETWORKS`; the
                checkpoint is then measured and explained like those of other runs. None keeps named arrays.
            names: field of the network -> name of the array, `.T` behind it for its transpose; None if the
                arrays have the names of the fields.
            fields: of the network that are no arrays, such as `activation="relu"`, which a kind that has one
                needs.

        Returns:
            The file.

        Raises:
            InputError: arrays that cannot be read, or do not make a network of this kind; or the network's
                logits are not those observed at this step.

        Example:
            >>> from tempfile import mkdtemp
            >>> with log("x + y", p=5, runs=mkdtemp()) as run:
            ...     weights = {"first": np.ones((2, 5, 3)), "second.weight": np.ones((3, 5))}
            ...     names = {"embedding": "first", "readout": "second.weight.T"}
            ...     path = run.keep(0, weights, kind="mlp", names=names, activation="relu")
            >>> path.name
            'weights-0.safetensors'
        """
        self._check_open()
        began = time.perf_counter()
        step = _whole(step)
        notes = {"run": self.row.id, "step": step, "trained": "elsewhere"}
        source = self.experiment.task
        table = self.task.table if source.table is not None else None
        content = external_weights(weights, kind, names, fields, self.task, source, table, notes)
        self._check_agreement(step, content)
        own = not self._first  # until something is observed, what is recorded is of an earlier training
        reached = [name for name, _, _ in MILESTONES if own and getattr(self.row, f"{name}_at") == step]
        share = self._explained_share(step, content)
        for reason in ("schedule", *reached):
            self.store.keep_weights(self.row.id, step, reason, content, share)
        self._kept.add(step)
        self._since += time.perf_counter() - began
        return self.store.folder / self.row.id / f"weights-{step}.safetensors"

    def finish(self, status: str | None = None) -> None:
        """End the run; a second call does nothing.

        Arguments:
            status: `finished`, `interrupted`, `diverged` or `failed`; None is `finished`, or `diverged` where
                logits were not finite.
        """
        if self._resources is None:
            return
        status = status or ("diverged" if self._diverged else "finished")
        if status not in FINISHED:
            raise InputError(f"status: must be one of {', '.join(FINISHED)}, got {shorten(status)}")
        with self._resources:
            self._resources = None
            self._history.commit(status)

    def __enter__(self) -> LoggedRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish("interrupted" if kind is not None else None)

    # Inside ------------------------------------------------------------------------------------------------

    def _begin(self, resources: ExitStack) -> None:
        """Enter the run in the store, and keep the lock and the store until it is finished."""
        try:
            known = self.store.find(self.row.id)
            if known is not None and self._existing == "refuse":
                raise InputError(
                    f"existing: must be continue or replace for the run {known.id}, which is in the store at "
                    f"step {known.step}, or settings must distinguish this one, got refuse"
                )
            gather(self.experiment, self.store)
            self.store.start_run(self.row)
            if known is not None:
                fresh = {name: getattr(self.row, name) for name in ("budget", "context")}
                row = replace(known, status="running", **fresh)
                self._history.continue_from(row, self.store.records(known.id))
        except BaseException:
            resources.close()
            raise
        self._resources = resources

    def _check_agreement(self, step: int, content: StoredWeights) -> None:
        """Refuse a network that does not compute the logits observed at its step, up to constants and noise.

        Raises:
            InputError: the two correlate by less than `LEAST_AGREEMENT`, each input's mean taken off.
        """
        if isinstance(content, NamedArrays) or self._last_logits is None or self._last_logits[0] != step:
            return
        own = rows_of_network(self.task, content.network)(0, self.task.size).astype(np.float64)
        observed = self._last_logits[1].astype(np.float64)
        first, second = (values - values.mean(axis=1, keepdims=True) for values in (own, observed))
        size = float(np.linalg.norm(first) * np.linalg.norm(second))
        if not math.isfinite(size) or size == 0:
            return
        agreement = float(np.sum(first * second)) / size
        if agreement < LEAST_AGREEMENT:
            raise InputError(
                f"weights: must give the logits observed at step {step} (correlation of at least "
                f"{LEAST_AGREEMENT}), got {agreement:.3f}; is it another activation, or are there biases?"
            )

    def _explained_share(self, step: int, content: StoredWeights) -> float | None:
        """Take the share that was recorded at this step, else count that of a network."""
        if not self._first and self.records and self.records[-1].step == step:
            share = self.records[-1].scalars["explained_share"]
            if not math.isnan(share):
                return share
        if isinstance(content, NamedArrays):
            return None
        return recorded_share(self.task, self.split, content.network)

    def _check_open(self) -> None:
        if self._resources is None:
            raise InputError(f"run: must not be finished, got {self.row.id}, which is {self.row.status}")

    def _checked_step(self, step: Any) -> int:
        step, last = _whole(step), self.records[-1].step if self.records else None
        if not self._first and last is not None and step <= last:
            raise InputError(f"step: must be above the last observed step, {last}, got {step}")
        return step

    def _numbers(self, values: np.ndarray | None, hidden: Any, embedding: Any) -> dict[str, float]:
        numbers: dict[str, float] = {}
        if values is not None:
            with np.errstate(over="ignore"):
                finite = np.isfinite(values.astype(np.float32)).all()
            if finite:
                numbers |= self._counts(values)
                numbers |= logit_numbers(self.task, self._basis, self.split, values)
            else:
                self._diverged = True
                return numbers
        if hidden is not None:
            numbers |= hidden_numbers(self.task, self._basis, hidden)
        if embedding is not None:
            numbers |= embedding_numbers(self.task, embedding)
        return numbers

    def _domain_logits(self, logits: Any) -> np.ndarray:
        values, task = numpy_array(logits, "logits"), self.task
        if values.shape == (task.size, task.p):
            return values
        if values.shape in ((task.table.size, task.p), (*task.table.shape, task.p)):
            return values.reshape(-1, task.p)[task.domain]
        raise InputError(
            f"logits: must have shape {(task.size, task.p)}, in the order of data.inputs, got {values.shape}"
        )

    def _counts(self, logits: np.ndarray) -> dict[str, float]:
        counts = jax.device_get(tally_of_logits(on_device(logits, np.float32), self._loss, self._problem))
        numbers = {m.name: float(m.function(counts, None)) for m in measures_reading("counts")}
        for place, name in enumerate(self._problem.group_names[len(GROUPS) :], start=len(GROUPS)):
            numbers[f"{name}_accuracy"] = group_accuracy(counts, place)
        return numbers

    def _fresh_row(self, budget: int) -> RunRow:
        experiment, definition = self.experiment, definition_of(self.experiment.learner)
        parts = [f"{name}_accuracy" for name in self._problem.group_names[len(GROUPS) :]]
        return RunRow(
            id=experiment.id,
            experiment=experiment.canonical_json(),
            expression=experiment.name,
            p=self.task.p,
            learner=definition.name,
            budget=budget,
            early_stop=False,
            scalars=(
                *(measure.name for measure in measures_reading("counts")),
                *parts,
                *array_measure_names(self.task, self._basis),
            ),
            context={
                **data_context(self.task, self.split, self._basis),
                "command": program(),
                "version": __version__,
                **definition.context(experiment.learner),
            },
        )


def program() -> str:
    """Name the program that records: the script, or Python at its prompt or in a notebook."""
    script = Path(sys.argv[0]).name if sys.argv and sys.argv[0] not in ("", "-c", "-m") else "Python"
    return visible(f"modgrok.log in {shorten(script, 80)}")


def _whole(step: Any) -> int:
    """Read a step: an integer of any framework, at least 0."""
    try:
        whole = int(step)
        exact = whole == step
    except (TypeError, ValueError, OverflowError):
        exact = False
    if not exact or not 0 <= whole <= MOST_STEPS:
        raise InputError(f"step: must be an integer from 0 to {MOST_STEPS}, got {shorten(step)}")
    return whole
