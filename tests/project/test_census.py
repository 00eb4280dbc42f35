"""docs/census.csv and docs/census-cubics.csv against the classes, and against what the page proves."""

from __future__ import annotations

import csv
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from modgrok.algebra import cubic_classes, quadratic_classes
from modgrok.decide import decide_table
from modgrok.sweeps.grid.sweep_file import read_sweep

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


@pytest.mark.parametrize("p", [11, 13, 17, 19, 23])
def test_exchange_nulls_are_zero_where_an_exchange_is_proved_impossible(p: int) -> None:
    squares = {s * s % p for s in range(1, p)}
    forms = 0
    for row in rows("census.csv"):
        ratio = re.fullmatch(r"x\^2 \+ x\*y(?: \+ (?:(\d+)\*)?y\^2)?", row["representative"])
        if int(row["p"]) == p and ratio is not None:
            forms += 1
            r = 0 if "y^2" not in row["representative"] else int(ratio[1] or 1)
            share = float(row["exchange_null"])
            assert 0.8 < share < 1 if r in squares else share == 0
    assert forms == p - 1


def test_the_exchange_null_of_a_square_and_an_operand() -> None:
    """Mod 23: 454 of 529 inputs have their one partner in another fold, with the median seed."""
    (row,) = (
        r for r in rows("census.csv") if (r["p"], r["representative"]) == ("23", "x^2 + 2*x*y + y^2 + y")
    )
    assert row["exchange_null"] == f"{454 / 529:.4f}"


def test_the_exchange_of_a_kernel_machine_is_read_from_its_feature_matrix() -> None:
    tool = runpy.run_path(str(DOCS.parent / "tools" / "make_census_partners.py"))
    exchanges = np.array([[2, 0, 6, 0], [9, 0, 5, 0]])
    across = np.random.default_rng(0).uniform(0, 0.1, (11, 11))
    across[np.arange(11), 5 * np.arange(11) % 11] = -1.0
    feature_matrix = np.block([[np.eye(11), across], [across.T, np.eye(11)]])
    assert tool["machines_exchange"](feature_matrix, exchanges) == 1
    across[3] = 0.0
    across[3, 3] = 1.0
    feature_matrix = np.block([[np.eye(11), across], [across.T, np.eye(11)]])
    assert tool["machines_exchange"](feature_matrix, exchanges) is None


def test_held_out_accuracies_count_every_input_once_for_each_seed() -> None:
    tool = runpy.run_path(str(DOCS.parent / "tools" / "make_census.py"))
    fold, over_folds = tool["FoldResult"], tool["over_folds"]
    folds = [fold(0, 10, {"mlp": 1.0}), fold(0, 30, {"mlp": 0.0})]
    assert over_folds(folds, "mlp") == 0.25  # of 40 inputs, not of two folds
    folds += [fold(1, 10, {"mlp": 0.5}), fold(1, 30, {"mlp": 0.5})]
    folds += [fold(2, 10, {"mlp": 1.0}), fold(2, 30, {"mlp": 1.0})]
    assert over_folds(folds, "mlp") == 0.5  # the median of 0.25, 0.5 and 1
    assert over_folds([*folds, None], "mlp") is None
    assert over_folds([], "mlp") is None


@pytest.mark.parametrize("p", [pytest.param(p, marks=pytest.mark.long) for p in (13, 17, 19, 23)] + [11])
@pytest.mark.parametrize(("learner", "folds"), [("mlp", 10), ("rfm", 10), ("transformer", 2)])
def test_the_census_trains_every_class_of_two_operands(p: int, learner: str, folds: int) -> None:
    members = read_sweep(DOCS.parent / "atlas" / "census" / f"p{p}_{learner}.toml").members
    trained = {member.point["expression"] for member in members}
    both = [one.expression for one in quadratic_classes(p) if {"x", "y"} <= set(one.expression)]
    assert sorted(trained) == sorted(both)
    assert len(both) == p + 6
    parts = {(m.point["expression"], m.experiment.seed, m.experiment.fold) for m in members}
    assert len(parts) == len(members) == folds * len(both) * 3
    assert {(m.experiment.folds, m.experiment.orbits, m.experiment.task.p) for m in members} == {
        (10, "swap", p)
    }


def test_the_sweep_files_of_the_census_are_those_of_the_tool() -> None:
    tool = runpy.run_path(str(DOCS.parent / "tools" / "make_census_files.py"))
    for p in tool["PRIMES"]:
        for learner in tool["BASES"]:
            file = DOCS.parent / "atlas" / "census" / f"p{p}_{learner}.toml"
            assert file.read_text(encoding="utf-8") == tool["sweep_file"](p, learner)
    for learner in tool["CUBIC_LEARNERS"]:
        file = DOCS.parent / "atlas" / "census" / f"cubics11_{learner}.toml"
        assert file.read_text(encoding="utf-8") == tool["sweep_file"](11, learner, cubic=True)
