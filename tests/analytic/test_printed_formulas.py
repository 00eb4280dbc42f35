"""Formulas as printed beside the ones used here: what goes wrong with the former, and that ours are right."""

import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.algebra import logarithm_table
from modgrok.learners.mlp.settings import closed_form_amplitude
from modgrok.models.kernels import Gaussian

P = 23


def waves(order, amplitude, count, labels):
    """The papers' weights with random phases: (U1, U2, W), each of shape (values, neurons)."""
    k = 1 + np.arange(count) % (order // 2)
    phases = np.random.default_rng(0).uniform(-np.pi, np.pi, (2, count))
    angle = 2 * np.pi * np.outer(labels, k) / order
    return [amplitude * np.cos(angle + phase) for phase in (*phases, phases.sum(0))]


def mean_right_logit(first, second, out, answer):
    hidden = (first[:, None] + second[None]) ** 2
    logits = hidden @ out.T
    return float(np.take_along_axis(logits, answer[..., None], 2).mean())


@pytest.mark.parametrize("count", [400, 1200])
def test_the_amplitude_of_a_sum_has_a_positive_exponent(count):
    """Doshi et al. 2023, Eq. 2, prints (2/N)^(-1/3); with it a correct logit is (N/2)^2, not 1."""
    n = np.arange(P)
    answer = (n[:, None] + n) % P
    right = mean_right_logit(*waves(P, (2 / count) ** (1 / 3), count, n), answer)
    printed = mean_right_logit(*waves(P, (2 / count) ** (-1 / 3), count, n), answer)
    assert right == pytest.approx(1, abs=0.01)
    assert printed == pytest.approx((count / 2) ** 2, rel=0.01)
    assert closed_form_amplitude(count, 2) == pytest.approx((2 / count) ** (1 / 3))


def test_the_amplitude_of_a_product_has_a_positive_exponent():
    """Doshi et al. 2024, Eq. 4, prints (2/(N-1))^(-1/3) for the N - 1 periodic neurons."""
    periodic = 600
    labels = logarithm_table(P)[1:]
    units = np.arange(1, P)
    answer = units[:, None] * units % P - 1  # row of the class in the readout, zero left out
    right = mean_right_logit(*waves(P - 1, (2 / periodic) ** (1 / 3), periodic, labels), answer)
    printed = mean_right_logit(*waves(P - 1, (2 / periodic) ** (-1 / 3), periodic, labels), answer)
    assert right == pytest.approx(1, abs=0.03)
    assert printed == pytest.approx((periodic / 2) ** 2, rel=0.03)


def test_a_whole_row_of_two_waves_is_no_wave():
    """Gromov 2023, Eq. 20, transforms all 2p entries: the closed form's own IPR is then far from 1."""
    n, rng = np.arange(97), np.random.default_rng(0)
    rows = []
    for frequency in range(1, 49):
        one, two = rng.uniform(-np.pi, np.pi, 2)
        angle = 2 * np.pi * frequency * n / 97
        rows.append(np.concatenate([np.cos(angle + one), np.cos(angle + two)]))
    power = np.abs(np.fft.rfft(rows, axis=1)) ** 2
    whole = ((power / power.sum(1, keepdims=True)) ** 2).sum(1)
    assert whole.mean() < 0.6
    assert whole.min() < 0.3
    halves = np.abs(np.fft.rfft(np.reshape(rows, (48, 2, 97)), axis=2)) ** 2
    blocks = ((halves / halves.sum(2, keepdims=True)) ** 2).sum(2)
    assert blocks.min() == pytest.approx(1)


def test_the_printed_ipr_is_one_of_everything():
    """Doshi et al. 2024, Eq. 8, prints the 4-norm in the denominator, too."""
    noise = np.abs(np.fft.rfft(np.random.default_rng(0).normal(size=(500, 97)), axis=1))
    four = (noise**4).sum(1) ** 0.25
    two = (noise**2).sum(1) ** 0.5
    assert np.allclose((four / four) ** 4, 1)
    assert ((four / two) ** 4).mean() == pytest.approx(0.040, abs=0.001)


def test_the_gaussian_exponents_differ_by_a_factor_of_five():
    """Mallinar et al. 2024 print exp(-d/L), and compute exp(-d/(2 L^2)): at L = 2.5 d/2.5 against d/12.5."""
    assert Gaussian(2.5, "paper").gamma / Gaussian(2.5, "released").gamma == pytest.approx(5)
    values = [float(Gaussian(2.5, name).value(jnp.array(0.0), 1.0, 1.0)) for name in ("paper", "released")]
    assert values == pytest.approx([np.exp(-2 / 2.5), np.exp(-2 / 12.5)])
