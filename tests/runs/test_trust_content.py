"""Stores and bundles from somebody else: nothing wrong is believed, and nothing is sent to a terminal.

Each fault has two tests or two inputs: the one by which it was noticed, and another of its kind.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forged_store import EXPERIMENT, OTHER, forge, victim_of

from modgrok.runs import Store
from modgrok.tasks import InputError

Call = Callable[..., Any]
ESCAPE = "x\x1b[2J\x07\u202e + y"


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", ["metrics", "tables"])
def test_one_bit_of_a_stored_array_is_noticed(call: Call, tmp_path: Path, kind: str) -> None:
    np.save("given.npy", np.eye(10) if kind == "metrics" else np.add.outer(np.arange(5), np.arange(5)) % 5)
    task = ("x + y", "--p", "5", "--metric", "given.npy") if kind == "metrics" else ("--table", "given.npy")
    small = ("--learner", "rfm", "--fraction", "0.6", "--steps", "1")
    assert call("train", *task, *small).code == 0
    (path,) = (tmp_path / "runs" / kind).iterdir()
    flip(path, -8 if kind == "tables" else -3)
    result = call("runs", "resume", "latest", "--steps", "2")
    assert result.code == 2
    assert "SHA-256" in result.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("context", "{}", "context: must have"),
        ("context", '{"chance": ', "context: must be JSON"),
        ("context", "[" * 10**5, "nesting that is too deep"),
        ("scalars", '["a", "a"]', "scalars: must be a list of different names"),
        ("histograms", '[["a", -1]]', "histograms: must be a list of [name, bins]"),
        ("p", "many", "p: must be an integer"),
        ("seconds", "soon", "seconds: must be a number"),
        ("status", "ended", "status: must be one of"),
        ("state_sha256", "00", "digest: must be 64 hexadecimal digits"),
    ],
)
def test_a_damaged_row_is_named_and_the_others_are_listed(
    call: Call, store_copy: Path, column: str, value: str, says: str
) -> None:
    forge(store_copy, f"UPDATE runs SET {column} = ? WHERE id = ?", value, EXPERIMENT.id)
    result = call("runs", "list", "--json")
    assert result.code == 0, result.err
    assert [row["id"] for row in result.json["runs"]] == [OTHER.id]
    assert OTHER.id in result.out
    assert f"damaged: run {EXPERIMENT.id}: " in result.err
    assert says in result.err
    for command in (("runs", "show"), ("measure",), ("report",)):
        refused = call(*command, EXPERIMENT.id)
        assert (refused.code, refused.err.count("\n")) == (2, 1), (command, refused)
        assert says in refused.err
    assert call("runs", "remove", EXPERIMENT.id, "--yes").code == 0
    assert not (store_copy / EXPERIMENT.id).exists()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE runs SET experiment = '{}'", "experiment: "),
        ("UPDATE runs SET experiment = 'nothing'", f"run {EXPERIMENT.id}: experiment: must be JSON"),
        ("UPDATE records SET scalars = '[1]'", "records.scalars: must be a list of"),
        ("UPDATE records SET histograms = x'00'", "records.histograms: must have"),
        ("UPDATE records SET seconds = 'late'", "records.seconds: must be a number"),
    ],
)
def test_damaged_records_are_bad_input(call: Call, store_copy: Path, statement: str, says: str) -> None:
    forge(store_copy, statement)
    result = call("runs", "show", EXPERIMENT.id)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert says in result.err


def test_a_run_whose_last_records_are_gone_is_not_resumed(call: Call, store_copy: Path) -> None:
    forge(store_copy, "DELETE FROM records WHERE step = (SELECT max(step) FROM records)")
    result = call("runs", "resume", EXPERIMENT.id, "--steps", "8")
    assert result.code == 2
    assert "records: must end at step 4, as its state does, got step 3" in result.err


@pytest.mark.parametrize("steps", [4, 9], ids=["nothing left", "more steps"])
def test_a_damaged_state_leaves_the_run_as_it_was(call: Call, store_copy: Path, steps: int) -> None:
    with Store(store_copy, read_only=True) as store:
        before = store.get(EXPERIMENT.id)
    assert before.state is not None
    os.truncate(store_copy / before.state, 50)
    result = call("runs", "resume", EXPERIMENT.id, "--steps", str(steps))
    assert result.code == 2, result.err
    with Store(store_copy, read_only=True) as store:
        assert store.get(EXPERIMENT.id) == before


def test_an_emptied_database_is_not_begun_anew(call: Call, store_copy: Path) -> None:
    for path in store_copy.glob("modgrok.sqlite*"):
        path.write_bytes(b"")
    result = call("train", "x + y", "--p", "5", "--width", "8", "--steps", "4", f"--runs={store_copy}")
    assert result.code == 2
    assert "is damaged: it is empty" in result.err
    assert "is damaged: it is empty" in call("runs", "list", f"--runs={store_copy}").err
    assert (store_copy / "modgrok.sqlite").stat().st_size == 0


@pytest.mark.parametrize("column", ["expression", "learner"])
def test_control_characters_are_shown_not_sent(call: Call, store_copy: Path, column: str) -> None:
    forge(store_copy, f"UPDATE runs SET {column} = ? WHERE id = ?", ESCAPE, EXPERIMENT.id)
    for command in (
        ("runs", "list"),
        ("runs", "show", EXPERIMENT.id),
        ("runs", "remove", EXPERIMENT.id, "--yes"),
    ):
        result = call(*command)
        assert result.code == 0, result.err
        assert not set("\x1b\x07\u202e") & set(result.out + result.err)
    entries = call("runs", "list", "--json")
    assert "\x1b" not in entries.out


def test_text_that_is_not_utf8_is_shown(call: Call, store_copy: Path) -> None:
    forge(store_copy, "UPDATE runs SET expression = CAST(x'78ff' AS TEXT) WHERE id = ?", EXPERIMENT.id)
    result = call("runs", "list")
    assert result.code == 0
    assert r"x\udcff" in result.out


@pytest.mark.parametrize("name", ["=cmd()", "+1", "-1", "@x", "\tx", "\uff1dcmd()"])
def test_a_formula_in_a_csv_is_guarded(call: Call, store_copy: Path, name: str) -> None:
    names = [name, *recorded_scalars(store_copy)[1:]]
    forge(store_copy, "UPDATE runs SET scalars = ? WHERE id = ?", json.dumps(names), EXPERIMENT.id)
    assert call("export", EXPERIMENT.id, "--format", "csv", "-o", "r.csv").code == 0
    header = Path("r.csv").read_text(encoding="utf-8").splitlines()[0]
    assert f"'{name}" in header


def recorded_scalars(folder: Path) -> list[str]:
    with Store(folder, read_only=True) as store:
        return list(store.get(EXPERIMENT.id).scalars)


@pytest.mark.skipif(os.name == "nt", reason="paths are text there")
def test_paths_that_are_not_utf8_are_written_and_shown(call: Call, tmp_path: Path, stored_run: Path) -> None:
    folder, page = os.fsdecode(b"runs-\xff"), os.fsdecode(b"page-\xff.html")
    try:
        shutil.copytree(stored_run, tmp_path / folder)
    except OSError:
        pytest.skip("this file system takes no such names")
    for command in (
        ("report", "latest", "-o", page, "--runs", folder, "--json"),
        ("export", "latest", "--format", "csv", "-o", os.fsdecode(b"r-\xff.csv"), "--runs", folder),
        ("train", "x + y", "--p", "5", "--width", "8", "--steps", "6", "--runs", folder),
        ("runs", "show", "latest", "--runs", folder),
    ):
        result = call(*command)
        assert result.code == 0, result.err
        (result.out + result.err).encode("utf-8")
    assert (tmp_path / page).is_file()
    assert r"\udcff" in result.out + result.err or "runs-" not in result.out


def test_a_bundle_is_checked_as_a_row_is(store_copy: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    from modgrok.runs.store.transfer import pack_run, unpack_run

    victim = victim_of(store_copy)
    with Store(store_copy) as store, Store(tmp_path / "there") as there:
        whole = pack_run(store, EXPERIMENT.id)
        assert whole is not None
        name = next(iter(whole.files))
        content = whole.files[name]
        wrong = (
            replace(whole, row={**whole.row, "id": str(victim)}),
            replace(whole, row={**whole.row, "state": "../victim/precious"}),
            replace(whole, row={**whole.row, "id) VALUES (1); --": 1}),
            replace(whole, files={**whole.files, "../victim/precious": b"x"}),
            replace(whole, files={**whole.files, name: content + b"x"}),
            replace(whole, files={f"{EXPERIMENT.id}/../../victim/precious": content}),
            replace(whole, rows={**whole.rows, "records": ({"step": 0},)}),
        )
        for bundle in wrong:
            with pytest.raises(InputError):
                unpack_run(there, bundle)
        assert there.rows() == []
        assert (victim / "precious").read_text() == "precious"
        unpack_run(there, whole)
        assert pack_run(there, EXPERIMENT.id) == whole


def test_an_asset_of_a_bundle_is_checked(tmp_path: Path) -> None:
    from modgrok.runs.assets import unpack_assets

    with Store(tmp_path) as store:
        digest = "0" * 64
        for name in (
            "donors/../../x", f"donors/{digest}.safetensors", f"tables/{digest}.npy", "x", f"evil/{digest}",
            f"tables/{digest}", f"tables/{digest}\n.npy",
        ):  # fmt: skip
            with pytest.raises(InputError):
                unpack_assets(store, {name: b"content"})
    assert not list(tmp_path.glob("*/0*"))


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("runs", "experiment", "[1]"),
        ("runs", "experiment", '{"learner": []}'),
        ("records", "scalars", f"[{'9' * 401}]"),
        ("records", "scalars", "[" * 100_000),
    ],
)
def test_one_forged_row_does_not_stop_a_list(
    call: Call, store_copy: Path, table: str, column: str, value: str
) -> None:
    forge(store_copy, f"UPDATE {table} SET {column} = ?", value)
    done = call("runs", "list", "--runs", str(store_copy), "--json")
    assert done.code == 0
    assert len(done.json["runs"]) + len(done.json.get("damaged", [])) == 2
    assert all(run in done.out for run in (EXPERIMENT.id, OTHER.id))
