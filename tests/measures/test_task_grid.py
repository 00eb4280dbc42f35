"""Pairs of the tasks of a run: mixtures, the extended domain, training sets."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from modgrok.measures.circuit import task_grid
from modgrok.measures.circuit.task_grid import task_grids
from modgrok.runs import Experiment
from modgrok.runs.splits import split_of
from modgrok.tasks.mixture import task_from_text


@pytest.mark.parametrize(
    ("text", "extended_domain"), [("x*y", False), ("x + y", True), ("x + y; x*y", False)]
)
def test_chosen_pairs_are_those_of_the_table(text: str, extended_domain: bool) -> None:
    run = task_from_text(text, 5, extended_domain=extended_domain)
    sample = np.random.default_rng(0).choice(run.domain, size=len(run.domain) // 2, replace=False)
    members = {tuple(inputs) for inputs in run.inputs(sample).tolist()}
    for at in task_grids(run):
        chosen = at.chosen(run, sample)
        for inputs, answer, inside in zip(at.grid.inputs.tolist(), at.grid.targets, chosen, strict=True):
            place = tuple(inputs) + (() if at.number is None else (at.number,))
            assert inside == (place in members)
            assert answer == run.table[place]


def test_tasks_of_a_mixture_have_their_own_bases() -> None:
    result = task_grids(task_from_text("x + y; x*y; x - y", 7))
    assert [(at.number, at.basis.name) for at in result] == [
        (0, "additive"), (1, "multiplicative"), (2, "additive"),
    ]  # fmt: skip
    assert task_grids(task_from_text("x + y + z", 5)) == ()
    assert [at.number for at in task_grids(task_from_text("x + y", 5))] == [None]


def test_a_split_is_the_same_whenever_asked_for() -> None:
    experiment = Experiment.of("x + y", p=11, fraction=0.4, seed=3)
    task = experiment.build_task()
    np.testing.assert_array_equal(split_of(experiment, task).train, split_of(experiment, task).train)
    assert len(split_of(experiment, task).train) == 48


def test_examples() -> None:
    result = doctest.testmod(task_grid)
    assert result.attempted
    assert not result.failed
