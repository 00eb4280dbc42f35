"""Data for training loops of one's own: the split of `modgrok train`."""

from __future__ import annotations

import numpy as np
import pytest

import modgrok
from modgrok.runs.splits import split_of
from modgrok.tasks import InputError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("folds", 2.5),
        ("folds", "3"),
        ("fold", 1.5),
        ("fraction", "0.5"),
        ("fraction", True),
        ("corruption", "a"),
    ],
)
def test_values_of_another_type_are_named(name: str, value: object) -> None:
    options = {"folds": 3} if name == "fold" else {}
    with pytest.raises(InputError, match=f"^{name}: must be (an integer|a number), got"):
        modgrok.arrays("x + y", p=7, **options, **{name: value})


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("x*y", {"fraction": 0.3, "seed": 0}),
        ("x/y", {"fraction": 0.5, "seed": 3}),
        ("x + y", {"fraction": 0.5, "seed": 1, "symmetric": True, "corruption": 0.2}),
    ],
)
def test_the_split_is_that_of_a_run(text: str, options: dict[str, float]) -> None:
    data = modgrok.arrays(text, p=11, **options)
    experiment = modgrok.Experiment.of(text, p=11, **options)
    split = split_of(experiment, experiment.build_task())
    assert np.array_equal(data.task.domain[data.train], split.train)
    assert np.array_equal(data.task.domain[data.test], split.test)
    result = modgrok.explain(data.task, np.eye(11)[data.labels], split=data.split)
    assert (result.counts["size"], result.counts["size_train"]) == (len(split.test), len(split.train))
    assert np.array_equal(data.train_labels, split.labels)
    assert np.array_equal(np.sort([*data.train, *data.test]), np.arange(data.task.size))
    flat = np.ravel_multi_index(tuple(data.inputs.T), data.task.table.shape)
    assert np.array_equal(data.labels, data.task.table.ravel()[flat])


def test_other_options_are_refused() -> None:
    with pytest.raises(InputError, match="fraction: must be"):
        modgrok.arrays("x*y", p=11, fraction=1.5)
