"""Ensembles: what shares a compiled step, that members equal solo runs, how seeds are summarised."""

from __future__ import annotations

import errno
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from modgrok.cli.shared.engine import Engine
from modgrok.runs import Experiment, Run, Store, run
from modgrok.runs.recorder import Recorder
from modgrok.runs.segments import SEGMENT
from modgrok.runs.stack import Stack, stack_trees
from modgrok.sweeps.critical.statistics import milestone_statistics, wilson
from modgrok.sweeps.execution import ensemble as ensemble_module
from modgrok.sweeps.execution.driver import cut
from modgrok.sweeps.execution.ensemble import Ensemble, Outcome, ensembles_of, run_ensemble, stack_size
from modgrok.sweeps.execution.executor import Job, pack_ensemble, unpack_ensemble
from modgrok.sweeps.execution.stepping import chosen_stepping
from modgrok.sweeps.grid.sweep_file import Member, make_sweep
from modgrok.tasks import InputError
from modgrok.threads import cores

BASE = {"expression": "x + y", "p": 7, "width": 20, "steps": 12, "early_stop": False}
SINGLE, DOUBLE, NOISY = 1e-4, 1e-8, 1e-3
"""How far members of a stack may be from solo runs, in float32 and in float64, in multiples of the largest
entry of each array of weights, and of the largest loss of the run. Set at ten times and more of the largest
seen in the runs of the long test below, of up to 400 steps: 4e-6 and 2e-10. One kind is apart, AdamW without
decay that trains on to a loss of 1e-9: its gradients are rounding errors by then, which Adam scales up, and
4e-4 was seen."""


def solo_run(outcome: Outcome) -> Run:
    member = outcome.member
    return run(
        member.experiment,
        steps=member.steps,
        observe_every=member.observe_every,
        early_stop=member.early_stop,
    )


def assert_near(stacked: Run, solo: Run, tolerance: float) -> None:
    """Assert that two runs agree to rounding, and in all that is counted."""
    assert stacked.row.status == solo.row.status
    assert (stacked.row.step, stacked.row.memorised_at, stacked.row.grokked_at) == (
        solo.row.step,
        solo.row.memorised_at,
        solo.row.grokked_at,
    )
    assert [record.step for record in stacked.records] == [record.step for record in solo.records]
    for name in ("train_loss", "test_loss"):
        curve, expected = ([record.scalars[name] for record in run.records] for run in (stacked, solo))
        largest = max(value for value in expected if math.isfinite(value))
        assert curve == pytest.approx(expected, abs=tolerance * largest, rel=0, nan_ok=True)
    for ours, theirs in zip(jax.tree.leaves(stacked.weights), jax.tree.leaves(solo.weights), strict=True):
        assert np.shape(ours) == np.shape(theirs)
        assert np.all(np.abs(ours - theirs) <= tolerance * np.max(np.abs(theirs)))


def members(**axes: list[object]) -> tuple[Member, ...]:
    return make_sweep({"name": "s", "base": BASE, "axes": axes}).members


@pytest.mark.parametrize(
    ("axis", "values", "count"),
    [
        ("seed", [0, 1, 2], 1),
        ("lr", [100.0, 200.0], 1),
        ("weight_decay", [0.0, 1.0], 1),
        ("init_scale", [0.5, 1.0], 1),
        ("corruption", [0.0, 0.3], 1),
        ("expression", ["x + y", "x*y"], 1),
        ("fraction", [0.5, 0.6], 2),
        ("optimiser", ["gd", "adamw"], 2),
        ("width", [20, 21], 2),
        ("dropout", [0.0, 0.1], 2),
    ],
)
def test_what_shares_a_compiled_step(axis: str, values: list[object], count: int) -> None:
    base = {name: value for name, value in BASE.items() if name != axis}
    result = make_sweep({"name": "s", "base": base, "axes": {axis: values}}).members
    assert len(ensembles_of(result)) == count


def test_ensembles_are_cut_and_keep_every_member() -> None:
    all_members = members(seed=list(range(5)), weight_decay=[0.0, 0.1])
    result = ensembles_of(all_members, most=4)
    assert [len(ensemble) for ensemble in result] == [4, 4, 2]
    assert [m for ensemble in result for m in ensemble.members] == list(all_members)


def test_members_equal_solo_runs_to_the_bit_and_compile_once(tmp_path: Path) -> None:
    (ensemble,) = ensembles_of(members(seed=[3, 4], weight_decay=[0.0, 1e-4], lr=[10.0, 20.0]))
    assert len(ensemble) == 8
    with Store(tmp_path) as store:
        outcomes = list(run_ensemble(Ensemble(ensemble.members[:1]), store))
        compiled = SEGMENT.compilations
        outcomes += run_ensemble(Ensemble(ensemble.members[1:]), store)
        assert SEGMENT.compilations == compiled > 0
        for outcome in outcomes:
            assert outcome.run is not None
            solo = run(outcome.member.experiment, steps=12, early_stop=False)
            assert np.array_equal(outcome.run.weights.embedding, solo.weights.embedding)
            stored = store.get(outcome.member.experiment.id)
            assert stored.status == "finished"
            assert [r.step for r in store.records(stored.id)] == [r.step for r in solo.records]
    assert store.folder.joinpath(outcomes[-1].run.row.id).is_dir()
    assert outcomes[-1].run.row.context["ensemble"] == {"members": 7, "stepping": "sequence"}
    assert "ensemble" not in outcomes[0].run.row.context


def test_members_of_a_stack_equal_solo_runs_to_rounding_and_go_on_from_a_store(tmp_path: Path) -> None:
    """They are observed at different steps, one is ahead of the other, and they are stopped twice."""
    (one, _, _, other) = members(seed=[3, 4], lr=[10.0, 20.0])
    ensemble = Ensemble((one, replace(other, observe_every=5)))
    ahead = other.experiment
    with Store(tmp_path) as store:
        assert set(stacked_until(4, ensemble, store).values()) == {"interrupted"}
        run(ahead, store=store, steps=10, observe_every=5, early_stop=False)
        assert set(stacked_until(1, ensemble, store).values()) == {"interrupted"}
        assert store.get(ahead.id).step == 10 > store.get(one.experiment.id).step
        outcomes = list(run_ensemble(ensemble, store, stepping="stack"))
        assert [outcome.member for outcome in outcomes] == list(ensemble.members)
        for outcome in outcomes:
            assert_stored_as_alone(outcome, store, 2)


@pytest.mark.long  # another stack to compile, and again when half of its members have ended
def test_members_leave_a_stack_when_they_diverge_or_end(tmp_path: Path) -> None:
    chosen = members(seed=[3, 4, 5], lr=[10.0, 1e9])
    ensemble = Ensemble((replace(chosen[0], steps=5), *chosen[1:]))
    with Store(tmp_path) as store:
        outcomes = list(run_ensemble(ensemble, store, stepping="stack"))
        statuses = [outcome.run.row.status for outcome in outcomes if outcome.run]
        assert statuses == ["diverged"] * 3 + ["finished"] * 3
        for outcome in outcomes:
            assert_stored_as_alone(outcome, store, 6)


def assert_stored_as_alone(outcome: Outcome, store: Store, count: int) -> None:
    """Assert that a store has of a member of a stack what it would have of the run alone."""
    assert outcome.run is not None
    assert_near(outcome.run, solo_run(outcome), SINGLE)
    row = store.get(outcome.member.experiment.id)
    assert row.status == outcome.run.row.status
    assert not store.lock(row.id).held()
    assert [r.step for r in store.records(row.id)] == [r.step for r in outcome.run.records]
    assert row.context["ensemble"] == {"members": count, "stepping": "stack"}


def stacked_until(observations: int, ensemble: Ensemble, store: Store) -> dict[str, str]:
    """Run a stack and stop it after so many observations; return the statuses of its runs."""
    observed: list[Member] = []
    outcomes = run_ensemble(
        ensemble,
        store,
        stepping="stack",
        on_observation=lambda member, progress: observed.append(member),
        stop_requested=lambda: len(observed) >= observations,
    )
    return {outcome.run.row.id: outcome.run.row.status for outcome in outcomes if outcome.run}


@pytest.mark.long  # several learners, several compilations each
@pytest.mark.parametrize(
    ("base", "axes", "tolerance"),
    [
        ({"p": 11, "width": 60, "steps": 400}, {"seed": [0, 1, 2, 3]}, SINGLE),
        (
            {"p": 11, "width": 60, "steps": 300, "optimiser": "adamw", "parametrisation": "doshi"},
            {"seed": [0, 1], "lr": [1e-3, 3e-3]},
            NOISY,
        ),
        (
            {"optimiser": "adamw", "parametrisation": "doshi", "weight_decay": 1.0, "steps": 200},
            {"seed": [0, 1], "lr": [1e-3, 3e-3]},
            SINGLE,
        ),
        ({"batch_size": 10, "optimiser": "adamw", "steps": 60}, {"seed": [0, 1, 2]}, SINGLE),
        ({"dropout": 0.2, "grokfast": 2.0, "steps": 60}, {"seed": [0, 1, 2]}, SINGLE),
        ({"optimiser": "muon", "steps": 60}, {"seed": [0, 1, 2]}, SINGLE),
        ({"inputs": "random-circulant", "steps": 60}, {"seed": [0, 1, 2]}, SINGLE),
        (
            {"learner": "transformer", "d_model": 16, "heads": 2, "d_mlp": 32, "steps": 60},
            {"seed": [0, 1, 2]},
            SINGLE,
        ),
        ({"p": 11, "learner": "rfm", "fraction": 0.7, "steps": 5}, {"ridge": [1e-6, 1e-3, 1e-2]}, DOUBLE),
        (
            {"p": 11, "learner": "rfm", "kernel": "gaussian", "fraction": 0.7, "steps": 5},
            {"ridge": [1e-6, 1e-3, 1e-2]},
            DOUBLE,
        ),
        (
            {"p": 11, "learner": "rfm", "kernel": "gaussian", "fraction": 0.7, "steps": 3},
            {"seed": [0, 1, 2]},
            DOUBLE,
        ),
        (
            {"p": 11, "learner": "rfm", "initial": "random-circulant", "enforce_every": 2, "steps": 3},
            {"ridge": [0.0, 1e-2]},
            DOUBLE,
        ),
    ],
)
def test_every_learner_can_be_stacked(base: dict[str, Any], axes: dict[str, Any], tolerance: float) -> None:
    alike = {"expression": "x + y", "early_stop": False, **({} if "learner" in base else {"width": 20})}
    (ensemble,) = ensembles_of(
        make_sweep({"name": "s", "base": {"p": 7, **alike, **base}, "axes": axes}).members, stepping="stack"
    )
    for outcome in run_ensemble(ensemble, None, stepping="stack"):
        assert outcome.run is not None, outcome.error
        assert_near(outcome.run, solo_run(outcome), tolerance)


def test_a_member_that_cannot_be_prepared_leaves_the_stack_to_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is trained here: the runs end before their first step."""
    bad = Member(Experiment.of("x + y", p=7, width=20, batch_size=1000), 5)
    good = members(seed=[0, 1])
    begun: list[Member] = []
    monkeypatch.setattr(Stack, "advance", broken_step)
    outcomes = list(run_ensemble(Ensemble((bad, *good)), None, stepping="stack", on_start=begun.append))
    assert begun == [bad, *good]
    assert outcomes[0].error is not None
    assert outcomes[0].error.startswith("batch_size: must be at most the 24 training examples")
    assert [outcome.error for outcome in outcomes[1:]] == ["no room on the device"] * 2


def test_a_member_that_has_ended_stays_ended_when_the_store_fails_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ensemble,) = ensembles_of(members(seed=[0, 1]))
    finish, finished = Recorder.finish, []

    def full_disk_later(self: Recorder, state: Any, status: str) -> None:
        if finished:
            raise OSError(errno.ENOSPC, "No space left on device")
        finish(self, state, status)
        finished.append(self.row.id)

    monkeypatch.setattr(Recorder, "finish", full_disk_later)
    with Store(tmp_path) as store:
        with pytest.raises(OSError, match="No space"):
            list(run_ensemble(ensemble, store, stepping="stack"))
        assert store.get(finished[0]).status == "finished"


def broken_step(self: Stack, stop: int) -> None:
    raise RuntimeError("no room on the device")


def test_a_stack_is_cut_to_what_the_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = members(seed=list(range(5)))
    need = 2**20 // 16
    assert stack_size(chosen[0], available=2**40) == 256
    assert stack_size(chosen[0], available=1) == 1
    assert 1 < stack_size(chosen[0], available=16 * need) < 256
    monkeypatch.setattr(ensemble_module, "stack_size", lambda member: 2)
    sizes: list[int] = []

    def stacked(requests: list[Any], store: object) -> list[tuple[int, Exception]]:
        sizes.append(len(requests))
        return [(place, ValueError("not run")) for place in range(len(requests))]

    monkeypatch.setattr(ensemble_module, "follow_stack", stacked)
    outcomes = list(run_ensemble(Ensemble(chosen), None, stepping="stack"))
    assert sizes == [2, 2, 1]
    assert [outcome.member for outcome in outcomes] == list(chosen)


def test_how_members_are_stepped_follows_the_device_or_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = members(seed=list(range(40)))
    monkeypatch.delenv("MODGROK_STEPPING", raising=False)
    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    assert chosen_stepping() == "sequence"
    assert [len(ensemble) for ensemble in cut(many, 1)] == [16, 16, 8]
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert chosen_stepping() == "stack"
    assert [len(ensemble) for ensemble in cut(many, 1)] == [40]
    monkeypatch.setenv("MODGROK_STEPPING", "sequence")
    assert chosen_stepping() == "sequence"
    monkeypatch.setenv("MODGROK_STEPPING", "both")
    with pytest.raises(InputError, match="MODGROK_STEPPING: must be sequence, stack or auto, got 'both'"):
        chosen_stepping()


def test_an_accelerator_has_one_worker_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    assert Engine().local_workers() == cores()
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert (Engine().local_workers(), Engine(workers=3).local_workers()) == (1, 3)


def test_only_trees_of_one_kind_are_stacked() -> None:
    with pytest.raises(ValueError, match="equal structure"):
        stack_trees([{"a": 1}, {"b": 1}])
    with pytest.raises(ValueError, match="equal static values"):
        stack_trees([{"a": "relu"}, {"a": "gelu"}])
    with pytest.raises(ValueError, match="equal shapes"):
        stack_trees([{"a": np.zeros(2)}, {"a": np.zeros(3)}])


@pytest.mark.long
def test_kernel_machines_are_members_too() -> None:
    result = ensembles_of(
        make_sweep(
            {
                "name": "s",
                "base": {"expression": "x + y", "p": 5, "learner": "rfm", "fraction": 0.7, "steps": 2},
                "axes": {"ridge": [1e-6, 1e-3]},
            }
        ).members
    )
    assert len(result) == 1
    assert [outcome.error for outcome in run_ensemble(result[0], None)] == [None, None]


@pytest.mark.long  # an option that is off by default
def test_fractions_share_a_step_when_they_are_padded() -> None:
    """Numbers agree with those of solo runs to rounding: here to 1e-4 over 400 steps, through grokking."""
    file = {
        "name": "s",
        "base": {"expression": "x + y", "p": 11, "width": 60, "steps": 400, "early_stop": False},
        "axes": {"fraction": [0.6, 0.8]},
    }
    assert len(ensembles_of(make_sweep(file).members)) == 2
    (ensemble,) = ensembles_of(make_sweep({**file, "pad": True}).members)
    for outcome in run_ensemble(ensemble, None):
        assert outcome.run is not None
        assert outcome.run.row.context["padded_to"] == 96
        assert outcome.run.row.context["train"] in (72, 96)
        solo = run(outcome.member.experiment, steps=400, early_stop=False)
        assert outcome.run.row.id == solo.row.id
        assert outcome.run.row.grokked_at == solo.row.grokked_at
        for padded, alone in zip(outcome.run.records, solo.records, strict=True):
            for name in ("train_loss", "test_loss", "weight_norm", "gradient_norm"):
                assert padded.scalars[name] == pytest.approx(alone.scalars[name], rel=1e-4)


def test_what_cannot_be_masked_is_not_padded() -> None:
    for more in ({"learner": "rfm"}, {"learner": "transformer"}, {"batch_size": 4}, {"symmetric": True}):
        with pytest.raises(InputError, match="pad: must be used only by the learner mlp"):
            run(Experiment.of("x + y", p=5, **more), steps=1, room=0.9)


def test_a_packed_ensemble_keeps_its_room() -> None:
    sweep = make_sweep(
        {"name": "s", "base": {"expression": "x + y", "p": 5}, "axes": {"fraction": [0.4, 0.8]}, "pad": True}
    )
    (ensemble,) = ensembles_of(sweep.members)
    again, _ = unpack_ensemble(json.loads(pack_ensemble(ensemble, Job(Path("runs")))))
    assert [member.pad_to_fraction for member in again.members] == [0.8, 0.8]


def test_a_member_that_fails_does_not_stop_the_others() -> None:
    bad = Member(Experiment.of("x + y", p=7, width=20, batch_size=1000), 5)
    good = members(seed=[0])[0]
    assert len(ensembles_of([bad, good])) == 2
    outcomes = list(run_ensemble(Ensemble((bad, good)), None))
    assert outcomes[0].error is not None
    assert outcomes[0].error.startswith("batch_size: must be at most the 24 training examples")
    assert outcomes[1].run is not None


def test_an_asked_stop_begins_no_other_member() -> None:
    (ensemble,) = ensembles_of(members(seed=[0, 1, 2]))
    steps_asked: list[int] = []
    outcomes = []
    for outcome in run_ensemble(ensemble, None, stop_requested=lambda: bool(steps_asked)):
        outcomes.append(outcome)
        steps_asked.append(1)
    assert len(outcomes) == 1


def test_quartiles_count_members_that_never_do_as_last() -> None:
    assert milestone_statistics([10, None, 30, 20, None, 40, None, 50]).quartiles == (20, 40, None)
    assert milestone_statistics([None, None]).quartiles == (None, None, None)
    assert milestone_statistics([4]).quartiles == (4, 4, 4)


@pytest.mark.parametrize(("count", "of"), [(0, 1), (1, 1), (3, 8), (8, 8), (5, 10), (199, 200)])
def test_the_ends_of_wilsons_interval_solve_its_equation(count: int, of: int) -> None:
    low, high = wilson(count, of)
    assert 0 <= low <= count / of <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            assert math.isclose(
                abs(count / of - end), 1.959964 * math.sqrt(end * (1 - end) / of), rel_tol=1e-5
            )
