"""AGOP, NFM and the AGOP's trace of two-layer networks against autodiff; random circulant features."""

from __future__ import annotations

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rfm_oracle import one_hot
from rfm_setting import doubles, relative

from modgrok.models import MLP, activation
from modgrok.models.agop import (
    agop_by_autodiff,
    agop_trace,
    circulant_features,
    network_agop,
    nfm,
    on_features,
)
from modgrok.models.circulant import oriented, random_circulant

P, WIDTH = 5, 7


def network(name: str, seed: int = 0) -> MLP:
    rng = np.random.default_rng(seed)
    return MLP(doubles(rng.normal(size=(2, P, WIDTH))), doubles(rng.normal(size=(P, WIDTH))), name, 0.3, 1.7)


def dense(net: MLP):
    """The same function of a dense input."""
    first = net.input_scale * net.embedding.reshape(-1, net.width).T
    phi = activation(net.activation)
    return lambda x: net.output_scale * (net.readout @ phi(first @ x))


by_formula = eqx.filter_jit(network_agop)
trace_of = eqx.filter_jit(agop_trace)
slope_of_trace = eqx.filter_jit(jax.grad(agop_trace))


@eqx.filter_jit
def by_autodiff(net: MLP, points: jax.Array, centred: bool) -> jax.Array:
    return agop_by_autodiff(dense(net), points, centred=centred)


slope_by_autodiff = eqx.filter_jit(jax.grad(lambda net, points: jnp.trace(by_autodiff(net, points, False))))

INPUTS = np.array(list(itertools.product(range(P), repeat=2)), dtype=np.int32)[::2]


@pytest.mark.few(4)
@pytest.mark.parametrize("name", ["power2", "power3", "relu", "gelu"])
@pytest.mark.parametrize("centred", [False, True])
def test_closed_form_equals_autodiff(name, centred):
    with jax.enable_x64(True):
        net, inputs = network(name), jnp.asarray(INPUTS)
        expected = by_autodiff(net, doubles(one_hot(INPUTS, (P, P))), centred)
        result = by_formula(net, inputs, centred=centred)
        by_class = by_formula(net, inputs, centred=centred, by_class=True)
        assert relative(result, np.asarray(expected)) < 1e-12
        assert by_class.shape == (P, 2 * P, 2 * P)
        assert relative(by_class.sum(0), np.asarray(expected)) < 1e-12
        if not centred:
            assert float(trace_of(net, inputs)) == pytest.approx(float(jnp.trace(expected)))


@pytest.mark.parametrize("name", ["power2", "relu"])
def test_the_trace_has_the_gradient_of_the_trace_by_autodiff(name):
    with jax.enable_x64(True):
        net, points = network(name), doubles(one_hot(INPUTS, (P, P)))
        slow = slope_by_autodiff(net, points)
        fast = slope_of_trace(net, jnp.asarray(INPUTS))
        assert relative(fast.embedding, np.asarray(slow.embedding)) < 1e-10
        assert relative(fast.readout, np.asarray(slow.readout)) < 1e-10


def test_descending_the_trace_lowers_it():
    with jax.enable_x64(True):
        net, inputs, values = network("power2"), jnp.asarray(INPUTS), []
        for _ in range(5):
            values.append(float(trace_of(net, inputs)))
            slope = slope_of_trace(net, inputs)
            net = jax.tree.map(lambda w, g: w - 3e-3 * g, net, slope)
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.9 * values[0]


def test_nfm_is_the_gram_matrix_of_the_first_layer():
    with jax.enable_x64(True):
        net = network("power2")
        first = 0.3 * np.concatenate(np.asarray(net.embedding))
        assert relative(nfm(net), first @ first.T) < 1e-14


@pytest.mark.long
def test_features_are_the_fourth_root_and_networks_read_them():
    with jax.enable_x64(True):
        structure = oriented(P, "toeplitz")
        rows = circulant_features(jax.random.key(0), structure)
        flat = np.asarray(rows).reshape(2 * P, 2 * P)
        values, vectors = np.linalg.eigh(np.asarray(random_circulant(jax.random.key(0), structure)))
        positive = (vectors * np.maximum(values, 0)) @ vectors.T
        assert relative(np.linalg.matrix_power(flat, 4), positive) < 1e-10
        net = network("power2")
        mapped = one_hot(INPUTS, (P, P)) @ flat
        expected = np.stack([np.asarray(dense(net)(doubles(x))) for x in mapped])
        result = np.asarray(on_features(net, rows)(jnp.asarray(INPUTS)))
        assert relative(result, expected) < 1e-12
