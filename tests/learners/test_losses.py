"""Losses against NumPy, and their conventions."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.learners import LOSSES, loss_named

RNG = np.random.default_rng(0)
LOGITS = RNG.standard_normal((6, 5)).astype(np.float32) * 3
LABELS = np.array([0, 4, 2, 2, 1, 3])


def test_mse_is_the_mean_over_classes() -> None:
    one_hot = np.eye(5)[LABELS]
    np.testing.assert_allclose(
        loss_named("mse")(jnp.asarray(LOGITS), jnp.asarray(LABELS)),
        ((LOGITS - one_hot) ** 2).mean(1),
        rtol=1e-5,
    )


def test_cross_entropy() -> None:
    softmax = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
    expected = -np.log(softmax[np.arange(6), LABELS])
    np.testing.assert_allclose(
        loss_named("cross_entropy")(jnp.asarray(LOGITS), jnp.asarray(LABELS)), expected, rtol=1e-5
    )


def test_stablemax() -> None:
    s = np.where(LOGITS >= 0, LOGITS + 1, 1 / (1 - LOGITS))
    expected = -np.log(s[np.arange(6), LABELS] / s.sum(1))
    np.testing.assert_allclose(
        loss_named("stablemax")(jnp.asarray(LOGITS), jnp.asarray(LABELS)), expected, rtol=1e-5
    )


@pytest.mark.few(2)
@pytest.mark.parametrize("name", [name for name, _ in LOSSES])
def test_gradients_are_finite_at_extreme_logits(name: str) -> None:
    logits = jnp.array([[1e4, -1e4, 0.0]])
    with jax.enable_x64(name.endswith("float64")):
        grads = jax.grad(lambda z: loss_named(name)(z, jnp.array([1])).sum())(logits)
    assert jnp.isfinite(grads).all()


def test_unknown_loss() -> None:
    with pytest.raises(ValueError, match="loss: must be one of mse"):
        loss_named("hinge")
