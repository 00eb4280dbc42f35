"""Mallinar et al. 2024: what circulant structure is worth to a kernel machine (Sec. 5, App. F and G, Thm. "
"5.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ..learners.rfm_solve import solve_kernel
from ..learners.rfm_structure import matrix_power
from ..models.kernels import Layout, Quadratic, agop, features, kernel_matrix, make_layout, predict
from ..tasks import Split, Task
from . import charts, tiny
from .charts import Line, Panel, single
from .claim import Budget, Claim, Expected, Found
from .evidence import Evidence, Trial
from .mallinar2024_rfm import ONE_SEED, TINY
from .mallinar2024_setup import (
    ITERATIONS,
    gaussian_operations,
    gaussian_runs,
    half,
    machine,
    matrices,
    operation,
    passes,
    quadratic_runs,
    shown,
)
from .plan import Group, no_runs

# A kernel on random circulant features (Fig. 4, App. Fig. 9)

COMPARED: Mapping[str, tuple[float, ...]] = {
    "tiny": (tiny.FRACTION,),
    "laptop": (0.1, 0.2, 0.3, 0.5),
    "paper": (0.1, 0.2, 0.3, 0.4, 0.5),
}


def plan_circulant_kernel(budget: Budget) -> Mapping[str, Group]:
    """Random circulants for four operations over fractions; the identity and RFM from runs of other "
    "claims."""
    base = machine(budget, "gaussian", initial="random-circulant", seed=0, steps=1)
    del base["fraction"]
    axes = {"expression": list(gaussian_operations(budget)), "fraction": list(COMPARED[budget])}
    groups = {"circulant": Group(base, axes), "identity": gaussian_runs(budget)}
    rfm = {"learner": "rfm", "kernel": "gaussian", "expression": "x + y", "seed": 0}
    rfm |= {"p": machine(budget, "gaussian")["p"], "steps": ITERATIONS[budget]}
    groups["rfm"] = Group(rfm, {"fraction": list(COMPARED[budget])})
    return groups


def find_circulant_kernel(evidence: Evidence) -> Found:
    """Compare iteration 0 on random circulants with iteration 0 on the identity and with all of RFM."""
    circulant = {(operation(t), t.experiment.fraction): _first(t) for t in evidence["circulant"]}
    identity = [float(t.curve("nonzero_accuracy")[0]) for t in evidence["identity"]]
    learned = {t.experiment.fraction: t.last("test_accuracy") for t in evidence["rfm"]}
    names = gaussian_operations(evidence.budget)
    halves = [circulant[name, 0.5] for name in names]
    leads = [circulant["x + y", fraction] - value for fraction, value in learned.items()]
    values = {
        "circulant_half_least": min(halves),
        "identity_half_most": max(identity),
        "lead_least": min(leads),
        "lead_most": max(leads),
    }
    rows = [
        {
            "fraction": fraction,
            **{f"{name}, circulant": shown(circulant[name, fraction]) for name in names},
            "x + y, RFM": shown(value),
        }
        for fraction, value in learned.items()
    ]
    x = list(learned)
    drawn = [
        *(Line(f"{name}, circulant", x, [circulant[name, r] for r in x], dots=True) for name in names),
        Line("x + y, RFM", x, list(learned.values()), charts.INK, dashed=True, dots=True),
    ]
    text = ", ".join(f"{circulant['x + y', r]:.3f} against {learned[r]:.3f} at fraction {r:g}" for r in x)
    caption = (
        "Test accuracy of a Gaussian kernel on random circulant features, without an iteration, and of RFM "
        f"after {evidence['rfm'][0].row.step} iterations from the identity."
    )
    cell = charts.lines(
        drawn, f"Accuracy of x + y: {text}.", x="training fraction", log_x=False, percent=True, height=200
    )
    return Found(values, (single("circulant", "Random circulant features", caption, cell, 12),), rows)


def _first(trial: Trial) -> float:
    return float(trial.curve("test_accuracy")[0])


CIRCULANT_KERNEL = Claim(
    "mallinar2024/fig4-circulant-kernel",
    "Fig. 4, App. Fig. 9",
    "A plain Gaussian kernel on random circulant features of the task's orientation generalises at once, "
    "where the same kernel on one-hot inputs does not, and at every training fraction it is at least as good "
    "as the features that RFM learns.",
    plan_circulant_kernel,
    find_circulant_kernel,
    (
        Expected("circulant_half_least", "100% at r = 0.5 (Fig. 4); at least 99%", low=0.99),
        Expected("identity_half_most", "chance (Fig. 4); at most 5% on pairs without zeros", high=0.05),
        Expected("lead_least", "random circulant better at every fraction (Fig. 4); within 1%", low=-0.01),
        Expected("lead_most", "clearly better somewhere (Fig. 4); by at least 30%", low=0.3),
    ),
    {
        "tiny": TINY,
        "laptop": (ONE_SEED, "four fractions"),
        "paper": ("RFM is compared for x + y alone", ONE_SEED),
    },
)


# Enforcing circulant structure (App. F)

ENFORCED_MODULUS: Mapping[str, int] = {"tiny": tiny.P, "laptop": 97, "paper": 97}
ENFORCED_ITERATIONS: Mapping[str, int] = {"tiny": tiny.ITERATIONS, "laptop": 14, "paper": 30}


def plan_enforcement(budget: Budget) -> Mapping[str, Group]:
    """x + y with and without enforcement at every iteration."""
    more = {"p": ENFORCED_MODULUS[budget], "steps": ENFORCED_ITERATIONS[budget], "seed": 0}
    base = machine(budget, "gaussian", expression="x + y", **more)
    return {"plain": Group(base), "enforced": Group({**base, "enforce_every": 1})}


def find_enforcement(evidence: Evidence) -> Found:
    """Compare when both generalise."""
    plain, enforced = evidence.one("plain"), evidence.one("enforced")
    first, second = half(enforced), half(plain)
    late = plain.row.step if first is None else int(np.ceil(first))
    values = {
        "half_plain": second,
        "half_enforced": first,
        "gain": None if first is None or second is None else second - first,
        "enforced_end": enforced.last("test_accuracy"),
        "plain_meanwhile": plain.at("test_accuracy", late),
    }
    rows = [
        {
            "iteration": step,
            "plain": shown(plain.at("test_accuracy", step)),
            "enforced": shown(enforced.at("test_accuracy", step)),
        }
        for step in plain.steps.tolist()
    ]
    drawn = [
        Line("as learned", plain.steps, plain.curve("test_accuracy"), charts.SOFT),
        Line("structure enforced", enforced.steps, enforced.curve("test_accuracy"), charts.TEST),
    ]
    text = f"Half of the test inputs are right at {shown(first, 1)} with enforcement and at "
    cell = charts.lines(
        drawn,
        f"{text}{shown(second, 1)} without.",
        x="iteration",
        log_x=False,
        percent=True,
        height=190,
    )
    caption = "Test accuracy with M replaced by an exactly circulant matrix at every iteration, and without."
    return Found(values, (single("enforcement", "Structure enforced", caption, cell, 12),), rows)


ENFORCEMENT = Claim(
    "mallinar2024/appfig3-enforcement",
    "App. F, App. Fig. 3",
    "Replacing M by an exactly circulant matrix at every iteration makes the Gaussian machine generalise "
    "earlier on x + y mod 97.",
    plan_enforcement,
    find_enforcement,
    (
        Expected("gain", "earlier (App. Fig. 3): half of the test inputs by at least one iteration", low=1.0),
        Expected("enforced_end", "generalises (App. Fig. 3); at least 95%", low=0.95),
    ),
    {"tiny": TINY, "laptop": (ONE_SEED, "14 iterations instead of 30"), "paper": (ONE_SEED,)},
)


# Two tasks in one machine (App. G)

JOINT_MODULUS: Mapping[str, int] = {"tiny": tiny.P, "laptop": 31, "paper": 61}
JOINT = ("x + y", "x^2 + y^2")


def plan_joint(budget: Budget) -> Mapping[str, Group]:
    """x + y and x^2 + y^2 with one more bit of input."""
    more = {"p": JOINT_MODULUS[budget], "fraction": 0.8, "seed": 0, "expression": "; ".join(JOINT)}
    return {"run": Group(machine(budget, "gaussian", **more))}


def find_joint(evidence: Evidence) -> Found:
    """Read each task's accuracy, and which test pairs of x + y could be answered by symmetry."""
    trial = evidence.one("run")
    curves = [trial.curve(f"test_{i}_accuracy") for i in (1, 2)]
    first, second = (passes(trial.steps, curve, 0.5) for curve in curves)
    values = {
        "final_add": float(curves[0][-1]),
        "final_squares": float(curves[1][-1]),
        "half_add": first,
        "half_squares": second,
        "order": None if first is None or second is None else second - first,
        "swapped_share": swapped_share(trial.task, trial.split),
    }
    rows = [
        {"iteration": step, "x + y": shown(float(a)), "x^2 + y^2": shown(float(b))}
        for step, a, b in list(zip(trial.steps, *curves, strict=True))[::2]
    ]
    drawn = [Line(name, trial.steps, curve) for name, curve in zip(JOINT, curves, strict=True)]
    text = f"x + y ends at {curves[0][-1]:.3f}, x^2 + y^2 at {curves[1][-1]:.3f}."
    caption = (
        "Test accuracy of each task. Dotted: the share of test pairs (x, y) of x + y whose swap (y, x) "
        f"trains, {values['swapped_share']:.3f}: what knowing that the task is symmetric answers, and no "
        f"more."
    )
    cell = charts.lines(
        drawn, text, x="iteration", log_x=False, percent=True, level=values["swapped_share"], height=190
    )
    return Found(values, (single("joint", "Two tasks", caption, cell, 12),), rows)


def swapped_share(task: Task, split: Split) -> float:
    """Return the share of test pairs of a mixture's first task whose swap is a training pair of it."""
    train, test = (task.inputs(side) for side in (split.train, split.test))
    known = {(x, y) for x, y, which in train.tolist() if which == 0}
    asked = [(x, y) for x, y, which in test.tolist() if which == 0]
    return sum((y, x) in known for x, y in asked) / len(asked)


JOINT_TASKS = Claim(
    "mallinar2024/appfig4-two-tasks",
    "App. G, App. Fig. 4",
    "One Gaussian machine that learns x + y and x^2 + y^2 from four fifths of both tables, told apart by one "
    "bit, generalises on both, in two separate transitions, x + y first.",
    plan_joint,
    find_joint,
    (
        Expected("final_add", "100% (App. Fig. 4); at least 99%", low=0.99),
        Expected("final_squares", "100% (App. Fig. 4); at least 99%", low=0.99),
        Expected("order", "x + y first (App. G's text), by at least one iteration", low=1.0, essential=False),
    ),
    {
        "tiny": TINY,
        "laptop": (
            "p = 31 instead of 61",
            ONE_SEED,
            "tried as well, with the same end: p = 61, a one-hot of the task, both Gaussian exponents, AGOP "
            "not centred, half of the table, another split for each task, 60 iterations of a dense "
            "computation",
            "App. G's text and App. Fig. 4's caption disagree about which task is the first",
        ),
        "paper": (ONE_SEED, "App. G's text and App. Fig. 4's caption disagree about which task is the first"),
    },
)


# Theorem 5.1

MODULI: Mapping[str, tuple[int, ...]] = {"tiny": (5,), "laptop": (7, 11, 13), "paper": (7, 11, 13, 17)}


class ClassFit(NamedTuple):
    """What one class of a modulus gives: largest errors, and the predictor over all pairs."""

    coefficients: float
    predictor: float
    waves: float
    values: np.ndarray


def find_theorem(evidence: Evidence) -> Found:
    """Solve with each class's metric on all data, and compare with the closed forms."""
    found = {p: [fit_class(p, label) for label in range(p)] for p in MODULI[evidence.budget]}
    every = [fit for fits in found.values() for fit in fits]
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
        for p, fits in found.items()
    ]
    return Found(values, _theorem_panels(found[max(found)]), rows)


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
        metric = jnp.asarray(np.block([[zero, block], [block.T, zero]]))
        hot = features(jnp.asarray(inputs, jnp.int32), (p, p))
        alphas, values = (np.asarray(a).reshape(p, p) for a in _fit(metric, jnp.asarray(target), hot))
    expected = np.linalg.matrix_power(shift, 3 * label) / 2 - 1 / (2 * p + 2)
    bilinear = np.linalg.matrix_power(shift.T, label)
    transform = np.fft.fft(np.eye(p)) / np.sqrt(p)
    kept = transform[:, -label % p]
    waves = np.sqrt(p) * (transform * kept[:, None]).T @ np.conj(transform)
    return ClassFit(_far(alphas, expected), _far(values, bilinear), _far(values, waves), values)


def _far(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found - expected).max())


@eqx.filter_jit
def _fit(
    metric: Float[Array, "d d"], target: Float[Array, "n c"], hot: Int[Array, "n k"]
) -> tuple[Array, Array]:
    solution = solve_kernel(lambda: kernel_matrix(Quadratic(), metric, hot), target)
    return solution.alphas, predict(Quadratic(), metric, solution.alphas, hot, hot)


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
    "With all of x - y as data and a circulant metric for each class, one solve of the quadratic kernel is "
    "the Fourier multiplication algorithm: f_l(x) = x_1^T C^(-l) x_2, with coefficients C^(3l)/2 - 11^T/(2p "
    "+ 2).",
    no_runs,
    find_theorem,
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


def plan_rank(budget: Budget) -> Mapping[str, Group]:
    """x + y, quadratic kernel, for what is learned; the solution of rank four needs no run."""
    return {"run": quadratic_runs(budget, ["x + y"])}


def find_rank(evidence: Evidence) -> Found:
    """Solve twice from a metric of rank four, and compare with the eigenvalues of the learned one."""
    trial, p = evidence.one("run"), WAVES_MODULUS[evidence.budget]
    found = iterate_waves(p)
    learned = np.linalg.eigvalsh(matrices(trial)[trial.row.step])[::-1]
    values = {
        "waves_accuracy": min(accuracy for accuracy, _ in found),
        "waves_rank": max(rank_of(metric) for _, metric in found),
        "learned_rank": rank_of(learned),
        "learned_effective_rank": trial.last("effective_rank"),
    }
    wave = np.linalg.eigvalsh(found[-1][1])[::-1]
    drawn = [
        Line(f"learned, p = {trial.task.p}", range(len(learned)), learned / learned[0], charts.TEST),
        Line(f"one frequency, p = {p}", range(len(wave)), wave / wave[0], charts.TRAIN, dots=True),
    ]
    text = f"The learned M has {values['learned_rank']} eigenvalues above 1% of the largest, the other one "
    caption = "Eigenvalues over the largest: of M as learned, and of AGOP^(1/2) one solve after rank four."
    cell = charts.lines(
        drawn, f"{text}{values['waves_rank']}.", x="eigenvalue", log_x=False, domain=(0.0, 1.0), height=190
    )
    return Found(values, (single("rank", "Two spectra", caption, cell, 12),))


def rank_of(matrix: np.ndarray) -> int:
    """Count eigenvalues above 1% of the largest, of a symmetric matrix or of a list of them."""
    values = np.linalg.eigvalsh(matrix) if matrix.ndim == 2 else matrix
    return int(np.sum(values > 0.01 * values.max()))


def iterate_waves(p: int) -> list[tuple[float, np.ndarray]]:
    """Solve x + y on all data with M = V V^T, V one cosine and sine for each operand; update M.

    Products of the four features hold cos(2 pi (x + y - l) / p), which is largest at the right class.

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
    found = []
    with jax.enable_x64(True):
        hot = features(jnp.asarray(inputs, jnp.int32), (p, p))
        metric = jnp.asarray(columns @ columns.T)
        for _ in range(2):
            alphas, values = _fit(metric, jnp.asarray(np.eye(p)[labels]), hot)
            metric = matrix_power(_agop(metric, alphas, hot, layout), 0.5)
            right = np.asarray(values).argmax(1) == labels
            found.append((float(right.mean()), np.asarray(metric)))
    return found


@eqx.filter_jit
def _agop(metric: Array, alphas: Array, hot: Array, layout: Layout) -> Array:
    return agop(Quadratic(), metric, alphas, hot, layout, centred=True)


LOW_RANK = Claim(
    "mallinar2024/appk-low-rank",
    "App. K",
    "Features of rank four, one frequency for each operand, solve x + y on all data and stay of rank four "
    "under the iteration; what is learned is of high rank.",
    plan_rank,
    find_rank,
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

CLAIMS = (CIRCULANT_KERNEL, ENFORCEMENT, JOINT_TASKS, THEOREM, LOW_RANK)
