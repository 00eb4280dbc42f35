"""The folder in which the user's platform keeps what can be made again."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder for this platform: XDG_CACHE_HOME or ~/.cache, ~/Library/Caches, %LOCALAPPDATA%.

    Returns:
        The folder `modgrok` in it, whether it exists or not.
    """
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "modgrok"
