"""Theorem 5.1 of Mallinar et al. 2024, on all data, for every class."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rfm_setting import doubles

from modgrok.learners.rfm.solve import solve_kernel
from modgrok.models.kernels import Quadratic, features, kernel_matrix, predict


@jax.jit
def learn(feature_matrix: jax.Array, target: jax.Array, hot: jax.Array):
    result = solve_kernel(lambda: kernel_matrix(Quadratic(), feature_matrix, hot), target)
    return result.alphas, predict(Quadratic(), feature_matrix, result.alphas, hot, hot), result.singular


def shift(p: int) -> np.ndarray:
    """C, circulant with first row e_1: C[i, i + 1] = 1."""
    return np.roll(np.eye(p), 1, axis=1)


def fourier_multiplication(p: int, label: int, x: np.ndarray, y: np.ndarray) -> complex:
    """sqrt(p) <F x . F e_(-l), F y> with the unitary DFT: x^T C^-l y."""
    f = np.exp(-2j * np.pi * np.outer(np.arange(p), np.arange(p)) / p) / np.sqrt(p)
    return np.sqrt(p) * np.sum((f @ x) * (f @ np.eye(p)[-label % p]) * np.conj(f @ y))


@pytest.mark.few(3)
@pytest.mark.parametrize("p", [7, 11, 13])
@pytest.mark.parametrize("operation", ["x - y", "x + y"])
def test_one_solve_with_the_structured_matrix_is_fourier_multiplication(p, operation):
    inputs = np.array(list(itertools.product(range(p), repeat=2)), dtype=np.int32)
    c, reverse = shift(p), np.eye(p)[-np.arange(p) % p]
    labels = (inputs[:, 0] - inputs[:, 1]) % p if operation == "x - y" else inputs.sum(1) % p
    with jax.enable_x64(True):
        hot = features(jnp.asarray(inputs), (p, p))
        for label in range(p):
            power = np.linalg.matrix_power(c, label)
            block = power if operation == "x - y" else power @ reverse
            feature_matrix = doubles(np.block([[np.zeros((p, p)), block], [block.T, np.zeros((p, p))]]))
            target = doubles((labels == label).astype(float)[:, None])
            result, values, singular = learn(feature_matrix, target, hot)
            alphas, learned = np.asarray(result).reshape(p, p), np.asarray(values).reshape(p, p)
            assert not bool(singular)
            # alpha = 1/2 C^(3l) - 11^T/(2p + 2) for subtraction
            if operation == "x - y":
                expected = np.linalg.matrix_power(c, 3 * label) / 2 - 1 / (2 * p + 2)
                np.testing.assert_allclose(alphas, expected, atol=1e-10)
                np.testing.assert_allclose(learned, np.linalg.matrix_power(c.T, label), atol=1e-10)
            np.testing.assert_allclose(learned, (labels == label).astype(float).reshape(p, p), atol=1e-10)


@pytest.mark.parametrize("p", [7, 11])
def test_fourier_multiplication_is_the_bilinear_form(p):
    rng = np.random.default_rng(0)
    for label in range(p):
        x, y = rng.normal(size=p), rng.normal(size=p)
        bilinear = x @ np.linalg.matrix_power(shift(p).T, label) @ y
        np.testing.assert_allclose(fourier_multiplication(p, label, x, y), bilinear, atol=1e-12)


def test_the_printed_index_is_off_by_one():
    """Eq. 14 prints e_(p-l-1); counted from 0 it is e_(-l mod p)."""
    p, label = 7, 2
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=p), rng.normal(size=p)
    bilinear = x @ np.linalg.matrix_power(shift(p).T, label) @ y
    assert fourier_multiplication(p, label + 1, x, y) != pytest.approx(bilinear, abs=0.1)
    assert fourier_multiplication(p, label, x, y) == pytest.approx(bilinear)


@pytest.mark.parametrize("p", [5, 7])
def test_off_the_one_hot_pairs_a_term_without_class_is_added(p):
    """The theorem's f_l(x) = x_1^T C^-l x_2 holds on one-hot pairs alone; the rest moves all logits alike."""
    inputs = np.array(list(itertools.product(range(p), repeat=2)))
    hot = np.concatenate([np.eye(p)[inputs[:, 0]], np.eye(p)[inputs[:, 1]]], axis=1)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, p))
    extra = (x @ x + y @ y) / (2 * p + 2) - x.sum() * y.sum() / (p + 1)
    for label in range(p):
        block = np.linalg.matrix_power(shift(p), label)
        feature_matrix = np.block([[np.zeros((p, p)), block], [block.T, np.zeros((p, p))]])
        target = ((inputs[:, 0] - inputs[:, 1]) % p == label).astype(float)
        alphas = np.linalg.solve((hot @ feature_matrix @ hot.T) ** 2, target)
        result = ((np.concatenate([x, y]) @ feature_matrix @ hot.T) ** 2) @ alphas
        assert result == pytest.approx(x @ np.linalg.matrix_power(shift(p).T, label) @ y + extra)
