"""Planted instances are found; relabelling changes nothing; more operands; a small budget is honest."""

from functools import reduce

import numpy as np
import pytest
from decide_brute import representable

from modgrok.decide import Budget, Verdict, basis, decide_table


def planted(p: int, k: int, form: str, seed: int, n: int | None = None) -> np.ndarray:
    """h(g_1 + ... + g_k) or the product, with uniformly random functions, none of them injective."""
    rng = np.random.default_rng([seed, p, k, form == "additive"])
    g = rng.integers(0, p, (k, p if n is None else n))
    h = rng.integers(0, p, p)
    join = np.add if form == "additive" else np.multiply
    return h[reduce(lambda a, b: join.outer(a, b) % p, g)]


def holds(verdict: Verdict, form: str, table: np.ndarray) -> bool:
    """Whether the form was found and its witness reproduces the table, evaluated here from scratch."""
    witness = verdict.witness if verdict.form == form else verdict.also
    if witness is None:
        return False
    join = np.add if form == "additive" else np.multiply
    value = witness.h[reduce(lambda a, b: join.outer(a, b) % verdict.p, witness.g)]
    assert witness.errors(table) == int(((value != table) & (table >= 0)).sum())
    return bool(((value == table) | (table < 0)).all())


@pytest.mark.few(2)
@pytest.mark.parametrize("form", ["additive", "multiplicative"])
@pytest.mark.parametrize(("p", "instances"), [(13, 12), (31, 8), (59, 4), (97, 3)])
def test_planted_forms_are_found(p: int, instances: int, form: str) -> None:
    for seed in range(instances):
        table = planted(p, 2, form, seed)
        assert holds(decide_table(table, p), form, table), (p, form, seed)


@pytest.mark.long
@pytest.mark.parametrize("form", ["additive", "multiplicative"])
@pytest.mark.parametrize(("p", "instances"), [(13, 200), (31, 100), (59, 60), (97, 30)])
def test_many_planted_forms_are_found(p: int, instances: int, form: str) -> None:
    missed = [s for s in range(100, 100 + instances) if not _found(p, form, s)]
    assert missed == []


def _found(p: int, form: str, seed: int) -> bool:
    table = planted(p, 2, form, seed)
    return holds(decide_table(table, p), form, table)


@pytest.mark.parametrize("values", [2, 3, 7])
@pytest.mark.parametrize("p", [13, 31, 59])
def test_bijective_operands_with_few_values_are_found(p: int, values: int) -> None:
    rng = np.random.default_rng([p, values])
    g1, g2 = rng.permutation(p), rng.permutation(p)
    table = rng.integers(0, values, p)[(g1[:, None] + g2[None, :]) % p]
    assert holds(decide_table(table, p), "additive", table)


@pytest.mark.few(4)
@pytest.mark.parametrize("form", ["additive", "multiplicative"])
@pytest.mark.parametrize("p", [6, 8, 9, 10, 12, 15])
def test_planted_forms_over_composite_moduli(p: int, form: str) -> None:
    for seed in range(3):
        table = planted(p, 2, form, seed)
        assert holds(decide_table(table, p), form, table), (p, form, seed)


@pytest.mark.parametrize("form", ["additive", "multiplicative"])
@pytest.mark.parametrize(("p", "k"), [(5, 3), (7, 3), (11, 3), (5, 4), (11, 4), (13, 1), (97, 1)])
def test_other_numbers_of_operands(p: int, k: int, form: str) -> None:
    for seed in range(2):
        table = planted(p, k, form, seed)
        assert holds(decide_table(table, p), form, table), (p, k, form, seed)


def test_a_million_entries() -> None:
    x, y, z = np.ix_(*[np.arange(97)] * 3)
    squared = (x + 2 * y + 3 * z) ** 2 % 97
    verdict = decide_table(squared, 97)
    assert verdict.form == "additive"
    assert verdict.witness.errors(squared) == 0
    assert decide_table((x * y + z) % 97, 97).form == "neither"


def test_pairs_of_operands_can_have_the_form_while_the_whole_has_not() -> None:
    x, y, z = np.ix_(*[np.arange(5)] * 3)
    table = (x + y + z + (x == 4) * (y == 4) * (z == 4)) % 5
    for s in range(3):
        assert decide_table(np.take(table, 0, axis=s), 5).form == "additive"
    assert decide_table(table, 5).form == "neither"


@pytest.mark.few(3)
@pytest.mark.parametrize("seed", range(12))
def test_relabelling_keeps_the_verdict(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = int(rng.choice([5, 7, 11]))
    n = np.arange(p)
    tables = [
        planted(p, 2, "additive", seed),
        planted(p, 2, "multiplicative", seed),
        (n[:, None] ** 2 + n * n[:, None] + n) % p,
        (n[:, None] ** 3 + n * n[:, None]) % p,
    ]
    for table in tables:
        verdict = decide_table(table, p)
        rows, columns, values = (rng.permutation(p) for _ in range(3))
        moved = values[table[np.ix_(rows, columns)]]
        for other in (moved, moved.T):
            again = decide_table(np.ascontiguousarray(other), p)
            assert (again.form, again.also is None) == (verdict.form, verdict.also is None)


def compose_table(permutations: list[tuple[int, ...]]) -> np.ndarray:
    index = {q: i for i, q in enumerate(permutations)}
    return np.array([[index[tuple(a[i] for i in b)] for b in permutations] for a in permutations])


def test_group_tables() -> None:
    from itertools import permutations

    s3 = compose_table(sorted(permutations(range(3))))
    assert decide_table(s3, 7).form == "neither"
    square = [tuple((s * i + r) % 4 for i in range(4)) for s in (1, -1) for r in range(4)]
    assert decide_table(compose_table(square), 11).form == "neither"
    n = np.arange(6)
    cyclic = n[np.random.default_rng(0).permutation(6)]
    inverse = np.argsort(cyclic)
    z6 = inverse[(cyclic[:, None] + cyclic[None, :]) % 6]
    assert decide_table(z6, 7).form == "multiplicative"
    assert decide_table(z6, 6).form == "additive"


@pytest.mark.parametrize("seed", range(4))
def test_scattered_holes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for form in ("additive", "multiplicative"):
        table = planted(13, 2, form, seed)
        table[rng.random(table.shape) < 0.15] = -1
        assert holds(decide_table(table, 13), form, table)


def test_operand_values_outside_the_domain_get_zero() -> None:
    n = np.arange(7)
    table = (3 * n[:, None] - n) ** 2 % 7
    table[2], table[:, 5] = -1, -1
    verdict = decide_table(table, 7)
    assert verdict.form == "additive"
    assert verdict.g[0][2] == 0
    assert verdict.g[1][5] == 0
    assert verdict.witness.errors(table) == 0


def test_both_forms_and_their_bases() -> None:
    n = np.arange(7)
    table = np.broadcast_to(n[:, None] ** 2 % 7, (7, 7))
    verdict = decide_table(table, 7)
    assert verdict.form == "additive"
    assert verdict.also.form == "multiplicative"
    assert verdict.also.errors(table) == 0
    assert basis(verdict).order == 7
    assert basis(verdict.also).order == 6
    assert "both forms" in verdict.prediction


def test_a_spent_budget_is_said_and_never_guessed() -> None:
    table = planted(31, 2, "additive", 0)
    verdict = decide_table(table, 31, budget=Budget(nodes=0))
    assert verdict.form == "undecided"
    assert verdict.g is None
    assert verdict.h is None
    assert "the budget of 0 search nodes ran out" in verdict.certificate
    assert verdict.prediction.startswith("No prediction")
    again = decide_table(table, 31)
    assert again.form == "additive"


def test_same_table_same_verdict() -> None:
    table = planted(31, 2, "multiplicative", 3)
    one, two = decide_table(table, 31), decide_table(table, 31)
    assert one.certificate == two.certificate
    assert all((a == b).all() for a, b in zip(one.g, two.g, strict=True))


@pytest.mark.few(3)
@pytest.mark.parametrize("seed", range(6))
def test_perturbed_planted_tables_agree_with_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for form in ("additive", "multiplicative"):
        table = planted(7, 2, form, seed)
        table[tuple(rng.integers(0, 7, 2))] = rng.integers(0, 7)
        verdict = decide_table(table, 7)
        truth = [f for f in ("additive", "multiplicative") if representable(table, 7, f)]
        assert verdict.form == (truth[0] if truth else "neither")
        assert (verdict.also is not None) == (len(truth) == 2)
