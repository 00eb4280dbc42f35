"""How quantities scale with p: planted exponents are covered, and forms are told apart."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modgrok.sweeps.critical.estimate import Probe
from modgrok.sweeps.critical.probe_scaling import fit_probe_scaling
from modgrok.sweeps.critical.regression import fit_critical
from modgrok.sweeps.critical.scaling import Measured, fit_scaling, t_quantile
from modgrok.sweeps.critical.time_scaling import fit_time_scaling

PRIMES = (11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 79, 97, 113)


def test_an_interval_that_the_seeds_leave_open_excludes_nothing() -> None:
    shares = {0.5: 0, 0.9: 1, 1.1: 1, 2.0: 2}
    known = fit_probe_scaling({p: [Probe(3 / p * x, k, 2) for x, k in shares.items()] for p in (7, 11, 13)})
    assert not any(known.excludes(exponent) for exponent in (-1, 0.5, 2.2, 4, 10))


def test_quantiles_of_student_are_right_to_three_decimals() -> None:
    stats = pytest.importorskip("scipy.stats")
    for freedom in (*range(1, 60), 100, 1000):
        assert t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=6e-4)


def points(values: dict[int, float], deviation: float) -> list[Measured]:
    width = math.exp(1.96 * deviation)
    return [Measured(p, value, value / width, value * width) for p, value in values.items()]


@pytest.mark.parametrize("claimed", [0.04, 0.02], ids=["as claimed", "twice as claimed"])
@pytest.mark.parametrize("primes", [PRIMES, PRIMES[:5]], ids=["17 moduli", "5 moduli"])
def test_intervals_cover_planted_exponents(primes: tuple[int, ...], claimed: float) -> None:
    rng, covered = np.random.default_rng(2), 0
    for _ in range(200):
        noise = rng.normal(0, 0.04, len(primes))
        values = {p: 2.6 * p**-0.6 * math.exp(e) for p, e in zip(primes, noise, strict=True)}
        covered += not fit_scaling(points(values, claimed)).excludes(0.6)
    assert covered >= 181  # fewer has a probability of 0.5% at 95%


def test_forms_are_recovered_exactly_and_told_apart() -> None:
    exact = points({p: 3 * math.log(p) / p for p in PRIMES}, 0.01)
    known = fit_scaling(exact, log_power=1)
    assert (known.factor, known.exponent) == (pytest.approx(3), pytest.approx(1))
    assert known.chi_square < 1e-12
    assert known.at(31) == pytest.approx(3 * math.log(31) / 31)
    plain = fit_scaling(exact)
    assert plain.excludes(1)
    assert plain.excludes(0.5)
    assert plain.chi_square > 1
    fixed = fit_scaling(exact, log_power=1, exponent=1.0)
    assert (fixed.factor, fixed.freedom, fixed.interval) == (pytest.approx(3), len(PRIMES) - 1, (1.0, 1.0))


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ValueError, match="points: must be at least 3, got 2"):
        fit_scaling(points({11: 0.5, 13: 0.4}, 0.1))


MULTIPLES = (0.7, 0.8, 0.9, 0.97, 1.05, 1.15, 1.3, 1.6)


def drawn_seeds(rng: np.random.Generator, law: dict[int, float], width: float) -> dict[int, list[Probe]]:
    """Eight seeds at fractions about a critical one that is known up to a tenth."""
    probes = {}
    for p, critical in law.items():
        fractions = critical * rng.uniform(0.95, 1.05) * np.array(MULTIPLES)
        shares = 1 / (1 + (critical / fractions) ** (1 / width))
        probes[p] = [
            Probe(float(f), int(rng.binomial(8, q)), 8) for f, q in zip(fractions, shares, strict=True)
        ]
    return probes


@pytest.mark.parametrize("width", [0.01, 0.05], ids=["separated", "mixed"])
def test_intervals_of_laws_of_seeds_cover_planted_exponents(width: float) -> None:
    rng, covered, misfits, exponents = np.random.default_rng(4), 0, [], []
    for _ in range(100):
        known = fit_probe_scaling(drawn_seeds(rng, {p: 2.6 * p**-0.6 for p in PRIMES}, width))
        covered += not known.excludes(0.6)
        misfits.append(known.misfit)
        exponents.append(known.exponent)
    assert covered >= 88  # fewer has a probability of 0.1% at 95%
    assert np.mean(misfits) < 1.5 * known.freedom  # as of a law that holds
    assert np.mean(exponents) == pytest.approx(0.6, abs=0.01)


def test_a_law_of_seeds_is_told_from_another() -> None:
    rng = np.random.default_rng(5)
    moduli = (11, 23, 47, 97, 199, 401, 797)  # in the range of PRIMES both forms are within 3% of each other
    probes = drawn_seeds(rng, {p: 3 * math.log(p) / p for p in moduli}, 0.02)
    known, plain = fit_probe_scaling(probes, 1), fit_probe_scaling(probes)
    assert known.exponent == pytest.approx(1, abs=0.02)
    assert known.at(31) == pytest.approx(3 * math.log(31) / 31, rel=0.02)
    assert known.log_likelihood > plain.log_likelihood + 10
    assert plain.misfit > 3 * plain.freedom
    reversed_order = fit_probe_scaling({p: probes[p][::-1] for p in moduli[::-1]}, 1)
    assert reversed_order.exponent == pytest.approx(known.exponent, abs=1e-6)


def test_a_modulus_alone_is_that_of_the_regression_of_one() -> None:
    shares = ((0.3, 0), (0.35, 2), (0.4, 5), (0.5, 8))
    law = {p: [Probe(f, k, 8) for f, k in shares] for p in (11, 23, 47)}
    known = fit_probe_scaling(law)
    assert known.exponent == pytest.approx(0, abs=1e-6)
    assert known.misfit == pytest.approx(0, abs=1e-6)
    alone = fit_critical(law[11]).fraction
    assert alone is not None
    assert known.at(23) == pytest.approx(alone, rel=0.01)
    with pytest.raises(ValueError, match="probes: must be of at least 3 moduli, got 2"):
        fit_probe_scaling({p: law[p] for p in (11, 23)})


def test_planted_times_are_covered_though_some_are_censored() -> None:
    rng, covered = np.random.default_rng(3), np.zeros(2)
    moduli = np.repeat(PRIMES[:6], 20)
    excess = np.tile([1.1, 1.2, 1.4, 1.6], 30)
    for _ in range(40):
        logs = math.log(40) + 0.5 * np.log(moduli) - 2 * np.log(excess) + 0.2 * rng.logistic(size=120)
        steps = np.minimum(np.exp(logs), 300)
        known = fit_time_scaling(moduli, excess, steps, steps < 300)
        covered += (
            known.interval[0] <= 0.5 <= known.interval[1],
            known.decay_interval[0] <= 2 <= known.decay_interval[1],
        )
    assert (covered >= 34).all()  # of 40; fewer has a probability of 0.3% at 95%
    assert known.runs == 120
    assert known.scatter == pytest.approx(0.2 * math.pi / math.sqrt(3), rel=0.2)
    assert known.at(23, 1.0) == pytest.approx(40 * 23**0.5, rel=0.3)
