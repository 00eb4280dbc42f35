"""Slow, separate computations that the closed forms are compared with: loops over the papers' formulas."""

from __future__ import annotations

from math import cos, pi

import numpy as np


def logits64(net, k: int) -> np.ndarray:
    """Return the logits (p,)*k + (c,) of a power network, in float64 from its float32 weights."""
    embedding = np.asarray(net.embedding, dtype=np.float64)
    total = embedding[0]
    for rows in embedding[1:]:
        total = total[..., None, :] + rows
    power = int(net.activation.removeprefix("power"))
    features = (net.input_scale * total) ** power
    return net.output_scale * features @ np.asarray(net.readout, dtype=np.float64).T


def right_margin(logits: np.ndarray, table: np.ndarray) -> float:
    """Return the smallest right-minus-best-wrong logit over the domain."""
    p = logits.shape[-1]
    flat, label = logits.reshape(-1, p), table.ravel()
    flat, label = flat[label >= 0], label[label >= 0]
    right = np.eye(p, dtype=bool)[label]
    return float((flat[right] - np.where(right, -np.inf, flat).max(axis=1)).min())


def gromov_addition(p: int, frequencies, phase1, phase2, amplitude: float):
    """Write down Gromov 2023, Eq. 6-7, entry by entry, with phi_3 = phi_1 + phi_2 (Eq. 12)."""
    n = len(frequencies)
    first, second, out = np.zeros((p, n)), np.zeros((p, n)), np.zeros((p, n))
    for j in range(n):
        for i in range(p):
            first[i, j] = amplitude * cos(2 * pi * frequencies[j] * i / p + phase1[j])
            second[i, j] = amplitude * cos(2 * pi * frequencies[j] * i / p + phase2[j])
            out[i, j] = amplitude * cos(-2 * pi * frequencies[j] * i / p - phase1[j] - phase2[j])
    return first, second, out


def polynomial_table(p: int, monomials) -> np.ndarray:
    """Evaluate sum c prod n_j^a_j mod p on every input, with Python integers."""
    k = len(monomials[0][1])
    table = np.zeros((p,) * k, dtype=np.int64)
    for point in np.ndindex(*table.shape):
        total = 0
        for c, exponents in monomials:
            term = c
            for n, a in zip(point, exponents, strict=True):
                term *= n**a
            total += term
        table[point] = total % p
    return table


def random_form(p: int, k: int, form: str, rng: np.random.Generator):
    """Draw g and h without any structure; values repeat, zeros occur."""
    from modgrok.analytic import Witness

    g = tuple(rng.integers(0, p, size=p) for _ in range(k))
    return Witness(form, g, rng.integers(0, p, size=p))
