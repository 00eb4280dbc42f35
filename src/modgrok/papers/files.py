"""Text files of papers, each complete or not there."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomically(path: Path, text: str) -> None:
    """Write a text file under a temporary name, then rename it into place.

    Arguments:
        path: in a folder that exists; an existing file is replaced.
        text: written as UTF-8.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
