"""Observation steps depend on the step alone."""

from __future__ import annotations

from itertools import pairwise

from modgrok.runs.schedule import keeps_checkpoint, next_observation, stop_step, stride


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
    kept: list[int] = []
    for step in observed(5000):
        if keeps_checkpoint(step, kept[-1] if kept else None):
            kept.append(step)
    assert kept[:5] == [0, 1, 2, 4, 8]
    assert len(kept) == 14
