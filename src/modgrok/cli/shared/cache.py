"""The compilation cache in the user's cache folder; only the command line switches it on."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from ...io.cache_folder import cache_folder, compilation_cache_settings


def compilation_cache_folder() -> Path | None:
    """Return the folder of compiled steps; None where a user has no home."""
    folder = cache_folder()
    return None if folder is None else folder / "jax"


def enable_compilation_cache() -> None:
    """Keep compiled steps on disk, so that a second run of the same shapes starts at once."""
    import jax

    # another process may be writing the entry, and a user's own folder is shared as well; it is compiled then
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache")
    if os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return
    folder = compilation_cache_folder()
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    for name, value in compilation_cache_settings(folder).items():
        jax.config.update(name, value)
