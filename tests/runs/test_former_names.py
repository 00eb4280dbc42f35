"""Names that were replaced since 0.1.0 are still accepted: options, keywords, fields, keys in files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.former_names import former_keyword
from modgrok.interop import checkpoint_at, kept_at
from modgrok.models.codec import pack, unpack
from modgrok.models.kernel_machine import KernelMachine
from modgrok.models.kernels import Quadratic
from modgrok.runs import Experiment, run
from modgrok.runs.spelling import FORMER_NAMES, current_names
from modgrok.runs.store.arrays import flatten, unflatten
from modgrok.sweeps import make_sweep
from modgrok.tasks import (
    InputError,
    TaskSource,
    named_task,
    orbit_null,
    split_task,
    task_from_expression,
    task_from_text,
)

TRANSFORMER = {"p": 7, "learner": "transformer"}


def test_the_extended_domain_was_called_released() -> None:
    experiment = Experiment.of("x + y", extended_domain=True, **TRANSFORMER)
    former = Experiment.of("x + y", released=True, **TRANSFORMER)
    assert former.id == experiment.id
    assert experiment.task.released is experiment.task.extended_domain is True
    assert '"released":true' in experiment.canonical_json()
    assert Experiment.from_json(experiment.canonical_json()) == experiment
    assert TaskSource(expression="x", p=5, released=True) == TaskSource(
        expression="x", p=5, extended_domain=True
    )
    (member,) = make_sweep(
        {"name": "s", "base": {"expression": "x + y", "released": True, **TRANSFORMER}}
    ).members
    assert member.experiment.id == experiment.id


@pytest.mark.parametrize("function", [task_from_expression, task_from_text, named_task])
def test_functions_take_both_names(function: Callable[..., Any]) -> None:
    for name in ("released", "extended_domain"):
        value = function("x*y", p=5, **{name: True})
        assert getattr(value, "task", value).table.shape == (10, 10)
    with pytest.raises(TypeError, match="extended_domain and its former name, released"):
        function("x*y", p=5, released=True, extended_domain=True)


def test_options_take_both_names(call: Callable[..., Any]) -> None:
    for flag in ("--released", "--extended-domain"):
        result = call("train", "x + y", "--p", "5", flag)
        assert result.code == 2
        assert "extended_domain: operands over 0..p+4" in result.err
    for flag in ("--metric", "--feature-matrix"):
        result = call("train", "x + y", "--p", "5", "--learner", "rfm", flag, "nowhere.npy")
        assert (result.code, "feature_matrix: must be a .npy file" in result.err) == (2, True)
    both = call("train", "x + y", "--p", "5", "--released", "--extended-domain")
    assert "extended_domain: must be given once, got released as well" in both.err
    page = call("train", "--help").out
    assert not any(f"--{name}" in page for name in FORMER_NAMES)


@pytest.mark.parametrize(
    ("former", "current"),
    [("metric", "feature_matrix"), ("donors", "pretrained"), ("room", "pad_to_fraction")],
)
def test_both_names_of_a_keyword_of_run_are_refused(former: str, current: str) -> None:
    experiment = Experiment.of("x + y", p=5, width=8)
    with pytest.raises(TypeError, match=f"{current} and its former name, {former}"):
        run(experiment, steps=1, **{former: None, current: None})


def test_an_initial_matrix_was_called_metric() -> None:
    matrix = np.eye(10)
    former = Experiment.of("x + y", p=5, learner="rfm", metric=matrix)
    assert former.id == Experiment.of("x + y", p=5, learner="rfm", feature_matrix=matrix).id
    with pytest.raises(InputError, match="feature_matrix: is not an option of the learner mlp"):
        Experiment.of("x + y", p=5, metric=matrix)


def test_files_of_kernel_machines_hold_the_former_name_and_are_read_with_both() -> None:
    machine = KernelMachine(Quadratic(), jnp.eye(10), jnp.ones((1, 5)), jnp.array([[0, 4]]), (5, 5))
    assert machine.metric is machine.feature_matrix
    arrays, form = pack(machine)
    assert set(arrays) == {"metric", "alphas", "inputs"}
    arrays["feature_matrix"] = arrays["metric"]
    for name in ("metric", "feature_matrix"):
        subset = {key: array for key, array in arrays.items() if key in (name, "alphas", "inputs")}
        np.testing.assert_array_equal(unpack(subset, form).feature_matrix, np.eye(10))
    state = flatten({"weights": machine})
    assert set(state) == {"weights.metric", "weights.alphas", "weights.inputs"}
    np.testing.assert_array_equal(unflatten({"weights": machine}, state)["weights"].metric, np.eye(10))


def test_other_former_names() -> None:
    task = task_from_expression("x*y", 7)
    null = orbit_null(task, split_task(task, 0.5, np.random.PCG64(0)))
    assert null.answers is null.predictions
    assert kept_at is checkpoint_at


def test_a_name_in_both_forms_is_refused_and_an_extension_may_use_a_former_name() -> None:
    with pytest.raises(InputError, match="feature_matrix: must be given once, got metric as well"):
        current_names({"metric": 1, "feature_matrix": 2}, ["feature_matrix"])
    assert current_names({"metric": 1}, ["metric", "feature_matrix"]) == {"metric": 1}
    double = former_keyword("size", "width")(lambda width: 2 * width)
    assert double(size=2) == double(2) == 4
