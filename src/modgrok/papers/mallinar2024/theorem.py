"""Mallinar et al. 2024: feature matrices that solve the task as they are (Theorem 5.1, App. K)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ...learners.rfm.solve import solve_kernel
from ...models.circulant import matrix_power
from ...models.kernels import Layout, Quadratic, agop, features, kernel_matrix, make_layout, predict
from ...reports.charts import claim_charts as charts
from ...reports.charts.claim_charts import Line, Panel, single
from ..claims.claim import BudgetName, Claim, ClaimResult, Expected
from ..claims.evidence import Evidence
from ..claims.plan import RunGroup, no_runs
from .setup import ONE_SEED, TINY, matrices, quadratic_runs

# Theorem 5.1

MODULI: Mapping[str, tuple[int, ...]] = {"tiny": (5,), "laptop": (7, 11, 13), "paper": (7, 11, 13, 17)}


class ClassFit(NamedTuple):
    """What one class of a modulus gives: largest errors, and the predictor over all pairs."""

    coefficients: float
    predictor: float
    waves: float
    values: np.ndarray


def measure_theorem(evidence: Evidence) -> ClaimResult:
    """Solve with the M of each class on all data, and compare with the closed forms."""
    fits_by_modulus = {p: [fit_class(p, label) for label in range(p)] for p in MODULI[evidence.budget]}
    every = [fit for fits in fits_by_modulus.values() for fit in fits]
    values = {
        "coefficient_error": max(fit.coefficients for fit in every),
        "predictor_error": max(fit.predictor for fit in every),
        "waves_error": max(fit.waves for fit in every),
        "classes": len(every),
    }
    rows = [
        {
            "p": p,
            "classes": len(fits),
            "coefficients": f"{max(fit.coefficients for fit in fits):.1e}",
            "predictor": f"{max(fit.predictor for fit in fits):.1e}",
            "Fourier multiplication": f"{max(fit.waves for fit in fits):.1e}",
        }
        for p, fits in fits_by_modulus.items()
    ]
    return ClaimResult(values, _theorem_panels(fits_by_modulus[max(fits_by_modulus)]), rows)


def fit_class(p: int, label: int) -> ClassFit:
    """Solve for one class of x - y mod p with M_l = [[0, C^l], [C^-l, 0]] and measure three errors.

        coefficients   C^(3l) / 2 - 11^T / (2p + 2)
        predictor      x_1^T C^(-l) x_2
        waves          sqrt(p) <F x_1 * F e_(-l), F x_2>, the Fourier multiplication of the paper

    Source: Mallinar et al. 2024, Theorem 5.1; Eq. 14 counts classes from 1.
    """
    shift = np.roll(np.eye(p), 1, axis=1)
    block, zero = np.linalg.matrix_power(shift, label), np.zeros((p, p))
    inputs = np.stack(np.meshgrid(np.arange(p), np.arange(p), indexing="ij"), -1).reshape(-1, 2)
    target = ((inputs[:, 0] - inputs[:, 1]) % p == label).astype(float)[:, None]
    with jax.enable_x64(True):
        feature_matrix = jnp.asarray(np.block([[zero, block], [block.T, zero]]))
        hot = features(jnp.asarray(inputs, jnp.int32), (p, p))
        alphas, values = (np.asarray(a).reshape(p, p) for a in _fit(feature_matrix, jnp.asarray(target), hot))
    expected = np.linalg.matrix_power(shift, 3 * label) / 2 - 1 / (2 * p + 2)
    bilinear = np.linalg.matrix_power(shift.T, label)
    transform = np.fft.fft(np.eye(p)) / np.sqrt(p)
    column = transform[:, -label % p]
    waves = np.sqrt(p) * (transform * column[:, None]).T @ np.conj(transform)
    return ClassFit(_far(alphas, expected), _far(values, bilinear), _far(values, waves), values)


def _far(computed: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(computed - expected).max())


@eqx.filter_jit
def _fit(
    feature_matrix: Float[Array, "d d"], target: Float[Array, "n c"], hot: Int[Array, "n k"]
) -> tuple[Array, Array]:
    solution = solve_kernel(lambda: kernel_matrix(Quadratic(), feature_matrix, hot), target)
    return solution.alphas, predict(Quadratic(), feature_matrix, solution.alphas, hot, hot)


def _theorem_panels(fits: Sequence[ClassFit]) -> tuple[Panel, ...]:
    p = len(fits)
    errors = [
        Line("coefficients", range(p), [max(fit.coefficients, 1e-17) for fit in fits], dots=True),
        Line("predictor", range(p), [max(fit.predictor, 1e-17) for fit in fits], dots=True),
        Line("Fourier multiplication", range(p), [max(fit.waves, 1e-17) for fit in fits], dots=True),
    ]
    text = f"Largest differences of each class mod {p}, all below {max(max(f[:3]) for f in fits):.0e}."
    caption = f"Largest difference between solved and closed forms, for every class mod {p}."
    cell = charts.lines(errors, text, x="class", log_x=False, log_y=True, level=1e-10)
    label = min(3, p - 1)
    picture = charts.image(fits[label].values, f"Predictor of class {label} mod {p}: ones on one diagonal.")
    return (
        single("errors", "Differences from the closed forms", caption, cell, 8),
        single("predictor", f"Predictor of class {label}", f"Over x (rows) and y, mod {p}.", picture, 4),
    )


THEOREM = Claim(
    "mallinar2024/theorem5.1",
    "Theorem 5.1",
    "With all of x - y as data and a circulant feature matrix for each class, one solve of the quadratic "
    "kernel is the Fourier multiplication algorithm: f_l(x) = x_1^T C^(-l) x_2, with coefficients "
    "C^(3l)/2 - 11^T/(2p + 2).",
    no_runs,
    measure_theorem,
    (
        Expected("coefficient_error", "0 (proof of Theorem 5.1); at most 1e-10", high=1e-10),
        Expected("predictor_error", "0 (Theorem 5.1); at most 1e-10", high=1e-10),
        Expected("waves_error", "0 (Theorem 5.1, Eq. 14); at most 1e-10", high=1e-10),
    ),
    {
        "tiny": ("p = 5",),
        "laptop": ("checked in float64 at p = 7, 11 and 13, every class", "class indices of Eq. 14 from 0"),
        "paper": ("checked in float64 at four moduli", "class indices of Eq. 14 from 0"),
    },
)

# A solution of rank four (App. K)

WAVES_MODULUS: Mapping[str, int] = {"tiny": 5, "laptop": 23, "paper": 23}


def plan_rank(budget: BudgetName) -> Mapping[str, RunGroup]:
    """x + y, quadratic kernel, for what is learned; the solution of rank four needs no run."""
    return {"run": quadratic_runs(budget, ["x + y"])}


def measure_rank(evidence: Evidence) -> ClaimResult:
    """Solve twice from an M of rank four, and compare with the eigenvalues of the learned one."""
    run, p = evidence.one("run"), WAVES_MODULUS[evidence.budget]
    iterates = iterate_waves(p)
    learned = np.linalg.eigvalsh(matrices(run)[run.row.step])[::-1]
    values = {
        "waves_accuracy": min(accuracy for accuracy, _ in iterates),
        "waves_rank": max(rank_of(feature_matrix) for _, feature_matrix in iterates),
        "learned_rank": rank_of(learned),
        "learned_effective_rank": run.last("effective_rank"),
    }
    wave = np.linalg.eigvalsh(iterates[-1][1])[::-1]
    curves = [
        Line(f"learned, p = {run.task.p}", range(len(learned)), learned / learned[0], charts.TEST),
        Line(f"one frequency, p = {p}", range(len(wave)), wave / wave[0], charts.TRAIN, dots=True),
    ]
    text = f"The learned M has {values['learned_rank']} eigenvalues above 1% of the largest, the other one "
    caption = "Eigenvalues over the largest: of M as learned, and of AGOP^(1/2) one solve after rank four."
    cell = charts.lines(
        curves, f"{text}{values['waves_rank']}.", x="eigenvalue", log_x=False, domain=(0.0, 1.0), height=190
    )
    return ClaimResult(values, (single("rank", "Two spectra", caption, cell, 12),))


def rank_of(matrix: np.ndarray) -> int:
    """Count eigenvalues above 1% of the largest, of a symmetric matrix or of a list of them."""
    values = np.linalg.eigvalsh(matrix) if matrix.ndim == 2 else matrix
    return int(np.sum(values > 0.01 * values.max()))


def iterate_waves(p: int) -> list[tuple[float, np.ndarray]]:
    """Solve x + y on all data with M = V V^T, V one cosine and sine for each operand; update M.

    Products of the four features hold cos(2 pi (x + y - l) / p), which is largest at the correct class.

    Returns:
        (accuracy, M of the next iteration) of two iterations.

    Example:
        >>> [accuracy for accuracy, _ in iterate_waves(5)]
        [1.0, 1.0]

    Source: Mallinar et al. 2024, App. K.
    """
    angles = 2 * np.pi * np.arange(p) / p
    pair, zero = np.stack([np.cos(angles), np.sin(angles)], 1), np.zeros((p, 2))
    inputs = np.stack(np.meshgrid(np.arange(p), np.arange(p), indexing="ij"), -1).reshape(-1, 2)
    labels = inputs.sum(1) % p
    columns = np.block([[pair, zero], [zero, pair]])
    layout = make_layout(inputs.astype(np.int32), (p, p))
    iterates = []
    with jax.enable_x64(True):
        hot = features(jnp.asarray(inputs, jnp.int32), (p, p))
        feature_matrix = jnp.asarray(columns @ columns.T)
        for _ in range(2):
            alphas, values = _fit(feature_matrix, jnp.asarray(np.eye(p)[labels]), hot)
            feature_matrix = matrix_power(_agop(feature_matrix, alphas, hot, layout), 0.5)
            right = np.asarray(values).argmax(1) == labels
            iterates.append((float(right.mean()), np.asarray(feature_matrix)))
    return iterates


@eqx.filter_jit
def _agop(feature_matrix: Array, alphas: Array, hot: Array, layout: Layout) -> Array:
    return agop(Quadratic(), feature_matrix, alphas, hot, layout, centred=True)


LOW_RANK = Claim(
    "mallinar2024/appk-low-rank",
    "App. K",
    "Features of rank four, one frequency for each operand, solve x + y on all data and stay of rank four "
    "under the iteration; what is learned is of high rank.",
    plan_rank,
    measure_rank,
    (
        Expected("waves_accuracy", "solves the task (App. K): 100% in both iterations", low=1.0),
        Expected("waves_rank", "rank 4 (App. K)", 1.0, 4.0),
        Expected("learned_rank", "not what is learned (App. K): more than twice that", low=9.0),
    ),
    {
        "tiny": TINY,
        "laptop": ("the solution of rank four at p = 23, the learned one at p = 61", ONE_SEED),
        "paper": ("the solution of rank four at p = 23, the learned one at p = 61", ONE_SEED),
    },
)

CLAIMS = (THEOREM, LOW_RANK)
