"""Claims at the budget `laptop` that cost about a second: they come out as the committed book says."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import pytest
from made_claims import InProcess

from modgrok.papers import Evidence
from modgrok.papers.book.markdown import read_results
from modgrok.papers.claims.catalogue import choose_claims
from modgrok.papers.claims.reproduction import reproduce

COMMITTED = Path(__file__).parents[2] / "docs" / "claims"
QUICK = (
    pytest.param("gromov2023/fig4-width", marks=pytest.mark.long),
    "gromov2023/eq16-error",
    "doshi2024/eq4-product",
    "doshi2024/eq4-printed-amplitude",
    "doshi2024/appB-23",
    "mallinar2024/theorem5.1",
    pytest.param("crosscut/closed-form", marks=pytest.mark.long),
    pytest.param("doshi2023/fig2-clean", marks=pytest.mark.long),
)


@pytest.mark.long
@pytest.mark.skipif(not COMMITTED.is_dir(), reason="the book is not part of this checkout")
@pytest.mark.parametrize("name", QUICK)
def test_a_claim_comes_out_as_committed(name: str, tmp_path: Path) -> None:
    (committed,) = (result for result in read_results(COMMITTED) if result.id == name)
    claims = [claim for claim in choose_claims([name]) if claim.id == name]  # not those that begin like it
    (outcome,) = reproduce(claims, committed.budget, tmp_path, InProcess(), workers=1)
    assert outcome.error is None
    assert outcome.verdict == committed.verdict
    for value in outcome.values:  # sums in another order differ in the last digits; a wrong one by far more
        assert outcome.values[value] == pytest.approx(committed.values[value], rel=0.02, abs=1e-6), value


@pytest.mark.skipif(not COMMITTED.is_dir(), reason="the book is not part of this checkout")
def test_misprints_miss_as_printed_and_hold_as_corrected() -> None:
    claims = {claim.id: claim for claim in choose_claims([])}
    results = [result for result in read_results(COMMITTED) if claims[result.id].misprint is not None]
    assert len(results) == 8
    for result in results:
        misprint = claims[result.id].misprint
        assert misprint is not None
        in_range = {e.name: e.holds(result.values[e.name]) for e in result.expected}
        assert result.verdict == "misprint"
        assert not all(in_range[name] for name in misprint.printed), result.id
        assert all(in_range[name] for name in misprint.corrected), result.id


def test_closed_forms_depend_on_nothing_that_ran_before() -> None:
    """Seeds alone decide: neither the precision around the call nor what was compiled changes a number."""
    (claim,) = choose_claims(["gromov2023/eq16-error"])
    nothing = Evidence("tiny", {})
    first = claim.measure(nothing).values
    with jax.enable_x64(True):
        inside = claim.measure(nothing).values
    np.random.seed(7)  # noqa: NPY002
    again = claim.measure(nothing).values
    assert first == inside == again
    assert claim.verdict(first, "tiny") == "reproduced"
