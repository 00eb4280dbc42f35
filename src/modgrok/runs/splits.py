"""The split of an experiment: which inputs train it, drawn from its own streams."""

from __future__ import annotations

from ..tasks import Split, Task, split_task
from .experiment import Experiment
from .streams import words


def split_of(experiment: Experiment, task: Task) -> Split:
    """Draw the split of an experiment, the same whenever it is asked for.

    Arguments:
        experiment: gives fraction or fold, seed, orbits and corruption.
        task: of the experiment.

    Example:
        >>> experiment = Experiment.of("x + y", p=5, fraction=0.6)
        >>> len(split_of(experiment, experiment.build_task()).train)
        15
    """
    return split_task(
        task,
        experiment.fraction,
        words(experiment.seed, "split"),
        orbits=experiment.orbits,
        folds=experiment.folds,
        fold=experiment.fold,
        corruption=experiment.corruption,
        noise=words(experiment.seed, "noise"),
    )
