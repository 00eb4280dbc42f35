"""The store: what it refuses, what readers see, what a killed process leaves."""

from __future__ import annotations

import errno
import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from modgrok.runs import CorruptFile, Experiment, Store, read_network, run
from modgrok.runs.store import store as store_module
from modgrok.runs.store.network_file import NetworkFile
from modgrok.runs.store.store import WeightsToKeep
from modgrok.tasks import InputError

EXPERIMENT = Experiment.of("x + y", p=11, fraction=0.7, width=60)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    with Store(tmp_path) as store:
        run(EXPERIMENT, store=store, steps=40, early_stop=False, observe_every=1)
    return tmp_path


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        result = run(EXPERIMENT, store=store, steps=40, early_stop=False)
    with Store(tmp_path, read_only=True) as store:
        stored = store.records(EXPERIMENT.id)
        assert [r.step for r in stored] == [r.step for r in result.records]
        for one, two in zip(result.records, stored, strict=True):
            assert np.array_equal(
                list(one.scalars.values()), [two.scalars[k] for k in one.scalars], equal_nan=True
            )
            assert all(np.array_equal(one.histograms[k], two.histograms[k]) for k in one.histograms)
        assert store.get("latest").id == store.get(EXPERIMENT.id[:4]).id == EXPERIMENT.id


def test_a_series_is_a_column_of_the_records(filled: Path) -> None:
    with Store(filled, read_only=True) as store:
        row, records = store.get("latest"), store.records(EXPERIMENT.id)
        result = store.series(row, row.scalars)
        assert result.steps.tolist() == [record.step for record in records]
        for name in row.scalars:  # those of no corrupted example are undefined
            assert np.array_equal(
                result.values[name], [record.scalars[name] for record in records], equal_nan=True
            )
        nothing = store.series(replace(row, id="0" * 12), ["ipr"])
        assert len(nothing.steps) == len(nothing.values["ipr"]) == 0


def test_a_store_is_small(filled: Path) -> None:
    size = (filled / "modgrok.sqlite").stat().st_size
    with Store(filled, read_only=True) as store:
        records = len(store.records(EXPERIMENT.id))
    assert size < 40_000 + 500 * records


def test_weights_of_a_commit_are_kept_with_its_records_or_not_at_all(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(filled) as store:
        row, (first, *_) = store.get("latest"), store.checkpoints(EXPERIMENT.id)
        record = replace(store.records(row.id)[-1], step=50)
        content = NetworkFile(first.load(), EXPERIMENT.task)
        weights = [WeightsToKeep(50, reason, content, 0.5) for reason in ("schedule", "final")]
        with monkeypatch.context() as patch:
            patch.setattr(store_module, "_enter_weights", lambda *arguments: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                store.commit(replace(row, step=50), [record], None, weights)
        assert store.get("latest").step == store.records(row.id)[-1].step == 40
        store.commit(replace(row, step=50), [record], None, weights)
        last = store.checkpoints(row.id)[-1]
        assert (last.step, last.reasons, last.explained_share) == (50, ("final", "schedule"), 0.5)
        assert [c.step for c in store.checkpoints(row.id) if "final" in c.reasons] == [50]
        assert last.load().width == 60
        assert store.get("latest").step == store.records(row.id)[-1].step == 50


def test_runs_of_one_task_share_its_table() -> None:
    other = EXPERIMENT.model_copy(update={"seed": 1})
    assert EXPERIMENT.build_task() is other.build_task()


def test_damaged_weights_are_reported_and_never_loaded(filled: Path) -> None:
    with Store(filled, read_only=True) as store:
        checkpoint = store.checkpoints(EXPERIMENT.id)[-1]
        assert checkpoint.load().width == 60
        content = bytearray(checkpoint.path.read_bytes())
        content[-1] ^= 1
        checkpoint.path.write_bytes(content)
        with pytest.raises(CorruptFile, match="SHA-256"):
            checkpoint.load()
        checkpoint.path.unlink()
        with pytest.raises(InputError, match="must be a safetensors file"):
            checkpoint.load()


def test_a_damaged_state_is_not_resumed(filled: Path) -> None:
    state = next((filled / EXPERIMENT.id).glob("state-*"))
    content = bytearray(state.read_bytes())
    content[-3] ^= 8
    state.write_bytes(content)
    with Store(filled) as store, pytest.raises(CorruptFile, match="SHA-256"):
        run(EXPERIMENT, store=store, steps=60)


def test_one_state_at_a_time(filled: Path) -> None:
    assert [path.name for path in (filled / EXPERIMENT.id).glob("state-*")] == ["state-40.safetensors"]
    assert not list((filled / EXPERIMENT.id).glob(".*"))


def test_weights_load_without_the_store(filled: Path) -> None:
    with Store(filled, read_only=True) as store:
        checkpoint = store.checkpoints(EXPERIMENT.id)[-1]
    net = read_network(checkpoint.path)
    assert net.activation == "power2"
    assert (net.input_scale, net.output_scale) == pytest.approx((22**-0.5, 1 / 60), rel=1e-15)


def test_what_is_no_store(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(InputError, match="runs: must be a directory, got the file"):
        Store(file)
    with pytest.raises(InputError, match="runs: must be a directory with a store"):
        Store(tmp_path / "nowhere", read_only=True)
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "modgrok.sqlite").write_bytes(
        b"not a database, but long enough to be looked at" * 100
    )
    with pytest.raises(InputError, match="is not a store"):
        Store(tmp_path / "odd")


def test_a_newer_store_is_refused(filled: Path) -> None:
    connection = sqlite3.connect(filled / "modgrok.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    for read_only in (True, False):
        with pytest.raises(InputError, match="newer modgrok"):
            Store(filled, read_only=read_only)


def test_names_of_runs(filled: Path) -> None:
    with Store(filled) as store:
        for name in ("", "zzzz", "%", "_"):
            with pytest.raises(InputError, match=r"run: (does not name a run|names)"):
                store.get(name)
        store.remove(EXPERIMENT.id)
        assert store.rows() == []
        assert not (filled / EXPERIMENT.id).exists()
        with pytest.raises(InputError, match="does not name a run"):
            store.get("latest")


def test_a_full_disk_loses_nothing(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    with Store(filled) as store:
        before = store.records(EXPERIMENT.id)
        monkeypatch.setattr(store_module, "write_arrays", full)
        with pytest.raises(OSError, match="No space left"):
            run(EXPERIMENT, store=store, steps=60, early_stop=False)
        monkeypatch.undo()
        assert [r.step for r in store.records(EXPERIMENT.id)] == [r.step for r in before]
        assert store.get(EXPERIMENT.id).step == 40
        again = run(EXPERIMENT, store=store, steps=60, early_stop=False)
    assert again.row.step == 60
    assert np.array_equal(again.weights.readout, run(EXPERIMENT, steps=60, early_stop=False).weights.readout)


WRITER = """
import sys
from pathlib import Path
from modgrok.runs import Experiment, Store, run
experiment, steps = Experiment.of("x + y", p=11, fraction=0.7, width=60), int(sys.argv[2])
told = []
def tell(progress):
    if not told:
        told.append(print("ready", flush=True))
with Store(Path(sys.argv[1])) as store:
    run(experiment, store=store, steps=steps, observe_every=50, early_stop=False, on_observation=tell)
"""


def writer(folder: Path, steps: int = 200_000) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(steps)],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.long)])
def test_a_process_killed_again_and_again_corrupts_nothing(kills: int, tmp_path: Path) -> None:
    """kill -9 at random moments: the store always opens, records only grow, and the end is bit-equal."""
    folder = tmp_path / "runs"
    moments = random.Random(7)
    known: dict[int, list[float]] = {}
    progressed = 0
    for _ in range(kills):
        process = writer(folder)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(moments.uniform(0.0, 0.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        with Store(folder, read_only=True) as store:
            row = store.find(EXPERIMENT.id)
            if row is None:
                continue
            assert row.status in ("interrupted", "finished")
            records = {r.step: list(r.scalars.values()) for r in store.records(row.id)}
            for step, values in known.items():
                assert np.array_equal(records[step], values, equal_nan=True)
            if row.state is not None:
                assert int(store.state(row)["step"]) == row.step == max(records)
            for checkpoint in store.checkpoints(row.id):
                checkpoint.load()
            progressed += len(records) > len(known)
            known = records
    assert progressed >= max(1, kills // 4)
    end = max(known) + 100
    with Store(folder) as store:
        whole = run(EXPERIMENT, store=store, steps=end, observe_every=50, early_stop=False)
    undisturbed = run(EXPERIMENT, steps=end, observe_every=50, early_stop=False)
    assert np.array_equal(whole.weights.embedding, undisturbed.weights.embedding)
    assert [record.step for record in whole.records] == [record.step for record in undisturbed.records]


@pytest.mark.long
def test_readers_and_a_second_writer_while_a_run_writes(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    process = writer(folder, steps=3_000)
    assert process.stdout is not None
    process.stdout.readline()
    seen: list[int] = []
    refused = False
    while process.poll() is None:
        with Store(folder, read_only=True) as store:
            row = store.find(EXPERIMENT.id)
            if row is not None:
                if row.step > 0 and process.poll() is None and not refused:
                    with Store(folder) as second, pytest.raises(InputError, match="another process"):
                        run(EXPERIMENT, store=second, steps=10)
                    with Store(folder) as second, pytest.raises(InputError, match="another process"):
                        second.remove(EXPERIMENT.id)
                    refused = True
                seen.append(len(store.records(row.id)))
        time.sleep(0.02)
    process.stdout.close()
    assert process.returncode == 0
    assert refused
    assert seen == sorted(seen)
    assert len(set(seen)) > 2
