"""What claims cost: estimates from counts, and seconds of runs that were made elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_claims import SMALL, make_claim

from modgrok.learners.base.rates import NOMINAL
from modgrok.papers import RunGroup
from modgrok.papers.claims import cost
from modgrok.papers.claims.catalogue import read_papers
from modgrok.papers.claims.cost import CostReference, costs_of, estimate, read_reference
from modgrok.sweeps.cost import cost_of_member

HALF = replace(NOMINAL, **{name: 2 * rate for name, rate in vars(NOMINAL).items()})
"""Rates of a machine that takes twice as long for everything."""


@pytest.fixture
def reference(monkeypatch: pytest.MonkeyPatch) -> CostReference:
    """One of two runs is known."""
    (member,) = RunGroup(SMALL).members()
    known = CostReference(1.0, {member.experiment.id: 10.0}, {"gromov2023/one@tiny": 1.0})
    monkeypatch.setattr(cost, "read_reference", lambda: known)
    return known


def test_known_seconds_are_scaled_and_shared_runs_count_once(reference: CostReference) -> None:
    new = RunGroup({**SMALL, "seed": 1})
    claims = [make_claim("one"), make_claim("two", {"old": RunGroup(SMALL), "new": new})]
    result = costs_of(claims, "tiny", HALF)
    guess = 2 * estimate(new.members()[0], NOMINAL)
    assert result.claims["gromov2023/one"] == pytest.approx(22.0)
    assert result.claims["gromov2023/two"] == pytest.approx(20 + guess)
    assert result.total == pytest.approx(22 + guess)
    assert result.estimated == 1
    cost_of_new = cost_of_member(new.members()[0], NOMINAL, "dense")
    assert cost_of_new.without_compilation < guess / 2 < cost_of_new.total


def test_estimates_are_near_what_was_measured() -> None:
    """Within a factor of 2 for four fifths of the runs that took 2 seconds or more, in sum within 1.25.

    Seconds are those of a machine that did other work as well.
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
    guessed = [reference.pace * estimate(members[run], NOMINAL) for run in timed]
    ratios = np.array(guessed) / np.array(list(timed.values()))
    assert len(ratios) > 50
    assert np.mean(np.abs(np.log(ratios)) < np.log(2)) > 0.8
    assert 0.8 < sum(guessed) / sum(timed.values()) < 1.25
