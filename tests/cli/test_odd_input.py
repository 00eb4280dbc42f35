"""Odd but legal input, and input that had passed without a word: what a reviewer found."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import modgrok
from modgrok.display import percent
from modgrok.learners.external.settings import ExternalSettings
from modgrok.measures.fourier.task_basis import basis_of_task
from modgrok.reports.charts.bands import milestone_cell
from modgrok.runs import Experiment, RunOptions, Store, run
from modgrok.runs.split_arrays import arrays
from modgrok.tasks import InputError, task_from_expression, task_from_table
from modgrok.training.problem import make_problem

Call = Callable[..., Any]
SMALL = ("x + y", "--p", "5", "--width", "8", "--steps", "3")


def test_integers_of_numpy_are_recorded_as_integers(tmp_path: Path) -> None:
    experiment = Experiment.of("x + y", p=np.int64(5), width=8)
    with Store(tmp_path) as store:
        run(experiment, store=store, steps=np.int64(3), observe_every=np.int32(1), early_stop=np.bool_(False))
        damaged: list[InputError] = []
        (row,) = store.rows(damaged.append)
    assert (row.budget, row.step, damaged) == (3, 3, [])


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"steps": 2.5}, "steps"),
        ({"steps": True}, "steps"),
        ({"observe_every": 0}, "observe_every"),
        ({"early_stop": 1}, "early_stop"),
        ({"weights": "all"}, "weights"),
        ({"schedule": "never"}, "schedule"),
        ({"pad_to_fraction": 3.0}, "pad_to_fraction"),
    ],
)
def test_options_of_another_kind_are_refused(options: dict[str, Any], name: str) -> None:
    with pytest.raises(InputError, match=f"^{name}: must be"):
        RunOptions(**options)


def test_tables_of_the_same_numbers_and_another_shape_are_two(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).integers(0, 2, 16)
    tasks = [task_from_table(numbers.reshape(shape)) for shape in ((4, 4), (2, 2, 2, 2))]
    assert tasks[0].digest != tasks[1].digest
    assert tasks[0].digest == tasks[0].digests[1]  # as in earlier versions
    assert tasks[0].digests[1] == tasks[1].digests[1]
    with Store(tmp_path) as store:
        for task in tasks:
            experiment = Experiment.of(table=task, width=8)
            run(experiment, store=store, steps=2)
            assert run(experiment, store=store, steps=3).row.step == 3


def test_a_matrix_that_would_not_be_used_is_refused(call: Call) -> None:
    np.save("M.npy", np.eye(10))
    rfm = ("train", "x + y", "--p", "5", "--learner", "rfm", "--steps", "1", "--feature-matrix", "M.npy")
    assert call(*rfm).code == 0
    refused = call(*rfm, "--initial", "identity")
    assert (refused.code, refused.err.startswith("modgrok: initial: must be stored")) == (2, True)


def test_options_for_reading_are_refused_where_nothing_is_read_by_them(call: Call) -> None:
    assert call("construct", "x + y", "--p", "5", "-o", "sum.safetensors").code == 0
    np.save("logits.npy", np.zeros((25, 5)))
    for words in (
        ("measure", "sum.safetensors", "--expression", "x + y", "--p", "5", "--activation", "relu"),
        ("import", "sum.safetensors", "--heads", "3"),
        ("explain", "x + y", "--p", "5", "--logits", "logits.npy", "--heads", "3"),
    ):
        result = call(*words)
        assert (result.code, "must be left out" in result.err) == (2, True), words


def test_a_width_builds_that_many_random_neurons(call: Call) -> None:
    words = ("construct", "x + y", "--p", "97", "--width", "500", "--frequencies", "3")
    assert call(*words).out.count("500 neurons") == 1


def test_shares_are_printed_as_counted() -> None:
    for count in range(10_000):
        assert Fraction(percent(count / 10_000).rstrip("%")) == Fraction(count, 100), count
    assert percent(1 - 1e-14) == "99.99%"


def test_none_is_a_value_of_some_fields(call: Call) -> None:
    assert call("train", *SMALL).code == 0
    assert call("train", *SMALL, "--orbits", "swap").code == 0
    both = call("runs", "list", "--json").json["runs"]
    (plain,) = call("runs", "list", "--where", "orbits=none", "--json").json["runs"]
    (swap,) = call("runs", "list", "--where", "orbits!=none", "--json").json["runs"]
    assert {plain["id"], swap["id"]} == {one["id"] for one in both}
    assert call("train", *SMALL, "--seed", str(2**63 - 1)).code == 0
    assert call("runs", "list", "--where", "seed<none").code == 2
    (large,) = call("runs", "list", "--where", f"seed={2**63 - 1}", "--json").json["runs"]
    assert large["id"] not in {one["id"] for one in both}


def test_arrays_have_the_split_of_train_or_none() -> None:
    assert (arrays("x*y", p=7, seed=np.int64(1)).train == arrays("x*y", p=7, seed=1).train).all()
    for seed in (1.0, True, -1, 2**63):
        with pytest.raises(InputError, match=r"^seed: must be"):
            arrays("x*y", p=7, seed=seed)  # type: ignore[arg-type]


def test_products_mod_2_are_measured_in_the_natural_order(call: Call) -> None:
    assert basis_of_task(task_from_expression("x*y", 2)).name == "natural"
    assert call("train", "x*y", "--p", "2", "--width", "4", "--steps", "3").code == 0
    assert call("measure", "latest").code == 0


def test_steps_of_zero_are_drawn() -> None:
    rows = [
        {"x": at, "line": "", "low": low, "middle": low, "high": high, "open": high is None}
        for at, low, high in ((0.5, 40.0, 50.0), (0.7, 10.0, None), (0.9, 0.0, 0.0))
    ]
    cell = milestone_cell(rows, "fraction", None, "step")
    assert cell.outer_height(400) > 0


def test_what_has_no_use_is_refused(call: Call) -> None:
    transformer = ("--learner", "transformer", "--d-model", "16", "--heads", "2", "--d-mlp", "16")
    assert call("train", "x + y", "--p", "5", "--steps", "2", *transformer).code == 0
    for words, name in (
        (("measure", "latest", "--per-class"), "per_class"),
        (("export", "latest", "--format", "csv", "--step", "999"), "step"),
        (("construct", "x + y", "--p", "5", "--experts", "--beta", "1e300"), "beta"),
        (("construct", "x + y", "--p", "5", "--beta", "7"), "beta"),
        (("construct", "x + y", "--p", "5", "--seed", "3"), "seed"),
        (("reproduce", "--list", "gromov2023/fig1-loss", "-o", "book"), "output"),
    ):
        result = call(*words)
        assert (result.code, result.err.startswith(f"modgrok: {name}: must be")) == (2, True), words


def test_a_refused_run_leaves_no_folder(call: Call, tmp_path: Path) -> None:
    assert call("train", "x + y", "--p", "5", "--fraction", "1e-9").code == 2
    folders = [path for path in (tmp_path / "runs").glob("*") if path.is_dir()]
    assert folders == []


def test_a_run_is_named_in_its_own_store(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("train", *SMALL).code == 0
    run_id = call("runs", "list", "--json").json["runs"][0]["id"]
    monkeypatch.chdir(tmp_path / "runs")
    assert call("measure", run_id, "--runs", ".").code == 0


def test_zero_operands_are_those_of_the_residue() -> None:
    task = task_from_expression("x*y", 5, extended_domain=True)
    split = modgrok.tasks.split_task(task, 0.5, np.random.PCG64(0))
    nonzero = np.asarray(make_problem(task, split).groups[4])
    assert (task.inputs()[nonzero] % 5 != 0).all()


def test_logits_too_large_for_their_squares_are_refused(call: Call) -> None:
    np.save("logits.npy", np.full((25, 5), 1e300))
    result = call("explain", "x + y", "--p", "5", "--logits", "logits.npy")
    assert (result.code, result.err.startswith("modgrok: logits: must be at most")) == (2, True)


def test_settings_of_foreign_runs_hide_nothing(tmp_path: Path) -> None:
    for settings in ({"tag": "x"}, {"folds": 3}, {"n": 2**70}):
        with pytest.raises(InputError, match=r"^settings"):
            modgrok.log("x + y", p=5, settings=settings, runs=tmp_path / "unused")
        assert not (tmp_path / "unused").exists()
        assert ExternalSettings(**settings).model_dump().items() >= settings.items()  # of an earlier version
