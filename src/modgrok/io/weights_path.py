"""Which paths are files of weights, by their endings."""

from __future__ import annotations

from pathlib import Path

from .torch_file import TORCH_SUFFIXES
from .whole_file import is_folder

WEIGHTS_SUFFIXES = (".safetensors", ".npz", *TORCH_SUFFIXES)
"""Endings of files that hold weights."""


def names_file(run: str | Path) -> bool:
    """Say whether this is a path of weights rather than a run: a folder, or a file with a suffix of weights.

    Example:
        >>> names_file("network.safetensors"), names_file("latest")
        (True, False)
    """
    path = Path(run)
    return is_folder(path) or path.suffix in (*WEIGHTS_SUFFIXES, ".npy")
