"""Measures of any network's logits and hidden values."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

import modgrok
from modgrok.decide import decide_table
from modgrok.measures import basis_of_task
from modgrok.measures.logits import explained_share_of
from modgrok.measures.logits.array_numbers import hidden_numbers, numbers_of_squares, shares_of_tables
from modgrok.models import MLP
from modgrok.tasks import InputError, Task, task_from_expression, task_from_text


def constructed(task: Task, p: int) -> MLP:
    witness = decide_table(task.table, p).witness
    assert witness is not None
    network = modgrok.construct(task.table, p, witness).network
    assert isinstance(network, MLP)
    return network


def test_a_constructed_network_by_its_logits_and_hidden_values() -> None:
    task = task_from_expression("x + y", 11)
    network = constructed(task, 11)
    inputs = jnp.asarray(task.inputs())
    result = modgrok.measure_logits(task, network(inputs), network.features(inputs))
    assert result["accuracy"] == result["explained_share"] == result["formula_accuracy"] == 1
    assert result["margin"] > 0
    assert set(result["frequencies"]) <= set(range(1, 6))
    assert set(result["neuron_frequencies"]) <= set(range(1, 6))  # a squared wave k has a wave 2k as well
    assert result["key_frequencies"] == result["frequencies"]
    assert result["excluded_loss"] > result["restricted_loss"]
    assert result["hidden_rank"] <= network.width


@pytest.mark.parametrize("text", ["x + y", "x/y", "x*y", "x^3 + x*y^2 + y"])
def test_numbers_of_a_layer_of_squares_are_those_of_its_values(text: str) -> None:
    """Also where some values of an operand are left out, and where the task has no frequencies."""
    task = task_from_expression(text, 7)
    basis = basis_of_task(task)
    tables = np.random.default_rng(0).standard_normal((2, 7, 5)) + 0.5
    sums = tables[0][task.inputs()[:, 0]] + tables[1][task.inputs()[:, 1]]
    expected = hidden_numbers(task, basis, sums**2, sums)
    numbers = numbers_of_squares(task, tables, shares_of_tables(task, basis, tables))
    assert numbers is not None
    assert set(numbers) == set(expected)
    assert numbers == pytest.approx(expected, rel=1e-12)


def test_a_layer_of_squares_of_three_operands_is_left_to_its_values() -> None:
    assert numbers_of_squares(task_from_expression("x + y + z", 5), np.ones((3, 5, 2)), None) is None


def test_random_logits() -> None:
    task = task_from_expression("x/y", 7)
    rng = np.random.default_rng(0)
    result = modgrok.measure_logits(
        task, rng.standard_normal((task.size, 7)), rng.standard_normal((task.size, 5))
    )
    assert result["explained_share"] <= result["accuracy"] < 0.5
    assert result["loss"] > np.log(7) - 1
    assert result["single_frequency_share"] == 0
    assert 3 < result["hidden_rank"] <= 5


def test_mixtures_and_tasks_without_a_form_have_fewer_numbers() -> None:
    for task in (task_from_text("x + y; x*y", 5), task_from_expression("x^3 + x*y^2 + y", 7)):
        result = modgrok.measure_logits(task, np.eye(task.p)[task.labels()])
        assert result["accuracy"] == 1
        assert result["order"] is None


def test_networks_and_plain_functions_are_explained() -> None:
    task = task_from_expression("x + y", 7)
    network = constructed(task, 7)
    whole = modgrok.explain(task, network(jnp.asarray(task.inputs())))
    assert modgrok.explain(task, lambda inputs: network(jnp.asarray(inputs))).curve == whole.curve
    assert modgrok.explain(task, network).curve == whole.curve


def test_logits_that_are_not_finite_have_no_explained_share() -> None:
    task = task_from_expression("x + y", 7)
    assert explained_share_of(task, None, lambda inputs: np.full((len(inputs), 7), np.nan)) is None
    with pytest.raises(InputError, match="hidden: must be real numbers of shape"):
        modgrok.measure_logits(task, np.zeros((49, 7)), np.zeros((48, 3)))


def test_rounding_of_float32_logits_is_no_key_frequency() -> None:
    task = task_from_expression("x + y", 11)
    x, y = task.inputs().T
    angles = 2 * np.pi * ((x + y)[:, None] - np.arange(11)) / 11
    for size, key in ((1e-4, [1, 5]), (2e-8, [1])):  # of frequency 5; float32 has 1.2e-7 of the first
        logits = np.cos(angles) + size * np.cos(5 * angles)
        assert modgrok.measure_logits(task, logits)["key_frequencies"] == key
