"""What a sweep stored, for comparing two stores."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from modgrok.runs import Store
from modgrok.runs.store.sweep_index import rows_of_sweep, sweep_names


def table_of(folder: Path, name: str = "small") -> list[tuple[Any, ...]]:
    """All that a sweep stored, but for times."""
    with Store(folder, read_only=True) as store:
        rows = rows_of_sweep(store, name)
        results = []
        for row in rows:
            records = [(r.step, tuple(r.scalars.values())) for r in store.records(row.id)]
            weights = store.checkpoints(row.id)[-1].load()
            numbers = np.asarray(weights.embedding).tobytes()
            moments = row.memorised_at, row.grokked_at
            results.append((row.id, row.status, row.step, *moments, str(records), numbers))
        return results


def drive(grid: Path, folder: Path, *more: str) -> subprocess.Popen[bytes]:
    """Start a sweep in a process of its own."""
    code = "from modgrok.cli import main; main()"
    arguments = ["sweep", str(grid), "--runs", str(folder), *more]
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def count(folder: Path, what: str) -> int:
    """Count rows of a store by a query; 0 while there is no store."""
    if not (folder / "modgrok.sqlite").is_file():
        return 0
    with Store(folder, read_only=True) as store:
        if "small" not in sweep_names(store):
            return 0
        return int(store.connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0])


def wait_until(reached: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float = 300) -> None:
    """Wait for a condition that a process brings about."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert process.poll() is None, f"the driver ended with {process.returncode} before"
        assert time.monotonic() < deadline, "the driver took too long"
        time.sleep(0.02)


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """List the processes that a process started."""
    child_ids = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(pid) for pid in child_ids]


def gone(pid: int) -> bool:
    """Say whether a process has ended."""
    try:
        return "Z" in Path(f"/proc/{pid}/stat").read_text().split(")")[1]
    except (FileNotFoundError, ProcessLookupError):
        return True


def kill(*pids: int) -> None:
    """End processes at once, and wait until they are gone."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while not all(gone(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)
