"""The critical fractions that come with the package are those of the atlas and of the book."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from modgrok.sweeps.critical.committed import committed_fractions, fractions_of

TOOL = Path(__file__).parents[2] / "tools" / "make_critical_fractions.py"


@pytest.mark.skipif(not TOOL.is_file(), reason="not part of this checkout")
def test_the_file_is_what_its_tool_writes() -> None:
    tool = runpy.run_path(str(TOOL))
    assert tool["PATH"].read_text(encoding="utf-8") == tool["content"](), f"run {TOOL.name}"


def test_entries_are_brackets() -> None:
    entries = committed_fractions()
    assert len(entries) > 10
    for entry in entries:
        low, high = entry["low"], entry["high"]
        assert entry["place"] == ("above" if high is None else "below" if low is None else "inside")
        if entry["place"] == "inside":
            assert 0 < low < high < 1
            assert entry["low_grokked"] < entry["seeds"] / 2 <= entry["high_grokked"]
    assert fractions_of("x^2 + x*y + y^2") == []
    assert {entry["p"] for entry in fractions_of("x*y")} == {13, 23, 31, 47, 61}
    assert {entry["p"] for entry in fractions_of("x + y", 97)} == {97}
