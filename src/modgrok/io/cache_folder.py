"""The folder in which the user's platform keeps what can be made again."""

from __future__ import annotations

import os
import sys
from pathlib import Path


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
