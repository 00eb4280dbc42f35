"""Sweeps: their overhead, what they save over separate commands, and stores of 10,000 runs.

    uv run --group bench pytest benchmarks/bench_sweep.py -s -n 0

Ratios are of one run: what is compared takes turns or directly follows one another.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modgrok.runs import Experiment, Store, loop, prepare, run
from modgrok.runs.preparation import initial_state
from modgrok.runs.recorder import Recorder
from modgrok.runs.segments import Descent, advance
from modgrok.runs.store.sweep_index import Listing, SweepMember, rows_of_sweep, write_listing
from modgrok.sweeps import ensembles_of, make_sweep, run_ensemble

COMMAND = [sys.executable, "-c", "from modgrok.cli import main; main()"]
P, WIDTH, MEMBERS, STEPS = 31, 200, 64, 1000
RUNS = 10_000
BASE = {"expression": "x + y", "p": P, "width": WIDTH, "steps": STEPS, "early_stop": False}


def command(arguments: list[str], folder: Path) -> tuple[float, str]:
    """Run a command and return (seconds, stdout)."""
    started = time.perf_counter()
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")},
    )  # fmt: skip
    return time.perf_counter() - started, done.stdout


def bare_steps(experiment: Experiment) -> Callable[[], float]:
    """Return a function that makes the compiled steps of a run alone; seconds of the processor."""
    setting = prepare(experiment)
    state = initial_state(setting)

    def steps() -> float:
        started = time.process_time()
        _, finite = advance(setting.learner, state, setting.problem, np.int32(STEPS))
        assert bool(finite)
        return time.process_time() - started

    steps()
    return steps


def test_the_overhead_of_a_run(tmp_path: Path) -> None:
    """A run observed by default, over its bare steps: goal 1.15; and where the rest of its time goes.

    In memory; stored with its final weights, as a member of a sweep is; and with those of all checkpoints, as
    `train` keeps them.
    """
    experiments = [Experiment.of("x + y", p=P, width=WIDTH, seed=seed) for seed in range(40)]
    steps = bare_steps(experiments.pop())
    parts: Counter[str] = Counter()
    with Store(tmp_path) as store, pytest.MonkeyPatch.context() as patch:
        for owner, name in PARTS:
            patch.setattr(owner, name, counted(getattr(owner, name), name, parts))
        for where, policy in ((None, "final"), (store, "final"), (store, "schedule")):
            run(experiments.pop(), store=where, steps=STEPS, early_stop=False, weights=policy)  # compiles
            parts.clear()
            whole, bare, count = 0.0, 0.0, 6
            for _ in range(count):
                started = time.process_time()
                done = run(experiments.pop(), store=where, steps=STEPS, early_stop=False, weights=policy)
                whole += time.process_time() - started
                bare += steps()
            place = "in memory" if where is None else f"stored, weights {policy}"
            print(f"\n{place}: {whole / bare:.2f} times {STEPS} bare steps, {len(done.records)} observations")
            print(f"  {whole / count * 1e3:.0f} ms, {bare / count * 1e3:.0f} ms the bare steps; of these")
            print("  " + ", ".join(f"{name} {1e3 * value / count:.1f}" for name, value in parts.items()))


PARTS: tuple[tuple[Any, str], ...] = (
    (loop, "followed_run"),
    (Recorder, "start_run"),
    (Descent, "advance"),
    (Recorder, "_explained_share"),
    (Recorder, "_commit"),
)
"""What a run consists of: preparation, its row and first state, steps with their observations, the store."""


def counted(function: Callable[..., Any], name: str, parts: Counter[str]) -> Callable[..., Any]:
    """Return the function, with its seconds of the processor added to a part."""

    def call(*arguments: Any, **keywords: Any) -> Any:
        started = time.process_time()
        try:
            return function(*arguments, **keywords)
        finally:
            parts[name] += time.process_time() - started

    return call


def test_the_overhead_of_an_ensemble(tmp_path: Path) -> None:
    """Members, stored, against as many times one member's compiled steps; 1.15 for 64 of few observations.

    In seconds of the processor, which depend less on what else the machine does.
    """
    for observe_every, members in ((STEPS, MEMBERS), (100, 16), (None, MEMBERS)):
        more = {} if observe_every is None else {"observe_every": observe_every}
        axes = {"seed": list(range(members))}
        (ensemble,) = ensembles_of(
            make_sweep({"name": "s", "base": {**BASE, **more}, "axes": axes}).members, most=MEMBERS
        )
        steps = bare_steps(ensemble.members[0].experiment)
        overheads, bare = [], []
        with Store(tmp_path / str(observe_every)) as store:
            started = time.process_time()
            for _ in run_ensemble(ensemble, store, weights="final"):
                overheads.append(time.process_time() - started)
                bare.append(steps())
                started = time.process_time()
        ratio = sum(overheads[1:]) / sum(bare[1:])  # the first one compiles
        print(
            f"\n{members} members, observe_every {observe_every}: {ratio:.2f} times {STEPS} bare steps each"
        )


def test_a_sweep_against_separate_commands(tmp_path: Path) -> None:
    """At least 4 times faster than as many `modgrok train`, of which three are timed."""
    base = "\n".join(f"{k} = {json.dumps(v)}" for k, v in {**BASE, "observe_every": 100}.items())
    sweep = f'name = "s"\n[base]\n{base}\n[axes]\nseed = {{ start = 0, stop = 63, num = 64 }}\n'
    (tmp_path / "s.toml").write_text(sweep)
    train = ["train", "x + y", "--p", str(P), "--width", str(WIDTH), "--steps", str(STEPS)]
    train += ["--observe-every", "100", "--no-early-stop", "--runs", "alone", "--seed"]
    command([*train, "1000"], tmp_path)  # fills the cache of compiled steps
    alone = [command([*train, str(seed)], tmp_path)[0] for seed in (0, 1)]
    whole, _ = command(["sweep", "s.toml", "--runs", "swept"], tmp_path)
    alone.append(command([*train, "2"], tmp_path)[0])
    ratio = MEMBERS * statistics.median(alone) / whole
    print(f"\n64 runs: sweep {whole:.1f} s, a train command {statistics.median(alone):.2f} s, {ratio:.1f} x")
    size = sum(path.stat().st_size for path in (tmp_path / "swept").rglob("*") if path.is_file())
    arrays = sum(path.stat().st_size for path in (tmp_path / "swept").rglob("*.safetensors"))
    print(f"  {(size - arrays) / MEMBERS / 1e3:.1f} kB a run, and {arrays / MEMBERS / 1e3:.0f} kB of arrays")
    assert (size - arrays) / MEMBERS < 50_000
    assert ratio >= 4


def filled(folder: Path) -> None:
    """Make a store of 10,000 finished runs with 40 records each, through the store's own methods."""
    small = Experiment.of("x + y", p=11, width=8)
    template = run(small, steps=40, observe_every=1, early_stop=False)
    rng = np.random.default_rng(0)
    members = []
    with Store(folder) as store:
        store.connection.execute("PRAGMA synchronous = OFF")
        for place in range(RUNS):
            lr, seed = 1.0 + place // 10 % 25, place % 10 + 10 * (place // 250)
            member = Experiment.of("x + y", p=11, width=8, lr=lr, seed=seed)
            grokked = int(rng.integers(100, 10_000)) if rng.random() < 0.7 else None
            text = member.canonical_json()
            row = replace(template.row, id=member.id, experiment=text, grokked_at=grokked, status="finished")
            store.start_run(row)
            store.commit(row, template.records, None)
            members.append(SweepMember(member.id, {"lr": lr, "seed": seed}))
        write_listing(store, Listing("many", (("lr",), ("seed",)), "", tuple(members)))
        write_listing(store, Listing("few", (("lr",), ("seed",)), "", tuple(members[:100])))


def test_ten_thousand_runs(tmp_path: Path) -> None:
    """List, filter and plot in under 2 s each, the libraries loaded."""
    from modgrok.reports import write_sweep_report

    filled(tmp_path / "runs")
    size = sum(path.stat().st_size for path in (tmp_path / "runs").rglob("*") if path.is_file())
    print(f"\n{size / RUNS / 1e3:.1f} kB a run with 41 records")
    for name, arguments in (
        ("list", ["runs", "list"]),
        ("list --json", ["runs", "list", "--json"]),
        ("list --sweep", ["runs", "list", "--sweep", "few"]),
    ):
        seconds = statistics.median(command(arguments, tmp_path)[0] for _ in range(3))
        print(f"  modgrok runs {name:<14} {seconds:6.2f} s, start included")
    with Store(tmp_path / "runs", read_only=True) as store:
        for name, work in (
            ("list", lambda: store.rows()),
            ("filter", lambda: rows_of_sweep(store, "few")),
            ("plot", lambda: write_sweep_report(store, "many", tmp_path / "many.html", [], [])),
        ):
            work()
            started, processor = time.perf_counter(), time.process_time()
            work()
            wall, processor = time.perf_counter() - started, time.process_time() - processor
            print(f"  {name:<8} in this process {wall:6.2f} s, of which {processor:.2f} s on a core")
