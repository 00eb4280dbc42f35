"""What runs cost on this machine: counted operations, times the rates of the machine.

Owns: the one estimate of time, from which `sweep --dry-run` and `reproduce --list` take theirs. Nothing is
trained or compiled here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ..learners.base.operations import Operations
from ..learners.base.rates import MachineRates
from ..learners.catalogue import definition_of
from ..runs import Experiment
from ..runs.options import ObservationSchedule
from ..runs.preparation import spacing_of
from ..runs.schedule import count_observations
from ..tasks import Task
from ..tasks.source import TaskSource
from ..tasks.split import count_of
from .grid.sweep_file import Member

PREPARATION = Operations(dispatches=200, numbers=1e6)
"""What a run does once: its task, split, basis and layout, its rows in the store."""


@dataclass(frozen=True)
class RunCost:
    """Seconds of a run that does not stop early.

    Arguments:
        compilation: of its programs; a run of the same shapes in the same process compiles nothing.
        preparation: of its exact objects.
        steps: of all steps.
        observations: of all observations.
    """

    compilation: float
    preparation: float
    steps: float
    observations: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.compilation + self.without_compilation

    @property
    def without_compilation(self) -> float:
        """All but what runs of the same shapes share."""
        return self.preparation + self.steps + self.observations


def cost_of_run(
    experiment: Experiment,
    steps: int,
    rates: MachineRates,
    *,
    observe_every: int | None = None,
    schedule: ObservationSchedule = "cost",
    pad_to_fraction: float | None = None,
) -> RunCost:
    """Estimate the seconds of a run from what its learner counts.

    Arguments:
        experiment: what is run; a task that is a table must be among its assets.
        steps: that it makes, at least 1.
        rates: of the machine; see `rates_of_machine`.
        observe_every, schedule, pad_to_fraction: see `RunOptions`.

    Example:
        >>> from modgrok.learners.base.rates import NOMINAL
        >>> small, large = (Experiment.of("x + y", p=p, width=64) for p in (5, 97))
        >>> cost_of_run(small, 100, NOMINAL).total < cost_of_run(large, 100, NOMINAL).total
        True
    """
    definition = definition_of(experiment.learner)
    task = _task(experiment.task) if experiment.task.table is None else experiment.build_task()
    n = max(1, count_of(max(experiment.fraction, pad_to_fraction or 0.0), task.size))
    operations = definition.count(experiment.learner, n, task)
    observed = count_observations(steps, observe_every, spacing_of(experiment, task, n, schedule))
    double = definition.double_precision(experiment.learner)
    return RunCost(
        compilation=operations.compilations * rates.compilation,
        preparation=rates.seconds(PREPARATION),
        steps=steps * rates.seconds(operations.step, double=double),
        observations=observed * rates.seconds(operations.observation, double=double),
    )


def cost_of_member(member: Member, rates: MachineRates, schedule: ObservationSchedule = "cost") -> RunCost:
    """Estimate the seconds of a run of a sweep; see `cost_of_run`."""
    return cost_of_run(
        member.experiment,
        member.steps,
        rates,
        observe_every=member.observe_every,
        schedule=schedule,
        pad_to_fraction=member.pad_to_fraction,
    )


@cache
def _task(source: TaskSource) -> Task:
    return source.build(None)
