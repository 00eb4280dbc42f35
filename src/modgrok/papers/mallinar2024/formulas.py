"""Mallinar et al. 2024: Theorem 5.1 for addition, off the data, and Eq. 14 as printed.

Owns: these claims. Everything is solved in float64 on all pairs; nothing is trained.
"""

from __future__ import annotations

import numpy as np

from ..claims.claim import Claim, ClaimResult, Expected, Misprint
from ..claims.evidence import Evidence
from ..claims.formulas import at_every_budget, formula_result
from ..claims.plan import no_runs

P = 11


def shift(p: int) -> np.ndarray:
    """Return C, circulant with first row e_1: C[i, i + 1] = 1."""
    return np.roll(np.eye(p), 1, axis=1)


def solved(p: int, label: int, *, addition: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Solve the quadratic kernel for one class on all pairs, with M_l = [[0, B], [B^T, 0]].

    Arguments:
        p: modulus.
        label: class l.
        addition: B = C^l R, R the reversal, for x + y; B = C^l for x - y.

    Returns:
        (coefficients, inputs as features of shape (p^2, 2p), M).
    """
    n = np.arange(p)
    pairs = np.stack(np.meshgrid(n, n, indexing="ij"), -1).reshape(-1, 2)
    labels = (pairs[:, 0] + pairs[:, 1]) % p if addition else (pairs[:, 0] - pairs[:, 1]) % p
    block = np.linalg.matrix_power(shift(p), label)
    if addition:
        block = block @ np.eye(p)[-n % p]
    zero = np.zeros((p, p))
    feature_matrix = np.block([[zero, block], [block.T, zero]])
    hot = np.concatenate([np.eye(p)[pairs[:, 0]], np.eye(p)[pairs[:, 1]]], axis=1)
    target = (labels == label).astype(float)
    return np.linalg.solve((hot @ feature_matrix @ hot.T) ** 2, target), hot, feature_matrix


def measure_addition(evidence: Evidence) -> ClaimResult:
    """Compare the predictor of every class of x + y with its labels."""
    p = 5 if evidence.budget == "tiny" else P
    n, worst = np.arange(p), 0.0
    for label in range(p):
        alphas, hot, feature_matrix = solved(p, label, addition=True)
        outputs = ((hot @ feature_matrix @ hot.T) ** 2 @ alphas).reshape(p, p)
        targets = ((n[:, None] + n) % p == label).astype(float)
        bilinear = feature_matrix[:p, p:]
        worst = max(
            worst,
            float(np.abs(outputs - targets).max()),
            float(np.abs(bilinear @ bilinear.T - np.eye(p)).max()),
        )
    return formula_result(
        {"predictor_error": worst},
        {"predictor_error": (0.0, 1e-10)},
        "Theorem 5.1 for addition",
        f"Largest difference from the labels over all classes mod {p}.",
        domain=(0.0, 1e-9),
    )


def measure_index(evidence: Evidence) -> ClaimResult:
    """Compare Eq. 14 with the index as printed and with the one counted from 0."""
    p, rng = P, np.random.default_rng(0)
    x, y = rng.normal(size=(2, p))
    transform = np.fft.fft(np.eye(p)) / np.sqrt(p)
    printed, corrected = 0.0, 0.0
    for label in range(p):
        bilinear = x @ np.linalg.matrix_power(shift(p).T, label) @ y
        of = {
            at: np.sqrt(p) * np.sum((transform @ x) * transform[:, at] * np.conj(transform @ y)).real
            for at in ((p - label - 1) % p, -label % p)
        }
        printed = max(printed, abs(of[(p - label - 1) % p] - bilinear))
        corrected = max(corrected, abs(of[-label % p] - bilinear))
    return formula_result(
        {"printed_error": float(printed), "corrected_error": float(corrected)},
        {"printed_error": (0.0, 1e-10), "corrected_error": (0.0, 1e-10)},
        "Eq. 14 with two indices",
        f"Largest difference from x_1^T C^(-l) x_2 over the classes mod {p}, at one random x.",
        domain=(0.0, 10.0),
    )


def measure_everywhere(evidence: Evidence) -> ClaimResult:
    """Compare the predictor off the one-hot pairs with the theorem, without and with a further term."""
    p, rng = (5 if evidence.budget == "tiny" else P), np.random.default_rng(0)
    x, y = rng.normal(size=(2, p))
    extra = (x @ x + y @ y) / (2 * p + 2) - x.sum() * y.sum() / (p + 1)
    printed, corrected = 0.0, 0.0
    for label in range(p):
        alphas, hot, feature_matrix = solved(p, label, addition=False)
        output = float((np.concatenate([x, y]) @ feature_matrix @ hot.T) ** 2 @ alphas)
        bilinear = float(x @ np.linalg.matrix_power(shift(p).T, label) @ y)
        printed = max(printed, abs(output - bilinear))
        corrected = max(corrected, abs(output - bilinear - float(extra)))
    return formula_result(
        {"printed_error": printed, "corrected_error": corrected},
        {"printed_error": (0.1, 3.0), "corrected_error": (0.0, 1e-8)},
        "Theorem 5.1 off the one-hot pairs",
        f"Largest difference over the classes mod {p}, at one random x; the further term is of no class.",
        domain=(0.0, 3.0),
    )


FORMULAS = at_every_budget("all pairs mod 11, in float64; nothing is trained")

CLAIMS = (
    Claim(
        "mallinar2024/theorem5.1-addition",
        "Theorem 5.1",
        "With the feature matrix of subtraction times the reversal, one solve on all pairs gives addition.",
        no_runs,
        measure_addition,
        (Expected("predictor_error", "0 (Theorem 5.1, with C^l R); at most 1e-9", high=1e-9),),
        FORMULAS,
    ),
    Claim(
        "mallinar2024/eq14-printed-index",
        "Eq. 14",
        "The Fourier multiplication of Eq. 14 with e_(p-l-1), counted from 0, is x_1^T C^(-l) x_2.",
        no_runs,
        measure_index,
        (
            Expected("printed_error", "0 (Eq. 14); at most 1e-9", high=1e-9),
            Expected("corrected_error", "0 with e_(-l mod p); at most 1e-9", high=1e-9),
        ),
        FORMULAS,
        misprint=Misprint(("printed_error",), ("corrected_error",), "docs/errata.md"),
    ),
    Claim(
        "mallinar2024/theorem5.1-everywhere",
        "beyond the paper: Theorem 5.1",
        "Off the one-hot pairs, which the theorem is about, its predictor is x_1^T C^(-l) x_2 plus a term "
        "that is the same for all classes.",
        no_runs,
        measure_everywhere,
        (
            Expected("printed_error", "without the term: not 0, at least 0.1", low=0.1),
            Expected("corrected_error", "0 with it; at most 1e-8", high=1e-8),
        ),
        at_every_budget("on one-hot pairs the further term vanishes, and answers do not change"),
    ),
)
