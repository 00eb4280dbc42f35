"""Features of trained models as `measure` reports them, against dense matrices."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import rfm_oracle as oracle
from rfm_setting import case, doubles, run

from modgrok.algebra import natural_basis
from modgrok.measures import basis_of
from modgrok.measures.features.circulant import circulant_deviation
from modgrok.measures.features.features import class_values, domain_agop, network_values
from modgrok.models import MLP
from modgrok.models.circulant import orientations, oriented, structure_of
from modgrok.tasks import task_from_expression

P = 5
DOMAIN = np.array(list(itertools.product(range(P), repeat=2)), dtype=np.int32)


def dense_gradients(net: MLP) -> np.ndarray:
    """Gradients of all logits at every one-hot input, (25, c, d), by the chain rule on paper."""
    first = net.input_scale * np.concatenate(np.asarray(net.embedding, np.float64))
    second = net.output_scale * np.asarray(net.readout, np.float64)
    hidden = oracle.one_hot(DOMAIN, (P, P)) @ first
    exponent = int(net.activation.removeprefix("power"))
    return np.einsum("nh,ch,dh->ncd", exponent * hidden ** (exponent - 1), second, first)


@pytest.mark.parametrize("activation", ["power2", "power3"])
def test_features_of_a_network_equal_dense_ones(activation: str) -> None:
    rng = np.random.default_rng(0)
    net = MLP(jnp.asarray(rng.normal(size=(2, P, 9))), jnp.asarray(rng.normal(size=(P, 9))), activation, 0.3)
    gradients = dense_gradients(net)
    each = np.einsum("nca,ncb->cab", gradients, gradients) / len(DOMAIN)
    values, vectors = np.linalg.eigh(each.sum(0))
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    first = 0.3 * np.concatenate(np.asarray(net.embedding, np.float64))
    structure = structure_of(natural_basis(P, 2))
    with jax.enable_x64(True):
        result = network_values(net, DOMAIN, structure)
        by_class = class_values(net, DOMAIN, structure, centred=False)
        deviations = {
            name: [float(circulant_deviation(doubles(a), oriented(P, name))) for a in each]
            for name in ("toeplitz", "hankel")
        }
    expected = np.corrcoef((first @ first.T).ravel(), root.ravel())[0, 1]
    assert result["nfm_agop_correlation"] == pytest.approx(expected, abs=1e-10)
    assert by_class.numbers["circulant_deviation"] == pytest.approx(deviations["toeplitz"], abs=1e-10)
    assert by_class.numbers["least_deviation"] == pytest.approx(np.min(list(deviations.values()), axis=0))
    smaller = np.array(deviations["toeplitz"]) < np.array(deviations["hankel"])
    assert by_class.orientation == np.where(smaller, "toeplitz", "hankel").tolist()


def test_chunks_of_a_domain_average_to_the_whole(monkeypatch) -> None:
    rng = np.random.default_rng(1)
    net = MLP(jnp.asarray(rng.normal(size=(2, P, 6))), jnp.asarray(rng.normal(size=(P, 6))), "power3")
    with jax.enable_x64(True):
        whole = np.asarray(domain_agop(net, DOMAIN))
        monkeypatch.setattr("modgrok.measures.features.features.CHUNK", 10)
        np.testing.assert_allclose(domain_agop(net, DOMAIN), whole, rtol=1e-12)


@pytest.mark.long
def test_classes_of_a_kernel_machine_are_those_of_its_agop() -> None:
    chosen = case("x - y", 7, 0.6)
    trace = run(chosen, 2, kernel="gaussian")
    net = trace.state.weights
    structure = structure_of(basis_of(chosen.task.table, 7))
    x, feature_matrix, alphas = (
        oracle.one_hot(chosen.inputs, chosen.sizes),
        np.asarray(net.feature_matrix),
        np.asarray(net.alphas),
    )
    with jax.enable_x64(True):
        result = class_values(net, chosen.everything, structure, centred=True)
        for q in (0, 3):
            alone = doubles(oracle.agop("gaussian", x, feature_matrix, alphas[:, q : q + 1], True))
            expected = float(circulant_deviation(alone, structure))
            assert result.numbers["circulant_deviation"][q] == pytest.approx(expected, rel=1e-8)
    assert len(result.orientation) == 7


def test_orientations_name_the_structure_of_each_operation() -> None:
    names = {}
    for expression in ("x + y", "x - y", "x*y", "x/y", "x + y^3", "x + y + z"):
        structure = structure_of(basis_of(task_from_expression(expression, 5).table, 5))
        names[expression] = [n for n, s in orientations(structure) if s is structure]
        if expression in ("x - y", "x/y"):
            other = dict(orientations(structure))["toeplitz"]
            assert np.array_equal(other.labels[0], other.labels[1])
    assert list(names.values()) == [["toeplitz"], ["hankel"], ["toeplitz"], ["hankel"], ["own"], ["own"]]
