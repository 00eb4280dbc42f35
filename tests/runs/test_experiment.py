"""The identity of a run, and refusals in one line."""

from __future__ import annotations

import json

import numpy as np
import pytest

from modgrok.runs import Experiment
from modgrok.runs.splits import split_of
from modgrok.sweeps.grid.sweep_file import make_sweep
from modgrok.tasks import InputError, task_from_table


def test_equal_content_is_one_run_and_any_change_another() -> None:
    base = Experiment.of("x + y", p=97)
    assert base.id == Experiment.of("y+x", p=97, width=500, seed=0, lr=1e6).id
    changes = [
        {"p": 89},
        {"seed": 1},
        {"fraction": 0.4},
        {"symmetric": True},
        {"corruption": 0.1},
        {"lr": 1e5},
        {"width": 499},
        {"optimiser": "adamw"},
        {"parametrisation": "doshi"},
        {"loss": "cross_entropy"},
        {"batch_size": 64},
        {"dropout": 0.1},
        {"init_scale": 2.0},
        {"inputs": "random-circulant"},
    ]
    ids = {Experiment.of("x + y", **{"p": 97, **change}).id for change in changes}
    assert len(ids) == len(changes)
    assert base.id not in ids


def test_the_id_is_stable_for_ever() -> None:
    assert Experiment.of("x + y", p=97, lr=1e6).id == "450f702ed79c"


def test_json_round_trip() -> None:
    experiment = Experiment.of("x^2 + y", p=31, optimiser="adamw", weight_decay=5)
    again = Experiment.model_validate_json(experiment.canonical_json())
    assert again == experiment
    assert again.id == experiment.id
    assert json.loads(experiment.canonical_json())["task"]["expression"] == "x^2 + y"


def test_sources() -> None:
    group = Experiment.of(group="S3")
    assert group.name == "S3"
    assert group.build_task().p == 6
    task = task_from_table(np.array([[0, 1], [1, 0]]))
    experiment_of_table = Experiment.of(table=task)
    assert experiment_of_table.build_task(task) is task
    assert experiment_of_table.build_task().digest == task.digest  # an experiment carries its table
    with pytest.raises(InputError, match="SHA-256"):
        Experiment.model_validate_json(experiment_of_table.canonical_json()).build_task()


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("x + y",), {}, "p: must be given"),
        ((), {"p": 7}, "expression: must be exactly one"),
        (("x + y",), {"p": 7, "group": "S3"}, "expression: must be exactly one"),
        ((), {"group": "S3", "p": 7}, "p: S3 has 6 values, got 7"),
        (("x + y",), {"p": 97, "width": 0}, "width: must be at least 1, got 0"),
        (("x + y",), {"p": 97, "lr": float("nan")}, "lr: must be finite, got nan"),
        (("x + y",), {"p": 97, "lr": -1.0}, "lr: must be above 0, got -1"),
        (("x + y",), {"p": 97, "fraction": 0}, "fraction: must be above 0, got 0"),
        (("x + y",), {"p": 97, "fraction": 1.5}, "fraction: must be below 1, got 1.5"),
        (("x + y",), {"p": 97, "learner": "gpt"}, "learner: must be one of mlp"),
        (("x + y",), {"p": 97, "optimiser": "sgd"}, "optimiser: must be one of"),
        (("x + y",), {"p": 97, "activation": "tanh"}, "activation: must be powerS"),
        (("x + y",), {"p": 97, "dropout": 1}, "dropout: must be below 1, got 1"),
        (
            ("x + y",),
            {"p": 97, "widht": 3},
            "widht: is not an option of the learner mlp; did you mean width?",
        ),
        (("x + y",), {"p": 97, "seed": -1}, "seed: must be at least 0, got -1"),
        (("x + y",), {"p": 97, "width": 2.5}, "width: must be an integer, got 2.5"),
        (("x +",), {"p": 97}, "expression: ends where"),
    ],
)
def test_refusals(arguments: tuple[str, ...], options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as refusal:
        Experiment.of(*arguments, **options)
    assert str(refusal.value).startswith(message)
    assert "\n" not in str(refusal.value)


def test_folds_are_part_of_the_experiment_and_give_its_fraction() -> None:
    plain = Experiment.of("x + y", p=11, fraction=0.9, orbits="swap")
    folded = [Experiment.of("x + y", p=11, orbits="swap", folds=10, fold=fold) for fold in range(10)]
    assert len({plain.id, *(each.id for each in folded)}) == 11
    assert {each.fraction for each in folded} == {0.9}
    assert Experiment.of("x + y", p=11, orbits="swap", folds=10, fraction=0.9).id == folded[0].id
    assert Experiment.from_json(folded[3].canonical_json()) == folded[3]
    task = plain.build_task()
    tested = np.concatenate([split_of(each, task).test for each in folded])
    assert np.array_equal(np.sort(tested), task.domain)
    for options, message in (
        ({"folds": 10, "fraction": 0.5}, "fraction: must be left out or 0.9 with 10 folds, got 0.5"),
        ({"folds": 1}, "folds: must be 0 or at least 2, got 1"),
        ({"folds": 10, "fold": 10}, "fold: must be below folds, 10, got 10"),
        ({"fold": 1}, "fold: must be used with folds, the number of them, got 1"),
        ({"folds": -2}, "folds: must be at least 0, got -2"),
    ):
        with pytest.raises(InputError, match=f"^{message}$"):
            Experiment.of("x + y", p=11, **options)


@pytest.mark.parametrize("learner", ["mlp", "transformer", "rfm"])
def test_every_learner_takes_folds_also_in_sweep_files(learner: str) -> None:
    content = {
        "name": "folded",
        "base": {"expression": "x + y", "p": 7, "learner": learner, "orbits": "swap", "folds": 5},
        "axes": {"fold": [0, 4], "seed": [0, 1]},
    }
    members = make_sweep(content).members
    assert [(m.experiment.fold, m.experiment.seed) for m in members] == [(0, 0), (0, 1), (4, 0), (4, 1)]
    assert all(len(split_of(m.experiment, m.experiment.build_task()).test) in (9, 10, 11) for m in members)
    with pytest.raises(InputError, match=r"^fold: must be an integer, got 'a'$"):
        make_sweep({**content, "axes": {"fold": ["a"]}})
