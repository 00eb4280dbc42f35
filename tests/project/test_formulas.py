"""The page of formulas: every function exists, is described, and names the same source in its own words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from source_names import find

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "concepts" / "formulas.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| (?P<formula>.+) \| \[`(?P<name>\w+)`\]\(\.\./reference/(?P<page>\w+)\.md#(?P<slug>\w+)\) "
    r"\| (?P<source>[^|]+) \|$",
    re.MULTILINE,
)
ROWS = list(ROW.finditer(PAGE))
OWN = "definition"
"""What has no source but its formula."""


def module_of(page: str, slug: str) -> str:
    """Return the module whose section of a reference page has this anchor."""
    text = (DOCS / "reference" / f"{page}.md").read_text(encoding="utf-8")
    (result,) = (m for m in re.findall(r"^## `([\w.]+)`$", text, re.MULTILINE) if m.replace(".", "") == slug)
    assert f"```{{public-names}} {result}\n" in text
    return result


def marks(source: str) -> set[str]:
    """Cut a source into what a docstring must have: authors, years, and places in print.

    "Gromov 2023, Eq. 4 and 16" has Gromov, 2023, Eq. 4 and 16.
    """
    kinds = r"(?:App\. Fig\.|Eq\.|Sec\.|App\.|Fig\.|Table|Theorem|Claim|Def\.|Algorithm|Observation)"
    places = re.findall(rf"{kinds} [\w.-]*\w", source)
    more = re.findall(r"and (\d+)", source)
    authors = re.findall(r"[A-Z][a-z]+(?= (?:et al\.|and [A-Z][a-z]|\d{4}))", source)
    return {*places, *more, *authors, *re.findall(r"\b(?:19|20)\d\d\b", source)}


def test_every_row_is_read() -> None:
    rows = [
        line
        for line in PAGE.splitlines()
        if line.startswith("| ") and not re.match(r"\| (formula|---)", line)
    ]
    assert len(ROWS) == len(rows) > 50
    assert len({row["name"] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_formula_s_function_names_the_same_source(row: re.Match[str]) -> None:
    name = find(row["name"], module_of(row["page"], row["slug"]))
    if row["source"] == OWN:
        assert "Source:" not in name.text
        return
    text = " ".join(name.text.split())
    assert [mark for mark in marks(row["source"]) if not re.search(rf"{re.escape(mark)}\b", text)] == [], text
