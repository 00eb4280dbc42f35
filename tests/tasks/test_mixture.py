"""Mixtures: stacked tables, one canonical text, one split, clear refusals; and the extended domain."""

from __future__ import annotations

import numpy as np
import pytest

from modgrok.tasks import InputError, mix, named_task, split_task, task_from_expression, task_from_text


@pytest.mark.parametrize("p", [2, 3, 5, 6])
def test_a_mixture_stacks_the_tables_of_its_tasks(p: int) -> None:
    texts = ("x + y", "x*y", "x/y")
    result = task_from_text("; ".join(texts), p)
    for t, text in enumerate(texts):
        single = task_from_expression(text, p)
        assert np.array_equal(result.table[..., t], single.table)
        mask = result.inputs()[:, -1] == t
        assert np.array_equal(result.labels()[mask], single.labels())
    assert result.size + result.excluded == 3 * p * p
    assert result.name == "x + y; x*y; x/y"
    assert task_from_text(result.name, p).digest == result.digest


@pytest.mark.parametrize("symmetric", [False, True])
def test_the_split_chooses_operands_not_examples(symmetric: bool) -> None:
    result = task_from_text("x + y; x*y; x/y", 7)
    split = split_task(result, 0.6, np.random.PCG64(1), symmetric=symmetric)
    assert sorted([*split.train, *split.test]) == result.domain.tolist()
    train = {tuple(row) for row in result.inputs(split.train)[:, :2].tolist()}
    test = {tuple(row) for row in result.inputs(split.test)[:, :2].tolist()}
    assert train.isdisjoint(test)
    if symmetric:
        assert {(y, x) for x, y in train} == train
    else:
        assert len(train) == int(0.6 * 49)
        single = task_from_expression("x + y", 7)
        alone = split_task(single, 0.6, np.random.PCG64(1))
        assert {tuple(row) for row in single.inputs(alone.train).tolist()} == train


def test_refusals() -> None:
    with pytest.raises(InputError, match=r"tasks of a mixture must differ, got 'x \+ y; x \+ y'"):
        task_from_text("x + y; y + x", 5)
    with pytest.raises(InputError, match=r"must have the same operands, got x, y in 'x \+ y' and x, z in"):
        task_from_text("x + y; x + z", 5)
    with pytest.raises(InputError, match="expression: must not be empty"):
        task_from_text("x + y;", 5)
    with pytest.raises(InputError, match="p: must be the same in all tasks"):
        mix([task_from_expression("x + y", 5), task_from_expression("x - y", 7)])
    with pytest.raises(InputError, match="a mixture must have 2 to 16 tasks, got 17"):
        task_from_text("; ".join(f"{a}x + y" for a in range(1, 18)), 19)
    with pytest.raises(InputError, match="the tables of a mixture may have at most"):
        task_from_text("x + y; x - y; x*y", 2600)


def test_the_extended_domain_takes_residues() -> None:
    result = named_task("x*y + 1", p=7, extended_domain=True).task
    x, y = np.meshgrid(np.arange(12), np.arange(12), indexing="ij")
    assert np.array_equal(result.table, (x * y + 1) % 7)
    assert not result.is_plain
    with pytest.raises(InputError, match="extended_domain: must be given with an expression"):
        named_task(group="S3", extended_domain=True)
