"""`construct` end to end: defaults, widths, experts and messages."""

import numpy as np
import pytest
from analytic_oracle import polynomial_table, random_form

from modgrok.analytic import (
    Witness,
    accuracy_table,
    additive,
    construct,
    construct_experts,
    experts,
    smallest_width,
    tabulate,
    weighted_sum,
)
from modgrok.analytic.experts import collect
from modgrok.analytic.waves import random_waves


def built(p, form, **options):
    return construct(tabulate(form, p), p, form, **options)


@pytest.mark.parametrize(
    ("p", "lone", "three"),
    [
        (23, 0.03708, 0.6437),
        (97, 0.002097, 0.3187),
        pytest.param(251, 0.0003133, 0.1895, marks=pytest.mark.long),
    ],
)
def test_six_neurons_add_at_every_modulus(p, lone, three):
    construction = built(p, weighted_sum(p, (1, 1)))
    assert (
        construction.width,
        construction.phases,
        construction.frequencies,
        construction.report.errors,
    ) == (6, "exact", (1,), 0)
    assert construction.report.margin == pytest.approx(lone, rel=2e-2)
    assert construction.predicted > 2 * construction.rounding
    wider = built(p, weighted_sum(p, (1, 1)), frequencies=3)
    assert (wider.width, wider.report.errors) == (18, 0)
    assert wider.report.margin == pytest.approx(wider.predicted, abs=2 * wider.rounding)
    assert wider.predicted == pytest.approx(three, rel=1e-3)


@pytest.mark.few(4)
@pytest.mark.parametrize(("p", "k"), [(2, 1), (2, 2), (3, 2), (5, 1), (5, 3), (7, 2)])
@pytest.mark.parametrize("form", ["additive", "multiplicative"])
def test_any_witness_gets_a_network(p, k, form):
    construction = built(p, random_form(p, k, form, np.random.default_rng([p, k])))
    assert construction.report.errors == 0
    assert construction.report.inputs == p**k
    # the formula speaks of nonzero inputs; inputs with a zero operand have margin 1 or more
    assert construction.report.margin >= min(construction.predicted, 1.0) - 2 * construction.rounding


@pytest.mark.parametrize(
    "seed", [0, pytest.param(1, marks=pytest.mark.long), pytest.param(2, marks=pytest.mark.long)]
)
@pytest.mark.parametrize(("p", "form"), [(31, "additive"), (31, "multiplicative"), (24, "additive")])
def test_larger_random_witnesses(p, form, seed):
    assert built(p, random_form(p, 2, form, np.random.default_rng(seed))).report.errors == 0


@pytest.mark.long
def test_two_conventions_of_width():
    form = weighted_sum(23, (1, 1))
    assert (built(23, form, width=50).width, built(23, form, width=50).phases) == (50, "random")
    exact = built(23, form, width=50, phases="exact")
    assert (exact.width, len(exact.frequencies), exact.report.errors) == (48, 8, 0)
    everything = built(23, form, width=500, phases="exact")
    assert (everything.width, everything.frequencies) == (66, tuple(range(1, 12)))
    assert built(23, form, width="auto").width == 6
    assert built(23, form, normalise=True).report.errors == 0


def test_a_constant_task():
    for form in ("additive", "multiplicative"):
        n = np.arange(7)
        assert built(7, Witness(form, (n, n), np.full(7, 4))).report.errors == 0


def test_a_domain_without_zero_divisors():
    # x/y mod 7 on y != 0: g_2(y) = y^-1, anything at 0
    n = np.arange(7)
    inverse = np.array([3] + [pow(int(y), -1, 7) for y in n[1:]])
    form = Witness("multiplicative", (n, inverse), n)
    table = tabulate(form, 7)
    table[:, 0] = -1
    construction = construct(table, 7, form)
    assert (construction.report.inputs, construction.report.errors) == (42, 0)


def test_a_searched_h_says_nothing_of_arguments_without_input():
    # sums of 0..9 mod 47 reach 19 arguments; h is 0 elsewhere, as a search leaves it
    rng = np.random.default_rng(0)
    g = (rng.integers(0, 10, 47), rng.integers(0, 10, 47))
    h = np.where(np.arange(47) < 19, np.arange(47) + 5, 0)
    reached = built(47, Witness("additive", g, h), width=120).report
    every = built(47, Witness("additive", g, h), width=120, readout="forward").report
    assert reached.errors == 0 < every.errors
    assert reached.mse < every.mse


def test_random_frequencies_given():
    construction = built(23, weighted_sum(23, (1, 1)), phases="random", width=300, frequencies=(1, 4, 6, 8))
    assert construction.frequencies == (1, 4, 6, 8)
    assert construction.report.errors == 0


def test_generators_and_seeds_repeat():
    form = weighted_sum(11, (1, 1))
    first, again = (built(11, form, width=30, rng=np.random.default_rng(5)) for _ in range(2))
    other = built(11, form, width=30, rng=6)
    assert first.report == again.report != other.report


@pytest.mark.long
def test_auto_width_has_no_error_and_failing_neighbours():
    form = weighted_sum(11, (1, 1))
    table = tabulate(form, 11)

    def build(width):
        return additive(form, random_waves(11, 2, width, np.random.default_rng(0)))

    result = smallest_width(build, table, 11)
    assert 10 < result.width < 100
    below = range(result.width - result.below, result.width)
    assert result.below == 4
    assert all(report.errors > 0 for _, report in accuracy_table(build, table, 11, below))
    assert accuracy_table(build, table, 11, [result.width])[0][1].errors == 0
    construction = built(11, form, width="auto", phases="random")
    assert (construction.width, dict(construction.probes)[construction.width]) == (result.width, 0)


def test_auto_width_gives_up_where_the_readout_cannot_succeed(monkeypatch):
    monkeypatch.setattr("modgrok.analytic.width.LIMIT", 64)
    n = np.arange(7)
    with pytest.raises(ValueError, match=r"width: must reach zero errors by 64, got \d+ errors at 64"):
        built(7, Witness("additive", (n, n), n * n % 7), width="auto", readout="inverse")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"phases": "best"}, r"phases: must be one of exact, random, got 'best'"),
        ({"phases": "exact", "width": 5}, r"width: must be at least 6 for exact phases, got 5"),
        (
            {"phases": "exact", "frequencies": (1, 2), "width": 6},
            r"width: must be at least 12 for these exact phases, got 6",
        ),
        ({"frequencies": (1, 4)}, r"frequencies: must be distinct integers in 0..3, got \(1, 4\)"),
        ({"frequencies": ()}, r"frequencies: must be distinct integers in 0..3, got \(\)"),
        ({"frequencies": 4}, r"frequencies: their number must be 1 to 3 at order 7, got 4"),
        ({"width": 0}, r"width: must leave at least 1 periodic neuron, got 0"),
        ({"width": "wide"}, r"width: must be an integer, \"auto\" or None, got 'wide'"),
        ({"readout": "backward"}, r"readout: must be one of forward, reachable, inverse, got 'backward'"),
        ({"activation": "tanh", "width": 9}, r"activation: must be powerS"),
        (
            {"activation": "relu", "phases": "exact"},
            r"activation: must be power2 with exact phases, got 'relu'",
        ),
    ],
)
def test_messages(options, message):
    with pytest.raises(ValueError, match=message):
        built(7, weighted_sum(7, (1, 1)), **options)


def test_messages_about_the_witness():
    n = np.arange(5)
    with pytest.raises(ValueError, match=r"witness: form must be additive or multiplicative, got 'cubic'"):
        construct(np.zeros((5, 5), int), 5, Witness("cubic", (n, n), n))
    with pytest.raises(ValueError, match=r"witness: tables must have length p = 7, got \[5, 5, 5\]"):
        construct(np.zeros((7, 7), int), 7, Witness("additive", (n, n), n))


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("p", "monomials"),
    [
        (2, [(1, (1, 1)), (1, (2, 0)), (1, (0, 0))]),
        pytest.param(3, [(1, (1, 1)), (1, (2, 0)), (2, (0, 0))], marks=pytest.mark.long),
        (5, [(1, (1, 1, 1)), (2, (1, 0, 1)), (3, (0, 2, 0)), (4, (0, 0, 0))]),
        pytest.param(7, [(1, (2, 0)), (1, (1, 1)), (1, (0, 2)), (6, (1, 0))], marks=pytest.mark.long),
        (12, [(5, (2, 0)), (3, (0, 1))]),
        (7, [(7, (1, 1)), (3, (0, 0))]),
        pytest.param(11, [(3, (4,)), (2, (1,)), (1, (0,))], marks=pytest.mark.long),
    ],
)
def test_experts_on_any_polynomial(p, monomials):
    construction = construct_experts(polynomial_table(p, monomials), p, monomials)
    assert (construction.kind, construction.report.errors) == ("experts", 0)
    assert construction.width == construction.network.width


def test_experts_with_random_phases_differ_by_seed():
    monomials = [(1, (1, 1)), (1, (2, 0))]
    table = polynomial_table(5, monomials)
    a, b, again = (
        construct_experts(table, 5, monomials, product_width=200, sum_width=300, rng=seed)
        for seed in (0, 1, 0)
    )
    assert a.report.errors == b.report.errors == 0
    assert a.report == again.report != b.report


def test_experts_accept_a_mapping():
    assert collect(7, {(1, 1): 8, (2, 0): -1}) == collect(7, [(1, (1, 1)), (6, (2, 0))])


@pytest.mark.parametrize(
    ("p", "monomials", "options", "message"),
    [
        (12, [(1, (1, 1))], {"beta": 9.0}, r"beta: must exceed 16.3 for exact phases, got 9.0"),
        (7, [(1, (1, 1)), (1, (1,))], {}, r"monomials: must name the same operands"),
        (7, [], {}, r"monomials: must name the same operands"),
        (7, [(1, (1, -1))], {}, r"monomials: exponents must be at least 0, got \(1, -1\)"),
        (7, [(1, (1, 1))], {"beta": 0.0}, r"beta: must be positive, got 0.0"),
        (7, [(1, (1, 1))], {"beta": 3.0}, r"beta: must exceed 15.6 for exact phases, got 3.0"),
        (7, [(1, (1, 1))], {"phases": "some"}, r"phases: must be one of exact, random, got 'some'"),
        (101, [(1, (1, a)) for a in range(13)], {}, r"monomials: must be at most 12, got 13"),
    ],
)
def test_messages_about_experts(p, monomials, options, message):
    with pytest.raises(ValueError, match=message):
        experts(p, monomials, **options)
