"""The compilation cache in the user's cache folder; only the command line switches it on."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path


def cache_folder() -> Path | None:
    """Return the folder for this platform: XDG_CACHE_HOME or ~/.cache, ~/Library/Caches, %LOCALAPPDATA%.

    None where a user has no home.
    """
    named = os.environ.get({"win32": "LOCALAPPDATA"}.get(sys.platform, "XDG_CACHE_HOME"), "")
    if os.path.isabs(named) and sys.platform != "darwin":
        return Path(named) / "modgrok" / "jax"
    usual = {"darwin": "Library/Caches", "win32": "AppData/Local"}.get(sys.platform, ".cache")
    try:
        return Path.home() / usual / "modgrok" / "jax"
    except RuntimeError:
        return None


def enable_compilation_cache() -> None:
    """Keep compiled steps on disk, so that a second run of the same shapes starts at once."""
    import jax

    if os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return
    folder = cache_folder()
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache")
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
