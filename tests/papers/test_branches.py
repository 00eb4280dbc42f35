"""The two branches of the root of (n + m)^2, and the strongest waves of a first layer."""

from __future__ import annotations

import numpy as np
import pytest

from modgrok.analytic import construct, weighted_sum
from modgrok.models import MLP
from modgrok.papers.gromov2023.functions import closed, square_of_sum
from modgrok.papers.gromov2023.layers import branch_ratio, strongest


@pytest.mark.parametrize(("readout", "low", "high"), [("inverse", -0.2, 0.2), ("forward", 0.8, 1.0)])
def test_a_readout_of_both_branches_is_bright_on_both(readout: str, low: float, high: float) -> None:
    net = closed(square_of_sum(13), 13, 400, 0, readout).network
    assert isinstance(net, MLP)
    assert low <= branch_ratio(net, 13) <= high


def test_the_closed_form_has_one_frequency_a_neuron() -> None:
    n = np.arange(13)
    table = (n[:, None] + n) % 13
    net = construct(table, 13, weighted_sum(13, (1, 1)), width=40, phases="random", normalise=True).network
    assert isinstance(net, MLP)
    frequency, share = strongest(net)
    energy = np.linalg.norm(
        np.asarray(net.embedding) - np.asarray(net.embedding).mean(axis=1, keepdims=True), axis=1
    )
    waves = energy.min(axis=0) > 1e-3  # the others are constant: frequency 0
    assert waves.sum() > 30
    assert np.array_equal(frequency[0, waves], frequency[1, waves])
    assert share[:, waves].min() == pytest.approx(1.0, abs=1e-5)
