"""The orbit null and the explained share beside the chance levels, in every face."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modgrok.reports.words import data_words
from modgrok.runs import Experiment
from modgrok.runs.splits import split_of
from modgrok.tasks.null import LEAKAGE, leakage_numbers

Call = Callable[..., Any]
SMALL = ("--p", "7", "--learner", "rfm", "--fraction", "0.6", "--steps", "1")


def expected(text: str, **options: Any) -> dict[str, Any]:
    experiment = Experiment.of(text, p=7, learner="rfm", fraction=0.6, **options)
    task = experiment.build_task()
    return leakage_numbers(task, split_of(experiment, task))


def of(values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in LEAKAGE}


def test_every_face_has_the_same_numbers(call: Call) -> None:
    numbers = expected("x*y")
    assert numbers["swap_share"] > 0.3
    trained = call("train", "x*y", *SMALL, "--json")
    assert of(trained.json) == numbers
    assert "orbit null" in trained.out
    description = call("runs", "show", "latest", "--json")
    (run,) = description.json["runs"]
    assert of(run) == of(run["context"]) == numbers
    assert "have a permutation in training" in description.out
    measured = call("measure", "latest", "--json")
    assert of(measured.json) == numbers
    assert "orbit null" in measured.out
    shares = [entry["explained_share"] for entry in measured.json["measures"]]
    assert trained.json["explained_share"] == run["explained_share"] == shares[-1]
    assert 0 <= shares[-1] <= trained.json["test_accuracy"]
    assert "of the test inputs have a permutation in the training set" in data_words(run["context"])
    (run_entry,) = call("runs", "list", "--json").json["runs"]
    assert of(run_entry) == numbers


@pytest.mark.long
def test_a_task_without_symmetry_or_form_has_nulls(call: Call) -> None:
    text = "x^2*y + x - y"
    result = call("train", text, *SMALL, "--json").json
    assert of(result) == expected(text)
    assert (result["swap_share"], result["explained_share"]) == (None, None)
    (run,) = call("runs", "show", "latest", "--json").json["runs"]
    assert (run["swap_share"], run["explained_share"]) == (None, None)
    measured = call("measure", "latest", "--json")
    assert [entry["explained_share"] for entry in measured.json["measures"]] == [None, None]
    assert "no permutation of operands keeps the labels" in measured.out


def test_corrupted_labels_are_those_of_the_null(call: Call) -> None:
    result = call("train", "x + y", *SMALL, "--corruption", "0.5", "--json").json
    assert of(result) == expected("x + y", corruption=0.5)
    assert result["orbit_accuracy"] < expected("x + y")["orbit_accuracy"]


@pytest.mark.long
def test_mixtures_have_numbers_of_all_tasks(call: Call) -> None:
    result = call("train", "x + y; x - y", *SMALL, "--json").json
    assert of(result) == expected("x + y; x - y")
    assert result["explained_share"] is not None


@pytest.mark.long
def test_a_file_has_no_split(call: Call) -> None:
    call("construct", "x + y", "--p", "7", "-o", "net.safetensors")
    result = call("measure", "net.safetensors", "--json").json
    assert of(result) == dict.fromkeys(LEAKAGE)
    assert result["measures"][0]["explained_share"] == 1.0


def test_runs_of_an_older_version_have_nulls(call: Call) -> None:
    numbers = of(call("train", "x*y", *SMALL, "--json").json)
    database = sqlite3.connect("runs/modgrok.sqlite")
    (text,) = database.execute("SELECT context FROM runs").fetchone()
    older = {name: value for name, value in json.loads(text).items() if name not in LEAKAGE}
    database.execute("UPDATE runs SET context = ?", (json.dumps(older),))
    database.commit()
    database.close()
    description = call("runs", "show", "latest", "--json")
    (run,) = description.json["runs"]
    assert of(run) == dict.fromkeys(LEAKAGE)
    assert "not recorded" in description.out
    assert "orbit" not in data_words(run["context"])
    assert of(call("measure", "latest", "--json").json) == numbers  # counted again from the split
    assert call("report", "latest", "-o", "report.html").code == 0


def test_a_damaged_network_leaves_the_run_readable(call: Call) -> None:
    call("train", "x*y", *SMALL)
    for file in Path("runs").glob("*/weights-*.safetensors"):
        file.write_bytes(b"damaged")
    recorded = call("runs", "show", "latest", "--json").json["runs"][0]["explained_share"]
    assert recorded == 0.25
    with sqlite3.connect("runs/modgrok.sqlite") as connection:  # as an earlier version left it
        connection.execute("UPDATE checkpoints SET explained_share = NULL")
    connection.close()
    description = call("runs", "show", "latest", "--json")
    assert description.code == 0
    assert description.json["runs"][0]["explained_share"] is None
    assert "explained share not counted" in description.err


def test_splits_by_orbits(call: Call) -> None:
    swap = call("train", "x*y", *SMALL, "--orbits", "swap", "--json").json
    assert swap["run"] == call("train", "x*y", *SMALL, "--symmetric", "--json").json["run"]
    assert swap["swap_share"] == 0
    sign = call("train", "x*y", *SMALL, "--orbits", "sign", "--json").json
    assert sign["run"] != swap["run"]
    majority = expected("x*y", orbits="sign")
    assert sign["orbit_accuracy"] == sign["sign_accuracy"] == majority["sign_accuracy"]
    refused = call("train", "x*y", *SMALL, "--orbits", "all")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "orbits: must be one of" in refused.err


@pytest.mark.parametrize("learner", ["mlp", "rfm", "transformer"])
def test_ids_of_earlier_versions_stay(learner: str) -> None:
    plain = Experiment.of("x*y", p=31, learner=learner, seed=3)
    swap = Experiment.of("x*y", p=31, learner=learner, seed=3, symmetric=True)
    same = Experiment.of("x*y", p=31, learner=learner, seed=3, orbits="swap")
    sign = Experiment.of("x*y", p=31, learner=learner, seed=3, orbits="sign")
    assert len({plain.id, swap.id, sign.id}) == 3
    assert (swap, swap.id) == (same, same.id)
    assert swap.id == EARLIER[learner]
    assert plain.id == Experiment.of("x*y", p=31, learner=learner, seed=3, orbits="none", symmetric=False).id
    assert (plain.symmetric, swap.symmetric, sign.symmetric) == (False, True, True)
    stored = json.loads(swap.canonical_json())
    del stored["orbits"]  # as an earlier version wrote it
    assert Experiment.from_json(json.dumps(stored)) == swap


EARLIER = {
    "mlp": "63aff2c35c26",
    "rfm": "daf886b1bb2e",
    "transformer": "266ab15e84fd",
}
