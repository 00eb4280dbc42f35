"""`modgrok sweep`: grids that continue, survive killed processes, and tell of failures."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from stored import children, count, drive, gone, kill, table_of, wait_until

from campaign import count as repeat
from modgrok.runs import Store
from modgrok.runs.store.sweep_index import read_listing, rows_of_sweep, sweep_names
from modgrok.sweeps.execution.local import LocalExecutor
from modgrok.threads import cores, thread_limits

GRID = """
name = "small"
[base]
expression = "x + y"
p = 5
width = 10
steps = {steps}
observe_every = 500
early_stop = false
[axes]
fraction = [0.5, 0.7]
seed = [0, 1]
"""


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes of a test share a folder of compiled steps."""
    monkeypatch.setenv("JAX_ENABLE_COMPILATION_CACHE", "1")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "compiled"))
    monkeypatch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    monkeypatch.setenv("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")


@pytest.mark.long  # it waits for real processes to be at the right place
@pytest.mark.skipif(sys.platform != "linux", reason="children are found in /proc")
def test_killed_workers_and_drivers_change_nothing(call: Any, compiled: None, tmp_path: Path) -> None:
    text = GRID.format(steps=40_000).replace("[0, 1]", "[0, 1, 2, 3, 4, 5, 6, 7]")
    grid = tmp_path / "small.toml"
    grid.write_text(text)
    disturbed, undisturbed = tmp_path / "disturbed", tmp_path / "undisturbed"

    def wait_for_more(driver: subprocess.Popen[bytes]) -> None:
        known = count(disturbed, "records")
        wait_until(lambda: count(disturbed, "records") > known, driver)

    driver = drive(grid, disturbed, "--workers", "1")
    wait_for_more(driver)
    (worker,) = children(driver)
    kill(worker)
    wait_for_more(driver)  # by another worker
    (successor,) = children(driver)
    assert successor != worker
    refused = call("sweep", str(grid), "--runs", str(disturbed))
    assert refused.code == 2
    assert refused.err.endswith("sweep: small is being run by another process\n")
    driver.kill()
    driver.wait()
    deadline = time.monotonic() + 60
    while not gone(successor):
        assert time.monotonic() < deadline, "the worker outlived its driver"
        time.sleep(0.02)
    with Store(disturbed, read_only=True) as store:
        assert any(row.status != "finished" for row in rows_of_sweep(store, "small"))
    repeated = call("sweep", str(grid), "--runs", str(disturbed), "--workers", "1", "--json")
    assert repeated.code == 0, repeated.err
    assert (repeated.json["total"], repeated.json["done"], repeated.json["failed"]) == (16, 16, 0)
    call("sweep", str(grid), "--runs", str(undisturbed), "--workers", "1")
    assert table_of(disturbed) == table_of(undisturbed)
    assert len(table_of(disturbed)) == 16


@pytest.mark.long  # 400 runs
@pytest.mark.skipif(sys.platform != "linux", reason="children are found in /proc")
def test_two_hundred_runs_killed_three_times_are_those_of_one_command(
    call: Any, compiled: None, tmp_path: Path
) -> None:
    text = GRID.format(steps=200).replace("p = 5", "p = 7").replace("500", "20")
    grid = tmp_path / "small.toml"
    grid.write_text(text.replace("seed = [0, 1]", "seed = { start = 0, stop = 99, num = 100 }"))
    disturbed, undisturbed = tmp_path / "disturbed", tmp_path / "undisturbed"

    def finished() -> int:
        return count(disturbed, "runs WHERE status = 'finished'")

    for enough in (5, 50, 100):  # far apart, so that a slow look at the store misses none
        driver = drive(grid, disturbed, "--workers", "2")
        wait_until(lambda enough=enough: finished() >= enough, driver)
        kill(*children(driver), driver.pid)
        driver.wait()
        assert finished() < 200
    assert call("sweep", str(grid), "--runs", str(disturbed), "--workers", "2").code == 0
    assert call("sweep", str(grid), "--runs", str(undisturbed), "--workers", "2").code == 0
    assert table_of(disturbed) == table_of(undisturbed)
    assert len(table_of(disturbed)) == 200


@pytest.mark.long  # MODGROK_TEST_SWEEP_KILLS=30 for a campaign
@pytest.mark.skipif(sys.platform != "linux", reason="children are found in /proc")
def test_a_sweep_killed_again_and_again_is_that_of_one_command(
    call: Any, compiled: None, tmp_path: Path
) -> None:
    """Workers and drivers are killed by turns at random moments; nothing recorded is lost."""
    most = repeat("SWEEP_KILLS", 6)
    seeds = list(range(2 * most))  # so many that runs are left after the last kill
    grid = tmp_path / "small.toml"
    grid.write_text(GRID.format(steps=60_000).replace("[0, 1]", str(seeds)))
    disturbed, undisturbed = tmp_path / "disturbed", tmp_path / "undisturbed"
    moments, kills, known = random.Random(5), 0, 0

    def wait_for_more(driver: subprocess.Popen[bytes]) -> None:
        nonlocal known
        wait_until(lambda: count(disturbed, "records") > known or driver.poll() is not None, driver, 600)
        time.sleep(moments.uniform(0, 0.3))
        more = count(disturbed, "records")
        assert more >= known
        known = more

    while kills < most:
        driver = drive(grid, disturbed, "--workers", "1")
        wait_for_more(driver)
        workers = children(driver)
        if workers and moments.random() < 0.5:
            kill(*workers)
            kills += 1
            wait_for_more(driver)
        kill(*children(driver), driver.pid)
        driver.wait()
        kills += 1
        sys.stderr.write(f"{kills} kills, {known} records\n")
        with Store(disturbed, read_only=True) as store:
            assert any(row.status != "finished" for row in rows_of_sweep(store, "small")), "too small"
    assert call("sweep", str(grid), "--runs", str(disturbed), "--workers", "1").code == 0
    assert call("sweep", str(grid), "--runs", str(undisturbed), "--workers", "1").code == 0
    assert table_of(disturbed) == table_of(undisturbed)
    assert len(table_of(disturbed)) == 2 * len(seeds)


def test_a_sweep_continues_lists_and_retries(call: Any, tmp_path: Path) -> None:
    text = GRID.format(steps=500) + "[[zip]]\nbatch_size = [5, 14]\n"
    grid = write(tmp_path / "small.toml", text)
    dry = call("sweep", grid, "--dry-run", "--json")
    assert dry.code == 0, dry.err
    assert (dry.json["total"], dry.json["left"], dry.json["done"]) == (8, 8, 0)
    assert dry.json["predicted_seconds"] > 0
    assert not (tmp_path / "runs").exists()
    result = call("sweep", grid, "--workers", "1", "--json")
    assert result.code == 1, result.err
    output = result.json
    assert {"sweep", "total", "done", "failed", "seconds"} <= set(output)
    assert (output["sweep"], output["total"], output["done"], output["failed"]) == ("small", 8, 6, 2)
    assert output["failures"][0]["error"].startswith("batch_size: must be at most the 12 training examples")
    assert output["failures"][0]["point"] == {"fraction": 0.5, "seed": 0, "batch_size": 14}
    assert "6 of 8 runs done" in result.out
    assert "failed 2" in result.err
    again = call("sweep", grid, "--json").json
    assert (again["done"], again["failed"]) == (6, 2)
    assert len(call("runs", "list", "--sweep", "small", "--json").json["runs"]) == 6
    unknown = call("runs", "list", "--sweep", "large")
    assert (unknown.code, unknown.err.count("\n")) == (2, 1)
    retried = call("sweep", grid, "--retry-failed", "--workers", "1", "--json").json
    assert (retried["done"], retried["failed"]) == (6, 2)
    smaller = write(tmp_path / "small.toml", GRID.format(steps=500) + "batch_size = [5]\n")
    fixed = call("sweep", smaller, "--json").json
    assert (fixed["total"], fixed["done"], fixed["failed"]) == (4, 4, 0)
    with Store(tmp_path / "runs", read_only=True) as store:
        assert sweep_names(store) == ["small"]
        assert read_listing(store, "small").axes == (("fraction",), ("seed",), ("batch_size",))
        assert {c.reasons for row in store.rows() for c in store.checkpoints(row.id)} == {("final",)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("none.toml",), "file: cannot read"),
        (("small.toml", "--executor", "cloud"), "executor: must be one of local, ray"),
        (("small.toml", "--workers", "0"), "workers: must be at least 1"),
        (("small.toml", "--weights", "none"), "weights: must be one of final, schedule"),
        (("bad.toml",), "axes.fractoin: is not an option of train; did you mean fraction?"),
        (("huge.toml",), "axes: must make at most 100,000 runs, got 1,000,000,000"),
    ],
)
def test_refusals(call: Any, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    write(tmp_path / "small.toml", GRID.format(steps=5))
    write(tmp_path / "bad.toml", GRID.format(steps=5).replace("fraction", "fractoin"))
    write(tmp_path / "huge.toml", GRID.format(steps=5) + "lr = { log = [1, 2], num = 250_000_000 }\n")
    result = call("sweep", *arguments)
    assert result.code == 2
    assert result.err.startswith(f"modgrok: {message}")
    assert result.err.count("\n") == 1


def test_workers_share_the_cores() -> None:
    one = LocalExecutor(1).environment(1)
    many = LocalExecutor(4).environment(cores())
    assert one["OMP_NUM_THREADS"] == one["NPROC"] == str(cores())
    assert many["OPENBLAS_NUM_THREADS"] == many["NPROC"] == "1"
    flags = thread_limits(1, {"XLA_FLAGS": "--a=b"})["XLA_FLAGS"]
    assert flags == "--a=b --xla_cpu_multi_thread_eigen=false"
