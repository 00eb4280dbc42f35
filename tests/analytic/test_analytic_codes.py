"""Products mod a composite p: the codes, the characters, and the networks on every input."""

from itertools import product
from math import gcd

import numpy as np
import pytest
from analytic_oracle import logits64, polynomial_table, random_form, right_margin

from modgrok.algebra import is_prime
from modgrok.analytic import (
    Witness,
    construct,
    construct_experts,
    experts,
    monomial,
    rounding_bound,
    tabulate,
)
from modgrok.analytic.characters import angles, digits, numbered, opposite, representatives
from modgrok.analytic.codes import Code, codes, plain_code, valuation_code
from modgrok.analytic.frequencies import Separation, choose, margin, smallest
from modgrok.analytic.multiplicative import coded
from modgrok.analytic.readout import preimages
from modgrok.analytic.subsets import fewest, optima, score
from modgrok.analytic.waves import exact_waves, frequency_weights

COMPOSITE = [m for m in range(4, 31) if not is_prime(m)]


def built(m, form, **options):
    return construct(tabulate(form, m), m, form, **options)


def says(code, table):
    """Whether the label of the sum of arguments is the class, for every input."""
    sums = digits(code.arguments[0], code.factors)
    for row in code.arguments[1:]:
        sums = sums[..., None, :] + digits(row, code.factors)
    elements = numbered(sums, code.factors)
    return code.reach[elements].all() and np.array_equal(code.label[elements], table)


@pytest.mark.parametrize("m", [*COMPOSITE, 2, 7, 32, 36, 64])
def test_codes_say_the_product(m):
    rng = np.random.default_rng(m)
    for form in (monomial(m, (1, 1)), random_form(m, 2, "multiplicative", rng)):
        assert all(says(code, tabulate(form, m)) for code in codes(form, m))


@pytest.mark.parametrize("m", [4, 6, 8, 12])
def test_codes_of_three_operands(m):
    form = random_form(m, 3, "multiplicative", np.random.default_rng(m))
    assert all(says(make(form, m), tabulate(form, m)) for make in (valuation_code, plain_code))


def test_digits_that_do_not_move_are_left_out():
    units = np.where([gcd(n, 15) == 1 for n in range(15)], np.arange(15), 1)
    assert valuation_code(Witness("multiplicative", (units, units), np.arange(15)), 15).factors == (2, 4)
    ones = np.ones(9, dtype=int)
    assert valuation_code(Witness("multiplicative", (ones, ones), np.arange(9)), 9).factors == (1,)
    # equal rows share a number: only whether x and y are odd matters
    parity = np.arange(8) % 2
    assert plain_code(Witness("multiplicative", (parity, parity), np.arange(8)), 8).factors == (4,)


@pytest.mark.parametrize("factors", [(6,), (3, 2), (2, 2, 3), (4, 6)])
def test_characters_are_orthogonal(factors):
    m = int(np.prod(factors))
    t = np.arange(m)
    table = np.exp(1j * np.stack([angles(m, factors, f, t) for f in t]))
    assert np.allclose(table @ table.conj().T, m * np.eye(m))
    sums = numbered(digits(t[:, None], factors) + digits(t, factors), factors)
    assert np.allclose(table[:, sums], table[:, :, None] * table[:, None, :])
    pairs = {frozenset((int(f), opposite(m, factors, int(f)))) for f in t}
    assert [min(pair) for pair in sorted(pairs, key=min)] == list(representatives(m, factors))


@pytest.mark.parametrize(("factors", "k"), [((3, 2), 2), ((2, 2), 2), ((2, 3), 3), ((2, 4), 1)])
def test_exact_waves_on_a_product_leave_nothing(factors, k):
    # the logits are the kernel of the difference, signs with their fewer neurons included
    m = int(np.prod(factors))
    form = Witness("additive", (np.arange(m),) * k, np.arange(m))
    used = representatives(m, factors)
    code = Code(factors, np.stack(form.g), form.h, np.ones(m, dtype=bool))
    logits = logits64(coded(code, exact_waves(m, k, used, factors), m), k)
    every = digits(np.arange(m), factors)
    for point in product(range(m), repeat=k):
        d = numbered(sum(every[n] for n in point) - every, factors)
        kernel = sum(
            w * np.cos(angles(m, factors, f, d))
            for f, w in zip(used, frequency_weights(m, used, factors), strict=True)
        )
        assert np.allclose(logits[point], kernel, atol=1e-5)
        assert np.allclose(kernel, d == 0, atol=1e-12)


def separation(m, form):
    code = codes(form, m)[0]
    read = preimages(code.label, code.reach, m, "reachable")
    return code, Separation(code.order, code.label, code.reach, read, code.factors)


def network_of(m, form):
    """The exact network without `construct`, whose compiled check takes most of its time."""
    code, problem = separation(m, form)
    used = smallest(problem, 1e-3).frequencies
    return coded(code, exact_waves(code.order, len(form.g), used, code.factors), m)


@pytest.mark.few(3)
@pytest.mark.parametrize(
    "m", [pytest.param(m, marks=[pytest.mark.long] if m > 20 and m != 30 else []) for m in COMPOSITE]
)
def test_the_product_mod_every_composite(m):
    form = monomial(m, (1, 1))
    net = network_of(m, form)
    assert right_margin(logits64(net, 2), tabulate(form, m)) > 2 * rounding_bound(net)
    assert net.width <= 80


@pytest.mark.parametrize(
    "m", [4, 12, 27, *(pytest.param(m, marks=pytest.mark.long) for m in COMPOSITE if m not in (4, 12, 27))]
)
def test_construct_at_a_composite_modulus(m):
    network = built(m, monomial(m, (1, 1)))
    assert (network.report.inputs, network.report.errors) == (m * m, 0)
    assert (network.form, network.phases, int(np.prod(network.group)) >= m) == (
        "multiplicative",
        "exact",
        True,
    )
    assert network.report.margin == pytest.approx(network.predicted, abs=2 * network.rounding)
    assert network.predicted > 2 * network.rounding
    assert network.width <= 72


@pytest.mark.parametrize(
    ("m", "exponents"),
    [(9, (2, 1)), (8, (3, 1)), (12, (2, 2)), (15, (1, 3)), (25, (2, 1)), (12, (0, 2)), (16, (3,))],
)
def test_monomials(m, exponents):
    form = monomial(m, exponents)
    assert right_margin(logits64(network_of(m, form), len(exponents)), tabulate(form, m)) > 0


@pytest.mark.parametrize("m", [4, 6])
def test_three_operands(m):
    form = monomial(m, (1, 1, 1))
    assert right_margin(logits64(network_of(m, form), 3), tabulate(form, m)) > 0


@pytest.mark.parametrize("m", [9, 15])
def test_division_where_it_is_defined(m):
    n = np.arange(m)
    unit = np.array([gcd(int(y), m) == 1 for y in n])
    inverse = np.array([pow(int(y), -1, m) if u else 0 for y, u in zip(n, unit, strict=True)])
    form = Witness("multiplicative", (n, inverse), n)
    table = np.where(unit, tabulate(form, m), -1)
    network = construct(table, m, form)
    assert (network.report.inputs, network.report.errors) == (m * int(unit.sum()), 0)


@pytest.mark.few(6)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("m", [6, 8, 12, 15])
def test_random_witnesses(m, seed):
    form = random_form(m, 2, "multiplicative", np.random.default_rng([m, seed]))
    assert right_margin(logits64(network_of(m, form), 2), tabulate(form, m)) > 0
    if seed == 0 and m in (8, 15):
        assert built(m, form).report.errors == 0


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("p", "monomials"),
    [
        (15, [(1, (2, 0)), (3, (1, 1)), (1, (0, 1))]),
        (12, [(1, (1, 1)), (7, (0, 0))]),
        pytest.param(12, [(1, (1, 1)), (5, (2, 1)), (7, (0, 0))], marks=pytest.mark.long),
        pytest.param(6, [(1, (1, 1, 1)), (2, (1, 0, 1))], marks=pytest.mark.long),
    ],
)
def test_experts_at_a_composite_modulus(p, monomials):
    network = construct_experts(polynomial_table(p, monomials), p, monomials)
    assert (network.kind, network.report.errors) == ("experts", 0)


def test_experts_with_random_phases_have_the_width_asked_for():
    net = experts(6, [(1, (1, 1)), (1, (2, 0))], product_width=300, sum_width=300)
    assert net.width == 900


@pytest.mark.long
def test_options_at_a_composite_modulus():
    form = monomial(6, (1, 1))
    many = built(6, form, frequencies=4)
    few = built(6, form, width=24, phases="exact")
    repeated = built(6, form, frequencies=many.frequencies)
    assert len(many.frequencies) == 4
    assert few.width <= 24
    assert many.report.errors == few.report.errors == repeated.report.errors == 0
    assert repeated.predicted == pytest.approx(many.predicted)
    assert built(6, form, readout="forward").report == built(6, form).report
    assert built(6, form, normalise=True).report.errors == 0
    noisy = built(6, form, width=1000, rng=1)
    assert (noisy.width, noisy.phases, noisy.report.errors) == (1000, "random", 0)
    assert set(noisy.frequencies) == set(representatives(18, noisy.group))
    with pytest.raises(ValueError, match=r"frequencies: must be distinct and the smaller of f, -f on"):
        built(6, form, frequencies=(1, 17))
    with pytest.raises(ValueError, match=r"width: must be at least 6 for exact phases, got 5"):
        built(6, form, width=5, phases="exact")


def test_a_constant_product():
    n = np.arange(6)
    assert built(6, Witness("multiplicative", (n, n), np.full(6, 4))).report.errors == 0
    assert built(6, Witness("multiplicative", (n, np.ones(6, int)), n)).report.errors == 0


def test_the_search_counts_the_margin():
    _, problem = separation(10, monomial(10, (1, 1)))
    assert margin(problem, problem.candidates) == pytest.approx(1)
    result = smallest(problem, 0.05)
    assert result.margin == pytest.approx(margin(problem, result.frequencies))
    assert result.margin > 0.05
    assert choose(problem, 8).margin > choose(problem, 4).margin > 0


@pytest.mark.parametrize("seed", range(3))
def test_optima_cannot_be_improved_by_one_exchange(seed):
    rng = np.random.default_rng(seed)
    gaps, weights = rng.normal(0.4, 1, (12, 400)), rng.choice([1.0, 2.0], 12)
    for result in optima(gaps, weights, 4):
        value = score(gaps, weights, result)
        others = set(range(12)) - set(result)
        swaps = [tuple({*result} - {old} | {new}) for old in result for new in others]
        assert max(score(gaps, weights, s) for s in swaps) <= value + 1e-9
    assert fewest(-np.ones((3, 5)), np.ones(3), np.ones(3), 0.0) is None
