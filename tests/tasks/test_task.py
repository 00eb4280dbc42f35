"""Exact tables: expressions against Python's integers, groups, files, limits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modgrok.tasks import InputError, read_table, task_from_expression, task_from_group, task_from_table
from modgrok.tasks.source import named_task

FUNCTIONS = [
    ("x + y", lambda x, y, m: (x + y) % m),
    ("x - y", lambda x, y, m: (x - y) % m),
    ("x*y", lambda x, y, m: x * y % m),
    ("x^2 + x*y + y^2", lambda x, y, m: (x * x + x * y + y * y) % m),
    ("x^3 + x y^2 + y", lambda x, y, m: (x**3 + x * y**2 + y) % m),
    ("(2x + 3y)^4 - x^2", lambda x, y, m: ((2 * x + 3 * y) ** 4 - x * x) % m),
    ("x^999983 + y^1000000", lambda x, y, m: (pow(x, 999983, m) + pow(y, 1000000, m)) % m),
]


@pytest.mark.parametrize("m", [2, 5, 6, 9, 23])
@pytest.mark.parametrize(("text", "function"), FUNCTIONS)
def test_tables_equal_pythons_integers(text: str, function, m: int) -> None:
    task = task_from_expression(text, m)
    assert task.table.tolist() == [[function(x, y, m) for y in range(m)] for x in range(m)]
    assert task.excluded == 0
    assert not task.table.flags.writeable


@pytest.mark.parametrize("m", [5, 6, 9, 31])
def test_division_leaves_out_what_has_no_inverse(m: int) -> None:
    task = task_from_expression("x/y", m)
    for x in range(m):
        for y in range(m):
            try:
                expected = x * pow(y, -1, m) % m
            except ValueError:
                expected = -1
            assert task.table[x, y] == expected
    assert task.excluded == m * sum(1 for y in range(m) if np.gcd(y, m) > 1)
    assert len(task.inputs()) == len(task.labels()) == task.size == m * m - task.excluded


def test_no_overflow_near_the_largest_table() -> None:
    p = 16_777_213
    task = task_from_expression("x^3", p)
    assert task.table[-2] == pow(p - 2, 3, p)
    assert task.table[123_456] == pow(123_456, 3, p)


@pytest.mark.parametrize("k", range(1, 7))
def test_one_to_six_operands(k: int) -> None:
    names = [f"n{i}" for i in range(1, k + 1)]
    task = task_from_expression(" + ".join(names), 3)
    assert task.table.shape == (3,) * k
    assert task.operands == tuple(names)
    assert np.array_equal(task.labels(), task.inputs().sum(axis=1) % 3)


def test_chance_levels() -> None:
    task = task_from_expression("(2x + 3y)^4", 97)
    assert len(np.unique(task.table)) == 25
    assert task.majority_share == pytest.approx(0.0412, abs=1e-4)
    assert task_from_expression("x*y", 7).has_trivial_zero_rows
    assert not task_from_expression("x + y", 7).has_trivial_zero_rows


@pytest.mark.parametrize(
    ("text", "p", "rule"),
    [
        ("x + y", 1, "p: must be at least 2, got 1"),
        ("x + y", 0, "p: must be at least 2, got 0"),
        ("x + y", -5, "p: must be at least 2, got -5"),
        ("x + y", 5000, "may have at most 16777216, got 5000\\^2"),
        ("x + y", 10**30, "may have at most"),
        ("x1+x2+x3+x4+x5+x6+x7", 2, "at most 6 operands, got 7"),
        ("5", 7, "at least one operand"),
        ("x/3", 9, "some input mod 9"),
        ("x/0", 7, "some input mod 7"),
        ("1/x^(-1)", 7, "needs a unit"),
    ],
)
def test_refusals(text: str, p: int, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        task_from_expression(text, p)


def test_groups_are_tasks() -> None:
    task = task_from_group("S5")
    assert (task.p, task.k, task.size, task.name) == (120, 2, 14_400, "S5")
    with pytest.raises(InputError, match="group"):
        task_from_group("S7")


def test_tables_from_files(tmp_path: Path) -> None:
    table = np.array([[0, 1, 2], [1, 2, 0], [2, 0, 1]])
    np.save(tmp_path / "t.npy", table)
    np.savetxt(tmp_path / "t.csv", table, fmt="%d", delimiter=",")
    first, second = read_table(tmp_path / "t.npy"), read_table(tmp_path / "t.csv")
    assert np.array_equal(first.table, table)
    assert first.digest == second.digest == task_from_expression("x+y", 3).digest
    assert first.name == second.name


def _write(path: Path, content: object) -> Path:
    if isinstance(content, str):
        path.write_text(content)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content, allow_pickle=True)
    return path


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("t.npy", np.array([[0.5, 1], [1, 0]]), "entries must be integers, got 0.5"),
        ("t.npy", np.array([[0, np.nan], [1, 0]]), "entries must be integers, got nan"),
        ("t.npy", np.array([[0, 2], [1, 0]]), "entries must be in 0..1, got 2"),
        ("t.npy", np.array([[0, -1], [1, 0]]), "entries must be in 0..1, got -1"),
        ("t.npy", np.zeros((2, 3), int), "must be p x p"),
        ("t.npy", np.array([["a", "b"], ["c", "d"]]), "entries must be integers"),
        ("t.npy", np.array([[{}, 1], [1, 0]], dtype=object), "does not hold a plain array of integers"),
        ("t.npy", b"not an array", "does not hold a plain array of integers"),
        ("t.npy", b"", "does not hold a plain array of integers"),
        ("t.csv", "0,1\n1,x\n", "does not hold a plain array of integers"),
        ("t.csv", "0,1\n1\n", "does not hold a plain array of integers"),
        ("t.csv", "0,1.5\n1,0\n", "entries must be integers, got 1.5"),
        ("t.txt", "0,1\n1,0\n", "must be a .npy or .csv file"),
        ("t.csv", "", "does not hold a plain array of integers"),
    ],
)
def test_bad_files(tmp_path: Path, name: str, content: object, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        read_table(_write(tmp_path / name, content))


def test_archives_are_refused_and_a_byte_order_mark_is_not(tmp_path: Path) -> None:
    np.savez(tmp_path / "archive.npz", a=np.zeros((2, 2), int))
    (tmp_path / "archive.npz").rename(tmp_path / "t.npy")
    with pytest.raises(InputError, match="does not hold a plain array of integers \\('an archive"):
        read_table(tmp_path / "t.npy")
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbf0,1\n1,0\n")
    assert read_table(tmp_path / "t.csv").table.tolist() == [[0, 1], [1, 0]]


def test_a_group_of_one_element_is_no_task() -> None:
    with pytest.raises(InputError, match="group: must have at least 2 elements"):
        task_from_group("C1")


def test_a_missing_file_and_odd_arrays() -> None:
    with pytest.raises(InputError, match=r"must be an existing \.npy or \.csv file"):
        read_table(Path("nowhere.npy"))
    with pytest.raises(InputError, match="must be p x p"):
        task_from_table(np.array(3))
    with pytest.raises(InputError, match="at least 2"):
        task_from_table(np.zeros((1, 1), int))


@pytest.mark.parametrize("m", [2, 5, 6, 7])
def test_the_odd_even_task(m: int) -> None:
    task = task_from_expression("x/y if y odd else x - y", m)
    for x in range(m):
        for y in range(m):
            if y % 2 == 0:
                expected = (x - y) % m
            elif np.gcd(y, m) == 1:
                expected = x * pow(y, -1, m) % m
            else:
                expected = -1
            assert task.table[x, y] == expected
    assert np.array_equal(task.table, task_from_expression("x - y if y even else x/y", m).table)


def test_a_task_is_what_its_expression_says() -> None:
    """A released table of names computes x^3 + x*y^2 + y under the name x^3+xy^2+x."""
    x, y = np.indices((7, 7))
    table = task_from_expression("x^3+xy^2+x", 7).table
    assert np.array_equal(table, (x**3 + x * y**2 + x) % 7)
    assert not np.array_equal(table, (x**3 + x * y**2 + y) % 7)


def test_tables_of_another_kind_are_refused() -> None:
    with pytest.raises(InputError, match="table: must be p x p, got rows of unequal length"):
        task_from_table([[0, 1], [1]])  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"table: must have operands 0..p-1 and one task, got x \+ y"):
        named_task(table=task_from_expression("x + y", 5, extended_domain=True))
