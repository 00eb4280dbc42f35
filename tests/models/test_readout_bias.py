"""Networks with a bias of the logits, as imported ones have: no function of a network forgets it."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.analytic import construct
from modgrok.analytic.network import normalised
from modgrok.analytic.precision import rounding_bound
from modgrok.analytic.width import padded
from modgrok.decide import decide_table
from modgrok.learners import make_problem
from modgrok.measures.corruption.pruning import pruned
from modgrok.measures.replacement.accuracy_bound import accuracy_bound
from modgrok.models import MLP
from modgrok.models.agop import on_features
from modgrok.tasks import Task, split_task, task_from_expression

P = 7
TASK = task_from_expression("x + y", P)
INPUTS = np.stack(np.meshgrid(np.arange(P), np.arange(P), indexing="ij"), axis=-1).reshape(-1, 2)


def adding(bias: np.ndarray, task: Task = TASK) -> MLP:
    witness = decide_table(task.table, task.p).witness
    assert witness is not None
    network = construct(task.table, task.p, witness, frequencies=3).network
    assert isinstance(network, MLP)
    return replace(network, readout_bias=jnp.asarray(bias, jnp.float32))


def biases() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    one = np.zeros(P)
    one[0] = 50.0
    return [one, *(size * rng.standard_normal(P) for size in (0.01, 0.1, 0.3, 1.0, 3.0))]


@pytest.mark.parametrize("change", [normalised, padded], ids=["normalised", "padded"])
def test_rewritten_networks_have_the_same_logits(change: object) -> None:
    for bias in biases():
        network = adding(bias)
        assert callable(change)
        np.testing.assert_allclose(change(network)(INPUTS), network(INPUTS), atol=1e-4)


def test_mapped_inputs_keep_the_bias() -> None:
    network = adding(biases()[0])
    mapped = on_features(network, jnp.eye(2 * P).reshape(2, P, 2 * P))
    np.testing.assert_allclose(mapped(INPUTS), network(INPUTS), atol=1e-5)


@pytest.mark.parametrize("expression", ["x + y", "2x - y + 1"])
def test_the_bound_is_never_above_the_accuracy(expression: str) -> None:
    task = task_from_expression(expression, P)
    certified = []
    for bias in biases():
        network = adding(bias, task)
        right = np.asarray(network(INPUTS)).argmax(axis=1) == task.labels()
        bound = accuracy_bound(network, task)
        assert bound.accuracy <= right.mean()
        assert not (bound.certified & ~right.reshape(P, P)).any()
        certified.append(bound.accuracy)
    assert certified[1] == 1.0  # a small bias changes nothing, and is known to
    assert certified[0] < 0.5


def test_nothing_removed_is_the_network_and_everything_removed_is_the_bias() -> None:
    problem = make_problem(TASK, split_task(TASK, 0.6, np.random.PCG64(0)))
    for bias in biases():
        network = adding(bias)
        result = pruned(network, problem, np.arange(network.width), (0, network.width))
        right = np.asarray(network(jnp.asarray(problem.all_inputs))).argmax(axis=1) == problem.all_labels
        of_bias = np.argmax(bias.astype(np.float32)) == problem.all_labels
        for row, expected in zip(result.correct, (right, of_bias), strict=True):
            assert row.tolist() == [int((expected & group).sum()) for group in np.asarray(problem.groups)]


def test_the_rounding_bound_covers_the_bias() -> None:
    network = adding(1e4 * np.ones(P))
    with jax.enable_x64(True):
        exact = replace(
            network,
            embedding=jnp.asarray(network.embedding, jnp.float64),
            readout=jnp.asarray(network.readout, jnp.float64),
            readout_bias=jnp.asarray(network.readout_bias, jnp.float64),
        )
        errors = np.abs(np.asarray(exact(INPUTS)) - np.asarray(network(INPUTS), dtype=np.float64))
    without = rounding_bound(replace(network, readout_bias=None))
    assert without < errors.max() <= rounding_bound(network)
