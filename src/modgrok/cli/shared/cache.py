"""The compilation cache in the user's cache folder; only the command line switches it on."""

from __future__ import annotations

import os
from pathlib import Path

from ...io.cache_folder import cache_folder


def compilation_cache_folder() -> Path:
    """Return the folder of compiled steps."""
    return cache_folder() / "jax"


def enable_compilation_cache() -> None:
    """Keep compiled steps on disk, so that a second run of the same shapes starts at once."""
    import jax

    if os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return
    folder = compilation_cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
