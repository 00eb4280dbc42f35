"""Predictions that follow from splits alone: the page says what the splits give."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE, TOOL = ROOT / "docs" / "predictions.md", ROOT / "tools" / "make_predictions.py"


@pytest.mark.skipif(not (PAGE.is_file() and TOOL.is_file()), reason="not part of this checkout")
def test_predictions_are_those_of_the_splits() -> None:
    rows = runpy.run_path(str(TOOL))["rows"]()
    assert "\n".join(rows) in PAGE.read_text(encoding="utf-8")
