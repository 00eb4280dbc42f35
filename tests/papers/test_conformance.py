"""Claims at the tiny budget: all that is expected is measured, every figure drawn.

By default the claims of two papers without a run, and two of one run each; `-m long` has all.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from made_claims import InProcess

from modgrok.papers import Claim, Misprint
from modgrok.papers.claims.catalogue import PAPERS, read_paper
from modgrok.papers.claims.reproduction import reproduce
from modgrok.papers.claims.result import read_figure, result_path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for all papers: what they share is run once."""
    return tmp_path_factory.mktemp("claims")


def expected_verdict(stored: dict[str, Any], misprint: Misprint | None) -> str:
    """Judge a stored result by its own file alone, without the code that judged it."""
    missed = []
    entries = [entry for entry in stored["expected"] if "tiny" in entry["budgets"]]
    for entry in stored["expected"]:
        value = stored["values"][entry["name"]]
        low = -math.inf if entry["low"] is None else entry["low"]
        high = math.inf if entry["high"] is None else entry["high"]
        if "tiny" in entry["budgets"] and (value is None or not low <= value <= high):
            missed.append(entry)
    absent = [entry["name"] for entry in missed]
    refuting = [
        entry
        for entry in missed
        if entry["essential"] and "tiny" in entry["decisive"] and entry["given"] not in absent
    ]
    short = any(entry["kind"] == "steps" for entry in stored["shortfalls"])
    unsure = short and any(entry["absence"] and entry["essential"] for entry in entries)
    if not missed:
        return "open" if unsure else "reproduced"
    if misprint is not None and set(absent) <= set(misprint.printed):
        return "misprint"
    if refuting:
        return "refuted"
    return "open" if any(entry["essential"] for entry in missed) else "deviates"


def quick_claims(paper: str) -> list[Claim]:
    """Choose the claims of a paper that have no run, and the first two that have one."""
    claims = read_paper(paper).claims
    runs = [len(claim.plan("tiny")) for claim in claims]
    with_one = [claim for claim, count in zip(claims, runs, strict=True) if count == 1][:2]
    return [claim for claim, count in zip(claims, runs, strict=True) if count == 0 or claim in with_one]


@pytest.mark.few(1)
@pytest.mark.parametrize("quick", [True, pytest.param(False, marks=pytest.mark.long)])
@pytest.mark.parametrize("paper", PAPERS)
def test_every_claim_can_be_tested(paper: str, quick: bool, runs: Path) -> None:
    claims = quick_claims(paper) if quick else list(read_paper(paper).claims)
    outcome = reproduce(claims, "tiny", runs, InProcess(), workers=1)
    assert {result.id: result.error for result in outcome if result.error is not None} == {}
    for claim, result in zip(claims, outcome, strict=True):
        assert {expected.name for expected in claim.judged("tiny")} <= set(result.values), claim.id
        stored = json.loads(result_path(runs, "tiny", claim.id).read_text(encoding="utf-8"))
        assert stored["verdict"] == expected_verdict(stored, claim.misprint), claim.id
        figure = read_figure(runs, result)
        assert figure is not None
        picture = ElementTree.fromstring(figure)
        assert len(list(picture.iter("{http://www.w3.org/2000/svg}path"))) > 3, claim.id
        assert all(caption.text for caption in result.captions), claim.id
        for row in result.rows:
            assert list(row) == list(result.rows[0]), claim.id
