"""Ensembles: runs whose compiled step is the same, one after another in one process.

Owns: which runs share their step, and running them. A compiled step depends on names, sizes and array
shapes alone; seeds, rates, decays and initial scales are numbers that it is given, so the members of an
ensemble compile once, and each is to the bit the run that it would have been alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import equinox as eqx
import jax

from ...learners.catalogue import definition_of
from ...runs import Experiment, Progress, Run, Store, precision_of, prepare, run
from ...runs.options import CheckpointPolicy, ObservationSchedule
from ...runs.platform import platform_error
from ...tasks import InputError
from ..grid.sweep_file import Member

MOST_MEMBERS = 16
"""Members of an ensemble of a sweep: the unit of work that a worker is given."""


@dataclass(frozen=True)
class Ensemble:
    """Runs that share their compiled step."""

    members: tuple[Member, ...]

    def __len__(self) -> int:
        return len(self.members)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of a member: a run, or why there is none."""

    member: Member
    run: Run | None
    error: str | None = None


def shape_key(experiment: Experiment, pad_to_fraction: float | None = None) -> Hashable:
    """Return what the compiled step of an experiment depends on; equal keys share it.

    The structure of learner and problem, names included, with the shape and type of every array.

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
    leaves, structure = jax.tree.flatten((prepared.learner, prepared.problem))
    return structure, tuple((leaf.shape, str(leaf.dtype)) if eqx.is_array(leaf) else leaf for leaf in leaves)


def ensembles_of(members: Sequence[Member], most: int = MOST_MEMBERS) -> list[Ensemble]:
    """Group members by compiled step, in the order in which the first of each group comes.

    A member that cannot be prepared is an ensemble of its own, and says why when it is run.

    Arguments:
        members: any.
        most: members of an ensemble at most.
    """
    keys: dict[tuple[Experiment, float | None], Hashable] = {}
    groups: dict[Hashable, list[Member]] = {}
    for member in members:
        alike = _but_the_seed(member.experiment), member.pad_to_fraction
        if alike not in keys:
            try:
                keys[alike] = shape_key(member.experiment, member.pad_to_fraction)
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
    on_start: Callable[[Member], None] = lambda member: None,
    on_observation: Callable[[Member, Progress], None] = lambda member, progress: None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> Iterator[Outcome]:
    """Run the members of an ensemble in turn, each as a run of its own.

    A member that fails is reported and does not stop the others.

    Arguments:
        ensemble: what to run.
        store: where to record; None keeps everything in memory.
        command: recorded with every run.
        weights: which are kept; see `modgrok.runs.run`.
        schedule: how members without `observe_every` are observed; see `modgrok.runs.run`.
        on_start: called before a member is run.
        on_observation: called after every observation.
        stop_requested: asked after every segment; true ends the run at hand and begins no other.

    Yields:
        One outcome per member that was begun.

    Raises:
        OSError, sqlite3.Error: the store cannot be written.
    """
    for member in ensemble.members:
        if stop_requested():
            return
        on_start(member)
        try:
            result = run(
                member.experiment,
                store=store,
                steps=member.steps,
                observe_every=member.observe_every,
                early_stop=member.early_stop,
                command=command,
                ensemble=len(ensemble),
                pad_to_fraction=member.pad_to_fraction,
                weights=weights,
                schedule=schedule,
                on_observation=partial(on_observation, member),
                stop_requested=stop_requested,
            )
        except (
            OSError,
            sqlite3.Error,
        ):  # the disk is full, say: no fault of the run, and the next one's, too
            raise
        except Exception as error:
            yield Outcome(member, None, reason_of(error))
        else:
            yield Outcome(member, result)


def reason_of(error: Exception) -> str:
    """Say in one line why a run failed.

    Example:
        >>> reason_of(ValueError("no\\nroom")), reason_of(MemoryError())
        ('no room', 'MemoryError')
    """
    return platform_error() or " ".join(str(error).split())[:400] or type(error).__name__
