"""What the claims of Mallinar et al. 2024 share: operations, sizes, runs, and readings of feature matrices.

Owns: the runs that several claims read, so that each is made once, and when a curve passes a level.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...algebra import natural_basis
from ...measures.features.alignment import agop_alignment
from ...measures.features.circulant import circulant_deviation
from ...models.circulant import CirculantStructure, orientations, structure_of
from ...models.kernel_machine import KernelMachine
from ..claims import tiny
from ..claims.claim import BudgetName
from ..claims.evidence import Evidence, RunData
from ..claims.plan import RunGroup

OPERATIONS = ("x + y", "x - y", "x*y", "x/y")
SLUGS = {"x + y": "add", "x - y": "sub", "x*y": "mul", "x/y": "div"}
"""How values of an operation are named."""
MODULUS: Mapping[str, int] = {"tiny": tiny.P, "laptop": 61, "paper": 61}
ITERATIONS: Mapping[str, int] = {"tiny": tiny.ITERATIONS, "laptop": 30, "paper": 30}
FLAT = 8
"""Last iteration of the time in which accuracy and loss stay where they are (Fig. 2)."""
SEEDS: Mapping[str, tuple[int, ...]] = {"tiny": (), "laptop": (1,), "paper": (1, 2)}
"""Seeds beside 0, whose kernel machines alone are kept at every iteration."""
TINY = (tiny.TINY_DEVIATION, "A sum and a product stand for the four operations.")
ONE_SEED = "one seed"
CENTRED = (
    "gradients centred as in the authors' code; not centred, as the paper defines it, takes longer: 0.40 "
    "instead of 1.00 at iteration 20 for p = 31, r = 0.6"
)


def operations(budget: str) -> tuple[str, ...]:
    """Return the operations that are run: all four, but for a sum and a product where little time is."""
    return OPERATIONS if budget != "tiny" else ("x + y", "x*y")


def gaussian_operations(budget: str) -> tuple[str, ...]:
    """Return the operations that are run under the Gaussian kernel: all four, or a sum alone."""
    return OPERATIONS if budget != "tiny" else ("x + y",)


def machine(budget: BudgetName, kernel: str, **more: Any) -> dict[str, Any]:
    """Return the fields of a kernel machine's run on half of the table."""
    base = {"learner": "rfm", "p": MODULUS[budget], "steps": ITERATIONS[budget], "fraction": 0.5}
    return {**base, "kernel": kernel, **more}


def quadratic_runs(budget: BudgetName, expressions: Sequence[str] | None = None) -> RunGroup:
    """Return seed 0 of the quadratic kernel on half of the table, M kept at every iteration."""
    axes = {"expression": list(expressions or operations(budget))}
    return RunGroup(machine(budget, "quadratic", seed=0), axes, weights="schedule")


def more_quadratic_runs(budget: BudgetName) -> Mapping[str, RunGroup]:
    """Return the other seeds of the quadratic kernel, if the budget has any, with as many weights."""
    if not SEEDS[budget]:
        return {}
    axes = {"expression": list(operations(budget)), "seed": list(SEEDS[budget])}
    return {"more": RunGroup(machine(budget, "quadratic"), axes, weights="schedule")}


def gaussian_runs(budget: BudgetName) -> RunGroup:
    """Return the Gaussian kernel on half of the table of the four operations."""
    return RunGroup(machine(budget, "gaussian", seed=0), {"expression": list(gaussian_operations(budget))})


def runs(evidence: Evidence) -> tuple[RunData, ...]:
    """Return the runs of all groups, each once."""
    return tuple({run.row.id: run for group in evidence.groups.values() for run in group}.values())


def operation(run: RunData) -> str:
    """Return the expression as the claims write it."""
    return run.experiment.name


def passes(x: Sequence[float | int] | np.ndarray, y: np.ndarray, level: float) -> float | None:
    """Return where a curve first reaches a level, by linear interpolation; None if it does not.

    Example:
        >>> passes([0, 1, 2], np.array([0.0, 0.25, 0.75]), 0.5)
        1.5
    """
    above = np.flatnonzero(y >= level)
    if not len(above):
        return None
    at = int(above[0])
    if at == 0:
        return float(x[0])
    share = (level - y[at - 1]) / (y[at] - y[at - 1])
    return float(x[at - 1] + share * (x[at] - x[at - 1]))


def half(run: RunData) -> float | None:
    """Return the iteration at which half of the test inputs are right, between observations."""
    return passes(run.steps, run.curve("test_accuracy"), 0.5)


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean; None if a value is missing.

    Example:
        >>> mean([1.0, 2.0]), mean([1.0, None])
        (1.5, None)
    """
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(values) else None


def latest(values: Sequence[float | None]) -> float | None:
    """Return the largest; None if a value is missing.

    Example:
        >>> latest([1.0, 2.0]), latest([1.0, None])
        (2.0, None)
    """
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None


def shown(value: float | None, digits: int = 3) -> str:
    """Print a number of a table; `never` if there is none.

    Example:
        >>> shown(0.12345), shown(None)
        ('0.123', 'never')
    """
    return "never" if value is None else f"{value:.{digits}f}"


def matrices(run: RunData) -> dict[int, np.ndarray]:
    """Return M at every kept iteration."""
    matrices = {}
    for checkpoint in run.checkpoints:
        network = checkpoint.load()
        assert isinstance(network, KernelMachine)
        matrices[checkpoint.step] = np.asarray(network.feature_matrix)
    return matrices


def deviations(matrices: Sequence[np.ndarray], structure: CirculantStructure) -> np.ndarray:
    """Return the circulant deviation of each matrix, in float64."""
    with jax.enable_x64(True):
        return np.array([float(circulant_deviation(jnp.asarray(m), structure)) for m in matrices])


def alignments(matrices: Sequence[np.ndarray], last: np.ndarray) -> np.ndarray:
    """Return the cosine of each matrix with another one, in float64."""
    with jax.enable_x64(True):
        return np.array([float(agop_alignment(jnp.asarray(m), jnp.asarray(last))) for m in matrices])


def without_diagonal(matrix: np.ndarray) -> np.ndarray:
    """Return a square matrix with zeros on its diagonal."""
    return matrix - np.diag(np.diag(matrix))


def block_of(run: RunData, matrix: np.ndarray, *, by_logarithms: bool) -> np.ndarray:
    """Return the off-diagonal block of a feature matrix, rows of y and columns of x.

    Arguments:
        run: whose task names the order.
        matrix: shape (2p, 2p).
        by_logarithms: in the order of the first operand's labels, values without one left out.
    """
    p, labels = run.task.p, run.basis.operands[0]
    order = np.argsort(labels, kind="stable")[int(np.sum(labels < 0)) :] if by_logarithms else np.arange(p)
    block: np.ndarray = matrix[p + order][:, order]
    return block


def own_and_other(run: RunData) -> tuple[CirculantStructure, CirculantStructure]:
    """Return the structure of the task and the one of opposite stripes, in the same order of values."""
    own = structure_of(run.basis)
    (other,) = (s for _, s in orientations(own) if not np.array_equal(s.labels, own.labels))
    return own, other


def natural_structures(p: int) -> tuple[CirculantStructure, ...]:
    """Return both orientations in the values' own order."""
    return tuple(s for _, s in orientations(structure_of(natural_basis(p, 2))))
