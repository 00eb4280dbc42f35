"""A store that version 0.1.0 wrote at da7e0ba opens, lists, exports, measures, reports and resumes equal.

`make_old_store.py` made the fixture and says what is in it. Resumed numbers are compared bit for bit where
this machine rounds as the one that wrote them: the same versions, flags and device, and the same result of a
probe that calls nothing of modgrok. Elsewhere they must agree to 1e-5, for 40 steps of small networks carry
the last bit no further.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from make_old_store import EXPERIMENTS, FLAGS, FURTHER, RUNS, machine

from modgrok.runs import Experiment, Store, read_network_file
from modgrok.runs.store.arrays import read_arrays

FIXTURE = Path(__file__).parent / "v0.1.0"
IDS = json.loads((FIXTURE / "experiments.json").read_text())
MEASURED, PICTURED = ("metric",), ("small",)
"""What is measured and drawn in the default tests: others are compiled for up to twenty seconds."""
RESUMED = ("table", "metric", "embedding", "interrupted", "group")
"""Some for every day; all of them in a long test."""
DRAWN = ("mlp", "corrupted", "metric", "embedding", "small")
"""One of each kind, and the sweep."""
CLOCK = ("seconds", "step_seconds", "seconds_per_step", "created", "updated", "context", "settings")
"""What depends on the clock or on the version that reads: not compared."""
ON_S3 = "5afafb1b9887"
WAVES = ("ipr", "phase_coherence", "frequencies", "nfm_agop_correlation", "nfm_deviation", "nfm_orientation",
         "agop_deviation", "agop_orientation")  # fmt: skip
"""Numbers of that run which belong to a basis."""
AGREE = {"rtol": 1e-5, "atol": 1e-6}
REGROUPED = ("gradient_norm",)
"""Observed, no part of the state: the sum may be grouped otherwise, so that its last bit differs."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("old")
    with zipfile.ZipFile(FIXTURE / "files.zip") as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def expected(files: Path) -> dict[str, Any]:
    content = json.loads((files / "expected.json").read_text())
    assert isinstance(content, dict)
    return content


@pytest.fixture
def store(files: Path, tmp_path: Path) -> str:
    """A copy, which a test may write to."""
    return str(shutil.copytree(files / "store", tmp_path / "store"))


@pytest.fixture(scope="module")
def same_bits(expected: dict[str, Any]) -> bool:
    """Say whether this machine rounds as the one on which the fixture was made."""
    return machine() == expected["machine"]


def without_waves(entry: dict[str, Any], run: str) -> dict[str, Any]:
    """Leave out what is now measured in a group's own representations, and was in a cyclic basis before."""
    return {name: value for name, value in entry.items() if run != ON_S3 or name not in WAVES}


def timeless(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in (*CLOCK, "records", "checkpoints")}


def assert_known(old: dict[str, Any], new: dict[str, Any]) -> None:
    """All that was told then is told now, and equal; later versions may tell more."""
    assert {name: new[name] for name in timeless(old)} == timeless(old)


def assert_numbers(old: dict[str, Any], new: dict[str, Any], exact: bool) -> None:
    """Every number of then is there now: equal, or to rounding."""
    for name, value in old.items():
        here = new[name]
        if isinstance(value, dict):
            assert_numbers(value, here, exact)
        elif name in REGROUPED:
            np.testing.assert_allclose(here, value, err_msg=name, rtol=2.4e-7)
        elif exact or not isinstance(value, float | np.ndarray):
            np.testing.assert_array_equal(here, value, err_msg=name)
        else:
            np.testing.assert_allclose(here, value, err_msg=name, **AGREE)


def test_runs_are_listed_as_before(call: Any, store: str, expected: dict[str, Any]) -> None:
    entries = call("runs", "list", "--runs", store, "--json").json["runs"]
    assert [entry["id"] for entry in entries] == [entry["id"] for entry in expected["listed"]]
    for old, new in zip(expected["listed"], entries, strict=True):
        assert_known(old, new)
    swept = call("runs", "list", "--sweep", "small", "--runs", store, "--json").json["runs"]
    assert [entry["id"] for entry in swept] == [expected["runs"][f"sweep-{i}"] for i in range(4)]


def test_runs_are_shown_as_before(call: Any, store: str, expected: dict[str, Any]) -> None:
    for run, old in expected["shown"].items():
        (new,) = call("runs", "show", run, "--runs", store, "--json").json["runs"]
        assert_known(old, new)
        checkpoints = [{**entry, "path": Path(entry["path"]).name} for entry in new["checkpoints"]]
        for before, now in zip(old["checkpoints"], checkpoints, strict=True):
            assert {name: now[name] for name in before} == before
        for before, now in zip(old["records"], new["records"], strict=True):
            assert_numbers(before, now, exact=True)


def test_exports_are_the_same(call: Any, store: str, files: Path, expected: dict[str, Any]) -> None:
    for run in expected["runs"].values():
        call("export", run, "--format", "csv", "-o", "now.csv", "--runs", store)
        assert_rows(files / "exports" / f"{run}.csv", Path("now.csv"))
        call("export", run, "--format", "safetensors", "-o", "now.safetensors", "--runs", store)
        before = (files / "exports" / f"{run}.safetensors").read_bytes()
        assert Path("now.safetensors").read_bytes() == before
    call("export", "small", "--format", "csv", "-o", "now", "--runs", store)
    for path in (files / "exports" / "sweep").glob("*.csv"):
        assert_rows(path, Path("now") / path.name)


def assert_rows(before: Path, now: Path) -> None:
    """Every column of then is there now, with the same text."""
    old, new = (list(csv.DictReader(path.read_text().splitlines())) for path in (before, now))
    if before.name == "dictionary.csv":  # later versions may have more columns, and other words for them
        old = [{name: text for name, text in row.items() if name != "meaning"} for row in old]
        known = [(row["table"], row["column"]) for row in old]
        new = [row for row in new if (row["table"], row["column"]) in known]
    assert len(old) == len(new)
    for a, b in zip(old, new, strict=True):
        assert {name: b.get(name) for name in a} == a, before.name


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name not in MEASURED)) for name in RUNS]
)
def test_measures_agree(call: Any, store: str, expected: dict[str, Any], name: str) -> None:
    """To rounding, wherever: how a measure is compiled is not what a store promises."""
    run = expected["runs"][name]
    measured = call("measure", run, "--runs", store, "--json").json["measures"]
    for old, new in zip(expected["measured"][run], measured, strict=True):
        assert_numbers(without_waves(old, run), new, exact=False)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name not in PICTURED)) for name in DRAWN]
)
def test_reports_are_drawn(call: Any, store: str, expected: dict[str, Any], name: str) -> None:
    run = expected["runs"].get(name, name)
    assert call("report", run, "-o", "report.svg", "--runs", store).code == 0
    text = Path("report.svg").read_text()
    assert len(list(ElementTree.fromstring(text).iter("{http://www.w3.org/2000/svg}path"))) > 10
    assert "NaN" not in text


@pytest.mark.few(1)
@pytest.mark.parametrize("name", RESUMED)
def test_runs_resume_as_before(
    call: Any, store: str, files: Path, tmp_path: Path, expected: dict[str, Any], same_bits: bool, name: str
) -> None:
    run = expected["runs"][name]
    old = expected["resumed"][run]
    (tmp_path / "weights").mkdir()
    steps = str(FURTHER[old["learner"]])
    assert call("runs", "resume", run, "--steps", steps, "--runs", store).code == 0
    (new,) = call("runs", "show", run, "--runs", store, "--json").json["runs"]
    call("export", run, "-o", f"weights/{run}.safetensors", "--runs", store)
    assert_continued(old, new, files / "continued", tmp_path / "weights", same_bits)


@pytest.mark.long
def test_all_runs_resume_as_before(store: str, files: Path, tmp_path: Path, expected: dict[str, Any]) -> None:
    """In a process that compiles as the one that made the fixture."""
    weights = tmp_path / "weights"
    weights.mkdir()
    code = "import sys; from pathlib import Path; from make_old_store import resume_all; "
    code += "resume_all(*map(Path, sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, store, str(weights)],
        env={**os.environ, **FLAGS, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()[-1500:]
    content = json.loads(done.stdout)
    assert content["resumed"].keys() == expected["resumed"].keys()
    exact = content["machine"] == expected["machine"]
    for run, old in expected["resumed"].items():
        assert_continued(old, content["resumed"][run], files / "continued", weights, exact)


def assert_continued(old: dict[str, Any], new: dict[str, Any], before: Path, now: Path, exact: bool) -> None:
    """Records and last weights of a resumed run are those of the version that began it."""
    assert_known(old, new)
    assert [entry["step"] for entry in new["checkpoints"]] == [entry["step"] for entry in old["checkpoints"]]
    for a, b in zip(old["records"], new["records"], strict=True):
        known = {name: value for name, value in without_waves(a, old["id"]).items() if name != "seconds"}
        assert_numbers(known, b, exact)
    path = now / f"{old['id']}.safetensors"
    arrays, known = read_arrays(path, None), read_arrays(before / path.name, None)
    assert arrays.keys() == known.keys()
    assert_numbers(known, arrays, exact)
    assert read_network_file(path).notes["step"] == old["step"]


def test_a_finished_sweep_has_nothing_left_to_run(call: Any, store: str, files: Path) -> None:
    result = call("sweep", str(files / "small.toml"), "--workers", "1", "--runs", store, "--json").json
    assert (result["total"], result["done"], result["failed"]) == (4, 4, 0)


@pytest.mark.parametrize("known", IDS, ids=lambda known: known["id"])
def test_run_ids_are_the_same(known: dict[str, Any]) -> None:
    assert Experiment.of(**known["options"]).id == known["id"]
    assert Experiment.model_validate_json(known["stored"]).id == known["id"]


def test_the_ids_are_of_the_experiments_in_the_script() -> None:
    assert [known["options"] for known in IDS] == EXPERIMENTS
    assert len({known["id"] for known in IDS}) == len(IDS) > 40


def test_the_run_ids_of_stored_runs_are_their_own(store: str) -> None:
    with Store(Path(store), read_only=True) as opened:
        for row in opened.rows():
            assert Experiment.model_validate_json(row.experiment).id == row.id
