"""Comparing whole tables: orders of rows, and effects of a part of another network."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from modgrok.papers.furuta2024.families import half_way
from modgrok.papers.furuta2024.formulas import TABLE
from modgrok.papers.furuta2024.whole_tables import COLUMNS, TRANSFER, effect, order_agreement


def test_the_same_table_agrees_and_a_reversed_one_does_not() -> None:
    reversed_table = {name: None if share is None else 1 - share for name, share in TABLE.items()}
    known = {name: share for name, share in TABLE.items() if share is not None}
    assert order_agreement(TABLE, TABLE)[0] == 1.0
    assert order_agreement({name: 1 - share for name, share in known.items()}, known)[0] == 0.0
    assert order_agreement(dict.fromkeys(TABLE, 0.5), TABLE)[0] == 0.5
    assert order_agreement(reversed_table, TABLE)[1] == order_agreement(TABLE, TABLE)[1]


def test_all_orders_of_a_table_agree_by_half_on_average() -> None:
    paper = {"a": 0.3, "b": 0.5, "c": 0.7, "d": None}
    agreements = [
        order_agreement(dict(zip(paper, order, strict=True)), paper)[0]
        for order in permutations(paper.values())
    ]
    assert np.mean([each for each in agreements if each is not None]) == pytest.approx(0.5)


def test_never_needs_more_data_than_any_share() -> None:
    assert effect(None, 0.9) == "harms"
    assert effect(0.9, None) == "helps"
    assert effect(None, None) == "none"


def test_the_printed_tables_agree_where_they_overlap() -> None:
    """The last column of Table 1 repeats Table A.5."""
    assert all(len(row) == len(COLUMNS) + 1 for row in TRANSFER.values())
    assert {name: row[-1] for name, row in TRANSFER.items()} == {name: TABLE[name] for name in TRANSFER}


def test_half_of_the_way_needs_a_fall() -> None:
    steps = np.array([0, 10, 20])
    assert half_way(steps, np.array([1.0, 1.0, 1.0])) is None
    assert half_way(steps, np.array([1.0, 0.5, 0.0])) == 10.0
