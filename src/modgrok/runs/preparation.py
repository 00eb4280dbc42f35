"""An experiment made concrete: its exact objects and their layout on the device.

Owns: the order in which task, split, basis, problem, learner and observer follow from each other, and what a
reader of a run's numbers must know beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array

from ..algebra import Basis
from ..learners.base.contract import Learner, LearnerDefinition
from ..learners.base.memory import MemoryNeed, check_memory
from ..learners.base.observation import Observer
from ..learners.base.rates import NOMINAL
from ..learners.base.settings import Settings
from ..learners.catalogue import check_trains, definition_of
from ..learners.catalogue import precision_of as precision_of
from ..measures import basis_of_task
from ..models.on_device import all_on_device
from ..tasks import InputError, Split, Task
from ..tasks.null import leakage_numbers
from ..tasks.split import count_of
from ..training.problem import Problem, make_problem
from ..version import __version__
from .experiment import Experiment
from .options import ObservationSchedule, RunOptions
from .schedule import observation_spacing
from .splits import split_of
from .streams import key_of, key_words

SPACING = "observation_spacing"
"""Where the context of a run holds the least distance of its observations."""


@dataclass(frozen=True, eq=False)
class PreparedRun:
    """An experiment with everything that its training needs."""

    experiment: Experiment
    definition: LearnerDefinition
    task: Task
    split: Split
    basis: Basis
    learner: Learner
    problem: Problem
    observer: Observer


def prepare(experiment: Experiment, pad_to_fraction: float | None = None) -> PreparedRun:
    """Build the exact objects of an experiment, inside its precision (`LearnerDefinition.precision`).

    Arguments:
        experiment: what to run, with its assets.
        pad_to_fraction: fraction to whose number of training inputs they are padded.

    Raises:
        InputError: the run is trained elsewhere, learner and task do not fit, memory does not hold the run, a
            split is without examples, or the run cannot be padded.
    """
    definition = definition_of(experiment.learner)
    check_trains(definition)
    if pad_to_fraction is not None:
        check_padding(experiment)
    task = experiment.build_task()
    _check_filled_in(experiment.learner, task)
    need = memory_of(experiment, task, pad_to_fraction)
    if need is not None:
        check_memory(need)
    split = split_of(experiment, task)
    basis = basis_of_task(task)
    size = None if pad_to_fraction is None else count_of(pad_to_fraction, task.size)
    problem = make_problem(task, split, size)
    learner = definition.build(experiment.learner, problem, basis, experiment.assets)
    observer = definition.observer(learner, problem, basis)
    return PreparedRun(experiment, definition, task, split, basis, learner, problem, observer)


def _check_filled_in(settings: Settings, task: Task) -> None:
    """Refuse settings whose defaults for this task were not filled in, as `Experiment.of` does."""
    for name, value in settings.resolve(task.p, task.k).model_dump().items():
        if value is not None and getattr(settings, name) is None:
            raise InputError(f"{name}: must be filled in, as Experiment.of does, got None")


def memory_of(experiment: Experiment, task: Task, pad_to_fraction: float | None = None) -> MemoryNeed | None:
    """Estimate what a run needs at its peak; None where its learner does not say.

    Arguments:
        experiment: what to run.
        task: its task.
        pad_to_fraction: as in `prepare`.
    """
    n = count_of(max(experiment.fraction, pad_to_fraction or 0.0), task.size)
    return definition_of(experiment.learner).memory(experiment.learner, n, task)


def check_padding(experiment: Experiment) -> None:
    """Refuse to pad where padding would change more than rounding.

    Raises:
        InputError: a learner or settings that cannot mask examples, or a symmetric split.
    """
    definition = definition_of(experiment.learner)
    if not definition.can_pad(experiment.learner) or experiment.symmetric:
        raise InputError(
            "pad: must be used only by the learner mlp with full batches, without dropout, agop_weight and "
            f"symmetric splits, got other settings of {experiment.name} under {definition.name}"
        )


def initial_state(prepared: PreparedRun) -> Any:
    """Draw the state at step 0 from the run's streams."""
    seed = prepared.experiment.seed
    first, second = all_on_device((key_words(seed, "init"), key_words(seed, "batch")))
    return _init(prepared.learner, first, second, prepared.problem)


@eqx.filter_jit
def _init(learner: Any, first: Array, second: Array, problem: Problem) -> Any:
    return learner.init(key_of(first), key_of(second), problem)


def spacing_of(experiment: Experiment, task: Task, n: int, schedule: ObservationSchedule) -> int:
    """Return the least distance of a run's observations by default, from counted operations.

    Runs whose every observation keeps its weights are observed at every step at first.

    Arguments:
        experiment: what is run.
        task: its task.
        n: number of training inputs.
        schedule: see `RunOptions`.
    """
    definition = definition_of(experiment.learner)
    if schedule == "dense" or definition.keeps_every_observation:
        return 1
    operations = definition.count(experiment.learner, n, task)
    double = definition.double_precision(experiment.learner)
    step, observation = (
        NOMINAL.seconds(part, double=double) for part in (operations.step, operations.observation)
    )
    return observation_spacing(observation / step)


def context_of(prepared: PreparedRun, options: RunOptions) -> dict[str, Any]:
    """Return what a reader of the numbers must know beside them: the data, the command, versions."""
    special: dict[str, Any] = prepared.definition.context(prepared.experiment.learner)
    if options.ensemble > 1:
        special["ensemble"] = {"members": options.ensemble, "stepping": options.stepping}
    if prepared.problem.padded:
        special["padded_to"] = len(prepared.problem.inputs)
    return {
        **data_context(prepared.task, prepared.split, prepared.basis),
        SPACING: spacing_of(prepared.experiment, prepared.task, len(prepared.split.train), options.schedule),
        "command": options.command,
        "version": __version__,
        "jax": jax.__version__,
        "device": jax.devices()[0].platform,
        **special,
    }


def data_context(task: Task, split: Split, basis: Basis) -> dict[str, Any]:
    """Return what of it belongs to the data: sizes, chance levels, leakage, basis."""
    return {
        "operands": list(task.operands),
        "inputs": task.size,
        "excluded": task.excluded,
        "train": len(split.train),
        "test": len(split.test),
        "corrupted": int(np.sum(split.corrupted)),
        "chance": 1 / task.p,
        "majority": task.majority_share,
        **leakage_numbers(task, split),
        "zero_rows_constant": task.has_trivial_zero_rows,
        "basis": basis.name,
        "order": basis.order,
        **({"tasks": [part.name for part in task.parts]} if task.parts else {}),
    }
