"""The loop: grokking end to end, determinism, resuming bit for bit, divergence, interruption."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.runs import Experiment, Progress, Record, Store, loop, run
from modgrok.runs.assets import fetch
from modgrok.runs.preparation import initial_state, prepare
from modgrok.runs.segments import advance
from modgrok.tasks import InputError, task_from_table

SMALL = {"p": 11, "fraction": 0.7, "width": 60}


def same_records(one: list[Record], two: list[Record]) -> bool:
    """Equal to the bit at every step that both observed (NaN equal to NaN), and most steps are common."""
    other = {record.step: record for record in two}
    common = [record for record in one if record.step in other]
    assert len(common) >= 0.8 * len(one)
    return all(
        np.array_equal(
            list(r.scalars.values()), [other[r.step].scalars[k] for k in r.scalars], equal_nan=True
        )
        and all(np.array_equal(r.histograms[k], other[r.step].histograms[k]) for k in r.histograms)
        for r in common
    )


VARIANTS = [
    {},
    {"optimiser": "adamw", "parametrisation": "doshi", "weight_decay": 1.0, "batch_size": 32, "dropout": 0.1},
    {"optimiser": "muon", "grokfast": 1.0, "inputs": "random-circulant"},
    {"optimiser": "momentum", "loss": "cross_entropy", "activation": "relu", "orthogonal_gradient": True},
]


@pytest.mark.few(1)
@pytest.mark.parametrize("options", VARIANTS, ids=lambda o: o.get("optimiser", "gd"))
def test_run_2n_equals_run_n_then_resume_bit_for_bit(options: dict[str, object], tmp_path: Path) -> None:
    experiment = Experiment.of("x + y", **SMALL, **options)
    whole = run(experiment, steps=150, early_stop=False)
    with Store(tmp_path) as store:
        half = run(experiment, store=store, steps=71, early_stop=False)
        assert half.row.step == 71
    with Store(tmp_path) as store:
        again = run(experiment, store=store, steps=150, early_stop=False)
    assert np.array_equal(again.weights.embedding, whole.weights.embedding)
    assert np.array_equal(again.weights.readout, whole.weights.readout)
    assert same_records(whole.records, again.records)
    assert (again.row.memorised_at, again.row.grokked_at) == (whole.row.memorised_at, whole.row.grokked_at)


@pytest.mark.parametrize("options", VARIANTS, ids=lambda o: o.get("optimiser", "gd"))
def test_numbers_do_not_depend_on_when_a_run_is_observed(options: dict[str, object]) -> None:
    experiment = Experiment.of("x + y", **SMALL, **options)
    often, rarely = (run(experiment, steps=60, observe_every=every, early_stop=False) for every in (1, 20))
    at = {record.step: record for record in often.records}
    assert [record.step for record in rarely.records] == [0, 20, 40, 60]
    assert same_records(rarely.records, [at[step] for step in (0, 20, 40, 60)])


@pytest.mark.parametrize(
    "options",
    [*VARIANTS, {"learner": "transformer", "p": 7, "d_model": 16, "heads": 2}],
    ids=lambda o: o.get("optimiser", o.get("learner", "gd")),
)
def test_the_recorded_gradient_is_that_of_the_whole_training_loss(options: dict[str, object]) -> None:
    """Some learners share it with the next step, others compute it for the record: the same number."""
    experiment = Experiment.of("x + y", **{**SMALL, **options} if "learner" not in options else options)
    done = run(experiment, steps=5, observe_every=5, early_stop=False)
    prepared = prepare(experiment)
    state = initial_state(prepared)
    for record in (done.records[0], done.records[-1]):
        state, _ = advance(prepared.learner, state, prepared.problem, np.int32(record.step))
        gradient = prepared.learner.loss_gradient(state, prepared.problem).gradient
        leaves = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(gradient)])
        expected = np.sqrt(np.mean(leaves.astype(np.float64) ** 2))
        assert record.scalars["gradient_norm"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.long  # so are all tests that run with it
def test_resuming_is_exact_as_users_compile(tmp_path: Path) -> None:
    """The other default tests compile with fewer passes."""
    quick = ("JAX_DISABLE_MOST_OPTIMIZATIONS", "XLA_FLAGS")
    environment = {key: value for key, value in os.environ.items() if key not in quick}
    name = test_run_2n_equals_run_n_then_resume_bit_for_bit.__name__
    code = f"import {Path(__file__).stem} as tests; tests.{name}(tests.VARIANTS[1], tests.Path('.'))"
    environment["PYTHONPATH"] = str(Path(__file__).parent)
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others() -> None:
    one, two = (run(Experiment.of("x + y", **SMALL), steps=40) for _ in range(2))
    assert same_records(one.records, two.records)
    other = run(Experiment.of("x + y", **SMALL, seed=1), steps=40)
    assert not same_records(one.records, other.records)


def test_memorises_then_groks_then_stops(tmp_path: Path) -> None:
    experiment = Experiment.of("x + y", p=23, fraction=0.75, width=200)
    seen: list[Progress] = []
    with Store(tmp_path) as store:
        result = run(experiment, store=store, steps=5000, on_observation=seen.append)
        row = store.get(experiment.id)
        by_reason = {reason: c for c in store.checkpoints(row.id) for reason in c.reasons}
        assert np.array_equal(by_reason["final"].load().embedding, result.weights.embedding)
    assert row.status == "finished"
    assert row.memorised_at is not None
    assert row.grokked_at is not None
    assert 0 < row.memorised_at < row.grokked_at < row.step < 5000
    assert row.step == max(int(1.5 * row.grokked_at), row.grokked_at + 10)
    last = result.records[-1].scalars
    assert last["train_accuracy"] == 1.0
    assert last["test_accuracy"] >= 0.99
    assert by_reason["memorised"].step == row.memorised_at
    assert by_reason["grokked"].step == row.grokked_at
    assert {"schedule", "memorised", "grokked", "final"} == set(by_reason)
    assert len(seen) == len(result.records)
    at = {record.step: record.scalars for record in result.records}
    assert at[row.memorised_at]["train_accuracy"] >= 0.99
    before = [r.scalars["train_accuracy"] for r in result.records if r.step < row.memorised_at]
    assert max(before) < 0.99


def test_divergence_keeps_the_last_finite_state(tmp_path: Path) -> None:
    experiment = Experiment.of("x + y", **SMALL, lr=1e5)
    with Store(tmp_path) as store:
        result = run(experiment, store=store, steps=500)
        assert result.row.status == store.get(experiment.id).status == "diverged"
        assert 0 < result.row.step < 500
        assert jnp.isfinite(result.weights.embedding).all()
        assert result.records[-1].step == result.row.step
        again = run(experiment, store=store, steps=900)
        assert again.row.status == "diverged"
        assert again.row.step == result.row.step
        assert [c.step for c in store.checkpoints(experiment.id) if "final" in c.reasons] == [result.row.step]


def test_an_interrupted_run_says_so_and_goes_on(tmp_path: Path) -> None:
    experiment = Experiment.of("x + y", **SMALL)
    with Store(tmp_path) as store:
        calls: list[int] = []

        def after_twenty() -> bool:
            calls.append(1)
            return len(calls) >= 20

        stopped = run(
            experiment,
            store=store,
            steps=60,
            stop_requested=after_twenty,
            early_stop=False,
            schedule="dense",
        )
        assert stopped.row.status == store.get(experiment.id).status == "interrupted"
        assert 0 < stopped.row.step < 60
        whole = run(experiment, store=store, steps=60, early_stop=False)
    undisturbed = run(experiment, steps=60, early_stop=False)
    assert whole.row.status == "finished"
    assert np.array_equal(whole.weights.embedding, undisturbed.weights.embedding)


def test_an_interrupt_while_a_segment_is_computed_leaves_a_run_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state is that of the last recorded step, although the segment had been started."""

    class Interrupted:
        def __bool__(self) -> bool:
            raise KeyboardInterrupt

    def advance_once(learner: object, state: Any, problem: object, stop: np.int32) -> tuple[Any, Any]:
        new, finite = advance(learner, state, problem, stop)
        return new, Interrupted() if stop > 10 else finite

    experiment = Experiment.of("x + y", **SMALL, optimiser="adamw", batch_size=32)
    whole = run(experiment, steps=30, observe_every=10, early_stop=False)
    with Store(tmp_path) as store:
        with monkeypatch.context() as patch:
            patch.setattr(loop, "advance", advance_once)
            with pytest.raises(KeyboardInterrupt):
                run(experiment, store=store, steps=30, observe_every=10, early_stop=False)
        assert store.get(experiment.id).step == 10
        again = run(experiment, store=store, steps=30, observe_every=10, early_stop=False)
    assert np.array_equal(again.weights.embedding, whole.weights.embedding)


def test_an_observer_that_raises_loses_nothing(tmp_path: Path) -> None:
    experiment = Experiment.of("x + y", **SMALL)

    def fail(progress: Progress) -> None:
        if progress.row.step == 25:
            raise RuntimeError("no screen")

    with Store(tmp_path) as store:
        with pytest.raises(RuntimeError, match="no screen"):
            run(experiment, store=store, steps=60, on_observation=fail, schedule="dense")
        row = store.get(experiment.id)
        assert row.status == "interrupted"
        assert [record.step for record in store.records(row.id)] == list(range(26))


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    experiment = Experiment.of("x + y", **SMALL)
    with Store(tmp_path) as store:
        run(experiment, store=store, steps=30, early_stop=False)
        seen: list[Progress] = []
        again = run(experiment, store=store, steps=20, early_stop=False, on_observation=seen.append)
        assert again.row.step == 30
        assert not seen


@pytest.mark.few(2)
@pytest.mark.parametrize(
    "options",
    [
        {"group": "S3"},
        {"expression": "x/y", "p": 7},
        {"expression": "x + y", "p": 9},
        {"expression": "x + y + z", "p": 5},
        {"expression": "x^2", "p": 13},
        {"expression": "x*y", "p": 7, "corruption": 0.3},
        {"expression": "x + y", "p": 7, "symmetric": True},
        {"expression": "x + y", "p": 2, "fraction": 0.75},
    ],
    ids=str,
)
def test_every_kind_of_task_runs(options: dict[str, object]) -> None:
    result = run(Experiment.of(**{"fraction": 0.6, "width": 30, **options}), steps=12, early_stop=False)
    assert result.row.step == 12
    assert np.isfinite(result.records[-1].scalars["train_loss"])
    assert result.row.context["train"] + result.row.context["test"] == result.row.context["inputs"]


@pytest.mark.long
def test_a_table_given_directly_is_kept_with_its_runs(tmp_path: Path) -> None:
    task = task_from_table((np.arange(5)[:, None] * 2 + np.arange(5)) % 5)
    experiment = Experiment.of(table=task, fraction=0.6, width=20)
    with Store(tmp_path) as store:
        run(experiment, store=store, steps=5, table=task)
        assert np.array_equal(fetch(store, "table", task.digest).table, task.table)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps: must be at least 1"),
        ({"observe_every": 0}, "observe_every: must be at least 1"),
    ],
)
def test_refusals(options: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run(Experiment.of("x + y", **SMALL), **options)


def test_a_batch_larger_than_the_training_set_is_refused() -> None:
    with pytest.raises(InputError, match="batch_size: must be at most the 84 training examples, got 85"):
        run(Experiment.of("x + y", **SMALL, batch_size=85), steps=1)
