"""Ensembles: what shares a compiled step, that members equal solo runs, how seeds are summarised."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from modgrok.runs import Experiment, Store, run
from modgrok.runs.loop import ADVANCE
from modgrok.sweeps.critical.statistics import milestone_statistics, wilson
from modgrok.sweeps.execution.ensemble import Ensemble, ensembles_of, run_ensemble
from modgrok.sweeps.execution.executor import Job, pack_ensemble, unpack_ensemble
from modgrok.sweeps.grid.sweep_file import Member, make_sweep
from modgrok.tasks import InputError

BASE = {"expression": "x + y", "p": 7, "width": 20, "steps": 12, "early_stop": False}


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
        compiled = ADVANCE.compilations
        outcomes += run_ensemble(Ensemble(ensemble.members[1:]), store)
        assert ADVANCE.compilations == compiled
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
