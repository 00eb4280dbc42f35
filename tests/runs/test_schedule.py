"""Observation steps depend on the step alone."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from modgrok.runs import Experiment, RunRow, Store, run
from modgrok.runs.history import RunHistory
from modgrok.runs.preparation import SPACING
from modgrok.runs.schedule import (
    count_observations,
    held_since,
    keeps_checkpoint,
    next_observation,
    stop_step,
    stride,
)


def observed(until: int, start: int = 0, every: int | None = None, spacing: int = 1) -> list[int]:
    steps, step = [start], start
    while step < until:
        step = min(next_observation(step, every, spacing), until)
        steps.append(step)
    return steps


def test_dense_early_and_logarithmic_later() -> None:
    steps = observed(10_000)
    assert steps[:40] == list(range(40))
    assert len(steps) < 260
    assert all(later - step <= max(step / 20, 1) for step, later in pairwise(steps))


def test_a_resumed_run_observes_the_same_steps() -> None:
    whole = set(observed(5000))
    for middle in (1, 37, 100, 999, 1234, 4999):
        assert set(observed(5000, middle)) - {middle} <= whole


@pytest.mark.parametrize("spacing", [1, 2, 5, 20, 50, 200])
def test_a_spacing_bounds_cost_and_resolution(spacing: int) -> None:
    """Few more observations than one every s steps, at most s or 5% apart; early ones at most a quarter."""
    steps = observed(10_000, spacing=spacing)
    assert len(steps) <= 40 + 10_000 / spacing
    for earlier, later in pairwise(steps):
        assert later - earlier <= max(spacing, earlier / 20, 1)
        assert later - earlier <= max(earlier / 4, 1)
    assert {0, 4 * spacing, 6 * spacing} <= set(steps)
    for middle in (1, 37, 100, 999, 4999):
        assert set(observed(10_000, middle, spacing=spacing)) - {middle} <= set(steps)
    assert count_observations(10_000, spacing=spacing) == len(steps)
    assert count_observations(10, 4) == len(observed(10, every=4))


def test_a_run_records_its_spacing_and_an_earlier_one_keeps_that_of_its_beginning(tmp_path: Path) -> None:
    experiment = Experiment.of("x + y", p=5, width=8)
    with Store(tmp_path) as store:
        begun = run(experiment, store=store, steps=30, early_stop=False)
        spacing = begun.row.context[SPACING]
        assert spacing > 1
        assert [record.step for record in begun.records] == observed(30, spacing=spacing)
        context = {name: value for name, value in begun.row.context.items() if name != SPACING}
        store.connection.execute("UPDATE runs SET context = ?", (json.dumps(context),))
        store.connection.commit()
        resumed = run(experiment, store=store, steps=45, early_stop=False)
        assert [r.step for r in resumed.records if r.step > 30] == observed(45, 30)[1:]
        assert resumed.row.context[SPACING] == 1
    dense = run(experiment, steps=8, early_stop=False, schedule="dense")
    assert [record.step for record in dense.records] == list(range(9))
    alone = run(experiment, steps=45, early_stop=False)
    assert np.array_equal(resumed.weights.embedding, alone.weights.embedding)


def test_a_fixed_pace() -> None:
    assert observed(10, every=4) == [0, 4, 8, 10]


def test_strides_are_round_numbers() -> None:
    assert {stride(t) for t in range(20_000)} == {1, 2, 5, 10, 20, 50, 100, 200, 500}


def test_stopping() -> None:
    assert stop_step(None, 100, True) == 100
    assert stop_step(40, 100, True) == 60
    assert stop_step(4, 100, True) == 14
    assert stop_step(90, 100, True) == 100
    assert stop_step(40, 100, False) == 100


def test_checkpoints_are_spaced_by_powers_of_two() -> None:
    kept_steps: list[int] = []
    for step in observed(5000):
        if keeps_checkpoint(step, kept_steps[-1] if kept_steps else None):
            kept_steps.append(step)
    assert kept_steps[:5] == [0, 1, 2, 4, 8]
    assert len(kept_steps) == 14


def test_the_step_that_a_history_carries_along_is_that_of_its_curve() -> None:
    draw = np.random.default_rng(0)
    history = RunHistory(RunRow("0" * 12, "{}", "x + y", 5, "mlp", budget=1000, early_stop=True), None)
    for step in range(200):
        accuracy = float(draw.choice([0.5, 0.99, 1.0, float("nan")], p=[0.1, 0.4, 0.45, 0.05]))
        history.advance(step, 0.0)
        history.add({"train_accuracy": 1.0, "test_accuracy": accuracy}, {})
        if step == 120:
            history.drop_from(90)
        if step == 150:
            history.continue_from(history.row, list(history.records))
        curve = [(record.step, record.scalars["test_accuracy"]) for record in history.records]
        assert history.held_since == held_since(curve)
