"""Values of odd types and runs of odd content, in Python: one line each, or what was meant."""

from __future__ import annotations

import copy
import pickle
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import modgrok
from modgrok import Experiment
from modgrok.decide import decide_table
from modgrok.runs import Store
from modgrok.runs.assets import stored_experiment
from modgrok.tasks import InputError, TaskSource, task_from_expression, task_from_table


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Experiment.of("x + y", p=5, seed=True), "seed: must be an integer, got"),
        (lambda: Experiment.of("x + y", p=5, seed="3"), "seed: must be an integer, got"),
        (lambda: Experiment.of("x + y", p=5, width=True), "width: must be an integer, got"),
        (lambda: Experiment.of("x + y", p=5, lr="0.5"), "lr: must be a number, got"),
        (lambda: Experiment.of(b"x + y", p=5), "expression: must be text, got"),  # type: ignore[arg-type]
        (lambda: Experiment.of(group=5), "group: must be text, got"),  # type: ignore[arg-type]
        (lambda: Experiment.of(table=np.eye(3)), "table: must be a task"),  # type: ignore[arg-type]
        (lambda: Experiment.of("x + y", p=5, width=1_234_567), "width: must be at most 1000000, got 1234567"),
        (
            lambda: modgrok.run(Experiment(task=TaskSource(expression="x + y", p=5)), steps=3),
            "activation: must be filled in, as Experiment.of does, got None",
        ),
        (
            lambda: modgrok.run(Experiment.of("x + y", p=5), store="runs"),  # type: ignore[arg-type]
            "store: must be an open store",
        ),
        (lambda: modgrok.log("x + y", p=5, runs=5), "runs: must be a folder"),  # type: ignore[arg-type]
        (lambda: modgrok.log("x + y", p=5, settings=[1]), "settings: must be a map"),  # type: ignore[arg-type]
        (lambda: modgrok.log("x + y", p=5, seed=True), "seed: must be an integer, got True"),
        (lambda: modgrok.log("x + y", p=5, fraction="0.5"), "fraction: must be a number"),  # type: ignore[arg-type]
        (lambda: modgrok.log("x + y", p=5, name=5), "name: must be a string, got 5"),  # type: ignore[arg-type]
        (lambda: Experiment.of("x + y", p=5, width=100.0), "width: must be an integer, got 100.0"),
    ],
)
def test_a_value_of_another_type_is_bad_input(build: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError) as refusal:
        build()
    assert str(refusal.value).startswith(message)


def test_numbers_of_numpy_are_numbers() -> None:
    plain = Experiment.of("x + y", p=5, width=7, lr=0.5, seed=3)
    assert Experiment.of("x + y", p=5, width=np.int64(7), lr=np.float64(0.5), seed=np.uint8(3)).id == plain.id
    table = task_from_expression("x*y", 5).table
    assert decide_table(table, np.int32(5)).form == "multiplicative"


@pytest.mark.parametrize("again", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_experiments_and_runs_can_be_copied(again: Callable[[Any], Any]) -> None:
    experiment = Experiment.of("x + y", p=5)
    assert (again(experiment), again(experiment).id) == (experiment, experiment.id)
    result = modgrok.run(experiment, steps=2)
    assert again(result).row == result.row
    assert not again(result.task).table.flags.writeable


@pytest.mark.parametrize("again", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_experiments_are_copied_with_their_tables(tmp_path: Path, again: Callable[[Any], Any]) -> None:
    task = task_from_table(np.arange(9).reshape(3, 3) % 3)
    experiment = Experiment.of(table=task, fraction=0.7)
    with Store(tmp_path) as store:
        modgrok.run(experiment, steps=1, store=store)
        stored = stored_experiment(store, store.get(experiment.id))
        copies = [again(experiment), again(stored), again(experiment.with_assets(experiment.assets))]
    for one in copies:
        assert np.array_equal(one.build_task().table, task.table)


def test_a_setting_may_not_hide_a_recorded_number(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="must not use the name of a field or of a recorded number, got 'test_accuracy'"
    ):
        modgrok.log("x + y", p=5, settings={"test_accuracy": 1.0}, runs=tmp_path)


def test_numbers_beyond_float32_end_a_logged_run_as_diverged(tmp_path: Path) -> None:
    with modgrok.log("x + y", p=5, settings={"lr": np.float32(0.5)}, runs=tmp_path) as run:
        assert run.observe(0, logits=np.full((25, 5), 1e300)) == {}
    assert run.row.status == "diverged"


def test_arrays_that_a_network_does_not_have_are_not_dropped(tmp_path: Path) -> None:
    weights = {"embedding": np.ones((2, 5, 3)), "readout": np.ones((5, 3)), "bias": np.ones(5)}
    with modgrok.log("x + y", p=5, runs=tmp_path) as run:
        with pytest.raises(InputError, match="alone, got bias as well"):
            run.keep(0, weights, kind="mlp", activation="relu")
        names = {"embedding": "embedding", "readout": "readout"}
        assert run.keep(0, weights, kind="mlp", names=names, activation="relu").exists()


def test_a_row_with_another_experiment_is_damaged(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        result = modgrok.run(Experiment.of("x + y", p=5), steps=2, store=store)
    with sqlite3.connect(tmp_path / "modgrok.sqlite") as connection:
        connection.execute("UPDATE runs SET experiment = replace(experiment, '\"seed\":0', '\"seed\":5')")
    connection.close()
    with (
        Store(tmp_path) as store,
        pytest.raises(InputError, match=f"run {result.row.id}: experiment: must be"),
    ):
        stored_experiment(store, store.get(result.row.id))
