"""Runs with corrupted labels: the headline, the end that early stopping chooses, and the phase by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from modgrok.reports import run_report, words
from modgrok.reports.report import Report
from modgrok.runs import Experiment, Record, RunRow, Store, run


def _experiment(p: int, corruption: float, seed: int) -> Experiment:
    return Experiment.of(
        "x + y",
        p=p,
        fraction=0.8,
        width=128,
        optimiser="adamw",
        parametrisation="doshi",
        weight_decay=5.0,
        corruption=corruption,
        seed=seed,
    )


@pytest.fixture(scope="module")
def corrupted(store: Store) -> RunRow:
    """x + y mod 17 with a tenth of the labels redrawn: it crosses 99%, falls below it, crosses it again."""
    return run(_experiment(17, 0.1, 0), store=store, steps=260).row


@pytest.fixture(scope="module")
def report(store: Store, corrupted: RunRow) -> Report:
    """The report of that run."""
    return run_report(store, corrupted.id, Path("a.html"))


@pytest.mark.long
def test_early_stopping_waits_until_the_crossing_has_held(store: Store, corrupted: RunRow) -> None:
    records = store.records(corrupted.id)
    curve = {record.step: record.scalars["test_accuracy"] for record in records}
    assert corrupted.grokked_at is not None
    dips = [step for step, accuracy in curve.items() if step > corrupted.grokked_at and accuracy < 0.99]
    assert dips, "this run is chosen because it falls below 99% after it crossed"
    since = min((step for step in curve if step > dips[-1]), default=corrupted.budget)
    assert corrupted.step == min(corrupted.budget, int(1.5 * since))


@pytest.mark.long
def test_a_resumed_run_stops_where_the_undisturbed_one_does(
    store: Store, corrupted: RunRow, tmp_path: Path
) -> None:
    from modgrok.sweeps.execution.driver import is_done
    from modgrok.sweeps.grid.sweep_file import Member

    experiment = Experiment.from_json(corrupted.experiment)
    curve = [(r.step, r.scalars["test_accuracy"]) for r in store.records(corrupted.id)]
    fall = next(later[0] for earlier, later in pairwise(curve) if earlier[1] >= 0.99 > later[1])
    with Store(tmp_path / "other") as other:
        half = run(experiment, store=other, steps=fall).row
        assert not is_done(other, half, Member(experiment, 260))  # a sweep goes on with it
        again = run(experiment, store=other, steps=260)
        assert is_done(other, again.row, Member(experiment, 400 if again.row.step < 260 else 260))
    assert again.row.step == corrupted.step
    assert again.records[-1].scalars == store.records(corrupted.id)[-1].scalars


def _ended(row: RunRow, test: float) -> str:
    experiment = Experiment.from_json(row.experiment)
    crossed = replace(row, memorised_at=60, grokked_at=92, step=600)
    return words.title(crossed, experiment, {"train_accuracy": 1.0, "test_accuracy": test})


def test_the_headline_says_where_a_run_ended(corrupted: RunRow, grokked: RunRow) -> None:
    assert "by grokking" not in _ended(corrupted, 0.969)
    assert "96.9% after 600 steps" in _ended(corrupted, 0.969)
    assert "10% corrupted labels" in _ended(corrupted, 0.969)
    assert "98% after 600 steps" in _ended(grokked, 0.98)  # without corrupted labels as well
    assert _ended(grokked, 0.995).endswith("learns it by grokking")


def test_reports_and_commands_name_the_phase(
    store: Store, corrupted: RunRow, report: Report, grokked: RunRow, call: Callable[..., object]
) -> None:
    last = store.records(corrupted.id)[-1].scalars
    assert last["test_accuracy"] >= 0.9
    expected = "coexistence" if last["train_accuracy"] >= 0.9 else "inversion"
    assert f"{expected}, " in report.summary
    assert "Doshi et al. 2023, Table 2" in report.summary
    assert "Phase" not in words.summary(grokked, last)
    description = call("runs", "show", corrupted.id, "--runs", str(store.folder))
    assert expected in description.out  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("ends", "phase"),
    [((1.0, 0.02), "memorisation"), ((0.72, 1.0), "full inversion"), ((0.02, 0.03), "forgetting")],
)
def test_phases_follow_from_records(ends: tuple[float, float], phase: str) -> None:
    from modgrok.runs.outcome import phase_of_records

    curve = [(0.1, 0.1), (0.8, 0.95), ends]
    records = [
        Record(t, 0.0, {"train_accuracy": train, "test_accuracy": test}, {})
        for t, (train, test) in enumerate(curve)
    ]
    assert phase_of_records(records, 0.3) == phase
    assert phase_of_records(records, 0.0) is None
