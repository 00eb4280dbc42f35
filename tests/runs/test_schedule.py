"""Observation steps depend on the step alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from modgrok.runs import RunRow
from modgrok.runs.history import RunHistory
from modgrok.runs.schedule import held_since, keeps_checkpoint, next_observation, stop_step, stride


def observed(until: int, start: int = 0, every: int | None = None) -> list[int]:
    steps, step = [start], start
    while step < until:
        step = min(next_observation(step, every), until)
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
