"""A plain dense implementation of the same formulas, in NumPy float64, batched as the authors do it.

Slow on purpose: one-hot inputs, kernels written out, every gradient formed. The fast code is tested and
timed against it.
"""

from __future__ import annotations

import numpy as np

BATCH = 128
"""Inputs whose gradients are held at once."""


def one_hot(inputs: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    return np.concatenate([np.eye(size)[inputs[:, s]] for s, size in enumerate(sizes)], axis=1)


def quadratic(u, q, r):
    return u**2, 2 * u, 0 * u


def general_quadratic(u, q, r):
    return u**2 + (q - 1) * (r - 1) / 2, 2 * u, (r - 1) / 2 + 0 * u


def gaussian(u, q, r, bandwidth=2.5, convention="released"):
    gamma = 1 / (2 * bandwidth**2) if convention == "released" else 1 / bandwidth
    k = np.exp(-gamma * np.maximum(q + r - 2 * u, 0))
    return k, 2 * gamma * k, -gamma * k


def laplace(u, q, r, bandwidth=2.5):
    squared = q + r - 2 * u
    near = squared < 1e-13 * (q + r)  # the same input: what is left is rounding
    distance = np.sqrt(np.where(near, 0, squared))
    k = np.exp(-distance / bandwidth)
    slope = np.where(near, 0, k / (bandwidth * np.where(near, 1, distance)))
    return k, slope, -slope / 2


KERNELS = {
    "quadratic": quadratic,
    "general-quadratic": general_quadratic,
    "gaussian": gaussian,
    "laplace": laplace,
}


def parts(kernel, x, z, feature_matrix):
    """Return k, k_u, k_q of all pairs, each (m, n)."""
    q, r = ((x @ feature_matrix) * x).sum(1), ((z @ feature_matrix) * z).sum(1)
    return KERNELS[kernel](x @ feature_matrix @ z.T, q[:, None], r[None, :])


def solve(kernel, x, feature_matrix, labels, classes, ridge=0.0):
    k = parts(kernel, x, x, feature_matrix)[0]
    return np.linalg.solve(k + ridge * np.eye(len(k)), np.eye(classes)[labels])


def predict(kernel, x, feature_matrix, alphas, at):
    return parts(kernel, at, x, feature_matrix)[0] @ alphas


def gradients(kernel, x, feature_matrix, alphas, at):
    """All gradients at some inputs, (m, c, d)."""
    (n, d), c = x.shape, alphas.shape[1]
    _, k_u, k_q = parts(kernel, at, x, feature_matrix)
    weighed = (alphas[:, :, None] * (x @ feature_matrix)[:, None, :]).reshape(n, c * d)
    own = 2 * (k_q @ alphas)[:, :, None] * (at @ feature_matrix)[:, None, :]
    return (k_u @ weighed).reshape(len(at), c, d) + own


def agop(kernel, x, feature_matrix, alphas, centred=True):
    """The average gradient outer product: one pass over batches of all inputs' gradients."""
    n, d = x.shape
    second, first = np.zeros((d, d)), np.zeros((alphas.shape[1], d))
    for start in range(0, n, BATCH):
        g = gradients(kernel, x, feature_matrix, alphas, x[start : start + BATCH])
        flat = g.reshape(-1, d)
        second += flat.T @ flat
        first += g.sum(0)
    mean = first / n
    return second / n - (mean.T @ mean if centred else 0)


def power(matrix, exponent):
    values, vectors = np.linalg.eigh(matrix)
    values[values <= len(values) * np.finfo(float).eps * abs(values).max()] = 0
    return (vectors * values**exponent) @ vectors.T


def iterate(kernel, inputs, labels, sizes, classes, everything, steps, centred=True, feature_matrix=None):
    """Yield (M, alphas, logits over `everything`) of each iteration: solve, evaluate, update M."""
    x, at = one_hot(inputs, sizes), one_hot(everything, sizes)
    feature_matrix = np.eye(x.shape[1]) if feature_matrix is None else feature_matrix
    for _ in range(steps):
        alphas = solve(kernel, x, feature_matrix, labels, classes)
        yield feature_matrix, alphas, predict(kernel, x, feature_matrix, alphas, at)
        feature_matrix = power(agop(kernel, x, feature_matrix, alphas, centred), 0.5)
