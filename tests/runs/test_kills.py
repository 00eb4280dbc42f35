"""Processes killed at random moments of training: nothing recorded is lost, and the end is the same bits.

`MODGROK_TEST_KILLS=25 uv run pytest -m long tests/runs/test_kills.py` kills 25 times in each of the settings.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from fork_server import ForkServer, fork_server

from campaign import count
from modgrok.learners.catalogue import LEARNERS
from modgrok.runs import Experiment, Store, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked, and found in /proc")

SETTINGS: dict[str, tuple[dict[str, Any], int]] = {
    "mlp": ({"p": 11, "fraction": 0.7, "width": 60}, 50),
    "mlp, batches": (
        {"p": 7, "fraction": 0.7, "width": 30, "optimiser": "adamw", "batch_size": 5, "dropout": 0.1}, 20,
    ),
    "mlp, filtered": ({"p": 7, "fraction": 0.7, "width": 30, "optimiser": "muon", "grokfast": 2.0}, 20),
    "transformer": ({"learner": "transformer", "p": 5, "d_model": 8, "heads": 2, "d_mlp": 16}, 10),
    "transformer, batches": (
        {"learner": "transformer", "p": 5, "d_model": 8, "heads": 2, "d_mlp": 16, "batch_size": 4}, 10,
    ),
    "rfm": ({"learner": "rfm", "p": 5, "fraction": 0.7}, 1),
}  # fmt: skip
"""Options of an experiment, and steps between observations."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    with fork_server(tmp_path_factory.mktemp("server")) as started:
        yield started


def interrupted(server: ForkServer, moments: random.Random, *arguments: Any) -> None:
    """Start a process, and kill it: mostly while it works, now and then while it starts."""
    process = server.start(*arguments)
    if moments.random() < 0.85:
        assert server.line() == "ready"
        time.sleep(moments.uniform(0.0, 0.3))
    else:
        time.sleep(moments.uniform(0.0, 1.0))
    server.kill(process)


def records_of(folder: Path, run_id: str) -> dict[int, list[float]]:
    """Read all that a killed process recorded; each file must be what its row says."""
    with Store(folder, read_only=True) as store:
        row = store.find(run_id)
        if row is None:
            return {}
        assert row.status in ("interrupted", "finished")
        records = {r.step: list(r.scalars.values()) for r in store.records(row.id)}
        if row.state is not None:
            assert int(store.state(row)["step"]) == row.step == max(records)
        for checkpoint in store.checkpoints(row.id):
            assert checkpoint.arrays()
        return records


def check_kept(known: dict[int, list[float]], records: dict[int, list[float]]) -> None:
    for step, values in known.items():
        assert np.array_equal(records[step], values, equal_nan=True), step


def test_every_learner_is_killed() -> None:
    tried = {options.get("learner", "mlp") for options, _ in SETTINGS.values()}
    assert tried == {definition.name for definition in LEARNERS}


def killed(server: ForkServer, folder: Path, name: str, kills: int) -> None:
    """Kill a run again and again, resume it, and compare it with an undisturbed one."""
    options, every = SETTINGS[name]
    experiment = Experiment.of("x + y", **options)
    moments = random.Random(name)
    known: dict[int, list[float]] = {}
    progressed = 0
    for _ in range(kills):
        interrupted(server, moments, "train", str(folder), {"expression": "x + y", **options}, 10**6, every)
        records = records_of(folder, experiment.id)
        check_kept(known, records)
        progressed += len(records) > len(known)
        known = records
    assert progressed >= max(1, kills // 4)
    end = max(known) + 2 * every
    with Store(folder) as store:
        resumed = run(experiment, store=store, steps=end, observe_every=every, early_stop=False)
    undisturbed = run(experiment, steps=end, observe_every=every, early_stop=False)
    for one, two in zip(jax.tree.leaves(resumed.weights), jax.tree.leaves(undisturbed.weights), strict=True):
        assert np.array_equal(one, two)
    for record, again in zip(resumed.records, undisturbed.records, strict=True):
        assert record.step == again.step
        assert np.array_equal(list(record.scalars.values()), list(again.scalars.values()), equal_nan=True)


@pytest.mark.long
@pytest.mark.parametrize("name", SETTINGS)
def test_every_learner_killed_again_and_again(server: ForkServer, tmp_path: Path, name: str) -> None:
    killed(server, tmp_path / "runs", name, count("KILLS", 20))


@pytest.mark.long
def test_a_loop_of_ones_own_killed_again_and_again(server: ForkServer, tmp_path: Path) -> None:
    folder, options = tmp_path / "runs", {"expression": "x + y", "p": 5, "settings": {"width": 8}}
    moments, known, run_id = random.Random(1), {}, ""
    for _ in range(count("KILLS", 20)):
        interrupted(server, moments, "record", str(folder), options, 10**6, 5)
        with Store(folder, read_only=True) as store:
            rows = store.rows()
            run_id = rows[0].id if rows else run_id
        records = records_of(folder, run_id) if run_id else {}
        check_kept(known, records)
        assert sorted(records) == list(range(0, 5 * len(records), 5))
        known = records
    assert len(known) > count("KILLS", 20)
