"""How much memory a kernel machine's iteration takes, asked before any of it is allocated.

Owns: the estimate, and the refusal.
"""

from __future__ import annotations

from ...models.kernels.moments import BLOCK_BYTES, BLOCK_INPUTS
from ...models.kernels.tables import CHUNK_BYTES
from ...tasks import Task
from ..base.memory import MemoryNeed
from ..base.memory import check_memory as check_need
from .settings import RFMSettings

MATRICES = 3
"""n x n matrices alive at once: K, its Cholesky factor, and a copy that the factorisation makes."""


def memory_needed(n: int, p: int, k: int = 2, classes: int | None = None) -> int:
    """Estimate the bytes of one iteration, without the runtime's own, a few hundred MiB.

    The fallback of a singular solve takes 5 n^2 numbers in place of MATRICES n^2; it is not counted on.

    MATRICES n^2 numbers for the solve, 2 n d for lookup tables, 2 n c for each operand's grouped
    coefficients, 6 c d^2 for quadratic forms and the working memory of chunks.

    Arguments:
        n: number of training inputs.
        p: modulus.
        k: number of operands; d = k p.
        classes: c, p if None.

    Example:
        >>> round(memory_needed(4704, 97) / 2**30, 2)
        0.75
    """
    d, c = k * p, classes or p
    numbers = MATRICES * n * n + 2 * n * d + 2 * n * c * k + 6 * c * d * d + 4 * n * c
    gradients = max(8 * d * c, min(BLOCK_BYTES, 8 * BLOCK_INPUTS * d * c))
    return 8 * numbers + 4 * (gradients + CHUNK_BYTES)


def check_memory(n: int, p: int, k: int = 2, classes: int | None = None, available: int | None = None) -> int:
    """Refuse a kernel matrix that memory does not hold, before it is allocated.

    Arguments:
        n, p, k, classes: see `memory_needed`.
        available: bytes; what the system says if None.

    Returns:
        The bytes needed.

    Raises:
        InputError: more is needed than available.

    Example:
        >>> check_memory(1860, 61, available=2**30) < 2**30
        True
    """
    need = rfm_need(n, p, k, classes)
    return check_need(need, available).bytes


def rfm_need(n: int, p: int, k: int = 2, classes: int | None = None) -> MemoryNeed:
    """Return the estimate of `memory_needed` with the argument to blame."""
    reason = f"{n} training inputs, with a kernel matrix of {n} x {n},"
    return MemoryNeed(memory_needed(n, p, k, classes), "fraction", reason)


def rfm_memory(settings: RFMSettings, n: int, task: Task) -> MemoryNeed:
    """Estimate the peak of a run on n training inputs; the task of a mixture is one operand more."""
    return rfm_need(n, max(task.table.shape), task.table.ndim, task.p)
