"""What a network answers by its partners in training: a memory that copies along a symmetry is found out."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.papers.furuta2024.mixtures import answered_by_partner
from modgrok.runs import Experiment
from modgrok.runs.splits import split_of


class Remembered:
    """Stands for a run whose network knows the labels of some inputs, and answers wrongly elsewhere."""

    def __init__(self, experiment: Experiment, *, signs: bool) -> None:
        from modgrok.tasks.symmetry import orbits

        self.task = experiment.build_task()
        self.split = split_of(experiment, self.task)
        count = len(self.task.parts) or 1
        trained = np.isin(np.arange(self.task.table.size), self.split.train)
        known = np.zeros(self.task.table.size, dtype=bool)
        for place, part in enumerate(self.task.parts or (self.task,)):
            own = orbits(part, signs=signs).ravel()
            known[place::count] = np.isin(own, own[trained[place::count]])
        labels = self.task.labels()
        self.answers = np.where(known[self.task.domain], labels, (labels + 1) % self.task.p)

    def network(self) -> Any:
        places = {tuple(row): at for at, row in enumerate(self.task.inputs().tolist())}

        def logits(inputs: Any) -> Any:
            at = [places[tuple(row)] for row in np.asarray(inputs).tolist()]
            return jnp.eye(self.task.p)[self.answers[at]]

        return logits


@pytest.mark.parametrize("expression", ["x^2 + y^2; x^2 + x*y + y^2; (x + y)^2", "x^2 + x*y + y^2"])
def test_copying_is_told_from_knowing(expression: str) -> None:
    experiment = Experiment.of(expression, p=13, fraction=0.6, learner="transformer")
    for signs in (False, True):
        memory = Remembered(experiment, signs=signs)
        for row in answered_by_partner(memory.task, memory.split, memory.network()):
            right, of = zip(*(map(int, cell.split(" of ")) for cell in row.values()), strict=True)
            assert right[0] == of[0] > 0
            assert right[1] == (of[1] if signs else 0)
            assert right[2] == 0
            assert of[1] > 0
