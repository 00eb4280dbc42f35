"""The papers' numbers: Gromov 2023 (accuracy, MSE, peak), Doshi et al. 2024 (products, experts)."""

import numpy as np
import pytest
from analytic_oracle import polynomial_table

from modgrok.analytic import Witness, construct, construct_experts, monomial, tabulate, weighted_sum
from modgrok.analytic.response import response

APPENDIX_B = (
    [(2, (4, 1)), (1, (2, 2)), (3, (1, 3))],
    [(1, (5, 3)), (4, (2, 1)), (5, (2, 3))],
    [(7, (4, 4)), (2, (3, 2)), (4, (2, 5))],
)


def reports(p, form, seeds, **options):
    table = tabulate(form, p)
    return [construct(table, p, form, rng=seed, **options).report for seed in seeds]


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("width", "accuracy", "mse"),
    [(50, (0.80, 0.92), 0.080), (100, (0.994, 1.0), 0.040), (200, (1, 1), 0.020), (500, (1, 1), 0.0081)],
)
def test_addition_at_97(width, accuracy, mse):
    result = reports(97, weighted_sum(97, (1, 1)), range(10), width=width)
    low, high = accuracy
    assert low <= np.mean([r.accuracy for r in result]) <= high
    assert np.mean([r.mse for r in result]) == pytest.approx(mse, rel=0.05)
    assert all(abs(r.peak - 1) <= 0.03 for r in result)


@pytest.mark.parametrize(
    ("k", "p", "width", "low", "high"),
    [(2, 97, 300, 4.0, 4.5), pytest.param(3, 23, 2000, 25, 27, marks=pytest.mark.long)],
)
def test_mse_constant_of_s_terms(k, p, width, low, high):
    result = reports(p, weighted_sum(p, (1,) * k), range(8), width=width)
    assert low * 0.98 <= width * np.mean([r.mse for r in result]) <= high * 1.02


@pytest.mark.long
def test_mse_constant_of_four_terms():
    result = reports(11, weighted_sum(11, (1,) * 4), range(10), width=5000)
    assert 5000 * np.mean([r.mse for r in result]) == pytest.approx(165, rel=0.05)


@pytest.mark.few(3)
@pytest.mark.parametrize(("p", "seeds", "spread"), [(23, 20, 0.0012), (97, 5, 0.0002)])
@pytest.mark.parametrize(
    "exponents", [(1, 1), *(pytest.param(e, marks=pytest.mark.long) for e in ((4, 1), (2, 2)))]
)
def test_products_at_500(p, seeds, spread, exponents):
    # spread: standard deviation between seeds (60 at 23); the mean may be off by three of its own
    result = reports(p, monomial(p, exponents), range(seeds), width=500, readout="forward")
    assert sum(r.errors for r in result) == 0
    assert np.mean([r.mse for r in result]) == pytest.approx(0.0074, abs=3 * spread / seeds**0.5)


def test_square_of_a_sum_by_both_readouts():
    n = np.arange(97)
    form = Witness("additive", (n, n), n * n % 97)
    inverse = reports(97, form, range(3), width=500, readout="inverse")
    forward = reports(97, form, range(3), width=500)
    assert np.mean([r.accuracy for r in inverse]) == pytest.approx(0.51, abs=0.01)
    assert [r.errors for r in forward] == [0, 0, 0]


@pytest.mark.long
def test_five_cubed_two_fourth_squared():
    # (5 n^3 + 2 m^4)^2 of App. C at 97: N = 500 and the exact network agree with the table
    n = np.arange(97)
    form = Witness("additive", (5 * n**3 % 97, 2 * n**4 % 97), n * n % 97)
    table = (5 * n[:, None] ** 3 + 2 * n**4) ** 2 % 97
    assert construct(table, 97, form, width=500).report.errors == 0
    exact = construct(table, 97, form)
    assert exact.report.errors == 0
    assert exact.width < 100


@pytest.mark.few(1)
@pytest.mark.parametrize("p", [97, 23])
@pytest.mark.parametrize("which", [0, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 2))])
def test_appendix_b_experts(p, which):
    monomials = APPENDIX_B[which]
    table = polynomial_table(p, monomials)
    paper = construct_experts(table, p, monomials, product_width=500, sum_width=2000)
    assert (paper.kind, paper.width, paper.report.errors) == ("experts", 3500, 0)
    assert 0.007 <= paper.report.mse <= 0.014
    exact = construct_experts(table, p, monomials)
    assert exact.report.errors == 0
    assert exact.width < 120


def test_relu_needs_more_neurons_than_the_square():
    form = weighted_sum(97, (1, 1))
    narrow, wide = (reports(97, form, [0], width=n, activation="relu")[0] for n in (100, 700))
    assert 0.3 < narrow.accuracy < 0.9
    assert wide.errors == 0
    assert wide.peak == pytest.approx(1, abs=0.03)


@pytest.mark.long
def test_gelu_and_silu_learn_addition_at_a_small_modulus():
    form = weighted_sum(23, (1, 1))
    for name, chance in (("gelu", 5), ("silu", 3)):
        # the linear part of both leaves about 0.1 of noise on the peak of a single network
        result = reports(23, form, range(8), width=2000, activation=name)
        assert min(r.accuracy for r in result) > chance / 23
        assert np.mean([r.peak for r in result]) == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize(
    ("name", "k", "expected"),
    [
        ("power3", 3, 6 / 8),
        ("power4", 4, 24 / 16),
        ("power4", 2, 2.5),
        ("relu", 1, 1 / 4),
        ("relu", 2, 4 / (3 * np.pi**2)),
    ],
)
def test_response(name, k, expected):
    # power4 on two: coefficient of cos(x+y) in (cos x + cos y)^4 is 9/4 + ... checked by quadrature below
    if (name, k) == ("power4", 2):
        x = 2 * np.pi * np.arange(64) / 64
        a, b = np.meshgrid(x, x)
        expected = float(np.mean((np.cos(a) + np.cos(b)) ** 4 * np.cos(a + b)))
    assert response(name, k, 1.0) == pytest.approx(expected, rel=2e-4)
