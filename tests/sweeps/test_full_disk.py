"""Disks that are full or cannot be written: one line, nothing lost, and no run is said to have failed."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stored import table_of

from modgrok.runs import Store
from modgrok.runs.store.sweep_index import read_listing
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


def shell(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script where it may mount disks that nobody else sees and that end with it, or skip the test."""
    (folder / "command.py").write_text("from modgrok.cli import main\n\nmain()\n")
    apart = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    try:
        subprocess.run([*apart, "mount -t tmpfs modgrok-test /mnt"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"mounting is not permitted here ({error})")
    return subprocess.run(
        [*apart, script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MODGROK": f"{sys.executable} command.py"},
    )


@pytest.mark.long  # it starts worker processes three times
def test_a_sweep_goes_on_when_a_full_disk_has_room_again(call: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(GRID)
    (tmp_path / "disk").mkdir()
    script = """
        mount -t tmpfs -o size=512k modgrok-test disk
        $MODGROK sweep small.toml --workers 1 --runs disk 2> full.err
        echo $?
        cp -r disk full
        mount -o remount,size=16m disk
        $MODGROK sweep small.toml --workers 1 --runs disk --json 2> /dev/null
        cp -r disk repeated
    """
    result = shell(tmp_path, script)
    code, *_, summary = result.stdout.splitlines()
    assert code == "1", result
    (line,) = [x for x in (tmp_path / "full.err").read_text().splitlines() if x.startswith("modgrok: ")]
    assert line.startswith("modgrok: runs: cannot write to disk (")
    assert line.endswith("what was recorded is kept, and repeating the command goes on from there")
    with Store(tmp_path / "full") as store:
        assert 0 < sum(row.status == "finished" for row in store.rows()) < 30
        assert all(member.error is None for member in read_listing(store, "small").members)
    output = json.loads(summary)
    assert (output["done"], output["failed"]) == (30, 0)
    assert call("sweep", "small.toml", "--workers", "1", "--runs", "undisturbed").code == 0
    assert table_of(tmp_path / "repeated") == table_of(tmp_path / "undisturbed")


def test_no_member_fails_by_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = {"expression": "x + y", "p": 5, "width": 8, "steps": 2}
    (ensemble,) = ensembles_of(make_sweep({"name": "s", "base": base, "axes": {"seed": [0, 1]}}).members)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with Store(tmp_path) as store:
        monkeypatch.setattr(Store, "commit", full)
        with pytest.raises(OSError, match="No space left"):
            list(run_ensemble(ensemble, store))


@pytest.mark.long  # it starts three processes
def test_a_folder_that_cannot_be_written_is_refused_and_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(GRID)
    with Store(tmp_path / "fixed"):
        pass
    script = """
        mount --bind fixed fixed && mount -o remount,bind,ro fixed
        $MODGROK sweep small.toml --runs fixed; echo $?
        $MODGROK sweep small.toml --runs fixed/below; echo $?
        $MODGROK runs list --runs fixed; echo $?
    """
    result = shell(tmp_path, script)
    assert result.stdout.splitlines() == ["2", "2", "no runs yet", "0"], result
    lines = result.stderr.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("modgrok: runs: cannot use 'fixed") for line in lines)


def test_a_store_of_a_newer_version_is_refused_in_one_line(call: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(GRID)
    with Store(tmp_path / "runs") as store:
        store.connection.execute("PRAGMA user_version = 999")
    result = call("sweep", "small.toml")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "was written by a newer modgrok (schema 999" in result.err
