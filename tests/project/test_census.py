"""docs/census.csv and docs/census-cubics.csv against the classes, and against what the page proves."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from modgrok.algebra import cubic_classes, quadratic_classes
from modgrok.decide import decide_table

DOCS = Path(__file__).parents[2] / "docs"


def rows(name: str) -> list[dict[str, str]]:
    with (DOCS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("p", [7, 11, 13, 17, 19, 23])
def test_the_census_of_quadratics_is_complete(p: int) -> None:
    classes_listed = [row for row in rows("census.csv") if int(row["p"]) == p]
    assert sum(int(row["size"]) for row in classes_listed) == p**6
    classes = quadratic_classes(p)
    assert [(row["representative"], int(row["size"])) for row in classes_listed] == [
        (each.expression, each.size) for each in classes
    ]
    forms = [row["form"] for row in classes_listed]
    assert "undecided" not in forms
    assert forms.count("neither") == p
    assert "neither" not in [forms[place] for place in (*range(8), 9)]


def test_forms_in_the_census_are_those_of_decide() -> None:
    x, y = np.meshgrid(np.arange(7), np.arange(7), indexing="ij")
    for each, row in zip(quadratic_classes(7), rows("census.csv"), strict=False):
        a, b, c, d, e = each.coefficients
        verdict = decide_table((a * x * x + b * x * y + c * y * y + d * x + e * y) % 7, 7)
        assert row["form"] in (verdict.form, "both"), each
        assert (row["form"] == "both") == (verdict.also is not None)


def test_the_census_of_cubic_forms_is_complete() -> None:
    classes_listed = rows("census-cubics.csv")
    assert [(row["representative"], int(row["size"])) for row in classes_listed] == [
        (each.expression, each.size) for each in cubic_classes(11)
    ]
    assert sum(int(row["size"]) for row in classes_listed) == 11**4
