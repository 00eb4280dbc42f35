"""What a verdict is, and what every claim of the catalogue promises."""

from __future__ import annotations

import pytest

from modgrok.papers import BUDGETS, Claim, ClaimResult, Expected
from modgrok.papers.claims.catalogue import PAPERS, choose_claims, read_paper, read_papers
from modgrok.papers.claims.claim import FULL
from modgrok.papers.claims.stages import stages_of
from modgrok.tasks import InputError

CLAIMS = [claim for paper in read_papers() for claim in paper.claims]
SURE = Expected("a", "1 (Fig. 1)", low=0.9, high=1.1)
BESIDE = Expected("b", "2 (Fig. 1)", low=1.9, high=2.1, essential=False)
LATER = Expected("c", "3 (Fig. 1)", low=3, high=3, budgets=("paper",))
CLAIM = Claim(
    "gromov2023/made-up",
    "Fig. 1",
    "One.",
    lambda budget: {},
    lambda e: ClaimResult({}, ()),
    (SURE, BESIDE, LATER),
)


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ({"a": 1.0, "b": 2.0}, "reproduced"),
        ({"a": 0.9, "b": 2.1}, "reproduced"),
        ({"a": 1.0, "b": 2.2}, "deviates"),
        ({"a": 1.2, "b": 2.0}, "refuted"),
        ({"a": None, "b": 2.0}, "refuted"),
        ({"a": 1.0}, "deviates"),
        ({"a": float("nan"), "b": 2.0}, "refuted"),
        ({}, "refuted"),
    ],
)
def test_a_verdict_follows_from_numbers(values: dict[str, float | None], verdict: str) -> None:
    assert CLAIM.verdict(values, "laptop") == verdict


def test_numbers_are_judged_at_their_budgets() -> None:
    values = {"a": 1.0, "b": 2.0, "c": 4.0}
    assert CLAIM.verdict(values, "laptop") == "reproduced"
    assert CLAIM.verdict(values, "paper") == "refuted"


def test_a_shortened_run_only_deviates() -> None:
    groks = Expected("a", "1 (Fig. 1)", low=0.9, decisive=FULL)
    waves = Expected("b", "2 (Fig. 1)", low=1.9, given="a")
    claim = Claim("gromov2023/m", "", "", lambda budget: {}, lambda e: ClaimResult({}, ()), (groks, waves))
    assert claim.verdict({"a": 0.5, "b": 2.0}, "laptop") == "deviates"
    assert claim.verdict({"a": 0.5, "b": 2.0}, "paper") == "refuted"
    assert claim.verdict({"a": 0.5, "b": 0.0}, "laptop") == "deviates"  # waves of what has not grokked
    assert claim.verdict({"a": 1.0, "b": 0.0}, "laptop") == "refuted"


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_what_a_number_is_given_is_judged_as_well(claim: Claim) -> None:
    for budget in BUDGETS:
        judged = claim.judged(budget)
        assert {e.given for e in judged} - {None} <= {e.name for e in judged}


def test_a_claim_without_expectations_has_no_verdict() -> None:
    empty = Claim("gromov2023/none", "", "", lambda budget: {}, lambda e: ClaimResult({}, ()), (LATER,))
    with pytest.raises(InputError, match="gromov2023/none expects a number, got tiny"):
        empty.verdict({}, "tiny")


def test_ids_are_unique_and_begin_with_their_paper() -> None:
    ids = [claim.id for claim in CLAIMS]
    assert len(set(ids)) == len(ids)
    for paper in read_papers():
        assert all(claim.paper == paper.name for claim in paper.claims)


@pytest.mark.parametrize("paper", PAPERS)
def test_every_claim_says_what_it_expects_and_how_it_deviates(paper: str) -> None:
    known = read_paper(paper)
    assert known.title
    assert known.citation
    for claim in known.claims:
        assert claim.sentence.endswith("."), claim.id
        assert claim.source, claim.id
        for budget in BUDGETS:
            assert claim.judged(budget), (claim.id, budget)
        for expected in claim.expected:
            assert expected.low <= expected.high, (claim.id, expected.name)
            assert expected.paper, (claim.id, expected.name)
        if claim.plan("laptop"):
            assert claim.deviations.get("laptop"), claim.id


@pytest.mark.parametrize("budget", ["laptop", "paper"])  # what tiny measures means nothing
def test_claims_that_share_a_run_follow_it_alike(budget: str) -> None:
    """Else what one claim measures would depend on which others were run before it."""
    stages = stages_of(CLAIMS, budget)
    asked: dict[str, dict[tuple[object, ...], str]] = {}
    for (claim, name), group in stages.groups.items():
        for member in () if group.needs else group.members():
            how = (member.steps, member.observe_every, member.stops_early, group.weights)
            asked.setdefault(member.experiment.id, {})[how] = f"{claim} {name}"
    assert not [how for how in asked.values() if len(how) > 1]


def test_words_choose_claims() -> None:
    every = [claim.id for claim in choose_claims(())]
    assert every == [claim.id for claim in CLAIMS]
    paper = [claim.id for claim in choose_claims(["gromov2023"])]
    assert paper == [claim.id for claim in CLAIMS if claim.paper == "gromov2023"]
    first = [claim.id for claim in choose_claims(["gromov2023/fig1"])]
    assert first
    assert all(claim.startswith("gromov2023/fig1-") for claim in first)
    both = choose_claims([first[1], first[0], "gromov2023/fig1"])
    assert [claim.id for claim in both] == first


@pytest.mark.parametrize(
    ("word", "near"), [("gromov2032", "gromov2023"), ("gromov2023/fig1-los", "gromov2023/fig1-loss")]
)
def test_unknown_claims_name_the_nearest(word: str, near: str) -> None:
    with pytest.raises(InputError, match=f"claim: .* got '?{word}'?; did you mean {near}"):
        choose_claims([word])
