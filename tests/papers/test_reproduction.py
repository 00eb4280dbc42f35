"""Running claims: each run once, resumed, donors first, one broken claim beside others."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from made_claims import SMALL, InProcess, make_claim

from modgrok.papers import Claim, ClaimResult, Evidence, RunGroup
from modgrok.papers.claims.reproduction import digest_of, reproduce
from modgrok.papers.claims.result import (
    Result,
    claims_folder,
    from_json,
    read_figure,
    read_result,
    result_path,
)
from modgrok.papers.claims.stages import merged
from modgrok.runs import Experiment, Store
from modgrok.runs.asset_kinds import network_digest
from modgrok.sweeps.grid.sweep_file import Member
from modgrok.tasks import InputError

TRANSFORMER = {
    "expression": "x + y",
    "p": 5,
    "learner": "transformer",
    "d_model": 8,
    "heads": 2,
    "d_mlp": 8,
    "steps": 3,
    "fraction": 0.6,
}
IMPOSSIBLE = RunGroup({"expression": "x + y", "p": 5, "learner": "rfm", "initial": "stored", "steps": 2})
"""A run that cannot be prepared: its M is handed in nowhere."""


def run(claims: list[Claim], folder: Path, executor: InProcess) -> list[Result]:
    return reproduce(claims, "tiny", folder, executor, workers=1)


def test_shared_runs_are_made_once_and_results_are_kept(tmp_path: Path, executor: InProcess) -> None:
    claims = [
        make_claim("one"),
        make_claim("two", {"again": RunGroup(SMALL), "more": RunGroup(SMALL, {"seed": [1]})}),
    ]
    first = run(claims, tmp_path, executor)
    assert len(executor.made) == 2
    assert [result.verdict for result in first] == ["reproduced", "reproduced"]
    assert first[0].runs[0] in first[1].runs
    assert first[1].seeds == (0, 1)
    assert first[0].seconds > 0
    again = run(claims, tmp_path, executor)
    assert len(executor.made) == 2
    assert again == first
    stored = json.loads(result_path(tmp_path, "tiny", "gromov2023/one").read_text())
    assert from_json(stored) == first[0]
    figure = read_figure(tmp_path, first[0])
    assert figure is not None
    assert figure.startswith("<svg")


def test_a_result_holds_only_for_its_plan(tmp_path: Path, executor: InProcess) -> None:
    claim = make_claim("one")
    run([claim], tmp_path, executor)
    longer = make_claim("one", {"gd": RunGroup({**SMALL, "steps": 30})})
    assert read_result(tmp_path, "tiny", longer, digest_of(longer, "tiny")) is None
    (result,) = run([longer], tmp_path, executor)
    assert result.values["steps"] == 30
    assert len(executor.made) == 2  # the same run, continued


@pytest.mark.parametrize(
    "damage",
    [
        {"values": {"steps": "abc"}},
        {"values": []},
        {"seed_values": {"steps": ["abc"]}},
        {"seed_values": [1]},
        {"seeds": ["0"]},
    ],
)
def test_a_result_that_holds_no_numbers_is_none(
    tmp_path: Path, executor: InProcess, damage: dict[str, Any]
) -> None:
    claim = make_claim("one")
    run([claim], tmp_path, executor)
    path = result_path(tmp_path, "tiny", claim.id)
    assert read_result(tmp_path, "tiny", claim) is not None
    path.write_text(json.dumps(json.loads(path.read_text()) | damage))
    assert read_result(tmp_path, "tiny", claim) is None


def test_a_verdict_is_judged_anew_when_expectations_change(tmp_path: Path, executor: InProcess) -> None:
    run([make_claim("one")], tmp_path, executor)
    strict = make_claim("one", low=2.0)
    (result,) = run([strict], tmp_path, executor)
    assert result.verdict == "open"
    assert result.expected == strict.expected


def test_a_longer_run_is_read_as_far_as_a_claim_follows_it(tmp_path: Path, executor: InProcess) -> None:
    run([make_claim("long", {"gd": RunGroup({**SMALL, "steps": 40})})], tmp_path, executor)
    (result,) = run([make_claim("short")], tmp_path, executor)
    assert result.values["steps"] == 20


def test_members_are_followed_as_far_as_any_claim_asks() -> None:
    experiment = Experiment.of("x + y", p=5)
    result = merged(
        [Member(experiment, 10, 5), Member(experiment, 20, None, False), Member(experiment, 5, 2)]
    )
    assert result == (Member(experiment, 20, 2, False),)


def first_weights(evidence: Evidence) -> ClaimResult:
    """Read weights from the way: the first that were kept."""
    (run,) = evidence["all"]
    panels = make_claim("any").measure(evidence).panels
    return ClaimResult({"test_accuracy": 1.0 if run.network(0) else 0.0}, panels)


def needs_last() -> Claim:
    return make_claim("last", {"gd": RunGroup(SMALL)})


def needs_all() -> Claim:
    return make_claim("all", {"all": RunGroup(SMALL, weights="schedule")}, first_weights)


def test_weights_on_the_way_are_kept_if_any_claim_asks(tmp_path: Path, executor: InProcess) -> None:
    outcome = run([needs_last(), needs_all()], tmp_path, executor)
    assert [result.error for result in outcome] == [None, None]
    assert len(executor.made) == 1


def test_a_run_without_weights_on_the_way_is_made_again_for_a_claim_that_asks(
    tmp_path: Path, executor: InProcess
) -> None:
    run([needs_last()], tmp_path, executor)
    (stored,) = reproduce([needs_all()], "tiny", tmp_path, None, workers=1)
    assert "of all: has kept its last weights alone" in str(stored.error)
    (result,) = run([needs_all()], tmp_path, executor)
    assert result.error is None
    assert len(executor.made) == 2


def test_a_claim_sees_the_weights_that_it_asks_for_alone(tmp_path: Path, executor: InProcess) -> None:
    seen: dict[str, int] = {}

    def count(name: str, evidence: Evidence) -> ClaimResult:
        (run,) = evidence[name]
        seen[name] = len(run.checkpoints)
        panels = make_claim("any").measure(evidence).panels
        return ClaimResult({"test_accuracy": float(len(run.records))}, panels)

    claims = [
        make_claim(name, {name: RunGroup(SMALL, weights=name)}, partial(count, name))  # type: ignore[arg-type]
        for name in ("final", "observations")
    ]
    outcome = run(claims, tmp_path, executor)
    assert [result.error for result in outcome] == [None, None]
    assert len(executor.made) == 1
    assert seen == {"final": 1, "observations": outcome[1].values["test_accuracy"]}


def test_a_run_with_few_weights_is_made_again_for_a_claim_that_asks_for_all(
    tmp_path: Path, executor: InProcess
) -> None:
    run([needs_all()], tmp_path, executor)
    every = make_claim("every", {"all": RunGroup(SMALL, weights="observations")}, first_weights)
    (stored,) = reproduce([every], "tiny", tmp_path, None, workers=1)
    assert "of all: has not kept its weights at every observation" in str(stored.error)
    (result,) = run([every], tmp_path, executor)
    assert result.error is None
    assert len(executor.made) == 2
    (again,) = run([every], tmp_path, executor)
    assert again.error is None
    assert len(executor.made) == 2


def test_nothing_is_begun_after_an_interrupt(tmp_path: Path, executor: InProcess) -> None:
    other = make_claim("other", {"all": RunGroup({**SMALL, "seed": 1}, weights="schedule")}, first_weights)
    outcome = reproduce(
        [needs_last(), other],
        "tiny",
        tmp_path,
        executor,
        workers=1,
        stop_requested=lambda: bool(executor.made),
    )
    assert executor.calls == 1
    assert [result.verdict for result in outcome] == ["reproduced", None]
    assert "has not been run to its end" in str(outcome[1].error)


def test_one_broken_claim_does_not_stop_the_others(tmp_path: Path, executor: InProcess) -> None:
    def broken(evidence: Evidence) -> ClaimResult:
        raise ZeroDivisionError("nothing to divide")

    def silent(evidence: Evidence) -> ClaimResult:
        return ClaimResult({"other": 1.0}, ())

    claims = [make_claim("broken", measure=broken), make_claim("silent", measure=silent), make_claim("well")]
    outcome = run(claims, tmp_path, executor)
    assert [result.verdict for result in outcome] == [None, None, "reproduced"]
    assert outcome[0].error == "evaluation: nothing to divide"
    assert "must measure test_accuracy" in str(outcome[1].error)


def test_without_an_executor_nothing_is_run(tmp_path: Path, executor: InProcess) -> None:
    run([make_claim("one")], tmp_path, executor)
    claims = [make_claim("two"), make_claim("three", {"more": RunGroup(SMALL, {"seed": [1, 2]})})]
    outcome = reproduce(claims, "tiny", tmp_path, None, workers=1)
    assert [result.verdict for result in outcome] == ["reproduced", None]
    assert "of more (and 1 more): has not been run to its end" in str(outcome[1].error)


def test_runs_that_fail_are_told_of(tmp_path: Path, executor: InProcess) -> None:
    outcome = run([make_claim("bad", {"rfm": IMPOSSIBLE}), make_claim("well")], tmp_path, executor)
    assert [result.verdict for result in outcome] == [None, "reproduced"]
    assert "of rfm: initial: a stored M must be given with --feature-matrix" in str(outcome[0].error)


@pytest.mark.long  # tests/runs/test_transformer_runs.py has parts of other runs by default
def test_parts_come_from_runs_of_the_same_seed(tmp_path: Path, executor: InProcess) -> None:
    groups = {
        "child": RunGroup(TRANSFORMER, {"seed": [1]}, embedding_from="parent"),
        "parent": RunGroup(TRANSFORMER, {"seed": [0, 1]}),
    }
    claim = make_claim("transfer", groups)
    (result,) = run([claim], tmp_path, executor)
    assert result.verdict == "reproduced", result.error
    assert len(executor.made) == 3
    with Store(claims_folder(tmp_path, "tiny"), read_only=True) as store:
        weights = {run: store.checkpoints(run)[-1].load() for run in executor.made}
        rows = {run: Experiment.model_validate_json(store.get(run).experiment) for run in executor.made}
    child = executor.made[-1]
    (parent,) = (run for run in executor.made[:-1] if rows[run].seed == 1)
    settings = rows[child].learner
    assert settings.embedding_digest == network_digest(weights[parent])
    assert settings.freeze_embedding
    assert bool((weights[child].embedding == weights[parent].embedding).all())
    assert run([claim], tmp_path, executor) == [result]
    assert len(executor.made) == 3


def test_parts_of_runs_that_failed_are_missed(tmp_path: Path, executor: InProcess) -> None:
    groups = {
        "parent": IMPOSSIBLE,
        "child": RunGroup(TRANSFORMER, embedding_from="parent"),
    }
    (result,) = run([make_claim("transfer", groups)], tmp_path, executor)
    assert result.verdict is None
    assert "of parent" in str(result.error)


def test_parts_must_come_from_a_group_of_the_claim(tmp_path: Path, executor: InProcess) -> None:
    claim = make_claim("alone", {"child": RunGroup(TRANSFORMER, embedding_from="parent")})
    with pytest.raises(
        InputError, match="plan: gromov2023/alone must have the group parent, which child needs"
    ):
        run([claim], tmp_path, executor)


def test_damaged_results_are_made_again(tmp_path: Path, executor: InProcess) -> None:
    claim = make_claim("one")
    (first,) = run([claim], tmp_path, executor)
    result_path(tmp_path, "tiny", claim.id).write_text("{")
    (again,) = run([claim], tmp_path, executor)
    assert replace(again, seconds=0.0) == replace(first, seconds=0.0)
    assert len(executor.made) == 1
