"""Gradients of logits by each operand, against sums and products written out."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.measures.circuit.gradient_symmetricity import gradient_symmetricity, random_triples
from modgrok.models import MLP, DeepMLP
from modgrok.models.deep_mlp import Dense
from modgrok.models.kernel_machine import KernelMachine
from modgrok.models.kernels.catalogue import KERNELS
from modgrok.models.operand_gradients import of_added_rows, of_kernel
from modgrok.runs.experiment import Experiment

P = 5


def hot(pairs: np.ndarray) -> np.ndarray:
    return np.eye(P)[pairs].reshape(len(pairs), 2 * P)


@pytest.mark.few(2)
@pytest.mark.parametrize("name", KERNELS.names)
def test_those_of_kernels_are_sums_over_training_inputs(name: str) -> None:
    rng = np.random.default_rng(0)
    settings = Experiment.of("x + y", p=P, learner="rfm", kernel=name).learner
    kernel = KERNELS.named(name).build(settings)
    root = rng.standard_normal((2 * P, 2 * P))
    metric, alphas = root @ root.T / P, rng.standard_normal((8, P))
    inputs, pairs, classes = rng.integers(P, size=(8, 2)), rng.integers(P, size=(3, 2)), np.array([0, 3, 4])

    def gradient(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        k_u, k_q = kernel.slopes(x @ metric @ z, x @ metric @ x, z @ metric @ z)
        total: np.ndarray = k_u * (metric @ z) + 2 * k_q * (metric @ x)
        return total

    expected = [
        sum(a[c] * gradient(x, z) for a, z in zip(alphas, hot(inputs), strict=True))
        for x, c in zip(hot(pairs), classes, strict=True)
    ]
    with jax.enable_x64(True):
        net = KernelMachine(kernel, jnp.asarray(metric), jnp.asarray(alphas), jnp.asarray(inputs), (P, P))
        result = of_kernel(net, jnp.asarray(pairs), jnp.asarray(classes))
    np.testing.assert_allclose(
        np.reshape(result, (3, 2 * P)), expected, rtol=1e-6
    )  # angles of ntk lose half the digits


@pytest.mark.long
def test_those_of_mlps_are_by_one_hot_vectors() -> None:
    rng = np.random.default_rng(1)
    rows, readout = rng.standard_normal((2, P, 3)), rng.standard_normal((P, 4))
    layer = rng.standard_normal((4, 3))
    pair, label, scale = np.array([[2, 4]]), np.array([1]), 0.5
    total = rows[0, 2] + rows[1, 4]
    shallow = MLP(jnp.asarray(rows), jnp.asarray(readout[:, :3]), input_scale=scale)
    slope = 2 * scale**2 * total * readout[1, :3]  # of the sum over neurons of W (a z)^2
    result = of_added_rows(shallow, jnp.asarray(pair), jnp.asarray(label))
    np.testing.assert_allclose(result[0], rows @ slope, rtol=1e-5)
    deep = DeepMLP(jnp.asarray(rows), (Dense(jnp.asarray(layer)),), jnp.asarray(readout))
    first = np.maximum(total, 0)
    slope = ((readout[1] * (layer @ first > 0)) @ layer) * (total > 0)
    result = of_added_rows(deep, jnp.asarray(pair), jnp.asarray(label))
    np.testing.assert_allclose(result[0], rows @ slope, rtol=1e-5, atol=1e-6)


def test_a_sum_of_equal_rows_has_equal_gradients() -> None:
    """Operands with the same rows are treated alike: the gradients agree whatever the readout is."""
    rng = np.random.default_rng(2)
    rows = jnp.asarray(np.repeat(rng.standard_normal((1, P, 6)), 2, axis=0))
    net = MLP(rows, jnp.asarray(rng.standard_normal((P, 6))))
    assert float(gradient_symmetricity(net, jnp.asarray(random_triples(P, count=9)))) == pytest.approx(1)
