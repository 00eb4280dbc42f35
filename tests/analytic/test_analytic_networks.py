"""Closed forms against loops over the formulas, and on every input of small moduli."""

import jax.numpy as jnp
import numpy as np
import pytest
from analytic_oracle import gromov_addition, logits64, random_form, right_margin

from modgrok.algebra import exponential_table
from modgrok.analytic import Witness, additive, monomial, multiplicative, normalised, tabulate, weighted_sum
from modgrok.analytic.forms import reachable
from modgrok.analytic.readout import preimages
from modgrok.analytic.waves import embed, exact_waves, random_waves, read
from modgrok.models import plain

PRIMES = (2, 3, 5, 7, 11)


def test_golden_three():
    # p = 3, one frequency: the logits are cos(2 pi (x + y - q)/3), that is 1 at the right class and -1/2 else
    net = additive(weighted_sum(3, (1, 1)), exact_waves(3, 2, (1,)))
    logits = np.asarray(net(jnp.array([[0, 0], [1, 1], [2, 2]])))
    expected = [[1, -0.5, -0.5], [-0.5, -0.5, 1], [-0.5, 1, -0.5]]
    assert np.allclose(logits, expected, atol=1e-6)
    # six neurons of weight 1/6 and gain 1/2: a = (1/3)^(1/3), and the first neuron has phases 0
    assert float(net.embedding[0, 0, 0]) == pytest.approx((1 / 3) ** (1 / 3), rel=1e-6)
    assert float(net.embedding[1, 1, 0]) == pytest.approx(-0.5 * (1 / 3) ** (1 / 3), rel=1e-6)


def test_golden_product_of_three():
    # p = 3: logarithms 0 of 1 and 1 of 2, order 2, frequency 1; zero neuron first
    net = multiplicative(monomial(3, (1, 1)), exact_waves(2, 2, (1,)))
    logits = np.asarray(net(jnp.array([[1, 1], [1, 2], [2, 2], [0, 1], [2, 0], [0, 0]])))
    expected = [[0, 1, -1], [0, -1, 1], [0, 1, -1], [1, 0, 0], [1, 0, 0], [4, 0, 0]]
    assert np.allclose(logits, expected, atol=1e-6)
    assert net.embedding[:, :, 0].tolist() == [[1, 0, 0], [1, 0, 0]]
    assert net.readout[:, 0].tolist() == [1, 0, 0]


@pytest.mark.parametrize("p", [5, 12])
def test_random_network_is_the_papers_formula(p):
    waves = random_waves(p, 2, 30, np.random.default_rng(1))
    net = additive(weighted_sum(p, (1, 1)), waves)
    amplitude = (2**2 / (30 * 2)) ** (1 / 3)
    first, second, out = gromov_addition(p, range(1, 31), *waves.phase, amplitude)
    assert np.allclose(net.embedding[0], first, atol=2e-6)
    assert np.allclose(net.embedding[1], second, atol=2e-6)
    assert np.allclose(net.readout, out, atol=2e-6)


def test_random_product_network_is_the_papers_formula():
    p, n = 7, 20
    waves = random_waves(p - 1, 2, n, np.random.default_rng(2))
    net = multiplicative(monomial(p, (4, 1)), waves)
    power = exponential_table(p)
    first, _, out = gromov_addition(p - 1, range(1, n + 1), *waves.phase, (2 / n) ** (1 / 3))
    assert np.allclose(net.readout[power, 1:], out, atol=2e-6)
    assert not np.asarray(net.readout[0, 1:]).any()
    # n_1^4: the argument of g^i is 4 i
    assert np.allclose(net.embedding[0, power, 1:], first[4 * np.arange(p - 1) % (p - 1)], atol=2e-6)
    assert not np.asarray(net.embedding[:, 0, 1:]).any()


@pytest.mark.parametrize(("p", "k"), [(5, 1), (12, 2), (13, 2), (7, 3), (6, 3), (5, 4)])
def test_exact_logits_are_the_kernel_and_nothing_else(p, k):
    # in float64, before the cast: sum_f w_f cos(2 pi f d/p) to rounding, every leftover wave gone
    form = weighted_sum(p, range(1, k + 1))
    frequencies = (1, 2) if p > 4 else (1,)
    waves = exact_waves(p, k, frequencies)
    total = embed(waves, np.stack(form.g), np.ones((k, p), bool))
    hidden = total[0]
    for rows in total[1:]:
        hidden = hidden[..., None, :] + rows
    readout = read(waves, preimages(form.h, reachable(form, p), p))
    logits = hidden**k @ readout.T
    d = (tabulate(form, p)[..., None] - np.arange(p)) % p
    kernel = sum(np.cos(2 * np.pi * f * d / p) for f in frequencies) / len(frequencies)
    assert np.abs(logits - kernel).max() < 1e-12


@pytest.mark.parametrize("p", [2, 3, 4, 5, 6, 7, 9, 12])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_all_frequencies_give_one_hot_logits(p, k):
    form = weighted_sum(p, (2, 1, 3)[:k])
    net = additive(form, exact_waves(p, k, range(p // 2 + 1)))
    assert np.allclose(logits64(net, k), np.eye(p)[tabulate(form, p)], atol=1e-5)


@pytest.mark.parametrize(("p", "k"), [(p, k) for p in PRIMES for k in (1, 2, 3, 4)])
def test_products_with_zeros_are_right_everywhere(p, k):
    form = monomial(p, (1, 2, 1, 3)[:k])
    table = tabulate(form, p)
    exact = multiplicative(form, exact_waves(p - 1, k, range((p - 1) // 2 + 1)))
    assert right_margin(logits64(exact, k), table) > 0.99


@pytest.mark.parametrize("k", [2, 3])
def test_a_random_product_network_reads_zero_as_zero(k):
    p = 7
    form = monomial(p, (1,) * k)
    net = multiplicative(form, random_waves(p - 1, k, 4000, np.random.default_rng(0)))
    assert right_margin(logits64(net, k), tabulate(form, p)) > 0.2


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("p", "k"), [(p, k) for p in (2, 3, 5, 7, 13) for k in (1, 2, 3)])
def test_any_multiplicative_witness(p, k, seed):
    form = random_form(p, k, "multiplicative", np.random.default_rng([p, k, seed]))
    net = multiplicative(form, exact_waves(p - 1, k, range((p - 1) // 2 + 1)), readout="reachable")
    assert right_margin(logits64(net, k), tabulate(form, p)) > 0.99


@pytest.mark.parametrize("p", [2, 3, 4, 5, 6, 12, 13])
@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("readout", ["forward", "reachable"])
def test_any_additive_witness(p, k, readout):
    for seed in range(4):
        form = random_form(p, k, "additive", np.random.default_rng([p, k, seed]))
        net = additive(form, exact_waves(p, k, range(p // 2 + 1)), readout=readout)
        logits = logits64(net, k)
        assert np.allclose(logits, np.eye(p)[tabulate(form, p)], atol=1e-5)


def test_zero_in_one_operand_only_and_h0_shared():
    # g_2 never vanishes, h(0) = 3 is also h of a unit: both roads must lead to class 3
    g = (np.array([0, 2, 0, 4, 6, 1, 5]), np.array([1, 3, 2, 6, 4, 5, 1]))
    form = Witness("multiplicative", g, np.array([3, 1, 3, 0, 3, 2, 1]))
    net = multiplicative(form, exact_waves(6, 2, (0, 1, 2, 3)))
    assert right_margin(logits64(net, 2), tabulate(form, 7)) > 0.99


def test_without_a_zero_there_is_no_zero_neuron():
    g = np.array([1, 1, 2, 3, 4])
    net = multiplicative(Witness("multiplicative", (g, g), np.arange(5)), exact_waves(4, 2, (1,)))
    assert net.width == 6


def test_composite_modulus_has_no_product_form():
    with pytest.raises(ValueError, match=r"p: must be prime for a multiplicative closed form, got 12"):
        multiplicative(monomial(12, (1, 1)), exact_waves(11, 2, (1,)))


def test_normalised_is_gromovs_amplitude_and_the_same_function():
    # (2D)^(1/3) = 7.294 at p = 97 with one weight 1/N each; Eq. 16
    waves = random_waves(97, 2, 500, np.random.default_rng(0))
    net = additive(weighted_sum(97, (1, 1)), waves)
    scaled = normalised(net)
    rms = float(jnp.sqrt((scaled.embedding**2).mean()))
    assert rms * 2**0.5 == pytest.approx(7.294, rel=2e-3)
    assert (scaled.input_scale, scaled.output_scale) == (pytest.approx(194**-0.5), 1 / 500)
    inputs = jnp.array([[3, 95], [96, 96]])
    assert np.allclose(scaled(inputs), net(inputs), atol=1e-4)
    assert np.allclose(plain(scaled).embedding, net.embedding, atol=1e-6)
    with pytest.raises(ValueError, match=r"net: must have both scales 1"):
        normalised(scaled)


def test_normalised_relu():
    net = additive(
        weighted_sum(5, (1, 1)), random_waves(5, 2, 40, np.random.default_rng(0)), activation="relu"
    )
    inputs = jnp.array([[3, 4], [0, 0]])
    assert np.allclose(normalised(net)(inputs), net(inputs), atol=1e-5)


def test_an_odd_sum_has_no_even_answer():
    with pytest.raises(ValueError, match=r"activation: must respond with a wave of 3 operands, got 'power2'"):
        additive(
            weighted_sum(5, (1, 1, 1)), random_waves(5, 3, 9, np.random.default_rng(0)), activation="power2"
        )
