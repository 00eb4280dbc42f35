"""Bundles: a run taken to another store is the run that it was, and goes on there."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from modgrok.runs import Experiment, Record, Store, run
from modgrok.runs.store import transfer
from modgrok.runs.store.store import StoreWriteError
from modgrok.runs.store.transfer import TABLES, RunBundle, pack_run, unpack_run
from modgrok.tasks import InputError

EXPERIMENT = Experiment.of("x + y", p=5, width=8, lr=5.0)


def bundle_of(folder: Path, steps: int) -> RunBundle:
    with Store(folder) as store:
        run(EXPERIMENT, store=store, steps=steps, early_stop=False)
        bundle = pack_run(store, EXPERIMENT.id)
    assert bundle is not None
    return bundle


def test_a_run_is_the_same_in_another_store(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path / "here", 9)
    with Store(tmp_path / "there") as there:
        assert pack_run(there, EXPERIMENT.id) is None
        unpack_run(there, bundle)
        assert pack_run(there, EXPERIMENT.id) == bundle
        assert [c.load().width for c in there.checkpoints(EXPERIMENT.id)] == [8] * 6
        assert {len(bundle.rows[table]) for table in TABLES} == {10, 6}


def test_a_run_goes_on_in_another_store(tmp_path: Path) -> None:
    with Store(tmp_path / "there") as there:
        unpack_run(there, bundle_of(tmp_path / "here", 6))
        run(EXPERIMENT, store=there, steps=12, early_stop=False)
        alone = run(EXPERIMENT, steps=12, early_stop=False)
        assert _curves(there.records(EXPERIMENT.id)) == _curves(alone.records)
        assert there.get(EXPERIMENT.id).step == 12


def _curves(records: list[Record]) -> str:
    """All numbers, in words: nan is nan."""
    return str([(record.step, record.scalars) for record in records])


def test_a_later_bundle_replaces_an_earlier_one_with_its_files(tmp_path: Path) -> None:
    early, late = bundle_of(tmp_path / "early", 3), bundle_of(tmp_path / "late", 9)
    with Store(tmp_path / "there") as there:
        unpack_run(there, early)
        unpack_run(there, late)
        assert pack_run(there, EXPERIMENT.id) == late
        file_names = {str(path.relative_to(there.folder)) for path in there.folder.rglob("*.safetensors")}
        assert file_names == set(late.files)
        assert len(there.rows()) == 1


def test_a_bundle_whose_rows_cannot_be_written_replaces_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = bundle_of(tmp_path / "here", 3)
    first, *others = bundle.rows["checkpoints"]
    content = bundle.files[first["file"]] + b" "
    row = {**first, "sha256": hashlib.sha256(content).hexdigest()}
    rows = {**bundle.rows, "checkpoints": (row, *others)}
    other = replace(bundle, rows=rows, files={**bundle.files, first["file"]: content})

    def fails(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with Store(tmp_path / "there") as there:
        unpack_run(there, bundle)
        with monkeypatch.context() as patched:
            patched.setattr(transfer, "_insert", fails)
            with pytest.raises(StoreWriteError):
                unpack_run(there, other)
        assert pack_run(there, EXPERIMENT.id) == bundle
        unpack_run(there, other)
        assert pack_run(there, EXPERIMENT.id) == other
        assert {path.suffix for path in (there.folder / EXPERIMENT.id).iterdir()} <= {".safetensors", ""}


def test_files_that_a_killed_process_had_set_aside_return(tmp_path: Path) -> None:
    early, late = bundle_of(tmp_path / "here", 3), bundle_of(tmp_path / "late", 9)
    with Store(tmp_path / "there") as there:
        unpack_run(there, early)
        first = there.folder / next(iter(early.files))
        first.rename(first.with_name(first.name + transfer.ASIDE))
        first.write_bytes(b"what was to replace it")
        transfer._recover(there, EXPERIMENT.id)
        assert pack_run(there, EXPERIMENT.id) == early
        unpack_run(there, late)
        assert pack_run(there, EXPERIMENT.id) == late


def test_a_run_that_is_being_trained_is_left_alone(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path / "here", 3)
    with Store(tmp_path / "there") as there:
        with there.lock(EXPERIMENT.id)("x"), pytest.raises(InputError, match="by another process"):
            unpack_run(there, bundle)
        assert there.rows() == []
