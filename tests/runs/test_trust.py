"""Stores, bundles and files from somebody else: nothing outside is touched, nothing wrong is believed.

Each fault has two tests or two inputs: the one by which it was noticed, and another of its kind.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modgrok.runs import Experiment, Store, run
from modgrok.runs.store import lock as lock_module
from modgrok.tasks import InputError

Call = Callable[..., Any]
EXPERIMENT = Experiment.of("x + y", p=5, width=8)
OTHER = Experiment.of("x*y", p=5, width=8)
ESCAPE = "x\x1b[2J\x07\u202e + y"


@pytest.fixture(scope="module")
def stored_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "runs"
    with Store(folder) as store:
        for experiment in (OTHER, EXPERIMENT):
            run(experiment, store=store, steps=4, early_stop=False)
    return folder


@pytest.fixture
def filled(stored_run: Path, tmp_path: Path) -> Path:
    shutil.copytree(stored_run, tmp_path / "runs")
    return tmp_path / "runs"


def forge(folder: Path, statement: str, *values: Any) -> None:
    """Change a store behind its back."""
    with sqlite3.connect(folder / "modgrok.sqlite") as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(statement, values)
    connection.close()


def victim_of(folder: Path) -> Path:
    """Make a file outside the store."""
    victim = folder.parent / "victim"
    victim.mkdir()
    (victim / "precious").write_text("precious")
    return victim


# Names ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["{}", "../victim", "..", ".", "", "0123456789AB", "0123456789ab/../../victim"]
)
def test_an_id_that_is_a_path_deletes_nothing(call: Call, filled: Path, name: str) -> None:
    victim = victim_of(filled)
    forge(filled, "UPDATE runs SET id = ?, updated = 'z' WHERE id = ?", name.format(victim), EXPERIMENT.id)
    result = call("runs", "remove", "latest")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "id: must be 12 hexadecimal digits" in result.err
    assert (victim / "precious").read_text() == "precious"
    assert (filled / OTHER.id).is_dir()


@pytest.mark.parametrize(
    "name", ["{}/precious", "../victim/precious", "{id}/../../victim/precious", "modgrok.sqlite"]
)
@pytest.mark.parametrize("column", ["state", "file"])
def test_a_file_that_is_a_path_is_neither_read_nor_deleted(
    call: Call, filled: Path, name: str, column: str
) -> None:
    victim = victim_of(filled)
    name = name.format(victim, id=EXPERIMENT.id)
    if column == "state":
        forge(filled, "UPDATE runs SET state = ? WHERE id = ?", name, EXPERIMENT.id)
        result = call("runs", "resume", EXPERIMENT.id, "--steps", "8")
    else:
        number = "(SELECT number FROM runs WHERE id = ?)"
        forge(filled, f"UPDATE checkpoints SET file = ? WHERE run = {number}", name, EXPERIMENT.id)
        result = call("export", EXPERIMENT.id, "-o", "w.safetensors")
    assert result.code == 2
    assert "file: must be a plain name inside" in result.err
    assert (victim / "precious").read_text() == "precious"
    assert (filled / "modgrok.sqlite").is_file()


@pytest.mark.parametrize("what", ["run", "database", "donors"])
def test_a_link_that_leads_outside_is_refused(call: Call, filled: Path, what: str) -> None:
    victim = victim_of(filled)
    path = {
        "run": filled / EXPERIMENT.id,
        "database": filled / "modgrok.sqlite",
        "donors": filled / "donors",
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
    call: Call, filled: Path, statement: str, says: str
) -> None:
    for part in statement.split("; CREATE"):
        prefix = "" if statement.startswith(part) else "CREATE"
        forge(filled, prefix + part)
    for command in (("runs", "list"), ("runs", "remove", "latest", "--yes")):
        outcome = call(*command)
        assert (outcome.code, outcome.err.count("\n")) == (2, 1), outcome
        assert says in outcome.err
    assert (filled / EXPERIMENT.id).is_dir()


def test_other_tables_of_a_user_are_left_alone(call: Call, filled: Path) -> None:
    forge(filled, "CREATE TABLE mine (a)")
    forge(filled, "CREATE VIEW best AS SELECT id FROM runs")
    assert call("runs", "list").code == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no names here")
@pytest.mark.parametrize("name", ["{id}/lock", "modgrok.sqlite-wal", "modgrok.sqlite", "sweeps/s.lock"])
def test_a_pipe_in_a_store_is_not_waited_for(call: Call, filled: Path, name: str) -> None:
    path = filled / name.format(id=EXPERIMENT.id)
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    forge(filled, "UPDATE runs SET status = 'running'") if "sqlite" not in name else None
    for command in (("runs", "list"), ("runs", "remove", EXPERIMENT.id, "--yes")):
        assert call(*command).code == (2 if "sqlite" in name else 0)


def test_a_sweep_name_that_is_a_path_writes_nothing(call: Call, filled: Path) -> None:
    victim = victim_of(filled)
    forge(
        filled,
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


# Content -------------------------------------------------------------------------------------------------


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
    call: Call, filled: Path, column: str, value: str, says: str
) -> None:
    forge(filled, f"UPDATE runs SET {column} = ? WHERE id = ?", value, EXPERIMENT.id)
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
    assert not (filled / EXPERIMENT.id).exists()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE runs SET experiment = '{}'", "experiment: "),
        ("UPDATE runs SET experiment = 'nothing'", "experiment: must be JSON"),
        ("UPDATE records SET scalars = '[1]'", "records.scalars: must be a list of"),
        ("UPDATE records SET histograms = x'00'", "records.histograms: must have"),
        ("UPDATE records SET seconds = 'late'", "records.seconds: must be a number"),
    ],
)
def test_damaged_records_are_bad_input(call: Call, filled: Path, statement: str, says: str) -> None:
    forge(filled, statement)
    result = call("runs", "show", EXPERIMENT.id)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert says in result.err


def test_a_run_whose_last_records_are_gone_is_not_resumed(call: Call, filled: Path) -> None:
    forge(filled, "DELETE FROM records WHERE step = (SELECT max(step) FROM records)")
    result = call("runs", "resume", EXPERIMENT.id, "--steps", "8")
    assert result.code == 2
    assert "records: must end at step 4, as its state does, got step 3" in result.err


@pytest.mark.parametrize("steps", [4, 9], ids=["nothing left", "more steps"])
def test_a_damaged_state_leaves_the_run_as_it_was(call: Call, filled: Path, steps: int) -> None:
    with Store(filled, read_only=True) as store:
        before = store.get(EXPERIMENT.id)
    assert before.state is not None
    os.truncate(filled / before.state, 50)
    result = call("runs", "resume", EXPERIMENT.id, "--steps", str(steps))
    assert result.code == 2, result.err
    with Store(filled, read_only=True) as store:
        assert store.get(EXPERIMENT.id) == before


def test_an_emptied_database_is_not_begun_anew(call: Call, filled: Path) -> None:
    for path in filled.glob("modgrok.sqlite*"):
        path.write_bytes(b"")
    result = call("train", "x + y", "--p", "5", "--width", "8", "--steps", "4", f"--runs={filled}")
    assert result.code == 2
    assert "is damaged: it is empty" in result.err
    assert "is damaged: it is empty" in call("runs", "list", f"--runs={filled}").err
    assert (filled / "modgrok.sqlite").stat().st_size == 0


# What is shown -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["expression", "learner"])
def test_control_characters_are_shown_not_sent(call: Call, filled: Path, column: str) -> None:
    forge(filled, f"UPDATE runs SET {column} = ? WHERE id = ?", ESCAPE, EXPERIMENT.id)
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


def test_text_that_is_not_utf8_is_shown(call: Call, filled: Path) -> None:
    forge(filled, "UPDATE runs SET expression = CAST(x'78ff' AS TEXT) WHERE id = ?", EXPERIMENT.id)
    result = call("runs", "list")
    assert result.code == 0
    assert r"x\udcff" in result.out


@pytest.mark.parametrize("name", ["=cmd()", "+1", "-1", "@x", "\tx", "\uff1dcmd()"])
def test_a_formula_in_a_csv_is_guarded(call: Call, filled: Path, name: str) -> None:
    names = [name, *recorded_scalars(filled)[1:]]
    forge(filled, "UPDATE runs SET scalars = ? WHERE id = ?", json.dumps(names), EXPERIMENT.id)
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


# Disks and locks -----------------------------------------------------------------------------------------


def test_what_a_killed_process_left_is_cleared_at_the_next_start(call: Call, filled: Path) -> None:
    folder = filled / EXPERIMENT.id
    left = [
        folder / ".state-9.safetensors.4711",
        folder / ".state-9.safetensors.4711-0123abcd.part",
        folder / "state-9.safetensors",
        folder / ".weights-3.safetensors.12-ab.part",
    ]
    for path in left:
        path.write_bytes(b"half")
    assert call("runs", "resume", EXPERIMENT.id, "--steps", "8").code == 0
    assert not any(path.exists() for path in left)
    with Store(filled, read_only=True) as store:
        assert store.get(EXPERIMENT.id).step == 8


@pytest.mark.parametrize("output", ["r.csv", "w.safetensors", "page.html", "folder"])
def test_a_full_disk_leaves_nothing_under_the_final_name(
    call: Call, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    commands = {
        "r.csv": ("export", "latest", "--format", "csv"),
        "w.safetensors": ("export", "latest"),
        "page.html": ("report", "latest"),
        "folder": ("reproduce", "nothing"),
    }
    if output == "folder":
        from modgrok.io import write_atomically as write_text

        (tmp_path / output).mkdir()
        with pytest.raises(OSError, match="No space left"):
            write_text(tmp_path / output / "index.html", "text")
        assert list((tmp_path / output).iterdir()) == []
        return
    result = call(*commands[output], "-o", output)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert f"output: cannot write '{output}' (No space left on device)" in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


@pytest.mark.parametrize("earlier", [0, 4])
def test_advice_after_a_full_disk_works_when_pasted(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: int
) -> None:
    small = ("train", "x + y", "--p", "5", "--width", "8", "--runs", "my runs", "--no-early-stop")
    if earlier:
        assert call(*small, "--steps", str(earlier)).code == 0
    from modgrok.runs.store import arrays

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(arrays, "write_atomically", full)
        result = call(*small, "--steps", "9")
    assert result.code == 1
    assert "cannot write to 'my runs' (No space left on device)" in result.err
    if earlier:
        advice = result.err.rsplit("modgrok runs resume ", 1)[1].strip()
        run_id, _, folder = advice.partition(" --runs ")
        assert folder == "'my runs'"
        assert call("runs", "resume", run_id, "--runs", "my runs").code == 0
    else:
        assert "runs resume" not in result.err
        assert call(*small, "--steps", "9").code == 0


def test_another_failure_is_not_blamed_on_the_store(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    from modgrok.runs.segments import Descent

    def broken(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error", "/cache/jax/entry")

    monkeypatch.setattr(Descent, "advance", broken)
    result = call("train", "x + y", "--p", "5", "--width", "8", "--steps", "4")
    assert result.code == 1
    assert "/cache/jax/entry" in result.err
    assert "cannot write to" not in result.err


@pytest.mark.parametrize("call_name", ["flock", "lockf"])
def test_a_file_system_without_locks_is_named_soon(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call_name: str
) -> None:
    fcntl = pytest.importorskip("fcntl")
    importlib.import_module("modgrok.runs.loop")  # what is timed is the wait for a lock, not the start

    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, call_name, none)
    began = time.monotonic()
    result = call("train", "x + y", "--p", "5", "--width", "8", "--steps", "4")
    assert time.monotonic() - began < 5
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "file system with locks" in result.err


def test_a_migration_on_a_full_disk_says_why(tmp_path: Path) -> None:
    with Store(tmp_path / "runs") as store:
        store.connection.execute("PRAGMA max_page_count = 1")
        store.connection.execute("PRAGMA user_version = 0")
        with pytest.raises(sqlite3.OperationalError, match=r"full|already exists"):
            store._migrate()


def test_a_run_is_removed_from_a_full_disk(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    transaction = Store.transaction

    def full(self: Store) -> Any:
        if (filled / EXPERIMENT.id).exists():
            raise sqlite3.OperationalError("database or disk is full")
        return transaction(self)

    monkeypatch.setattr(Store, "transaction", full)
    with Store(filled) as store:
        store.remove(EXPERIMENT.id)
        assert [row.id for row in store.rows()] == [OTHER.id]


def test_a_store_that_cannot_be_written_is_named(
    call: Call, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Store) -> Any:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Store, "transaction", full)
    outcome = call("runs", "remove", EXPERIMENT.id, "--yes")
    assert (outcome.code, outcome.err.count("\n")) == (1, 1)
    assert "runs: cannot write to 'runs' (database or disk is full)" in outcome.err


# Bundles -------------------------------------------------------------------------------------------------


def test_a_bundle_is_checked_as_a_row_is(filled: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    from modgrok.runs.store.transfer import pack_run, unpack_run

    victim = victim_of(filled)
    with Store(filled) as store, Store(tmp_path / "there") as there:
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
    call: Call, filled: Path, table: str, column: str, value: str
) -> None:
    forge(filled, f"UPDATE {table} SET {column} = ?", value)
    done = call("runs", "list", "--runs", str(filled), "--json")
    assert done.code == 0
    assert len(done.json["runs"]) + len(done.json.get("damaged", [])) == 2
    assert all(run in done.out for run in (EXPERIMENT.id, OTHER.id))


def test_a_run_that_another_process_removed_is_named(filled: Path) -> None:
    with Store(filled) as store:
        stored = run(EXPERIMENT, store=store, steps=4, early_stop=False)
        store.remove(stored.row.id)
        with pytest.raises(InputError, match="has removed"):
            store.commit(stored.row, [], None)


def test_a_lock_that_cannot_be_written_does_not_keep_a_run(filled: Path) -> None:
    lock = next((filled / EXPERIMENT.id).glob("*lock*"))
    lock.chmod(0o444)
    with Store(filled) as store:
        store.remove(EXPERIMENT.id)
        assert store.find(EXPERIMENT.id) is None
        (filled / OTHER.id / lock.name).unlink()
        store.remove(OTHER.id)
        assert store.rows() == []


def test_a_lock_whose_file_was_removed_is_taken_anew(filled: Path) -> None:
    """Who waits while a run is removed does not go on with a file that is at no path any more."""
    fcntl = pytest.importorskip("fcntl")
    with Store(filled) as store:
        lock = store.lock(EXPERIMENT.id)
        take, removed = lock_module._take, []

        def take_later(handle: int) -> bool:
            if not removed:
                shutil.rmtree(lock.path.parent)
                removed.append(handle)
            return take(handle)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lock_module, "_take", take_later)
            with lock(EXPERIMENT.id):
                assert lock.path.is_file()
                assert lock.held()
    assert fcntl is not None


def test_a_run_is_removed_under_its_lock(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that begins to train a run while it is removed would lose its folder."""
    pytest.importorskip("fcntl")
    with Store(filled) as store:
        delete, held = store._delete, []
        monkeypatch.setattr(store, "_delete", lambda run: (held.append(store.lock(run).held()), delete(run)))
        store.remove(EXPERIMENT.id)
    assert held == [True]
