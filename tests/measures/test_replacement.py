"""Networks with weights replaced by waves: exact on waves, and worth nothing where there are none."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import modgrok
from modgrok.decide import decide_table
from modgrok.measures import basis_of_task
from modgrok.measures.replacement import replace_weights
from modgrok.measures.replacement.projections import (
    class_waves,
    operand_waves,
    pair_waves,
    projected,
)
from modgrok.models import MLP
from modgrok.models.kernel_machine import KernelMachine
from modgrok.models.kernels import Quadratic
from modgrok.models.transformer import Block, Transformer
from modgrok.tasks import InputError, Task, task_from_expression, task_from_group, task_from_text

P = 7


def constructed(text: str) -> tuple[Task, MLP]:
    task = task_from_expression(text, P)
    witness = decide_table(task.table, P).witness
    assert witness is not None
    network = modgrok.construct(task.table, P, witness).network
    assert isinstance(network, MLP)
    return task, network


@pytest.mark.parametrize("text", ["x + y", "x*y", "x^2 + y^2", "2*x - y"])
def test_a_constructed_network_is_its_own_waves(text: str) -> None:
    task, network = constructed(text)
    whole, waves = replace_weights(task, network)
    assert whole.accuracy == waves.accuracy == 1
    assert waves.explained_variance > 0.999
    assert waves.notes["fitted_share"] > 0.999
    assert isinstance(waves.network, MLP)


def test_noise_on_a_constructed_network_is_taken_out() -> None:
    task, network = constructed("x + y")
    rng = np.random.default_rng(0)
    noisy = MLP(
        network.embedding + 0.05 * rng.standard_normal(network.embedding.shape).astype(np.float32),
        network.readout,
        network.activation,
        network.input_scale,
        network.output_scale,
    )
    _, waves = replace_weights(task, noisy)
    assert waves.accuracy == 1
    assert 0.9 < waves.notes["fitted_share"] < 0.9999
    assert np.abs(waves.network.embedding - network.embedding).max() < 0.1


def test_random_weights_are_not_waves() -> None:
    rng = np.random.default_rng(0)
    draw = lambda *shape: jnp.asarray(rng.standard_normal(shape), jnp.float32)  # noqa: E731
    _, waves = replace_weights(task_from_expression("x + y", 31), MLP(draw(2, 31, 40), draw(31, 40)))
    assert waves.accuracy < 0.3
    assert waves.notes["left_over"] > 20
    assert waves.explained_variance < 0.5


def transformer(waves: np.ndarray, activation: str = "relu", query: float = 1.0) -> Transformer:
    """A transformer whose embedding and readout are given waves, over random inner weights."""
    keys = jax.random.split(jax.random.key(0), 6)
    d = waves.shape[1]
    draw = lambda key, *shape: jax.random.normal(key, shape)  # noqa: E731
    block = Block(
        query * draw(keys[0], 1, d, 2),
        *(draw(key, 1, d, 2) for key in keys[1:3]),
        draw(keys[3], 1, 2, d),
        draw(keys[4], d, 4),
        draw(keys[5], 4, d),
    )
    tokens = np.concatenate([waves, np.ones((1, d))])
    return Transformer(
        jnp.asarray(tokens, jnp.float32),
        None,
        (block,),
        None,
        jnp.asarray(waves.T, jnp.float32),
        None,
        activation=activation,
    )


def test_a_transformer_of_one_frequency_keeps_its_logits() -> None:
    task = task_from_expression("x + y", P)
    waves = operand_waves(np.arange(P), P, [2])[:, 1:]
    _, *replaced = replace_weights(task, transformer(waves), frequencies=[2])
    matrices = [stage for stage in replaced if stage.network is not None]
    assert [stage.part for stage in matrices] == ["embedding", "unembedding"]
    assert all(stage.explained_variance > 0.999 for stage in matrices)
    _, *others = replace_weights(task, transformer(waves), frequencies=[1])
    assert others[0].notes["fitted_share"] < 1e-6


def test_activations_that_are_waves_keep_their_logits() -> None:
    task = task_from_expression("x + y", P)
    waves = operand_waves(np.arange(P), P, [2])[:, 1:]
    # Constant patterns, and neurons (a cos 2x + b cos 2y + ...)^2 of the frequencies 2 and 4 = 7 - 3.
    net = transformer(waves, activation="power2", query=0.0)
    _, *replaced = replace_weights(task, net, frequencies=[2, 3])
    parts = ["embedding", "attention_pattern", "neurons", "neuron_logit_map", "unembedding"]
    assert [stage.part for stage in replaced] == parts
    assert [stage.network is None for stage in replaced] == [False, True, True, True, False]
    assert all(stage.explained_variance > 0.999 for stage in replaced)
    neurons = replaced[2]
    assert neurons.notes["fitted_share"] > 0.999
    assert np.isclose(neurons.loss, replaced[0].loss, rtol=1e-4)


def test_activations_of_other_frequencies_are_taken_out() -> None:
    task = task_from_expression("x*y", P)
    net = transformer(np.random.default_rng(0).standard_normal((P, 3)))
    _, embedding, pattern, neurons, neuron_logits, _ = replace_weights(task, net, frequencies=[1])
    shares = [stage.notes["fitted_share"] for stage in (pattern, neurons)]
    assert all(0.01 < share < 0.999 for share in shares)
    variances = [stage.explained_variance for stage in (embedding, pattern, neurons, neuron_logits)]
    assert len(set(np.round(variances, 6))) == 4


def test_pair_waves_are_orthonormal() -> None:
    task = task_from_expression("x*y", P)
    basis, inputs = basis_of_task(task), task.inputs()
    waves = pair_waves(basis, inputs, [1, 3])
    assert waves.shape == (P * P, 1 + 8 + 3)  # 3 = n/2 has no sine: 1, cos, cos, and their product
    assert np.allclose(waves.T @ waves, np.eye(12))
    assert not waves[(inputs == 0).any(axis=1)].any()
    labels = np.stack([basis.operands[s][inputs[:, s]] for s in range(2)], axis=1)
    inside = (labels >= 0).all(axis=1)
    product = np.where(inside, np.cos(2 * np.pi * labels / 6).prod(axis=1), 0)
    assert np.allclose(waves @ (waves.T @ product), product)


def test_a_circulant_kernel_machine_keeps_its_logits() -> None:
    task = task_from_expression("x + y", P)
    with jax.enable_x64(True):
        n = np.arange(P)
        block = np.cos(2 * np.pi * (n[:, None] - n) * 2 / P)
        feature_matrix = np.block([[np.eye(P), block], [block.T, np.eye(P)]])
        inputs = task.inputs()[::2]
        machine = KernelMachine(
            Quadratic(),
            jnp.asarray(feature_matrix),
            jnp.asarray(np.eye(P)[task.labels()[::2]]),
            jnp.asarray(inputs),
            (P, P),
        )
        _, matrix, coefficients = replace_weights(task, machine, frequencies=[1, 2, 3])
    assert matrix.explained_variance > 0.999
    assert coefficients.explained_variance > 0.999
    assert matrix.network.feature_matrix.dtype == np.float64


def test_projections() -> None:
    task = task_from_expression("x*y", P)
    basis = basis_of_task(task)
    values = np.random.default_rng(0).standard_normal((P, 2))
    once = projected(values, class_waves(basis, P, [1]))
    assert np.array_equal(once[0], values[0])  # the class 0 is no element of the group
    assert np.allclose(projected(once, class_waves(basis, P, [1])), once)
    whole = class_waves(basis, P, [1, 2, 3])
    assert np.allclose(projected(values, whole), values)


@pytest.mark.parametrize(
    ("task", "options", "message"),
    [
        (task_from_text("x + y; x*y", 5), {}, "task: must be one task"),
        (task_from_group("S3"), {}, "task: must be one of a cyclic group, got S3"),
        (task_from_expression("x + y", P), {"frequencies": [4]}, r"frequencies: must be in 1\.\.3, got 4"),
    ],
)
def test_bad_input(task: Task, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        replace_weights(task, MLP(jnp.ones((2, task.p, 3)), jnp.ones((task.p, 3))), **options)
