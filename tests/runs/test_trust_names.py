"""Names in a store that are paths, links, pipes or other tables: nothing outside is touched.

Each fault has two tests or two inputs: the one by which it was noticed, and another of its kind.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forged_store import EXPERIMENT, OTHER, forge, victim_of

Call = Callable[..., Any]


@pytest.mark.parametrize(
    "name", ["{}", "../victim", "..", ".", "", "0123456789AB", "0123456789ab/../../victim"]
)
def test_an_id_that_is_a_path_deletes_nothing(call: Call, store_copy: Path, name: str) -> None:
    victim = victim_of(store_copy)
    forge(
        store_copy, "UPDATE runs SET id = ?, updated = 'z' WHERE id = ?", name.format(victim), EXPERIMENT.id
    )
    result = call("runs", "remove", "latest")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "id: must be 12 hexadecimal digits" in result.err
    assert (victim / "precious").read_text() == "precious"
    assert (store_copy / OTHER.id).is_dir()


@pytest.mark.parametrize(
    "name", ["{}/precious", "../victim/precious", "{id}/../../victim/precious", "modgrok.sqlite"]
)
@pytest.mark.parametrize("column", ["state", "file"])
def test_a_file_that_is_a_path_is_neither_read_nor_deleted(
    call: Call, store_copy: Path, name: str, column: str
) -> None:
    victim = victim_of(store_copy)
    name = name.format(victim, id=EXPERIMENT.id)
    if column == "state":
        forge(store_copy, "UPDATE runs SET state = ? WHERE id = ?", name, EXPERIMENT.id)
        result = call("runs", "resume", EXPERIMENT.id, "--steps", "8")
    else:
        number = "(SELECT number FROM runs WHERE id = ?)"
        forge(store_copy, f"UPDATE checkpoints SET file = ? WHERE run = {number}", name, EXPERIMENT.id)
        result = call("export", EXPERIMENT.id, "-o", "w.safetensors")
    assert result.code == 2
    assert "file: must be a plain name inside" in result.err
    assert (victim / "precious").read_text() == "precious"
    assert (store_copy / "modgrok.sqlite").is_file()


@pytest.mark.parametrize("what", ["run", "database", "donors"])
def test_a_link_that_leads_outside_is_refused(call: Call, store_copy: Path, what: str) -> None:
    victim = victim_of(store_copy)
    path = {
        "run": store_copy / EXPERIMENT.id,
        "database": store_copy / "modgrok.sqlite",
        "donors": store_copy / "donors",
    }[what]
    moved = victim / path.name
    if path.exists():
        shutil.move(path, moved)
    else:
        moved.mkdir()
    path.symlink_to(moved)
    before = sorted(victim.rglob("*"))
    result = call("runs", "resume", EXPERIMENT.id, "--steps", "8")
    assert result.code == 2
    assert "link that leads outside" in result.err
    assert call("runs", "remove", EXPERIMENT.id, "--yes").code == (0 if what == "donors" else 2)
    assert sorted(victim.rglob("*")) == before


RECURSIVE = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("CREATE TRIGGER t AFTER UPDATE ON runs BEGIN DELETE FROM records; END", "trigger 't'"),
        ("CREATE TRIGGER t BEFORE DELETE ON runs BEGIN SELECT RAISE(IGNORE); END", "trigger 't'"),
        ("ALTER TABLE runs RENAME TO old; CREATE VIEW runs AS " + RECURSIVE + " SELECT x, x AS id FROM n",
         "missing or changed"),
        ("ALTER TABLE records ADD COLUMN big AS (hex(zeroblob(400000000)))", "'records'"),
        ("CREATE INDEX i ON runs (hex(zeroblob(4000)))", "index 'i'"),
        ("DROP TABLE members", "'members'"),
    ],
)  # fmt: skip
def test_tables_that_are_not_those_of_a_store_are_refused(
    call: Call, store_copy: Path, statement: str, says: str
) -> None:
    for part in statement.split("; CREATE"):
        prefix = "" if statement.startswith(part) else "CREATE"
        forge(store_copy, prefix + part)
    for command in (("runs", "list"), ("runs", "remove", "latest", "--yes")):
        outcome = call(*command)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1), outcome
        assert says in outcome.err
    assert (store_copy / EXPERIMENT.id).is_dir()


def test_other_tables_of_a_user_are_left_alone(call: Call, store_copy: Path) -> None:
    forge(store_copy, "CREATE TABLE mine (a)")
    forge(store_copy, "CREATE VIEW best AS SELECT id FROM runs")
    assert call("runs", "list").code == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no names here")
@pytest.mark.parametrize("name", ["{id}/lock", "modgrok.sqlite-wal", "modgrok.sqlite", "sweeps/s.lock"])
def test_a_pipe_in_a_store_is_not_waited_for(call: Call, store_copy: Path, name: str) -> None:
    path = store_copy / name.format(id=EXPERIMENT.id)
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    forge(store_copy, "UPDATE runs SET status = 'running'") if "sqlite" not in name else None
    for command in (("runs", "list"), ("runs", "remove", EXPERIMENT.id, "--yes")):
        assert call(*command).code == (2 if "sqlite" in name else 0)


def test_a_sweep_name_that_is_a_path_writes_nothing(call: Call, store_copy: Path) -> None:
    victim = victim_of(store_copy)
    forge(
        store_copy,
        "INSERT INTO sweeps (name, axes, command, created, updated) VALUES (?, '[]', '', '', '')",
        f"{victim}/sweep",
    )
    assert call("export", f"{victim}/sweep", "--format", "csv").code == 2
    assert [path.name for path in victim.iterdir()] == ["precious"]


@pytest.mark.parametrize("name", ["latest", "x.safetensors", "net.PT", "0123456789ab", "table.npy"])
def test_a_sweep_that_would_shadow_something_is_refused(call: Call, tmp_path: Path, name: str) -> None:
    (tmp_path / "s.toml").write_text(
        f'name = "{name}"\n[base]\nexpression = "x + y"\np = 5\n[axes]\nseed = [0]\n'
    )
    result = call("sweep", "s.toml", "--dry-run")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert result.err.startswith("modgrok: name: ")
