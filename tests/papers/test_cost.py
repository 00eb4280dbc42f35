"""What claims cost: measured seconds where there are some, else an estimate that is near them."""

from __future__ import annotations

import numpy as np
import pytest
from made_claims import SMALL, make_claim

from modgrok.papers import RunGroup
from modgrok.papers.claims import cost
from modgrok.papers.claims.catalogue import read_papers
from modgrok.papers.claims.cost import CostReference, costs_of, estimate, read_reference, step_products
from modgrok.runs import Experiment

RATES = {"mlp": 1e-9, "rfm": 1e-9, "transformer": 1e-9}


@pytest.fixture
def reference(monkeypatch: pytest.MonkeyPatch) -> CostReference:
    """One of two runs is known, on a machine twice as fast as this one."""
    (member,) = RunGroup(SMALL).members()
    known = CostReference(0.001, RATES, {member.experiment.id: 10.0}, {"gromov2023/one@tiny": 1.0})
    monkeypatch.setattr(cost, "read_reference", lambda: known)
    monkeypatch.setattr(cost, "probe_seconds", lambda: 0.002)
    return known


def test_known_seconds_are_scaled_and_shared_runs_count_once(reference: CostReference) -> None:
    new = RunGroup({**SMALL, "seed": 1})
    claims = [make_claim("one"), make_claim("two", {"old": RunGroup(SMALL), "new": new})]
    result = costs_of(claims, "tiny")
    guess = 2 * estimate(new.members()[0], reference)
    assert result.claims["gromov2023/one"] == 22.0
    assert result.claims["gromov2023/two"] == pytest.approx(20 + guess)
    assert result.total == pytest.approx(22 + guess)
    assert result.estimated == 1


def test_multiplications_of_a_step() -> None:
    mlp = {"p": 7, "width": 10, "fraction": 0.5}
    n = round(0.5 * 49)
    assert step_products(Experiment.of("x + y", **mlp)) == 3 * n * 10 * 9
    assert step_products(Experiment.of("x + y", **mlp, batch_size=8)) == 3 * 8 * 10 * 9
    machine = Experiment.of("x + y", p=7, learner="rfm", fraction=0.5)
    assert step_products(machine) == pytest.approx(n**3 / 3 + n**2 * 14 + n * (49 - n))
    small = {"p": 7, "learner": "transformer", "d_model": 8, "heads": 2, "fraction": 0.5}
    one, two = (Experiment.of("x + y", **small, d_mlp=d) for d in (16, 32))
    assert step_products(two) - step_products(one) == 3 * n * 8 * 2 * 16


def test_estimates_are_near_what_was_measured() -> None:
    """Within a factor of 5 for four fifths of the runs that took 2 seconds or more, and in sum within 2.

    Runs that stopped early are overestimated; they are most of the shorter ones.
    """
    reference = read_reference()
    members = {
        m.experiment.id: m
        for paper in read_papers()
        for claim in paper.claims
        for group in claim.plan("laptop").values()
        for m in group.members()
    }
    timed = {run: seconds for run, seconds in reference.runs.items() if run in members and seconds >= 2}
    guessed = [estimate(members[run], reference) for run in timed]
    ratios = np.array(guessed) / np.array(list(timed.values()))
    assert len(ratios) > 50
    assert np.mean(np.abs(np.log(ratios)) < np.log(5)) > 0.8
    assert 0.5 < sum(guessed) / sum(timed.values()) < 2


def _loaded(monkeypatch: pytest.MonkeyPatch, delayed: int) -> None:
    """Let the clock of a busy machine run: so many of 50 products take a hundred times as long as alone."""
    alone, waiting = 0.0004, 0.1
    clock = iter(np.cumsum([t for i in range(50) for t in (0.01, waiting if i < delayed else alone)]))
    monkeypatch.setattr(cost.time, "perf_counter", lambda: float(next(clock)))


@pytest.mark.parametrize("delayed", [0, 20, 45])
def test_the_probe_is_that_of_an_idle_machine(monkeypatch: pytest.MonkeyPatch, delayed: int) -> None:
    _loaded(monkeypatch, delayed)
    assert cost.probe_seconds() == pytest.approx(0.0004, rel=1e-6)


def test_estimates_do_not_swing_with_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    claims, results = [make_claim("one")], []
    for delayed in (10, 40):
        _loaded(monkeypatch, delayed)
        results.append(costs_of(claims, "tiny").total)
    assert results[0] == pytest.approx(results[1], rel=1e-6)
