"""Splits: disjoint, complete, reproducible; corruption keeps its mask."""

from __future__ import annotations

import numpy as np
import pytest

from modgrok.tasks import InputError, split_task, task_from_expression, task_from_table

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
