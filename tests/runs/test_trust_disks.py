"""Full disks, killed processes and locks: nothing that was recorded is lost, and the reason is named."""

from __future__ import annotations

import errno
import importlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forged_store import EXPERIMENT, OTHER

from modgrok.runs import Store, run
from modgrok.runs.store import lock as lock_module
from modgrok.tasks import InputError

Call = Callable[..., Any]


def test_what_a_killed_process_left_is_cleared_at_the_next_start(call: Call, store_copy: Path) -> None:
    folder = store_copy / EXPERIMENT.id
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
    with Store(store_copy, read_only=True) as store:
        assert store.get(EXPERIMENT.id).step == 8


@pytest.mark.parametrize("output", ["r.csv", "w.safetensors", "page.html", "folder"])
def test_a_full_disk_leaves_nothing_under_the_final_name(
    call: Call, store_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str
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


def test_a_run_is_removed_from_a_full_disk(store_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    transaction = Store.transaction

    def full(self: Store) -> Any:
        if (store_copy / EXPERIMENT.id).exists():
            raise sqlite3.OperationalError("database or disk is full")
        return transaction(self)

    monkeypatch.setattr(Store, "transaction", full)
    with Store(store_copy) as store:
        store.remove(EXPERIMENT.id)
        assert [row.id for row in store.rows()] == [OTHER.id]


def test_a_store_that_cannot_be_written_is_named(
    call: Call, store_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Store) -> Any:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Store, "transaction", full)
    outcome = call("runs", "remove", EXPERIMENT.id, "--yes")
    assert (outcome.code, outcome.err.count("\n")) == (1, 1)
    assert "runs: cannot write to 'runs' (database or disk is full)" in outcome.err


def test_a_run_that_another_process_removed_is_named(store_copy: Path) -> None:
    with Store(store_copy) as store:
        stored = run(EXPERIMENT, store=store, steps=4, early_stop=False)
        store.remove(stored.row.id)
        with pytest.raises(InputError, match="has removed"):
            store.commit(stored.row, [], None)


def test_a_lock_that_cannot_be_written_does_not_keep_a_run(store_copy: Path) -> None:
    lock = next((store_copy / EXPERIMENT.id).glob("*lock*"))
    lock.chmod(0o444)
    with Store(store_copy) as store:
        store.remove(EXPERIMENT.id)
        assert store.find(EXPERIMENT.id) is None
        (store_copy / OTHER.id / lock.name).unlink()
        store.remove(OTHER.id)
        assert store.rows() == []


def test_a_lock_whose_file_was_removed_is_taken_anew(store_copy: Path) -> None:
    """Who waits while a run is removed does not go on with a file that is at no path any more."""
    fcntl = pytest.importorskip("fcntl")
    with Store(store_copy) as store:
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


def test_a_run_is_removed_under_its_lock(store_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that begins to train a run while it is removed would lose its folder."""
    pytest.importorskip("fcntl")
    with Store(store_copy) as store:
        delete, held = store._delete, []
        monkeypatch.setattr(store, "_delete", lambda run: (held.append(store.lock(run).held()), delete(run)))
        store.remove(EXPERIMENT.id)
    assert held == [True]
