"""Vega, Vega-Lite and Vega-Embed as one script for pages without a network.

Owns: where the script is kept between processes. vl-convert contains the libraries, but takes more than a
second of a processor to bundle them, the same bytes every time.
"""

from __future__ import annotations

import contextlib
import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import vl_convert

from ...io import write_atomically
from ...io.cache_folder import cache_folder
from ...io.charts import VEGA_LITE

SNIPPET = "window.vegaEmbed = vegaEmbed;"
"""What the bundle gives to other scripts of its page."""


@cache
def vega_script() -> str:
    """Return the script, from the user's cache folder where an earlier process left it.

    A file whose content is not what was written, a cut one say, is not read: its first line is the SHA-256 of
    the rest. Where the folder cannot be written the script is bundled in each process.
    """
    path = _path()
    stored = None if path is None else _read(path)
    if stored is not None:
        return stored
    script = str(vl_convert.javascript_bundle(SNIPPET, vl_version=VEGA_LITE))
    if path is not None:
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, f"{_digest(script)}\n{script}".encode())
    return script


def _path() -> Path | None:
    """Name the file after all that decides its content; None where a user has no home."""
    folder = cache_folder()
    if folder is None:
        return None
    name = hashlib.sha256(SNIPPET.encode()).hexdigest()[:8]
    return folder / "vega" / f"vl-convert-{version('vl-convert-python')}-vega-lite-{VEGA_LITE}-{name}.js"


def _read(path: Path) -> str | None:
    try:
        digest, _, script = path.read_bytes().decode().partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    return script if script and _digest(script) == digest else None


def _digest(script: str) -> str:
    return hashlib.sha256(script.encode()).hexdigest()
