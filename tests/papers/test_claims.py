"""What a verdict is, and what every claim of the catalogue promises."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modgrok.papers import BUDGETS, Claim, ClaimResult, Expected
from modgrok.papers.claims.bounds import bound_changes, bound_key
from modgrok.papers.claims.catalogue import PAPERS, choose_claims, read_paper, read_papers
from modgrok.papers.claims.claim import Misprint
from modgrok.papers.claims.desktop import Desktop
from modgrok.papers.claims.plan import RunGroup
from modgrok.papers.claims.scale import PaperScale
from modgrok.papers.claims.seeds import medians_of_seeds
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


PAPER_SCALE = PaperScale(p=97, steps=1000, seeds=3, sizes={"width": 500})
FULL_RUN = {"expression": "x + y", "p": 97, "width": 500, "steps": 1000}


def sized(scale: PaperScale | None = PAPER_SCALE, seeds: int = 3, **fields: int) -> Claim:
    """A claim with an essential and a supporting number, on runs of the paper's size but for `fields`."""
    group = RunGroup({**FULL_RUN, **fields}, {"seed": list(range(seeds))})
    plan = {"run": group}
    none = ClaimResult({}, ())
    return Claim("a/b", "", "", lambda budget: plan, lambda e: none, (SURE, BESIDE), scale=scale)


NEVER = Expected("never", "not within its steps", high=0.5, absence=True)


@pytest.mark.parametrize(
    ("steps", "stated", "beside", "verdict"),
    [
        (1000, 1000, 2.0, "reproduced"),
        (1000, 1000, 0.0, "deviates"),
        (500, 1000, 2.0, "open"),
        (500, 1000, 0.0, "open"),  # one more miss makes no verdict stronger
        (1000, None, 2.0, "open"),  # of a length that the paper does not state
        (1000, None, 0.0, "open"),
    ],
)
def test_shorter_runs_confirm_no_absence(steps: int, stated: int | None, beside: float, verdict: str) -> None:
    claim = replace(sized(PaperScale(p=97, steps=stated), steps=steps), expected=(NEVER, BESIDE))
    assert claim.verdict({"never": 0.1, "b": beside}, "paper") == verdict
    assert claim.verdict({"never": 0.9, "b": beside}, "paper") == ("refuted" if stated == steps else "open")
    without = replace(claim, expected=(replace(NEVER, absence=False), BESIDE))
    assert [each.kind for each in without.shortfalls("paper")] == (["steps"] if steps < 1000 else [])


def test_where_a_paper_does_not_state_its_settings_nothing_refutes() -> None:
    claim = sized(replace(PAPER_SCALE, complete=False))
    assert [each.kind for each in claim.shortfalls("paper")] == ["unstated"]
    assert claim.verdict({"a": 0.5, "b": 2.0}, "paper") == "open"
    assert claim.verdict({"a": 1.0, "b": 0.0}, "paper") == "deviates"
    never = replace(claim, expected=(NEVER, BESIDE))
    assert never.verdict({"never": 0.1, "b": 2.0}, "paper") == "reproduced"  # as long as the paper's


def test_a_number_that_a_seed_lacks_never_helps() -> None:
    lead = Expected("lead", "before", low=0.1)
    step = Expected("step", "by then", high=50)
    values = medians_of_seeds(
        replace(sized(), expected=(lead, step)), "desktop", {"lead": (0.2, None), "step": (40, None)}
    )
    assert values == {"lead": None, "step": None}
    values = medians_of_seeds(
        replace(sized(), expected=(lead, step)),
        "desktop",
        {"lead": (0.2, None, 0.05), "step": (40, None, 60)},
    )
    assert values == {"lead": 0.05, "step": 60}


def test_a_run_of_the_papers_size_refutes() -> None:
    claim = sized()
    assert claim.shortfalls("paper") == ()
    assert claim.verdict({"a": 0.5, "b": 2.0}, "paper") == "refuted"
    assert claim.verdict({"a": 1.0, "b": 0.0}, "paper") == "deviates"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"p": 37}, "p = 97 (here 37)"),
        ({"width": 200}, "width 500 (here 200)"),
        ({"steps": 999}, "1,000 steps (here at most 999)"),
        ({"seeds": 2}, "3 seeds (here 2)"),
        ({"seeds": 1}, "3 seeds (here 1)"),
    ],
)
def test_a_smaller_shorter_or_single_run_never_refutes(fields: dict[str, int], words: str) -> None:
    claim = sized(**fields)
    assert [str(short) for short in claim.shortfalls("laptop")] == [words]
    for value in (None, float("nan"), 0.0, 1e9):
        assert claim.verdict({"a": value, "b": 2.0}, "laptop") == "open"
    assert claim.verdict({"a": 1.0, "b": 2.0}, "laptop") == "reproduced"
    assert claim.verdict({"a": 1.0, "b": 0.0}, "laptop") == "deviates"


def test_one_seed_never_refutes_even_where_the_paper_has_one() -> None:
    single = PaperScale(p=97, steps=1000)
    assert sized(single, seeds=1).verdict({"a": 0.5, "b": 2.0}, "paper") == "open"
    assert sized(single, seeds=2).verdict({"a": 0.5, "b": 2.0}, "paper") == "refuted"


def test_runs_of_a_paper_whose_sizes_are_not_declared_never_refute() -> None:
    assert sized(None).verdict({"a": 0.5, "b": 2.0}, "paper") == "open"


def test_a_group_may_have_sizes_of_its_own() -> None:
    claim = replace(sized(steps=10), scales={"run": PaperScale(p=97, steps=10)})
    assert claim.shortfalls("laptop") == ()


def test_formulas_refute_at_every_budget_but_the_tiny_one() -> None:
    verdicts = {budget: CLAIM.verdict({"a": 0.5, "b": 2.0, "c": 3.0}, budget) for budget in BUDGETS}
    assert verdicts == {"tiny": "open", "laptop": "refuted", "desktop": "refuted", "paper": "refuted"}


def test_a_number_says_nothing_without_the_one_that_it_is_given() -> None:
    grokked = replace(SURE, essential=False)
    waves = Expected("b", "2 (Fig. 1)", low=1.9, given="a")
    claim = replace(CLAIM, expected=(grokked, waves))
    assert claim.verdict({"a": 0.5, "b": 0.0}, "laptop") == "open"  # waves of what has not grokked
    assert claim.verdict({"a": 1.0, "b": 0.0}, "laptop") == "refuted"


def test_a_premise_that_fails_leaves_the_claim_open() -> None:
    premise, follows = replace(SURE, given="a"), Expected("b", "2 (Fig. 1)", low=1.9, given="a")
    claim = replace(CLAIM, expected=(premise, follows))
    assert claim.verdict({"a": 0.5, "b": 0.0}, "laptop") == "open"
    assert claim.verdict({"a": 0.5, "b": 2.0}, "laptop") == "open"
    assert claim.verdict({"a": 1.0, "b": 0.0}, "laptop") == "refuted"
    assert claim.verdict({"a": 1.0, "b": 2.0}, "laptop") == "reproduced"


def test_shorter_runs_do_not_show_that_something_never_happens() -> None:
    never = replace(SURE, low=0.0, high=0.5, absence=True)
    short, long, small = (
        replace(claim, expected=(never,)) for claim in (sized(steps=5), sized(), sized(p=37))
    )
    assert [claim.verdict({"a": 0.1}, "paper") for claim in (short, long, small)] == [
        "open",
        "reproduced",
        "reproduced",
    ]


def test_a_slip_of_the_paper_is_a_misprint_only_where_the_correction_holds() -> None:
    corrected = Expected("b", "2, corrected", low=1.9, high=2.1)
    claim = replace(CLAIM, expected=(SURE, corrected), misprint=Misprint(("a",), ("b",), "docs/errata.md"))
    assert claim.verdict({"a": 9.0, "b": 2.0}, "laptop") == "misprint"
    assert claim.verdict({"a": 9.0, "b": 9.0}, "laptop") == "refuted"
    assert claim.verdict({"a": 1.0, "b": 9.0}, "laptop") == "refuted"
    assert claim.verdict({"a": 1.0, "b": 2.0}, "laptop") == "reproduced"


def test_the_desktop_repeats_another_budget_over_seeds() -> None:
    claim = replace(sized(seeds=1, steps=90_000), desktop=Desktop("laptop", (0, 1, 2, 3), 20_000))
    members = claim.groups("desktop")["run"].members()
    assert [(m.experiment.seed, m.steps) for m in members] == [(s, 20_000) for s in range(4)]
    longer = replace(claim, desktop=replace(claim.desktop, steps=10**6))
    assert longer.groups("desktop")["run"].members()[0].steps == 90_000
    longer = replace(claim, desktop=replace(claim.desktop, steps=10**6, extend=True))
    assert longer.groups("desktop")["run"].members()[0].steps == 10**6
    assert claim.judged("desktop") == claim.judged("laptop")


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_every_claim_with_runs_declares_the_sizes_of_its_paper(claim: Claim) -> None:
    assert (claim.scale is not None) == bool(claim.plan("laptop"))


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_every_bound_is_the_one_last_recorded(claim: Claim) -> None:
    """After a change run `tools/record_bounds.py REASON`: when and why is part of the book."""
    for expected in claim.expected:
        changes = bound_changes(claim.id, expected)
        assert changes, (claim.id, bound_key(expected))
        assert changes[-1].same_bound(expected), (claim.id, bound_key(expected))
        assert all(change.reason for change in changes)
        assert [change.date for change in changes] == sorted(change.date for change in changes)
    assert len({bound_key(expected) for expected in claim.expected}) == len(claim.expected)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_what_a_number_is_given_is_judged_as_well(claim: Claim) -> None:
    for budget in BUDGETS:
        judgements = claim.judged(budget)
        assert {e.given for e in judgements} - {None} <= {e.name for e in judgements}


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


@pytest.mark.few(1)
@pytest.mark.parametrize("budget", ["laptop", "desktop", "paper"])  # what tiny measures means nothing
def test_claims_that_share_a_run_follow_it_alike(budget: str) -> None:
    """Else what one claim measures would depend on which others were run before it."""
    stages = stages_of(CLAIMS, budget)
    schedules: dict[str, dict[tuple[object, ...], str]] = {}
    for (claim, name), group in stages.groups.items():
        for member in () if group.needs else group.members():
            every = group.weights == "observations"  # of the others a claim sees what it asks for
            how = (member.steps, member.observe_every, member.stops_early, every)
            schedules.setdefault(member.experiment.id, {})[how] = f"{claim} {name}"
    assert not [how for how in schedules.values() if len(how) > 1]


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
    for claim in CLAIMS:  # the whole name of one may begin another's
        assert [chosen.id for chosen in choose_claims([claim.id])] == [claim.id]


@pytest.mark.parametrize(
    ("word", "near"), [("gromov2032", "gromov2023"), ("gromov2023/fig1-los", "gromov2023/fig1-loss")]
)
def test_unknown_claims_name_the_nearest(word: str, near: str) -> None:
    with pytest.raises(InputError, match=f"claim: .* got '?{word}'?; did you mean {near}"):
        choose_claims([word])
