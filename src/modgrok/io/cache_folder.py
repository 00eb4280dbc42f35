"""The folder in which the user's platform keeps what can be made again."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any


def cache_folder() -> Path | None:
    """Return the folder for this platform: XDG_CACHE_HOME or ~/.cache, ~/Library/Caches, %LOCALAPPDATA%.

    Returns:
        The folder `modgrok` in it, whether it exists or not; None where a user has no home.
    """
    named = os.environ.get({"win32": "LOCALAPPDATA"}.get(sys.platform, "XDG_CACHE_HOME"), "")
    if os.path.isabs(named) and sys.platform != "darwin":
        return Path(named) / "modgrok"
    usual = {"darwin": "Library/Caches", "win32": "AppData/Local"}.get(sys.platform, ".cache")
    try:
        return Path.home() / usual / "modgrok"
    except RuntimeError:
        return None


def compilation_cache_settings(folder: Path | str) -> dict[str, Any]:
    """Return JAX's settings under which compiled steps of any size and duration are kept in a folder.

    Example:
        >>> list(compilation_cache_settings("cache"))[0]
        'jax_compilation_cache_dir'
    """
    return {
        "jax_compilation_cache_dir": str(folder),
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
