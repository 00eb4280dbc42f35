"""Numbers that the claims of Doshi et al. compute themselves: constants of Eq. 2, amplitudes, modes."""

import doctest
import importlib

import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.analytic import monomial, tabulate, verify
from modgrok.models import MLP
from modgrok.papers.doshi2023 import paper as doshi2023
from modgrok.papers.doshi2023.diagram import DiagramPoint, breaks, inverting_share
from modgrok.papers.doshi2023.neurons import valley
from modgrok.papers.doshi2024 import paper as doshi2024
from modgrok.papers.doshi2024.products import as_printed, output_scale, product_network
from modgrok.papers.doshi2024.sums import residual_constant, sampled_sum, sum_network

MODULES = (
    "doshi2023.diagram",
    "doshi2023.neurons",
    "doshi2023.phases",
    "doshi2024.sums",
    "doshi2024.trained",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"modgrok.papers.{name}"))
    assert result.attempted
    assert not result.failed


def test_issue_counts() -> None:
    assert len(doshi2024.CLAIMS) >= 8
    assert len(doshi2023.CLAIMS) >= 5


def test_errors_of_random_phases_fall_as_their_constant() -> None:
    """Mean over 20 draws; one deviates by about a seventh, as few frequencies carry the strongest waves."""
    reports = [verify(sum_network(11, 2, seed, 2000), sampled_sum(11, 2, 121), 11) for seed in range(20)]
    assert 2000 * np.mean([r.mse for r in reports]) == pytest.approx(residual_constant(2), rel=0.1)


def test_sampled_sums_are_sums() -> None:
    table = sampled_sum(5, 3, 40)
    known = np.argwhere(table >= 0)
    assert len(known) == 40
    assert (table[tuple(known.T)] == known.sum(axis=1) % 5).all()


def test_printed_amplitude_scales_the_waves_and_leaves_the_zero_neuron() -> None:
    net = product_network(7, (1, 1), 101, 0)
    factor = (100 / 2) ** 2
    waves = MLP(net.embedding[:, :, 1:], net.readout[:, 1:], net.activation)
    printed = as_printed(net)
    grown = MLP(printed.embedding[:, :, 1:], printed.readout[:, 1:], net.activation)
    inputs = jnp.array([[3, 4], [1, 6]], dtype=jnp.int32)
    assert np.asarray(grown(inputs)) == pytest.approx(factor * np.asarray(waves(inputs)), abs=1e-3 * factor)
    assert (np.asarray(printed.readout[:, 0]) == np.asarray(net.readout[:, 0])).all()


def test_output_scale_gives_the_wanted_error() -> None:
    p = 11
    net = product_network(p, (1, 1), 200, 1)
    table = tabulate(monomial(p, (1, 1)), p)
    report = verify(net, table, p)
    bound = 0.9 * report.mse
    scale = output_scale(report, p, bound)
    assert scale < 1
    scaled = MLP(net.embedding, scale * net.readout, net.activation)
    assert verify(scaled, table, p).mse == pytest.approx(bound, rel=1e-4)


def test_no_scale_gives_less_than_the_least_error() -> None:
    report = verify(product_network(7, (1, 1), 50, 0), tabulate(monomial(7, (1, 1)), 7), 7)
    assert np.isnan(output_scale(report, 7, 1e-9))


def test_few_neurons_make_no_mode() -> None:
    assert valley(np.array([60, 1, 2, 0, 37])) > 0.9
    assert valley(np.array([90, 5, 3, 0, 1])) == 0.0


def test_a_region_of_generalisation_has_no_breaks() -> None:
    """Of nine places those with enough clean labels generalise; a hole at the easiest has two neighbours."""
    places = [DiagramPoint(x, y, 0.0) for x in (0.3, 0.5, 0.7) for y in (0.2, 0.4, 0.6)]
    good = {place: place.fraction - place.corruption > 0.05 for place in places}
    assert sum(good.values()) == 6
    assert breaks(good) == 0
    assert breaks({**good, DiagramPoint(0.7, 0.2, 0.0): False}) == 2
    assert breaks({**good, DiagramPoint(0.3, 0.6, 0.0): True}) == 2


def test_inversion_counts_where_labels_are_corrupted_and_the_network_generalises() -> None:
    clean, inverted, memorising, failed = (DiagramPoint(0.5, y, 15.0) for y in (0.0, 0.2, 0.4, 0.6))
    phases = {
        clean: "coexistence",
        inverted: "full inversion",
        memorising: "coexistence",
        failed: "memorisation",
    }
    good = {clean: True, inverted: True, memorising: True, failed: False}
    assert inverting_share(phases, good, 15.0) == 0.5
    assert inverting_share(phases, good, 5.0) is None
