"""What a command sets up before it computes; only the command line changes such settings of a process."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

from .cache import enable_compilation_cache

M_ARENA_MAX = -8
"""glibc's number of the setting (malloc.h)."""
STAGES = ("/jax/core/compile/jaxpr_to_mlir_module_duration", "/jax/core/compile/backend_compile_duration")
"""What JAX reports once a program has been lowered, and once it has been compiled or read from the cache."""


def prepare_to_compute() -> None:
    """Keep memory low and compiled steps on disk."""
    use_one_arena()
    enable_compilation_cache()
    trim_after_compiling()


def use_one_arena() -> bool:
    """Let all threads allocate from one arena, where the C library is glibc.

    By default each of JAX's threads has an arena of its own, and what one has freed another cannot use: a run
    at p = 97 takes 50 MiB more, and no less time.

    Returns:
        Whether the C library has this setting.
    """
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None)
    return hasattr(library, "mallopt") and library.mallopt(M_ARENA_MAX, 1) == 1


@cache
def trim_after_compiling() -> bool:
    """Give memory that tracing and compiling no longer use back to the system, where the C library is glibc.

    What the compiler leaves, 60 MiB after the steps of a run at p = 97, would otherwise stay beside the
    arrays of the run, which are too large to take its place.

    Returns:
        Whether the C library can.
    """
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "malloc_trim"):
        return False
    library.malloc_trim.argtypes = [ctypes.c_size_t]
    from jax import monitoring

    def trim(event: str, duration_secs: float, **kwargs: str | int) -> None:
        if event in STAGES:
            library.malloc_trim(0)

    monitoring.register_event_duration_secs_listener(trim)
    return True
