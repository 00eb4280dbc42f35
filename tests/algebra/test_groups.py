"""Group axioms on every table, and the symmetric group against SymPy."""

from __future__ import annotations

import numpy as np
import pytest

from modgrok.algebra import composition_table

NAMES = ["C1", "C2", "C7", "C12", "D1", "D2", "D3", "D6", "Q4", "Q8", "Q12", "S1", "S2", "S3", "S4"]


@pytest.mark.parametrize("name", NAMES)
def test_axioms(name: str) -> None:
    table = composition_table(name)
    n = len(table)
    everything = np.arange(n)
    assert np.array_equal(table[0], everything)
    assert np.array_equal(table[:, 0], everything)
    assert np.array_equal(table[table], table[:, table])  # (ab)c == a(bc) for all a, b, c
    assert all(np.array_equal(np.sort(row), everything) for row in (*table, *table.T))


@pytest.mark.parametrize(("name", "order"), [("C12", 12), ("D6", 12), ("Q8", 8), ("S4", 24), ("S5", 120)])
def test_orders(name: str, order: int) -> None:
    assert composition_table(name).shape == (order, order)


def test_s5_is_a_latin_square_with_the_right_involutions() -> None:
    table = composition_table("S5")
    assert all(len(set(row)) == 120 for row in (*table.tolist(), *table.T.tolist()))
    assert sum(table[a, a] == 0 for a in range(120)) == 26  # identity, 10 transpositions, 15 double ones


def test_the_quaternion_group_has_one_involution_and_six_elements_of_order_four() -> None:
    table = composition_table("Q8")
    squares = table[np.arange(8), np.arange(8)]
    assert (squares == 0).sum() == 2
    assert (squares == 2).sum() == 6  # a^2, which is -1
    assert not np.array_equal(table, table.T)


def test_symmetric_group_against_sympy() -> None:
    combinatorics = pytest.importorskip("sympy.combinatorics", reason="needs sympy")
    from itertools import permutations

    elements = [combinatorics.Permutation(list(e)) for e in permutations(range(4))]
    index = {tuple(e.array_form): i for i, e in enumerate(elements)}
    table = composition_table("S4")
    for i, a in enumerate(elements):
        for j, b in enumerate(elements):
            after = tuple((b * a).array_form)  # SymPy multiplies left to right: b first, then a
            assert table[j, i] == index[tuple((a * b).array_form)]
            assert table[i, j] == index[after]


@pytest.mark.parametrize("name", ["", "S6", "A5", "S", "D", "C0", "5S", "C99999", "S5; x", "Q6"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="group"):
        composition_table(name)
