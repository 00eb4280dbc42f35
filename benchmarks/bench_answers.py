"""What waits for an answer: a report, a second one, `measure`, `explain` of one network, at p = 97.

    uv run --group bench pytest benchmarks/bench_answers.py -s -n 0

Seconds of a processor (user and system, children included) stand beside wall-clock time: the former changes
less with what else the machine does.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from modgrok.measures.logits import explain
from modgrok.measures.logits.rows import rows_of_network
from modgrok.runs import Store
from modgrok.runs.assets import stored_experiment
from modgrok.runs.splits import split_of

COMMAND = [sys.executable, "-c", "from modgrok.cli import main; main()"]
TURNS = 3


def processor_seconds(arguments: list[str], folder: Path) -> tuple[float, float, float]:
    """Run a command; return its processor seconds, its wall-clock seconds, and its peak memory in MiB."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    began = time.perf_counter()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)  # it has been waited for
    assert status == 0, arguments
    return used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss / 1024


def own_seconds(work: Callable[[], object]) -> float:
    """Return the processor seconds of this process that some work takes."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a run at p = 97 is stored in `runs`."""
    target_folder = tmp_path_factory.mktemp("answers")
    processor_seconds(["train", "x + y", "--p", "97"], target_folder)
    return target_folder


def test_commands(folder: Path) -> None:
    """Print the medians of three turns, after one that fills the caches."""
    print()
    for name, arguments in (
        ("report, HTML", ["report", "latest", "-o", "report.html"]),
        ("report, PNG", ["report", "latest", "-o", "report.png"]),
        ("measure", ["measure", "latest"]),
    ):
        turns = [processor_seconds(arguments, folder) for _ in range(1 + TURNS)]
        work, wall, peak = (statistics.median(column) for column in zip(*turns[1:], strict=True))
        first = turns[0][0]
        print(f"  {name:<14}{work:6.2f} s of a processor, the first time {first:.2f}")
        print(f"  {'':<14}{wall:6.2f} s of wall-clock time, {peak:.0f} MiB at the peak")


def test_in_one_process(folder: Path) -> None:
    """Print what a second report, of an unchanged run and of one drawn again, and one explanation take."""
    from modgrok.reports import write_report
    from modgrok.reports.recent_reports import RECENT

    with Store(folder / "runs", read_only=True) as store:
        row = store.get("latest")
        for suffix in ("html", "png"):
            path = folder / f"again.{suffix}"
            turns = [
                own_seconds(lambda path=path: write_report(store, row.id, path)) for _ in range(1 + TURNS)
            ]
            print(f"\n  second {suffix}, unchanged: {statistics.median(turns[1:]):.2f} s of a processor")

            def draw_again(path: Path = path) -> None:
                RECENT.clear()
                write_report(store, row.id, path)

            turns = [own_seconds(draw_again) for _ in range(TURNS)]
            print(f"  second {suffix}, drawn again: {statistics.median(turns):.2f} s of a processor")
        experiment = stored_experiment(store, row)
        task = experiment.build_task()
        split, slowest = split_of(experiment, task), 0.0
        for checkpoint in store.checkpoints(row.id):
            logits = rows_of_network(task, checkpoint.load())(0, task.size)
            slowest = max(slowest, own_seconds(lambda logits=logits: explain(task, logits, split=split)))
    print(f"  explain, slowest of the kept networks: {slowest:.2f} s of a processor")
    assert slowest < 1
