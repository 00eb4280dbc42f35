"""Text files of papers, each complete or not there."""

from __future__ import annotations

from pathlib import Path

from ..io import write_atomically as write_whole


def write_atomically(path: Path, text: str) -> None:
    """Write a text file under a temporary name, then rename it into place.

    Arguments:
        path: in a folder that exists; an existing file is replaced.
        text: written as UTF-8.
    """
    write_whole(path, text)
