"""Splits: disjoint, complete, reproducible; corruption keeps its mask."""

from __future__ import annotations

import numpy as np
import pytest

from modgrok.tasks import (
    InputError,
    split_from_training,
    split_task,
    task_from_expression,
    task_from_table,
    task_from_text,
)
from modgrok.tasks.split import held_out

ADD = task_from_expression("x + y", 11)


def words(seed: int) -> np.random.PCG64:
    return np.random.PCG64(seed)


@pytest.mark.parametrize("fraction", [0.01, 0.3, 0.5, 0.99])
@pytest.mark.parametrize("text", ["x + y", "x/y", "x + y + z"])
def test_both_sides_cover_the_domain_once(fraction: float, text: str) -> None:
    task = task_from_expression(text, 11)
    split = split_task(task, fraction, words(0))
    assert np.array_equal(np.sort(np.concatenate([split.train, split.test])), task.domain)
    assert len(split.train) == int(fraction * task.size + 1e-9)
    assert np.array_equal(split.labels, task.labels(split.train))
    assert not split.corrupted.any()


@pytest.mark.parametrize(
    ("p", "fraction", "count"), [(97, 0.49, 4610), (97, 0.3, 2822), (61, 0.5, 1860), (97, 0.5, 4704)]
)
def test_counts_are_those_of_the_papers(p: int, fraction: float, count: int) -> None:
    task = task_from_expression("x + y", p)
    assert len(split_task(task, fraction, words(0)).train) == count


def test_a_seed_gives_one_split_for_ever() -> None:
    split = split_task(ADD, 0.1, words(7))
    assert split.train.tolist() == split_task(ADD, 0.1, words(7)).train.tolist()
    assert split.train.tolist() != split_task(ADD, 0.1, words(8)).train.tolist()
    assert split.train.tolist() == GOLDEN_SPLIT


GOLDEN_SPLIT = [6, 23, 24, 32, 37, 46, 52, 90, 96, 98, 114, 120]


@pytest.mark.parametrize("text", ["x + y", "x/y", "x*y + z"])
def test_symmetric_splits_keep_permutations_together(text: str) -> None:
    task = task_from_expression(text, 7)
    split = split_task(task, 0.4, words(3), symmetric=True)
    train = {tuple(sorted(row)) for row in task.inputs(split.train).tolist()}
    test = {tuple(sorted(row)) for row in task.inputs(split.test).tolist()}
    assert not train & test
    assert 0.4 * task.size - 6 <= len(split.train) <= 0.4 * task.size


@pytest.mark.parametrize("p", [5, 7])
@pytest.mark.parametrize("orbits", ["none", "swap", "sign"])
def test_folds_test_every_input_once_and_keep_orbits_together(p: int, orbits: str) -> None:
    for text in ("x + y", "x/y", "x + y; x*y"):
        task = task_from_expression(text, p) if ";" not in text else task_from_text(text, p)
        operands = [tuple(row[:2]) for row in task.inputs().tolist()]
        images = {pair: {pair} for pair in operands}
        if orbits != "none":
            images = {(x, y): {(x, y), (y, x)} for x, y in operands}
        if orbits == "sign":
            signs = [(a, b) for a in (1, -1) for b in (1, -1)]
            images = {
                pair: {(a * x % p, b * y % p) for x, y in swapped for a, b in signs}
                for pair, swapped in images.items()
            }
        largest = max(len(each) for each in images.values()) * (2 if ";" in text else 1)
        for folds in range(2, 11 if orbits != "sign" else 6):
            splits = [
                split_task(task, 0.5, words(folds), orbits=orbits, folds=folds, fold=fold)
                for fold in range(folds)
            ]
            held_out = np.concatenate([split.test for split in splits])
            assert np.array_equal(np.sort(held_out), np.sort(task.domain))
            sizes = [len(split.test) for split in splits]
            assert max(sizes) - min(sizes) <= largest
            for split in splits:
                assert np.array_equal(
                    np.sort(np.concatenate([split.train, split.test])), np.sort(task.domain)
                )
                tested = {tuple(row[:2]) for row in task.inputs(split.test).tolist()}
                trained = {tuple(row[:2]) for row in task.inputs(split.train).tolist()}
                assert not tested & set().union(*(images[pair] for pair in trained))


def test_folds_depend_on_the_seed_and_say_which_numbers_they_take() -> None:
    first, other = (
        split_task(ADD, 0.5, words(seed), orbits="swap", folds=10, fold=3).test.tolist() for seed in (0, 1)
    )
    assert first != other
    for folds, fold, message in (
        (1, 0, "folds: must be from 2 to 66, the number of orbits, got 1"),
        (67, 0, "folds: must be from 2 to 66, the number of orbits, got 67"),
        (10, 10, "fold: must be from 0 to 9, got 10"),
        (10, -1, "fold: must be from 0 to 9, got -1"),
    ):
        with pytest.raises(InputError, match=f"^{message}$"):
            split_task(ADD, 0.5, words(0), orbits="swap", folds=folds, fold=fold)


@pytest.mark.parametrize("corruption", [0.0, 0.35, 1.0])
def test_corruption_redraws_a_share_of_the_labels(corruption: float) -> None:
    task = task_from_expression("x + y", 97)
    split = split_task(task, 0.5, words(1), corruption=corruption, noise=words(2))
    true = task.labels(split.train)
    assert split.corrupted.sum() == int(corruption * len(split.train) + 1e-9)
    assert np.array_equal(split.labels[~split.corrupted], true[~split.corrupted])
    changed = split.labels[split.corrupted]
    assert ((changed >= 0) & (changed < 97)).all()
    if corruption == 1.0:  # a redrawn label equals the true one with probability 1/p; every class is drawn
        assert abs((changed == true).mean() - 1 / 97) < 0.006
        assert len(np.unique(changed)) == 97
    same = split_task(task, 0.5, words(1), corruption=corruption, noise=words(2))
    assert np.array_equal(same.labels, split.labels)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, 1.5, float("nan"), float("inf")])
def test_fractions_out_of_range(fraction: float) -> None:
    with pytest.raises(InputError, match="fraction: must be between 0 and 1"):
        split_task(ADD, fraction, words(0))


def test_sides_without_an_example() -> None:
    with pytest.raises(InputError, match="at least one training example of 121"):
        split_task(ADD, 0.001, words(0))
    single_orbit = task_from_table(np.array([[0, 1], [1, 0]]))
    refused = 0
    for seed in range(20):  # one training example, but the first orbit drawn may hold two
        try:
            split_task(single_orbit, 0.3, words(seed), symmetric=True)
        except InputError as error:
            refused += "on each side" in str(error)
    assert 0 < refused < 20
    with pytest.raises(InputError, match="corruption"):
        split_task(ADD, 0.5, words(0), corruption=1.5, noise=words(0))


@pytest.mark.parametrize("text", ["x + y", "x/y", "x + y; x*y"])
def test_a_split_is_made_again_from_its_training_inputs(text: str) -> None:
    task = task_from_text(text, 5)
    split = split_task(task, 0.6, words(1), corruption=0.5, noise=words(2))
    rows = np.searchsorted(task.domain, split.train)
    mask = np.zeros(task.size, bool)
    mask[rows] = True
    shuffled = np.random.default_rng(0).permutation(len(rows))
    for again in (
        split_from_training(task, rows, labels=split.labels),
        split_from_training(task, mask, labels=split.labels),
        split_from_training(task, rows[shuffled].astype(np.uint16), labels=split.labels[shuffled]),
    ):
        for name in ("train", "test", "labels"):
            assert np.array_equal(getattr(again, name), getattr(split, name)), name
        assert not (again.corrupted & ~split.corrupted).any()  # a label redrawn as itself is none to be seen
    assert np.array_equal(split_from_training(task, mask).labels, task.labels(split.train))
    assert np.array_equal(held_out(task, split_from_training(task, mask)), ~mask)


@pytest.mark.parametrize(
    ("rows", "labels", "rule"),
    [
        ([0.5, 1], None, "train: must be integers in one row, or 9 values of true and false, got float64"),
        ([[0], [1]], None, "train: must be integers in one row"),
        ([True, False], None, "train: must be integers in one row"),
        ([], None, "train: must be integers in one row"),
        (range(9), None, "train: must be 1 to 8 of 9 inputs, got 9"),
        ([True] * 9, None, "train: must be 1 to 8 of 9 inputs, got 9"),
        ([0, 9], None, r"train: must be in 0\.\.8, got 9"),
        ([0, -1], None, r"train: must be in 0\.\.8, got -1"),
        ([4, 2, 4], None, "train: must name each input once, got 4 twice"),
        ([4, 2], [1], "labels: must be 2 integers"),
        ([4, 2], [0, 3], r"labels: must be in 0\.\.2, got 0 to 3"),
    ],
)
def test_training_inputs_that_are_none(rows: object, labels: object, rule: str) -> None:
    with pytest.raises(InputError, match=f"^{rule}"):
        split_from_training(task_from_text("x + y", 3), rows, labels=labels)


def test_an_array_is_no_split() -> None:
    with pytest.raises(InputError, match=r"^split: must be a Split, as split_from_training makes, got"):
        held_out(task_from_text("x + y", 3), np.arange(4))  # type: ignore[arg-type]
