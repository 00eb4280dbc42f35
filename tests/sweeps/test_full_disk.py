"""Disks that are full or cannot be written: one line, nothing lost, and no run is said to have failed."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from stored import table_of

from modgrok.runs import Store
from modgrok.runs.listing import read_listing
from modgrok.sweeps import ensembles_of, make_sweep, run_ensemble

GRID = """
name = "small"
[base]
expression = "x + y"
p = 7
width = 100
steps = 20
early_stop = false
[axes]
seed = { start = 0, stop = 29, num = 30 }
"""


def mount(*arguments: str) -> None:
    """Mount, or skip the test where that is not permitted."""
    if sys.platform != "linux":
        pytest.skip("mounts are those of Linux")
    try:
        subprocess.run(["mount", *arguments], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"mounting is not permitted here ({error})")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of half a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=512k", "modgrok-test", str(folder))
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.long  # it starts worker processes three times
def test_a_sweep_goes_on_when_a_full_disk_has_room_again(
    disk: Path, call: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "small.toml").write_text(GRID)
    sweep = ("sweep", "small.toml", "--workers", "1", "--runs")
    full = call(*sweep, str(disk))
    assert full.code == 1
    (line,) = [line for line in full.err.splitlines() if line.startswith("modgrok: ")]
    assert line.startswith(f"modgrok: runs: cannot write to {disk} (")
    assert line.endswith("what was recorded is kept, and repeating the command goes on from there")
    with Store(disk, read_only=True) as store:
        begun = [row for row in store.rows() if row.status == "finished"]
        assert 0 < len(begun) < 30
        assert all(member.error is None for member in read_listing(store, "small").members)
    mount("-o", "remount,size=16m", str(disk))
    repeated = call(*sweep, str(disk), "--json")
    assert (repeated.code, repeated.json["done"], repeated.json["failed"]) == (0, 30, 0), repeated.err
    assert call(*sweep, "undisturbed").code == 0
    assert table_of(disk) == table_of(tmp_path / "undisturbed")


def test_no_member_fails_by_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = {"expression": "x + y", "p": 5, "width": 8, "steps": 2}
    (ensemble,) = ensembles_of(make_sweep({"name": "s", "base": base, "axes": {"seed": [0, 1]}}).members)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with Store(tmp_path) as store:
        monkeypatch.setattr(Store, "commit", full)
        with pytest.raises(OSError, match="No space left"):
            list(run_ensemble(ensemble, store))


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder on which nothing can be written, not even by root."""
    folder = tmp_path / "fixed"
    folder.mkdir()
    with Store(folder):
        pass
    mount("--bind", str(folder), str(folder))
    try:
        mount("-o", "remount,bind,ro", str(folder))
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_read_only_folder_is_refused_in_one_line(
    read_only: Path, call: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "small.toml").write_text(GRID)
    for folder in (read_only, read_only / "below"):
        found = call("sweep", "small.toml", "--runs", str(folder))
        assert (found.code, found.err.count("\n")) == (2, 1)
        assert found.err.startswith("modgrok: runs: cannot use ")
    listed = call("runs", "list", "--runs", str(read_only))
    assert (listed.code, listed.out) == (0, "no runs yet\n"), listed.err


def test_a_store_of_a_newer_version_is_refused_in_one_line(call: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(GRID)
    with Store(tmp_path / "runs") as store:
        store.connection.execute("PRAGMA user_version = 999")
    found = call("sweep", "small.toml")
    assert (found.code, found.err.count("\n")) == (2, 1)
    assert "was written by a newer modgrok (schema 999" in found.err
