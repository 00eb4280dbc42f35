"""The forward pass by gathers against one-hot matrix products, values and gradients."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.models import ACTIVATIONS, MLP, activation, plain


def random_network(name: str, k: int = 2, p: int = 7, width: int = 9) -> MLP:
    rng = np.random.default_rng(0)
    first, second = (jnp.asarray(rng.standard_normal(s), jnp.float32) for s in ((k, p, width), (p, width)))
    return MLP(first, second, name, 0.5, 0.25)


def one_hot_logits(net: MLP, inputs: np.ndarray) -> jax.Array:
    """The papers' form: b W2 phi(a W1 x) with x the concatenated one-hots."""
    k, p, width = net.embedding.shape
    x = jnp.concatenate([jax.nn.one_hot(inputs[:, s], p) for s in range(k)], axis=1)
    w1 = net.embedding.reshape(k * p, width).T
    phi = activation(net.activation)
    return net.output_scale * phi(net.input_scale * (x @ w1.T)) @ net.readout.T


@pytest.mark.few(8)
@pytest.mark.parametrize("name", ACTIVATIONS.names)
@pytest.mark.parametrize("k", [1, 2, 3])
def test_gathers_equal_one_hot_products(name: str, k: int) -> None:
    net = random_network(name, k)
    inputs = np.stack(np.unravel_index(np.arange(7**k), (7,) * k), axis=1).astype(np.int32)

    @jax.jit
    def both(net: MLP) -> list[tuple[MLP, jax.Array]]:
        def loss(net: MLP, ours: bool) -> tuple[jax.Array, jax.Array]:
            logits = net(jnp.asarray(inputs)) if ours else one_hot_logits(net, inputs)
            return jnp.mean(jnp.tanh(logits) ** 2), logits

        return [jax.grad(loss, has_aux=True)(net, whose) for whose in (True, False)]

    (ours, logits), (theirs, expected) = both(net)
    np.testing.assert_allclose(logits, expected, rtol=2e-4, atol=2e-4)
    np.testing.assert_allclose(ours.embedding, theirs.embedding, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(ours.readout, theirs.readout, rtol=1e-3, atol=1e-5)


def test_shapes_and_properties() -> None:
    net = random_network("power2", k=3)
    assert (net.operands, net.modulus, net.width, net.classes) == (3, 7, 9, 7)
    assert net.preactivations(jnp.zeros((4, 3), jnp.int32)).shape == (4, 9)


@pytest.mark.parametrize("name", ["power2", "power3"])
def test_plain_weights_give_the_same_function(name: str) -> None:
    net = random_network(name)
    inputs = jnp.array([[0, 1], [3, 6], [5, 5]])
    same = plain(net)
    assert (same.input_scale, same.output_scale) == (1.0, 1.0)
    np.testing.assert_allclose(same(inputs), net(inputs), rtol=1e-5)
    with pytest.raises(ValueError, match="must be a power"):
        plain(random_network("relu"))


@pytest.mark.parametrize("name", ["tanh", "power0", "power13", "power", "RELU", ""])
def test_unknown_activations(name: str) -> None:
    with pytest.raises(ValueError, match="activation: must be powerS"):
        activation(name)


def test_activations_against_their_formulas() -> None:
    z = jnp.linspace(-3, 3, 13)
    from math import erf, exp

    expected = {
        "power3": [v**3 for v in z.tolist()],
        "relu": [max(v, 0) for v in z.tolist()],
        "gelu": [v * (1 + erf(v / 2**0.5)) / 2 for v in z.tolist()],
        "silu": [v / (1 + exp(-v)) for v in z.tolist()],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(activation(name)(z), values, rtol=1e-5, atol=1e-6)
