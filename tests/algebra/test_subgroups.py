"""Subgroups against the known numbers, and Lagrange's partition into cosets."""

from __future__ import annotations

import numpy as np
import pytest

from modgrok.algebra import composition_table
from modgrok.algebra.subgroups import left_cosets, right_cosets, subgroups


@pytest.mark.parametrize(
    ("name", "number", "classes"),
    [("C12", 6, 6), ("D5", 8, 4), ("D6", 16, 10), ("Q8", 6, 6), ("S4", 30, 11), ("S5", 156, 19)],
)
def test_numbers_of_subgroups(name: str, number: int, classes: int) -> None:
    """Source: the GroupNames database's lattices of these groups."""
    table = composition_table(name)
    result = subgroups(table)
    assert len(result) == number
    assert len({h.family for h in result}) == classes
    assert len({h.elements.tobytes() for h in result}) == number
    for h in result:
        assert set(table[np.ix_(h.elements, h.elements)].ravel()) == set(h.elements)


@pytest.mark.parametrize("name", ["D5", "Q8", "S4"])
def test_cosets_partition_the_group(name: str) -> None:
    table = composition_table(name)
    n = len(table)
    for h in subgroups(table):
        for side in (left_cosets(table, h.elements), right_cosets(table, h.elements)):
            assert np.array_equal(np.bincount(side), np.full(n // h.order, h.order))
        left, right = left_cosets(table, h.elements), right_cosets(table, h.elements)
        b = int(h.elements[-1])
        assert np.array_equal(left[table[:, b]], left)
        assert np.array_equal(right[table[b]], right)


def test_large_groups_are_refused() -> None:
    with pytest.raises(ValueError, match="group: must have at most 200 elements"):
        subgroups(composition_table("C201"))
