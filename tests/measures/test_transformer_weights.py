"""Waves in W_E and W_L: every measure at random weights and on pure waves, as it declares."""

from __future__ import annotations

import doctest
import importlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.algebra import exponential_table
from modgrok.measures import Measure
from modgrok.measures.fourier.coefficient_ratio import coefficient_ratio
from modgrok.measures.fourier.gini import gini
from modgrok.measures.fourier.sparsity import frequency_sparsity
from modgrok.measures.fourier.token_waves import make_token_basis, wave_norms
from modgrok.measures.fourier.transformer_measures import (
    TRANSFORMER_MEASURES,
    transformer_measures,
    transformer_numbers,
)
from modgrok.models.transformer import Block, Transformer

P, WIDTH, NEURONS = 97, 128, 512


def network(embedding: np.ndarray, readout: np.ndarray) -> Transformer:
    """A transformer with given W_E (v, d) and W_L^T (p, m), padded to a common width by zeros."""
    width, (p, neurons) = max(embedding.shape[1], len(readout)), readout.shape
    qkv, out = (jnp.zeros((1, width, 1)),) * 3, jnp.zeros((1, 1, width))
    block = Block(*qkv, out, jnp.zeros((width, neurons)), padded(readout.T, width))
    return Transformer(padded(embedding, width), None, (block,), None, jnp.eye(width, p), None)


def padded(matrix: np.ndarray, width: int) -> jnp.ndarray:
    return jnp.asarray(np.pad(matrix, ((0, 0), (0, width - matrix.shape[1]))), jnp.float32)


def random_network(p: int = P) -> Transformer:
    rng = np.random.default_rng(3)
    return network(rng.standard_normal((p + 1, WIDTH)), rng.standard_normal((p, NEURONS)))


def pure_wave(p: int, order: str, frequency: int, phases: int) -> np.ndarray:
    """Columns cos(2 pi f t/n + phase) over the tokens t in an order, phases evenly spaced; 0 elsewhere."""
    tokens = np.arange(p) if order == "natural" else exponential_table(p)
    angles = 2 * np.pi * frequency * np.arange(len(tokens)) / len(tokens)
    matrix = np.zeros((p, phases))
    matrix[tokens] = np.cos(angles[:, None] + 2 * np.pi * np.arange(phases) / phases)
    return matrix


@pytest.mark.few(3)
@pytest.mark.parametrize("measure", TRANSFORMER_MEASURES, ids=lambda m: m.name)
def test_declared_values(measure: Measure) -> None:
    token_basis = make_token_basis(P)
    order = "log" if measure.name.endswith("_log") else "natural"
    n = P if order == "natural" else P - 1
    wave = pure_wave(P, order, 3, 8)
    low, high = measure.range(P)
    pure = network(np.concatenate([wave, np.ones((1, 8))]), wave)
    noise = random_network()
    for net in (noise, pure):
        assert low <= float(measure.function(net, token_basis)) <= high
    assert measure.random_value is not None
    assert measure.closed_form_value is not None
    expected = measure.random_value(n, WIDTH if "embedding" in measure.name else NEURONS)
    assert float(measure.function(noise, token_basis)) == pytest.approx(expected, abs=0.02)
    assert float(measure.function(pure, token_basis)) == pytest.approx(measure.closed_form_value(n), abs=1e-4)


@pytest.mark.parametrize("p", [5, 7, 11, 13, 97])
@pytest.mark.parametrize("order", ["natural", "log"])
def test_a_cosine_is_a_cosine_at_every_frequency(p: int, order: str) -> None:
    """The appendix code of the paper calls the cosine row a sine; all (p - 1)/2 frequencies are counted."""
    token_basis = make_token_basis(p)
    waves = token_basis.natural if order == "natural" else token_basis.log
    assert waves is not None
    n = waves.order
    results = []

    @jax.jit
    def read(matrix: jax.Array) -> tuple[jax.Array, ...]:
        norms = wave_norms(matrix, waves)
        return norms, frequency_sparsity(norms), coefficient_ratio(norms), gini(norms[1:])

    for frequency in range(1, n // 2 + 1):
        norms, sparsity, ratio, inequality = read(jnp.asarray(pure_wave(p, order, frequency, 1), jnp.float32))
        assert np.flatnonzero(np.asarray(norms)).tolist() == [2 * frequency - 1]
        results.append(frequency)
        assert float(sparsity) == pytest.approx(1 / (n - 1))
        assert float(ratio) == 0
        assert float(inequality) == pytest.approx(1 - 1 / (n - 1), abs=1e-6)
    assert len(results) == (p - 1) // 2


def test_wave_norms_are_those_of_the_dft() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((14, 6))
    token_basis = make_token_basis(13)
    for waves in token_basis.orders:
        transform = np.fft.rfft(matrix[np.asarray(waves.tokens)], axis=0)
        n = waves.order
        cosines = np.linalg.norm(transform.real[1:], axis=1) * np.sqrt(2 / n)
        sines = np.linalg.norm(transform.imag[1:], axis=1)[: (n - 1) // 2] * np.sqrt(2 / n)
        if n % 2 == 0:
            cosines[-1] /= np.sqrt(2)
        norms = np.asarray(wave_norms(jnp.asarray(matrix, jnp.float32), waves))
        np.testing.assert_allclose(norms[1::2], cosines, rtol=1e-5)
        np.testing.assert_allclose(norms[2::2], sines, rtol=1e-5)


def test_a_product_is_sparse_in_logarithms_alone() -> None:
    wave = pure_wave(P, "log", 4, 8)
    net = network(np.concatenate([wave, np.ones((1, 8))]), wave)
    numbers = transformer_numbers(net, make_token_basis(P))
    assert float(numbers["ffs_embedding_log"]) == pytest.approx(2 / (P - 2))
    assert float(numbers["ffs_embedding"]) > 0.3
    assert float(numbers["gini_readout_log"]) > 0.9 > 0.6 > float(numbers["gini_readout"])


@pytest.mark.parametrize("scale", [1.0, 7.0])
def test_thresholds_and_scale(scale: float) -> None:
    norms = scale * jnp.array([5.0, 1.0, 0.2, 0.5, 0.3, 0.51, 0.1])
    assert float(frequency_sparsity(norms)) == pytest.approx(4 / 6)
    assert float(frequency_sparsity(norms, 0.0)) == 1
    assert float(frequency_sparsity(norms, 0.99)) == pytest.approx(2 / 6)
    ratios = [0.2, 0.6, 0.1 / 0.51]
    assert float(coefficient_ratio(norms)) == pytest.approx(np.mean(ratios), rel=1e-6)
    sizes = np.asarray(norms)
    pairs = np.abs(sizes[:, None] - sizes[None]).sum() / (2 * len(sizes) * sizes.sum())
    assert float(gini(norms)) == pytest.approx(pairs, rel=1e-6)


@pytest.mark.few(1)
@pytest.mark.parametrize("p", [2, 3, 4, 6, 9])
def test_other_moduli_and_zero_weights_give_numbers(p: int) -> None:
    token_basis = make_token_basis(p)
    assert token_basis.log is None
    assert [m.name.endswith("_log") for m in transformer_measures(token_basis)] == [False] * 6
    rng = np.random.default_rng(0)
    compiled = jax.jit(transformer_numbers)
    for embedding in (rng.standard_normal((p + 1, 4)), np.zeros((p + 1, 4))):
        numbers = compiled(network(embedding, embedding[:p]), token_basis)
        assert all(0 <= float(value) <= 1 for value in numbers.values())
    with pytest.raises(ValueError, match="log"):
        TRANSFORMER_MEASURES[-1].function(random_network(9), token_basis)


def test_numbers_compile_and_equal_the_measures() -> None:
    net, token_basis = random_network(11), make_token_basis(11)
    numbers = jax.jit(transformer_numbers)(net, token_basis)
    assert set(numbers) == {m.name for m in TRANSFORMER_MEASURES}
    for measure in TRANSFORMER_MEASURES:
        assert float(numbers[measure.name]) == pytest.approx(
            float(measure.function(net, token_basis)), abs=1e-6
        )


@pytest.mark.parametrize(
    "name", ["token_waves", "sparsity", "coefficient_ratio", "gini", "transformer_measures"]
)
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"modgrok.measures.fourier.{name}"))
    assert result.attempted
    assert not result.failed
