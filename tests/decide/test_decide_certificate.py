"""Certificates say which argument closed a case, and it is true; bad input gets one clear line."""

import re

import numpy as np
import pytest

from modgrok.decide import Budget, Witness, decide_table
from modgrok.tasks import task_from_expression

N = np.arange(7)


def certificate(table: np.ndarray, p: int = 7) -> str:
    return decide_table(table, p).certificate


def test_positive_certificate_counts_the_inputs() -> None:
    text = certificate((N[:, None] + N) % 7)
    assert text.startswith("Additive: yes, checked on all 49 inputs of the domain;")
    table = (N[:, None] + N) % 7
    table[:, 0] = -1
    assert "checked on all 42 inputs" in certificate(table)


def test_histogram_certificate_names_slices_that_differ() -> None:
    table = (N[:, None] ** 2 + N[:, None] * N + N**2) % 7
    text = certificate(table)
    assert text == (
        "Additive: no; after merging equal slices (a slice: the values with one operand fixed) the operands "
        "other than operand 1 have 7 distinct classes, as many as the group has elements, so every slice of "
        "operand 1 must hold the multiset of values of h; but value 0 occurs once in slice 0 and twice in "
        "slice 1. Multiplicative: no; "
        "without zeros: operand 1 has 7 classes of values that the table tells apart pairwise, so g would "
        "need more than the 6 elements of the group of order 6."
    )
    assert (table[0] == 0).sum() == 1
    assert (table[1] == 0).sum() == 2
    assert len(np.unique(table, axis=1).T) == 7


def test_zero_case_is_named() -> None:
    text = certificate((N[:, None] ** 3 + N[:, None] * N) % 7)
    assert "Multiplicative: no; with g = 0 on the slices that hold only 0:" in text


def test_refinement_certificate() -> None:
    """A Latin square of the Klein group: all histograms agree, only its structure differs from Z_4."""
    klein = np.arange(4)[:, None] ^ np.arange(4)
    verdict = decide_table(klein, 4)
    assert verdict.form == "neither"
    assert "ends in a contradiction" in verdict.certificate or "splitting the values" in verdict.certificate


def test_counting_certificate() -> None:
    table = np.array([[0, 1, 2], [3, 4, 0], [1, 3, 4]])
    verdict = decide_table(table, 5)
    assert "exhaustive search" in verdict.certificate or "add up to" in verdict.certificate


def test_search_certificate_counts_nodes() -> None:
    square = (N[:, None] * N) ** 2 % 7
    text = certificate(square)
    assert "Multiplicative: yes" in text
    assert "Additive: no;" in text


def test_unsettled_second_form_is_said() -> None:
    rng = np.random.default_rng(1)
    g1, g2, h = rng.integers(0, 13, (3, 13))
    verdict = decide_table(h[(g1[:, None] + g2) % 13], 13, budget=Budget(nodes=16))
    assert verdict.form in ("additive", "undecided")
    assert ("not settled" in verdict.certificate) or (": no;" in verdict.certificate)


@pytest.mark.parametrize(
    ("table", "p", "error", "message"),
    [
        (np.zeros((3, 3)), 3, TypeError, "table: must hold integers, got dtype float64"),
        (np.array([["a"]]), 3, TypeError, "table: must hold integers"),
        (np.array(1), 3, ValueError, "table: must have at least one axis"),
        (np.zeros((0, 3), int), 3, ValueError, "table: must have 1 to"),
        (
            np.full((3, 3), 3),
            3,
            ValueError,
            r"table: values must be -1 \(outside the domain\) or 0..2, got 3",
        ),
        (np.full((3, 3), -2), 3, ValueError, "got -2"),
        (np.full((3, 3), -1), 3, ValueError, "at least one input must be inside the domain"),
        (np.zeros((3, 3), int), 1, ValueError, "p: must be at least 2, got 1"),
    ],
)
def test_bad_input(table: np.ndarray, p: int, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        decide_table(table, p)


def test_bad_budget() -> None:
    with pytest.raises(ValueError, match="nodes: must be at least 0, got -1"):
        Budget(nodes=-1)
    with pytest.raises(ValueError, match=r"seconds: must be above 0, got 0\.0"):
        Budget(seconds=0.0)


def test_a_wrong_witness_has_errors() -> None:
    table = (N[:, None] + N) % 7
    assert Witness("additive", (N, N), N).errors(table) == 0
    assert Witness("additive", (N, 2 * N % 7), N).errors(table) == 42
    assert Witness("multiplicative", (N, N), N).errors(table) > 0


def test_a_form_that_gets_a_part_of_the_budget_says_so() -> None:
    task = task_from_expression("x/y + y/x", 17)
    text = decide_table(task.table, 17).certificate
    assert re.search(
        r"not settled; the budget of [\d,]+ search nodes, its part of 8,000 once the other", text
    )
