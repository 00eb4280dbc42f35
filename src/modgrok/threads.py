"""How many threads linear algebra takes, and how long they wait for more work.

Owns: the environment variables for it. Libraries read them when they are loaded: whoever starts a process
sets them; importing modgrok does not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

WAITING = {"OPENBLAS_THREAD_TIMEOUT": "16"}
"""A thread of OpenBLAS that waits for work keeps its core busy for 2^28 cycles, about 0.1 s, before it
sleeps, and XLA has one core less. If it sleeps after 2^16 cycles, 20 microseconds, an iteration of a kernel
machine at p = 61 takes a sixth less time."""

SINGLE = "--xla_cpu_multi_thread_eigen=false"
"""XLA's flag for products in one thread."""


def cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def shares_products(environment: Mapping[str, str]) -> bool:
    """Return whether XLA shares a large product among several threads.

    Example:
        >>> shares_products(thread_limits(1, {})), shares_products({}) == (cores() > 1)
        (False, True)
    """
    return cores() > 1 and environment.get("NPROC") != "1" and SINGLE not in environment.get("XLA_FLAGS", "")


def thread_limits(threads: int, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that limit the threads of linear algebra, and let idle ones sleep soon.

    Arguments:
        threads: at least 1.
        environment: whose XLA_FLAGS, and time of waiting, are kept.

    Example:
        >>> thread_limits(1, {})["XLA_FLAGS"]
        '--xla_cpu_multi_thread_eigen=false'
    """
    names = ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    flags = environment.get("XLA_FLAGS", "")
    if threads == 1:
        flags = f"{flags} {SINGLE}".strip()
    waiting = {name: environment.get(name, value) for name, value in WAITING.items()}
    return {**dict.fromkeys(names, str(threads)), **waiting, "XLA_FLAGS": flags}
