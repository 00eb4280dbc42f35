"""The page of coverage names every claim, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modgrok.papers.claims.catalogue import PAPERS, read_paper

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"


@pytest.mark.skipif(not PAGE.is_file(), reason="the documentation is not part of this checkout")
def test_the_page_of_coverage_names_every_claim() -> None:
    named = set(re.findall(rf"`((?:{'|'.join(PAPERS)})/[^`]+)`", PAGE.read_text(encoding="utf-8")))
    assert named == {claim.id for name in PAPERS for claim in read_paper(name).claims}
