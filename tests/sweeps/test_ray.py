"""The Ray executor: runs come back from tasks as a local sweep stores them, also when a node is lost."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stored import count, drive, table_of, wait_until

from modgrok.runs import Store
from modgrok.runs.assets import keep, pack_assets
from modgrok.runs.store.network_file import NetworkFile
from modgrok.runs.store.sweep_index import Listing, SweepMember, write_listing
from modgrok.runs.store.transfer import RunBundle, unpack_run
from modgrok.sweeps import make_sweep, read_sweep, run_ensemble
from modgrok.sweeps.execution.ensemble import Ensemble, ensembles_of
from modgrok.sweeps.execution.event_queue import EventQueue
from modgrok.sweeps.execution.executor import Event, Job, pack_ensemble
from modgrok.sweeps.execution.ray_task import run_apart

GRID = """
name = "small"
[base]
expression = "x + y"
p = 7
width = 12
steps = {steps}
early_stop = false
[axes]
fraction = [0.5, 0.7]
seed = {{ start = 0, stop = {last}, num = {seeds} }}
"""


def grid_of(path: Path, seeds: int, steps: int) -> Path:
    path.write_text(GRID.format(steps=steps, last=seeds - 1, seeds=seeds))
    return path


def stored_alone(grid: Path, folder: Path) -> None:
    """Run a grid in this process."""
    sweep = read_sweep(grid)
    with Store(folder) as store:
        for ensemble in ensembles_of(sweep.members):
            assert all(outcome.error is None for outcome in run_ensemble(ensemble, store, weights="final"))
        members = tuple(SweepMember(member.experiment.id, member.point) for member in sweep.members)
        write_listing(store, Listing("small", (), "", members))


@pytest.mark.needs("ray")
def test_a_sweep_through_ray_is_stored_as_a_local_one(tmp_path: Path) -> None:
    grid = grid_of(tmp_path / "small.toml", seeds=2, steps=60)
    # in a process of its own, for Ray forks, and one worker, for then it has all threads
    driver = drive(grid, tmp_path / "runs", "--executor", "ray", "--workers", "1")
    assert driver.wait(timeout=300) == 0
    stored_alone(grid, tmp_path / "alone")
    assert table_of(tmp_path / "runs") == table_of(tmp_path / "alone")
    assert len(table_of(tmp_path / "runs")) == 4


@pytest.mark.needs("ray")
@pytest.mark.long  # it waits for a cluster of three machines
def test_a_lost_node_changes_nothing(call: Callable[..., Any], tmp_path: Path) -> None:
    from ray.cluster_utils import Cluster

    grid = grid_of(tmp_path / "small.toml", seeds=100, steps=300)
    disturbed, undisturbed = tmp_path / "disturbed", tmp_path / "undisturbed"
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    try:
        cluster.add_node(num_cpus=1)
        lost = cluster.add_node(num_cpus=1)
        driver = drive(grid, disturbed, "--executor", "ray", "--address", cluster.address)
        wait_until(lambda: count(disturbed, "runs") >= 5, driver)
        cluster.remove_node(lost, allow_graceful=False)  # it had 16 runs, and at least 11 to go
        assert count(disturbed, "runs") < 100
        assert driver.wait(timeout=900) == 0
    finally:
        cluster.shutdown()
    assert call("sweep", str(grid), "--runs", str(undisturbed), "--workers", "2").code == 0
    assert table_of(disturbed) == table_of(undisturbed)
    assert len(table_of(disturbed)) == 200


def apart(
    ensemble: Ensemble,
    job: Job,
    bundles: tuple[RunBundle, ...] = (),
    pretrained: Mapping[str, bytes] | None = None,
    stop_after: int = 10**9,
) -> tuple[list[Event], list[RunBundle]]:
    """Run an ensemble as a task does, without Ray."""
    events: list[Event] = []
    results: list[RunBundle] = []

    def tell(event: Event, bundle: RunBundle | None) -> bool:
        events.append(event)
        results.extend([bundle] if bundle is not None else [])
        return len(events) >= stop_after

    run_apart(pack_ensemble(ensemble, job), bundles, pretrained or {}, tell)
    return events, results


def test_a_task_tells_of_its_runs_and_goes_on_from_bundles(tmp_path: Path) -> None:
    def members(steps: int) -> Ensemble:
        base = {"expression": "x + y", "p": 5, "width": 8, "steps": steps, "early_stop": False}
        (ensemble,) = ensembles_of(make_sweep({"name": "s", "base": base, "axes": {"seed": [0, 1]}}).members)
        return ensemble

    job = Job(tmp_path / "driver", "modgrok sweep")
    events, bundles = apart(members(5), job)
    assert [event.status for event in events if event.status != "running"] == ["finished"] * 2
    assert [bundle.run for bundle in bundles] == [m.experiment.id for m in members(5).members]
    assert not job.folder.exists()
    _, stopped = apart(members(10), job, tuple(bundles), stop_after=1)
    assert [(p.row["status"], p.row["step"]) for p in stopped] == [("interrupted", 6)]
    _, later = apart(members(10), job, tuple(stopped))
    assert [bundle.row["step"] for bundle in later] == [10, 10]
    with Store(tmp_path / "there") as there, Store(tmp_path / "alone") as alone:
        for bundle in later:
            unpack_run(there, bundle)
        list(run_ensemble(members(10), alone))
        for row in alone.rows():
            curves = [str([r.scalars for r in store.records(row.id)]) for store in (there, alone)]
            assert curves[0] == curves[1]


@pytest.mark.long
def test_a_task_has_the_networks_of_which_its_runs_take_parts(tmp_path: Path) -> None:
    sizes = {"learner": "transformer", "d_model": 4, "heads": 1, "d_mlp": 4, "steps": 2, "early_stop": False}
    (parent,) = make_sweep({"name": "s", "base": {"expression": "x + y", "p": 5, **sizes}}).members
    job = Job(tmp_path / "driver")
    with Store(job.folder) as store:
        (outcome,) = run_ensemble(Ensemble((parent,)), store)
        assert outcome.run is not None
        weights = outcome.run.weights
        digest = keep(store, "network", NetworkFile(weights))
        learner = parent.experiment.learner.model_copy(
            update={"embedding_digest": digest, "freeze_embedding": True}
        )
        child = replace(parent, experiment=parent.experiment.model_copy(update={"learner": learner}))
        pretrained = pack_assets(store, [parent.experiment, child.experiment])
    assert list(pretrained) == [f"donors/{digest}.safetensors"]
    (*_, missed), _ = apart(Ensemble((child,)), job)
    assert missed.status == "failed"
    assert str(missed.error).startswith("embedding_from: ")
    _, (bundle,) = apart(Ensemble((child,)), job, pretrained=pretrained)
    with Store(tmp_path / "there") as there:
        unpack_run(there, bundle)
        result = there.checkpoints(bundle.run)[-1].load()
    assert (result.embedding == weights.embedding).all()


@pytest.mark.needs("ray")
@pytest.mark.long  # starts a cluster, and six transformers
def test_claims_through_ray_are_as_those_tested_here(tmp_path: Path) -> None:
    claim = "furuta2024/table1-linear"  # its third run takes the embedding of its first

    def tested(*more: str) -> dict[str, Any]:
        code = "from modgrok.cli import main; main()"
        words = ["reproduce", claim, "--budget", "tiny", "--json", "--workers", "1", *more]
        output = subprocess.run(
            [sys.executable, "-c", code, *words, "--runs", str(tmp_path / str(len(more)))],
            capture_output=True,
            text=True,
            check=True,
        )
        (result,) = json.loads(output.stdout.splitlines()[-1])["claims"]
        assert result.pop("seconds") > 0
        assert result["verdict"] is not None
        assert isinstance(result, dict)
        return result

    assert tested("--executor", "ray") == tested()


def test_the_board_gives_news_once_in_order() -> None:
    queue = EventQueue()
    assert not queue.put(1, Event("a"))
    queue.stop()
    assert queue.put(2, Event("b"))
    assert [(number, event.run) for number, event, _ in queue.take()] == [(1, "a"), (2, "b")]
    assert queue.take() == []


def test_without_ray_one_line_says_what_to_install(
    call: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    result = call("sweep", str(grid_of(tmp_path / "small.toml", 2, 5)), "--executor", "ray")
    assert result.code == 2
    expected = 'modgrok: executor: ray needs Ray (pip install "modgrok[ray]"), got none\n'
    assert result.err.endswith(expected)
    assert not (tmp_path / "runs").exists()


@pytest.mark.needs("ray")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--address", "nowhere"), "address: must be HOST:PORT, ray://HOST:PORT or auto, got 'nowhere'"),
        (("--address", "127.0.0.1:closed"), "address: must be HOST:PORT"),
        (("--address", "PORT"), "address: must be that of a running Ray cluster, got '127.0.0.1:"),
        (("--gpus", "-1"), "gpus: must be at least 0"),
        (("--gpus", "many"), "gpus: must be a number, got 'many'"),
    ],
)
def test_refusals(call: Callable[..., Any], tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound, and nobody listens
        port = f"127.0.0.1:{free.getsockname()[1]}"
        command_words = [port if word == "PORT" else word for word in arguments]
        result = call(
            "sweep", str(grid_of(tmp_path / "small.toml", 2, 5)), "--executor", "ray", *command_words
        )
    assert result.code == 2
    assert result.err.startswith(f"modgrok: {message}")
    assert result.err.count("\n") == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("option", [("--address", "auto"), ("--gpus", "0.5")])
def test_options_of_ray_need_ray(call: Callable[..., Any], tmp_path: Path, option: tuple[str, str]) -> None:
    result = call("sweep", str(grid_of(tmp_path / "small.toml", 2, 5)), *option)
    assert result.code == 2
    assert result.err == f"modgrok: {option[0][2:]}: must be used with --executor ray, got '{option[1]}'\n"
