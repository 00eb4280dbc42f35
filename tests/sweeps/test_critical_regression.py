"""Critical fractions by regression: planted fractions are covered, and the budget is taken at its word."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modgrok.sweeps.critical.estimate import Probe
from modgrok.sweeps.critical.regression import RunOutcome, fit_critical, probes_within

FRACTIONS = (0.2, 0.24, 0.27, 0.3, 0.33, 0.37, 0.42, 0.5)


def planted(critical: float, width: float, seeds: int, rng: np.random.Generator) -> list[Probe]:
    shares = [1 / (1 + math.exp(-math.log(f / critical) / width)) for f in FRACTIONS]
    return [Probe(f, int(rng.binomial(seeds, s)), seeds) for f, s in zip(FRACTIONS, shares, strict=True)]


@pytest.mark.parametrize(("width", "seeds"), [(0.05, 8), pytest.param(0.15, 3, marks=pytest.mark.long)])
def test_intervals_cover_planted_fractions(width: float, seeds: int) -> None:
    rng, covered, errors = np.random.default_rng(1), 0, []
    for _ in range(200):
        critical = rng.uniform(0.28, 0.36)
        known = fit_critical(planted(critical, width, seeds, rng))
        covered += (known.low or 0) <= critical <= (known.high or 1)
        if known.fraction is not None:
            errors.append(math.log(known.fraction / critical))
    # of 200 intervals at 95%, fewer than 181 cover with probability 0.5%
    assert covered >= 181
    assert abs(np.mean(errors)) < 3 * np.std(errors) / math.sqrt(len(errors)) + 0.005


@pytest.mark.needs("scipy")
def test_the_estimate_maximises_the_likelihood() -> None:
    from scipy.optimize import minimize

    probes = [Probe(0.2, 0, 8), Probe(0.3, 2, 8), Probe(0.35, 5, 8), Probe(0.4, 6, 8), Probe(0.5, 8, 8)]

    def loss(at: np.ndarray) -> float:
        z = [(math.log(one.fraction) - at[0]) / math.exp(at[1]) for one in probes]
        terms = zip(z, probes, strict=True)
        return sum(
            one.grokked * np.logaddexp(0, -x) + (one.of - one.grokked) * np.logaddexp(0, x)
            for x, one in terms
        )

    best = minimize(loss, [math.log(0.33), -2.0], method="Nelder-Mead").x
    known = fit_critical(probes)
    assert known.fraction == pytest.approx(math.exp(best[0]), rel=0.01)  # the grid's step is 1%
    assert known.width == pytest.approx(math.exp(best[1]), rel=0.15)  # and 27% for the width
    assert known.low is not None
    assert known.high is not None
    assert known.low < known.fraction < known.high


def test_a_sharp_transition_is_between_its_fractions() -> None:
    known = fit_critical([Probe(0.4, 8, 8), Probe(0.2, 0, 8), Probe(0.3, 0, 8), Probe(0.5, 8, 8)])
    assert known.fraction == pytest.approx(math.sqrt(0.3 * 0.4), rel=0.01)
    assert known.width == 0
    assert 0.3 <= known.low < 0.305 < 0.395 < known.high <= 0.4
    assert known.seeds == 32
    few = fit_critical([Probe(0.4, 2, 2), Probe(0.2, 0, 2), Probe(0.3, 0, 2), Probe(0.5, 2, 2)])
    assert few.low < 0.3 < 0.4 < few.high  # fewer seeds say less


def test_fractions_outside_the_range_have_one_end() -> None:
    below = fit_critical([Probe(0.2, 8, 8), Probe(0.3, 8, 8)])
    assert (below.place, below.fraction, below.low) == ("below", None, None)
    assert below.high == pytest.approx(0.2, rel=0.02)
    above = fit_critical([Probe(0.2, 0, 8), Probe(0.3, 0, 8)])
    assert (above.place, above.fraction, above.high) == ("above", None, None)
    assert above.low == pytest.approx(0.3, rel=0.02)


def test_runs_count_for_the_budgets_that_they_were_followed_for() -> None:
    runs = [
        RunOutcome(0.4, 300, 450),  # stopped early, after grokking
        RunOutcome(0.4, 900, 1350),
        RunOutcome(0.4, None, 2000),
        RunOutcome(0.4, None, 700),  # interrupted
        RunOutcome(0.4, None, 100, ended=True),  # diverged
    ]
    assert probes_within(runs, 500) == [Probe(0.4, 1, 5)]
    assert probes_within(runs, 1000) == [Probe(0.4, 2, 4)]
    assert probes_within(runs, 2000) == [Probe(0.4, 2, 4)]
    assert probes_within(runs, 4000) == [Probe(0.4, 2, 3)]


def test_half_of_the_budget_moves_the_estimate_only_if_runs_grok_late() -> None:
    def runs(late: int) -> list[RunOutcome]:
        times = {0.2: None, 0.3: late, 0.4: 200, 0.5: 100}
        return [RunOutcome(f, at, 2000 if at is None else at) for f, at in times.items() for _ in range(8)]

    early, delayed = (
        [fit_critical(probes_within(runs(late), budget)) for budget in (1000, 2000)] for late in (400, 1500)
    )
    assert early[0] == early[1]
    half, whole = delayed
    assert whole.fraction < half.low
