"""How much memory a kernel machine's iteration takes, asked before any of it is allocated.

Owns: the estimate, and the refusal.
"""

from __future__ import annotations

import os
from pathlib import Path

from ...models.kernels.moments import BLOCK_BYTES
from ...models.kernels.tables import CHUNK_BYTES
from ...tasks import InputError

MATRICES = 3
"""n x n matrices alive at once: K, its Cholesky factor, and a copy that the factorisation makes."""
_GROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


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
        0.76
    """
    d, c = k * p, classes or p
    numbers = MATRICES * n * n + 2 * n * d + 2 * n * c * k + 6 * c * d * d + 4 * n * c
    return 8 * numbers + 4 * (BLOCK_BYTES + CHUNK_BYTES)


def memory_available() -> int | None:
    """Return the bytes this process may still allocate, as far as the system says; None if it does not."""
    found = []
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        found += [1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    except (OSError, ValueError, IndexError):
        if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
            found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for most, used in _GROUPS:
        try:
            found.append(int(Path(most).read_text()) - int(Path(used).read_text()))
        except (OSError, ValueError):
            continue
    return min(found, default=None)


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
    needed = memory_needed(n, p, k, classes)
    have = memory_available() if available is None else available
    if have is not None and needed > have:
        raise InputError(
            f"fraction: {n} training inputs need a kernel matrix of {n} x {n} and about "
            f"{needed / 2**30:.1f} GiB, which must fit the memory available, got {have / 2**30:.1f} GiB"
        )
    return needed
