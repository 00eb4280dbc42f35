"""The search for a nearby table with a form, against exhaustive search."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from modgrok.decide.law import addition, multiplication
from modgrok.decide.nearest import nearby_form
from modgrok.tasks import task_from_text


def exact_distance(table: np.ndarray, p: int) -> int:
    """Try every g1 and h; given both, the best g2 is found column by column."""
    h = np.array(list(product(range(p), repeat=p)))
    most = 0
    for law in (addition(p).table, multiplication(p).table):
        for g1 in product(range(p), repeat=p):
            if law[0, 0] == 0 and law[1, 1] == 2 % p and g1[0]:
                continue  # a shift of g1 is a shift of h
            columns = h[:, law[list(g1)]]  # (functions, rows, value of g2)
            matches = (columns[:, :, :, None] == table[None, :, None, :]).sum(1)
            most = max(most, int(matches.max(1).sum(-1).max()))
    return table.size - most


def test_at_3_the_search_bounds_the_distance_and_mostly_finds_it() -> None:
    random = np.random.default_rng(0)
    tables = [random.integers(3, size=(3, 3)) for _ in range(12)]
    excess = [nearby_form(table, 3, random).distance - exact_distance(table, 3) for table in tables]
    assert min(excess) == 0  # never below the distance of the nearest table
    assert max(excess) <= 1
    assert excess.count(0) >= 9


@pytest.mark.long
@pytest.mark.parametrize("text", ["x^2 + x*y", "x^2 + x*y + y^2"])
def test_at_5_the_search_bounds_the_distance_from_above_and_is_near(text: str) -> None:
    table = np.asarray(task_from_text(text, 5).table)
    nearby, exact = nearby_form(table, 5, np.random.default_rng(0), restarts=100), exact_distance(table, 5)
    assert exact <= nearby.distance <= exact + 1
    law = addition(5).table if nearby.form == "additive" else multiplication(5).table
    again = nearby.h[law[nearby.g[0][:, None], nearby.g[1]]]
    assert (
        int((again != table).sum()) == nearby.distance
    )  # what it gives is a table with a form at that distance


def test_a_form_with_few_results_changed_is_found() -> None:
    random = np.random.default_rng(0)
    table = np.asarray(task_from_text("(2x + 3y)^2", 31).table).copy()
    assert nearby_form(table, 31, random, restarts=0).distance == 0
    for place in random.choice(961, 20, replace=False):
        table.flat[place] = (table.flat[place] + 1) % 31
    assert nearby_form(table, 31, random, restarts=0).distance == 20
