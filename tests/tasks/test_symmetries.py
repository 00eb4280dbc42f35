"""Symmetries of tables, their orbits, and the null that knows them, against dictionaries."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modgrok.tasks import (
    InputError,
    Split,
    Task,
    mix,
    orbit_null,
    orbits,
    split_task,
    symmetries,
    task_from_expression,
    task_from_group,
    task_from_table,
    task_from_text,
)
from modgrok.tasks.null import leakage_numbers

PRIMES = (2, 3, 5, 7)
TEXTS = ("x + y", "x - y", "x*y", "x/y", "x^2 + y^2", "x^2 + x*y + y^2", "x*y^2", "x^2 - y", "x", "x^2")
TEXTS_OF_THREE = ("x + y + z", "x*y - z", "x^2*y + y^2*z + z^2*x", "x*y/z")

Map = tuple[tuple[int, ...], tuple[bool, ...]]


def image(at: tuple[int, ...], by: Map, p: int) -> tuple[int, ...]:
    return tuple(-at[i] % p if negated else at[i] for i, negated in zip(*by, strict=True))


def slow_symmetries(task: Task, signs: bool) -> set[Map]:
    subsets = list(itertools.product((False, True), repeat=task.k)) if signs else [(False,) * task.k]
    values = {at: int(value) for at, value in np.ndenumerate(task.table)}
    return {
        by
        for by in itertools.product(itertools.permutations(range(task.k)), subsets)
        if all(values[image(at, by, task.p)] == value for at, value in values.items())
    }


def slow_null(task: Task, split: Split, signs: bool) -> tuple[list[int], list[bool]]:
    """Answer every test input of one task by the definition, with dictionaries."""
    group = slow_symmetries(task, signs)
    inputs = [tuple(map(int, row)) for row in task.inputs(split.train)]
    known = dict(zip(inputs, map(int, split.labels), strict=True))
    commonest = min(Counter(known.values()).items(), key=lambda item: (-item[1], item[0]))[0]
    predictions, covered = [], []
    for row in task.inputs(split.test):
        orbit = {image(tuple(map(int, row)), by, task.p) for by in group}
        labels = Counter(known[at] for at in orbit if at in known)
        covered.append(bool(labels))
        predictions.append(min(labels, key=lambda label: (-labels[label], label)) if labels else commonest)
    return predictions, covered


def small_tasks() -> list[Task]:
    pairs = [task_from_expression(text, p) for text in TEXTS for p in PRIMES]
    return [*pairs, *(task_from_expression(text, p) for text in TEXTS_OF_THREE for p in (2, 3, 5))]


@pytest.mark.parametrize("signs", [False, True])
def test_symmetries_and_orbits_are_those_of_the_definition(signs: bool) -> None:
    for task in small_tasks():
        group = slow_symmetries(task, signs)
        assert {(result.order, result.negated) for result in symmetries(task, signs=signs)} == group
        least = orbits(task, signs=signs)
        for at in np.ndindex(task.table.shape):
            orbit = [np.ravel_multi_index(image(at, by, task.p), task.table.shape) for by in group]
            assert least[at] == min(orbit)


@pytest.mark.parametrize("p", [5, 7, 11])
def test_the_groups_of_known_tasks(p: int) -> None:
    def sizes(text: str) -> tuple[int, int]:
        task = task_from_expression(text, p)
        return len(symmetries(task)), len(symmetries(task, signs=True))

    assert sizes("x + y") == (2, 2)
    assert sizes("x - y") == (1, 2)  # (x, y) -> (-y, -x)
    assert sizes("x*y") == sizes("x^2 + x*y + y^2") == sizes("(x + y)^2") == (2, 4)
    assert sizes("x^2 + y^2") == (2, 8)
    assert sizes("x/y") == (1, 2)
    assert sizes("x*y*z") == (6, 24)
    assert sizes("x^2*y + y^2*z + z^2*x") == (3, 3)  # no pair of operands can be swapped


def test_groups_of_five_operands_are_complete() -> None:
    task = task_from_expression("a^2 + b^2 + x^2 + y^2 + z^2", 3)
    assert len(symmetries(task)) == 120
    assert len(symmetries(task, signs=True)) == 120 * 32


def test_compositions_of_groups_are_symmetric_where_they_commute() -> None:
    assert len(symmetries(task_from_group("C6"))) == 2
    assert len(symmetries(task_from_group("S3"))) == 1


NAMED = (*((text, p) for text in (*TEXTS[:8], "x*y + z") for p in (5, 7)), ("x*y/z", 7))
CELLS = st.lists(st.integers(0, 2), min_size=25, max_size=25)  # few classes: ties of labels are common


def task_of(given_as: tuple[str, int] | list[int], symmetric: bool) -> Task:
    if isinstance(given_as, tuple):
        return task_from_expression(*given_as)
    table = np.array(given_as).reshape(5, 5)
    return task_from_table(np.triu(table) + np.triu(table, 1).T if symmetric else table)


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(st.sampled_from(NAMED), CELLS),
    st.booleans(),
    st.integers(0, 2**32),
    st.floats(0.05, 0.95),
    st.sampled_from((0.0, 0.3, 1.0)),
    st.booleans(),
)
def test_the_null_is_that_of_the_definition(
    given_as: tuple[str, int] | list[int],
    symmetric: bool,
    seed: int,
    fraction: float,
    corruption: float,
    signs: bool,
) -> None:
    task = task_of(given_as, symmetric)
    words, noise = np.random.PCG64(seed), np.random.PCG64(seed + 1)
    split = split_task(task, fraction, words, corruption=corruption, noise=noise)
    predictions, covered = slow_null(task, split, signs)
    null = orbit_null(task, split, signs=signs)
    assert null.predictions.tolist() == predictions
    assert null.covered.tolist() == covered
    assert null.correct == sum(a == b for a, b in zip(predictions, task.labels(split.test), strict=True))
    assert null.trivial == (len(slow_symmetries(task, signs)) == 1)
    assert null.covered_share == (None if null.trivial else sum(covered) / len(covered))


def part_of(task: Task, split: Split, number: int) -> Split:
    count = len(task.parts)
    train, test = split.train % count == number, split.test % count == number
    chosen = split.labels[train], split.corrupted[train]
    return Split(split.train[train] // count, split.test[test] // count, *chosen)


@pytest.mark.parametrize("corruption", [0.0, 0.4])
@pytest.mark.parametrize("text", ["x + y; x - y", "x*y; x/y", "x^2 + y^2; x*y; x - y"])
def test_each_task_of_a_mixture_is_answered_by_itself(text: str, corruption: float) -> None:
    task = task_from_text(text, 7)
    noise = np.random.PCG64(1)
    split = split_task(task, 0.5, np.random.PCG64(0), corruption=corruption, noise=noise)
    for signs in (False, True):
        null = orbit_null(task, split, signs=signs)
        for number, part in enumerate(task.parts):
            predictions, covered = slow_null(part, part_of(task, split, number), signs)
            chosen = split.test % len(task.parts) == number
            assert null.predictions[chosen].tolist() == predictions
            assert null.covered[chosen].tolist() == covered
        assert not null.trivial


def test_a_mixture_without_symmetries_has_no_swap_share() -> None:
    task = task_from_text("x - y; x/y", 7)
    assert leakage_numbers(task, split_task(task, 0.5, np.random.PCG64(0)))["swap_share"] is None


def test_a_mixture_with_a_task_that_has_no_training_input() -> None:
    task = mix([task_from_expression("x + y", 3), task_from_expression("x*y", 3)])
    domain = task.domain
    train = domain[domain % 2 == 0]  # x + y alone trains
    empty = np.zeros(len(train), dtype=bool)
    split = Split(train, domain[domain % 2 == 1], task.labels(train), empty)
    null = orbit_null(task, split)
    assert not null.covered.any()
    assert (null.predictions == 0).all()


def test_the_extended_domain_has_permutations_but_no_signs() -> None:
    task = task_from_expression("x*y", 7, extended_domain=True)
    assert len(symmetries(task)) == len(symmetries(task, signs=True)) == 2


def test_swap_splits_leave_the_null_its_commonest_label() -> None:
    for text in ("x + y", "x*y", "x/y", "x^2 + y^2"):
        task = task_from_expression(text, 11)
        split = split_task(task, 0.5, np.random.PCG64(2), orbits="swap")
        null = orbit_null(task, split)
        assert not null.covered.any()
        assert len(set(null.predictions.tolist())) == 1
        signed = split_task(task, 0.5, np.random.PCG64(2), orbits="sign")
        assert not orbit_null(task, signed, signs=True).covered.any()


@pytest.mark.parametrize("text", ["x + y", "x - y", "x/y", "x*y + z", "x", "x + y; x*y"])
def test_sign_splits_keep_orbits_on_one_side(text: str) -> None:
    task = task_from_text(text, 7)
    split = split_task(task, 0.5, np.random.PCG64(3), orbits="sign")
    k = task.k - bool(task.parts)

    def folded(rows: np.ndarray) -> set[tuple[int, ...]]:
        return {tuple(sorted(min(v, -v % 7) for v in row[:k])) for row in task.inputs(rows).tolist()}

    assert not folded(split.train) & folded(split.test)
    assert np.array_equal(np.sort([*split.train, *split.test]), task.domain)
    assert 0 < len(split.train) <= 0.5 * task.size


def test_symmetric_is_swap_and_other_orbits_are_refused() -> None:
    task = task_from_expression("x - y", 11)
    old = split_task(task, 0.4, np.random.PCG64(5), symmetric=True)
    assert np.array_equal(old.train, split_task(task, 0.4, np.random.PCG64(5), orbits="swap").train)
    with pytest.raises(InputError, match="orbits: must be one of none, swap, sign, got 'all'"):
        split_task(task, 0.4, np.random.PCG64(5), orbits="all")


def test_the_null_is_quick_at_97() -> None:
    import time

    task = task_from_expression("x^2 + y^2", 97)
    split = split_task(task, 0.5, np.random.PCG64(0))
    seconds = []
    for _ in range(3):
        start = time.process_time()
        leakage_numbers(task, split)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.1


MEASURED = {  # means over 20 seeds at p = 13, r = 0.5; one split's standard deviation is 0.05 to 0.08
    "x + y": (0.48, 0.48),
    "x - y": (0.04, 0.47),
    "x*y": (0.54, 0.84),
    "x^2 + y^2": (0.54, 0.97),
    "x^2 + x*y + y^2": (0.55, 0.84),
    "(x + y)^2": (0.52, 0.83),
}


@pytest.mark.parametrize("text", MEASURED)
def test_the_null_at_13(text: str) -> None:
    task = task_from_expression(text, 13)
    results = [
        leakage_numbers(task, split_task(task, 0.5, np.random.PCG64(seed))) for seed in range(100, 120)
    ]
    for name, mean in zip(("orbit_accuracy", "sign_accuracy"), MEASURED[text], strict=True):
        values = [numbers[name] for numbers in results]
        assert np.mean(values) == pytest.approx(mean, abs=0.06)  # three standard errors and the rounding
