"""The table of docs/leakage.md is what its script prints."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_table_of_the_page_is_computed() -> None:
    rows = runpy.run_path(str(ROOT / "tools/make_leakage_table.py"))["rows"]()
    page = (ROOT / "docs/leakage.md").read_text(encoding="utf-8")
    assert "\n".join(rows) in page
