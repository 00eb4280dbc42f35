"""The tables of docs/leakage.md are what their scripts print."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_table_of_the_page_is_computed() -> None:
    rows = runpy.run_path(str(ROOT / "tools/make_leakage_table.py"))["rows"]()
    page = (ROOT / "docs/leakage.md").read_text(encoding="utf-8")
    assert "\n".join(rows) in page


def test_the_table_of_symmetric_tasks_is_that_of_the_runs() -> None:
    tool = runpy.run_path(str(ROOT / "tools/make_symmetric_table.py"))
    rows = tool["read_table"]()
    page = (ROOT / "docs/leakage.md").read_text(encoding="utf-8")
    assert "\n".join(tool["lines_of"](rows)) in page
    assert "\n".join(tool["scaling_lines"](rows)) in page
    assert "\n".join(tool["copying_lines"](rows)) in page
    keys = [key for key, _ in tool["planned"]()]
    assert len(keys) == len(set(keys)) == 3 * 12 * 3 * 3
    assert set(rows) <= set(keys)
    for row in rows.values():  # the null model never sees a permutation of a test input on a swap split
        assert row["orbits"] == "none" or float(row["orbit_accuracy"]) < 0.2


def test_an_excess_is_that_over_the_null_of_the_same_split() -> None:
    tool = runpy.run_path(str(ROOT / "tools/make_symmetric_table.py"))
    example = {
        ("mlp", "x + y", orbits, "0.5", str(seed)): {"test_accuracy": accuracy, "orbit_accuracy": null}
        for orbits, seed, accuracy, null in (
            ("none", 0, "0.75", "0.5"),
            ("none", 1, "1.0", "0.5"),
            ("swap", 0, "0.5", "0.0"),
        )
    }
    assert tool["excess"](example, "mlp", "x + y", ("none", "0.5")) == [25, 50]
    assert tool["excess"](example, "mlp", "x + y", ("swap", "0.5")) == [50]
    line = next(line for line in tool["lines_of"](example) if line.startswith("| `x + y` "))
    assert line.startswith("| `x + y` | additive | 38 (25 to 50) | 50 | not run |")
    assert "transformer" not in "".join(tool["lines_of"](example))
