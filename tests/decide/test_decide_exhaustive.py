"""Against brute force: tables at p = 2 and 3 (by default up to renaming values), quadratics at 5 and 7."""

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from decide_brute import all_representable, representable

from modgrok.decide import Verdict, decide_table


def check(table: np.ndarray, p: int, additive: bool, multiplicative: bool) -> Verdict:
    """Compare a verdict with the truth, and re-evaluate every witness it carries."""
    verdict = decide_table(table, p)
    expected = "additive" if additive else "multiplicative" if multiplicative else "neither"
    assert verdict.form == expected, (table.tolist(), verdict.certificate)
    assert (verdict.also is not None) == (additive and multiplicative), (table.tolist(), verdict.certificate)
    for witness in (verdict.witness, verdict.also):
        if witness is not None:
            join = np.add if witness.form == "additive" else np.multiply
            value = witness.h[join.outer(*witness.g) % p]
            assert ((value == table) | (table < 0)).all()
    return verdict


def relabellings(entries: tuple[int, ...], p: int) -> int:
    """Count the tables that renaming values makes of one whose values appear in the order 0, 1, 2, ...

    0 for any other table: h renames values at will, so that one table of each set decides for all.
    """
    names = list(dict.fromkeys(entries))
    return math.perm(p, len(names)) if names == list(range(len(names))) else 0


def count_forms(p: int, weight: Callable[[tuple[int, ...]], int]) -> None:
    """Check every table of positive weight, and the weighed counts of forms against brute force."""
    additive, multiplicative = (all_representable(p, form) for form in ("additive", "multiplicative"))
    forms = {"additive": 0, "multiplicative": 0, "neither": 0}
    for entries in product(range(p), repeat=p * p):
        if times := weight(entries):
            table = np.array(entries, dtype=np.int64).reshape(p, p)
            key = table.tobytes()
            forms[check(table, p, key in additive, key in multiplicative).form] += times
    assert sum(forms.values()) == p ** (p * p)
    assert forms["additive"] == len(additive)
    assert forms["multiplicative"] == len(multiplicative - additive)


@pytest.mark.parametrize("p", [2, pytest.param(3, marks=pytest.mark.long)])
def test_every_table_but_for_the_names_of_its_values(p: int) -> None:
    count_forms(p, lambda entries: relabellings(entries, p))


@pytest.mark.long
@pytest.mark.parametrize("p", [2, 3])
def test_every_table(p: int) -> None:
    count_forms(p, lambda entries: 1)


def quadratics(p: int) -> list[np.ndarray]:
    """All a x^2 + b xy + c y^2 + d x + e y, one of each set of nonzero multiples (they relabel values)."""
    x, y = np.arange(p)[:, None], np.arange(p)[None, :]
    basis = [x**2 + 0 * y, x * y, y**2 + 0 * x, x + 0 * y, y + 0 * x]
    tables = []
    for c in product(range(p), repeat=5):
        leading = next((a for a in c if a), 1)
        if leading == 1:
            tables.append(sum((a * q for a, q in zip(c, basis, strict=True)), np.zeros((p, p), np.int64)) % p)
    return tables


@pytest.mark.parametrize(("p", "step"), [(5, 1), (7, 5), pytest.param(7, 1, marks=pytest.mark.long)])
def test_every_quadratic(p: int, step: int) -> None:
    tables = quadratics(p)
    assert len(tables) == (p**5 - 1) // (p - 1) + 1
    for table in tables[::step]:
        check(table, p, representable(table, p, "additive"), representable(table, p, "multiplicative"))


@pytest.mark.long
@pytest.mark.parametrize("p", [5, 7])
def test_every_quadratic_with_its_multiples(p: int) -> None:
    for table in quadratics(p):
        form = decide_table(table, p).form
        for scale in range(2, p):
            for shift in range(p):
                assert decide_table((scale * table + shift) % p, p).form == form


@pytest.mark.few(1)
@pytest.mark.parametrize("seed", range(3))
def test_random_tables_with_holes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(60):
        p = int(rng.choice([3, 5]))
        table = rng.integers(0, int(rng.integers(2, p + 1)), (p, p))
        if rng.random() < 0.5:
            g1, g2, h = rng.integers(0, p, (3, p))
            table = h[(g1[:, None] * g2[None, :]) % p] if rng.random() < 0.5 else h[(g1[:, None] + g2) % p]
        table[rng.random((p, p)) < rng.choice([0.1, 0.3, 0.5])] = -1
        if (table >= 0).any():
            check(table, p, representable(table, p, "additive"), representable(table, p, "multiplicative"))


@pytest.mark.parametrize(("p", "times"), [(4, 12), (6, 3), pytest.param(6, 12, marks=pytest.mark.long)])
def test_composite_moduli(p: int, times: int) -> None:
    rng = np.random.default_rng(p)
    for _ in range(times):
        g1, g2, h = rng.integers(0, p, (3, p))
        product_table = h[(g1[:, None] * g2[None, :]) % p]
        sum_table = h[(g1[:, None] + g2[None, :]) % p]
        few = rng.integers(0, 2, (p, p))
        for table in (product_table, sum_table, few):
            check(table, p, representable(table, p, "additive"), representable(table, p, "multiplicative"))


def test_every_table_of_three_bits() -> None:
    functions = np.array(list(product(range(2), repeat=2)))
    for form, join in (("additive", np.add), ("multiplicative", np.multiply)):
        representable_ = {
            h[join.outer(join.outer(g1, g2), g3) % 2].tobytes()
            for g1, g2, g3, h in product(functions, repeat=4)
        }
        for entries in product(range(2), repeat=8):
            table = np.array(entries, dtype=np.int64).reshape(2, 2, 2)
            verdict = decide_table(table, 2)
            values = {w.form for w in (verdict.witness, verdict.also) if w is not None}
            assert (form in values) == (table.tobytes() in representable_)
            assert verdict.form != "undecided"
