"""Optimisers against independent NumPy loops, and what each atom promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from modgrok.learners import OPTIMISERS, Rates, optimiser

RNG = np.random.default_rng(1)
GRADS = [RNG.standard_normal((2, 3, 4)) for _ in range(6)]
START = RNG.standard_normal((2, 3, 4))
RATES = Rates(
    lr=0.1, weight_decay=0.3, momentum=0.8, beta1=0.9, beta2=0.98, grokfast=2.0, grokfast_decay=0.95
)


def follow(chain: optax.GradientTransformation) -> np.ndarray:
    w = jnp.asarray(START)
    state = chain.init(w)
    for g in GRADS:
        updates, state = chain.update(jnp.asarray(g), state, w)
        w = optax.apply_updates(w, updates)
    return np.asarray(w)


def gd(w: np.ndarray) -> np.ndarray:
    for g in GRADS:
        w = w - 0.1 * (g + 0.3 * w)
    return w


def momentum(w: np.ndarray) -> np.ndarray:
    v = np.zeros_like(w)
    for g in GRADS:
        v = 0.8 * v + g
        w = w - 0.1 * (v + 0.3 * w)
    return w


def adamw(w: np.ndarray, coupled: float = 0.0, decoupled: float = 0.3) -> np.ndarray:
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t, g in enumerate(GRADS, start=1):
        g = g + coupled * w
        m, v = 0.9 * m + 0.1 * g, 0.98 * v + 0.02 * g * g
        step = (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.98**t)) + 1e-8)
        w = w - 0.1 * (step + decoupled * w)
    return w


def adam(w: np.ndarray) -> np.ndarray:
    return adamw(w, coupled=0.3, decoupled=0.0)


@pytest.mark.parametrize(
    ("name", "plain"), [("gd", gd), ("momentum", momentum), ("adamw", adamw), ("adam", adam)]
)
def test_chains_equal_plain_loops(name: str, plain: Callable[[np.ndarray], np.ndarray]) -> None:
    np.testing.assert_allclose(follow(optimiser(name, RATES)), plain(START), rtol=2e-5, atol=1e-6)


def test_grokfast_amplifies_the_running_mean() -> None:
    rates = RATES._replace(weight_decay=0.0)
    w, mean = START.copy(), np.zeros_like(START)
    for g in GRADS:
        mean = 0.95 * mean + 0.05 * g
        w = w - 0.1 * (g + 2.0 * mean)
    np.testing.assert_allclose(follow(optimiser("gd", rates, grokfast=True)), w, rtol=2e-5, atol=1e-6)


def test_the_orthogonal_gradient_has_no_part_along_the_weights() -> None:
    chain = optimiser("gd", RATES._replace(weight_decay=0.0), orthogonal_gradient=True)
    w = jnp.asarray(START)
    updates, _ = chain.update(jnp.asarray(GRADS[0]), chain.init(w), w)
    assert abs(float(jnp.vdot(updates, w))) < 1e-6
    along = np.vdot(GRADS[0], START) / np.vdot(START, START)
    np.testing.assert_allclose(updates, -0.1 * (GRADS[0] - along * START), rtol=1e-4, atol=1e-6)


def test_muon_orthogonalises_each_operands_matrix() -> None:
    chain = optimiser("muon", RATES._replace(weight_decay=0.0, lr=1.0))
    w = jnp.asarray(START)
    updates, _ = chain.update(jnp.asarray(GRADS[0]), chain.init(w), w)
    for matrix in np.asarray(updates):
        values = np.linalg.svd(matrix, compute_uv=False)
        assert values.max() / values.min() < 2.0  # Newton-Schulz: about 0.7 to 1.2 times one scale


@pytest.mark.parametrize("name", OPTIMISERS.names)
def test_every_optimiser_descends(name: str) -> None:
    chain = optimiser(name, RATES._replace(weight_decay=0.0, lr=0.02))
    w = jnp.asarray(START)
    state = chain.init(w)

    @jax.jit
    def update_step(w: Any, state: Any) -> Any:
        def step(_: Any, carry: Any) -> Any:
            w, state = carry
            updates, state = chain.update(2 * w, state, w)
            return optax.apply_updates(w, updates), state

        return jax.lax.fori_loop(0, 300, step, (w, state))[0]

    w = update_step(w, state)
    assert float(jnp.sum(w**2)) < 0.1 * float(np.sum(START**2))


def test_unknown_optimiser() -> None:
    with pytest.raises(ValueError, match="optimiser: must be one of gd"):
        optimiser("sgd", RATES)
