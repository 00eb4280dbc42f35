"""Phases of corrupted training: the source's table, and its printed runs."""

from __future__ import annotations

import pytest

from modgrok.measures.corruption.corruption_phase import PHASES, corruption_phase


@pytest.mark.parametrize(
    ("train", "test", "corruption", "generalised", "phase"),
    [
        (0.9783, 0.9830, 0.35, True, "coexistence"),  # released notebook, weight decay 0
        (0.7855, 1.0, 0.35, True, "partial inversion"),  # 5
        (0.6537, 1.0, 0.35, True, "full inversion"),  # 15
        (0.009, 0.011, 0.35, True, "forgetting"),  # 20
        (1.0, 0.01, 0.35, False, "memorisation"),
        (0.3, 0.2, 0.9, False, "confusion"),
        (0.9, 0.9, 0.0, True, "coexistence"),
        (0.75, 0.9, 0.3, True, "partial inversion"),
        (0.7499, 0.9, 0.3, True, "full inversion"),
        (0.9, 0.8999, 0.0, True, "memorisation"),
    ],
)
def test_the_sources_table(
    train: float, test: float, corruption: float, generalised: bool, phase: str
) -> None:
    assert corruption_phase(train, test, corruption, generalised=generalised) == phase


def test_every_pair_of_accuracies_has_a_phase_and_every_phase_a_pair() -> None:
    grid = [i / 20 for i in range(21)]
    values = {
        corruption_phase(train, test, xi, generalised=before)
        for train in grid
        for test in grid
        for xi in (0.0, 0.35, 0.9)
        for before in (False, True)
    }
    assert values == set(PHASES)
