"""Ensembles: runs whose compiled step is the same, in one process.

Owns: which runs share their step, and running them. A compiled step depends on names, sizes and array
shapes alone; seeds, rates, decays and initial scales are numbers that it is given, so the members of an
ensemble compile once. One after another, each is to the bit the run that it would have been alone; as a
stack (`stepping`), to rounding.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import equinox as eqx
import jax

from ...learners.base.memory import memory_available
from ...learners.catalogue import definition_of
from ...runs import Experiment, Progress, Run, RunHooks, RunOptions, Store, precision_of, prepare
from ...runs.loop import follow
from ...runs.options import CheckpointPolicy, ObservationSchedule, Stepping
from ...runs.outcome import lacks_observation
from ...runs.passed_step import observe_passed
from ...runs.platform import platform_error
from ...runs.preparation import memory_of
from ...runs.stack import members_that_fit, stepped_by
from ...runs.stacked_loop import STORE_ERRORS, RunRequest, follow_stack
from ...tasks import InputError
from ...tasks.errors import BusyError
from ..grid.sweep_file import Member
from .stepping import chosen_stepping

MOST_MEMBERS = 16
"""Members of an ensemble of a sweep that are run one after another: the unit of work of a worker."""
MOST_STACKED = 256
"""Members of an ensemble of a sweep that are stacked."""


@dataclass(frozen=True)
class Ensemble:
    """Runs that share their compiled step."""

    members: tuple[Member, ...]

    def __len__(self) -> int:
        return len(self.members)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of a member: a run, or why there is none, and whether another process has it in hand."""

    member: Member
    run: Run | None
    error: str | None = None
    busy: bool = False


def shape_key(
    experiment: Experiment, pad_to_fraction: float | None = None, stepping: Stepping = "sequence"
) -> Hashable:
    """Return what the compiled step of an experiment depends on; equal keys share it.

    The structure of learner and problem, names included, with the shape and type of every array.

    Arguments:
        experiment: what is to be run.
        pad_to_fraction: as in `modgrok.runs.run`.
        stepping: whether the step is that of a run alone, or of a member of a stack.

    Raises:
        InputError: the experiment cannot be prepared.

    Example:
        >>> one, two = (Experiment.of("x + y", p=5, width=8, seed=s, lr=10.0 + s) for s in (0, 1))
        >>> wide = Experiment.of("x + y", p=5, width=9)
        >>> shape_key(one) == shape_key(two), shape_key(one) == shape_key(wide)
        (True, False)
    """
    with precision_of(experiment.learner):
        prepared = prepare(experiment, pad_to_fraction)
        read = stepped_by(prepared) if stepping == "stack" else (prepared.learner, prepared.problem)
    leaves, structure = jax.tree.flatten(read)
    return structure, tuple((leaf.shape, str(leaf.dtype)) if eqx.is_array(leaf) else leaf for leaf in leaves)


def ensembles_of(
    members: Sequence[Member], most: int = MOST_MEMBERS, stepping: Stepping = "sequence"
) -> list[Ensemble]:
    """Group members by compiled step, in the order in which the first of each group comes.

    A member that cannot be prepared is an ensemble of its own, and says why when it is run.

    Arguments:
        members: any.
        most: members of an ensemble at most.
        stepping: how they will be stepped; see `run_ensemble`.
    """
    keys: dict[tuple[Experiment, float | None], Hashable] = {}
    groups: dict[Hashable, list[Member]] = {}
    for member in members:
        alike = _but_the_seed(member.experiment), member.pad_to_fraction
        if alike not in keys:
            try:
                keys[alike] = shape_key(member.experiment, member.pad_to_fraction, stepping)
            except InputError:
                keys[alike] = alike
        groups.setdefault(keys[alike], []).append(member)
    return [
        Ensemble(tuple(group[first : first + most]))
        for group in groups.values()
        for first in range(0, len(group), most)
    ]


def _but_the_seed(experiment: Experiment) -> Experiment:
    """Return an experiment whose shapes are known to be the same: another seed, where sizes do not follow it.

    They do in symmetric splits, and in kernel machines, whose layout counts the training inputs.
    """
    if experiment.symmetric or definition_of(experiment.learner).shape_follows_seed:
        return experiment
    return experiment.model_copy(update={"seed": 0})


def run_ensemble(
    ensemble: Ensemble,
    store: Store | None,
    *,
    command: str = "",
    weights: CheckpointPolicy = "schedule",
    schedule: ObservationSchedule = "cost",
    stepping: Stepping | None = None,
    on_start: Callable[[Member], None] = lambda member: None,
    on_observation: Callable[[Member, Progress], None] = lambda member, progress: None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> Iterator[Outcome]:
    """Run the members of an ensemble, each as a run of its own.

    A member that fails is reported and does not stop the others.

    Arguments:
        ensemble: what to run.
        store: where to record; None keeps everything in memory.
        command: recorded with every run.
        weights: which are kept; see `modgrok.runs.run`.
        schedule: how members without `observe_every` are observed; see `modgrok.runs.run`.
        stepping: `sequence`, one member after another, equal to solo runs to the bit; `stack`, as many at
            once as the memory holds, equal to rounding; None is `stack` on an accelerator and `sequence` on
            the CPU, unless the environment variable `MODGROK_STEPPING` says otherwise.
        on_start: called before a member is run.
        on_observation: called after every observation.
        stop_requested: asked after every segment; true ends the runs at hand and begins no other.

    Yields:
        One outcome per member that was begun, in the order in which they end.

    Raises:
        OSError, sqlite3.Error: the store cannot be written.
        InputError: `MODGROK_STEPPING` has another value.
    """
    stepping = stepping or chosen_stepping()
    stacked = stepping == "stack" and len(ensemble) > 1

    def request(member: Member) -> RunRequest:
        options = RunOptions(
            member.steps,
            member.observe_every,
            member.early_stop,
            weights,
            member.pad_to_fraction,
            command,
            len(ensemble),
            schedule,
            stepping,
        )
        return RunRequest(
            member.experiment, options, RunHooks(partial(on_observation, member), stop_requested)
        )

    passed = [member for member in ensemble.members if _is_passed(store, member)]
    waiting = [*passed, *(member for member in ensemble.members if member not in passed)]
    while waiting and not stop_requested():
        together = stacked and waiting[0] not in passed
        count = stack_size(waiting[0]) if together else 1
        members, waiting = waiting[:count], waiting[count:]
        for member in members:
            on_start(member)
        requests = [request(member) for member in members]
        if together:
            ends = follow_stack(requests, store)
        else:
            ends = _follow_one(requests[0], store, passed=members[0] in passed)
        for place, result in ends:
            if isinstance(result, Exception):
                yield Outcome(members[place], None, reason_of(result), isinstance(result, BusyError))
            else:
                yield Outcome(members[place], result)


def _is_passed(store: Store | None, member: Member) -> bool:
    """Say whether the store's run of a member is to be observed at a step that it has passed."""
    if store is None:
        return False
    row = store.find(member.experiment.id)
    with contextlib.suppress(InputError):  # damaged records are reported by the run itself
        return row is not None and lacks_observation(store, row, member.steps, member.stops_early)
    return False


def _follow_one(
    request: RunRequest, store: Store | None, *, passed: bool
) -> Iterator[tuple[int, Run | Exception]]:
    experiment, options, hooks = request.experiment, request.options, request.hooks
    try:
        result: Run | Exception
        if passed and store is not None:
            result = observe_passed(experiment, store, options, hooks)
        else:
            result = follow(experiment, store, options, hooks)
    except STORE_ERRORS:
        raise
    except Exception as error:
        result = error
    yield 0, result


def stack_size(member: Member, available: int | None = None) -> int:
    """Return how many members like this one the memory holds at once, by their estimate; at least 1.

    Arguments:
        member: of an ensemble, whose members have equal sizes.
        available: bytes; what the device says if None.
    """
    try:
        need = memory_of(member.experiment, member.experiment.build_task(), member.pad_to_fraction)
    except InputError:  # it is reported when the member is prepared
        return 1
    have = memory_available() if available is None else available
    return members_that_fit(None if need is None else need.bytes, have, MOST_STACKED)


def reason_of(error: Exception) -> str:
    """Say in one line why a run failed.

    Example:
        >>> reason_of(ValueError("no\\nroom")), reason_of(MemoryError())
        ('no room', 'MemoryError')
    """
    return platform_error() or " ".join(str(error).split())[:400] or type(error).__name__
