"""How quantities scale with p: planted exponents are covered, and forms are told apart."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modgrok.sweeps.critical.scaling import Measured, fit_scaling
from modgrok.sweeps.critical.time_scaling import fit_time_scaling

PRIMES = (11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 79, 97, 113)


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
