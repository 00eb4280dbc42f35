"""Which paths are files of weights, by their endings."""

from __future__ import annotations

import re
from pathlib import Path

from .torch_file import TORCH_SUFFIXES
from .whole_file import is_file, is_folder

LOCK = "lock"
"""Name of the lock in the folder of a run, by which such a folder is known."""
WEIGHTS_SUFFIXES = (".safetensors", ".npz", *TORCH_SUFFIXES)
"""Endings of files that hold weights."""


def names_file(run: str | Path) -> bool:
    """Say whether this is a path of weights rather than a run: a folder, or a file with a suffix of weights.

    The folder of a run, in a store that is the working directory, is named like the run and is taken for it.

    Example:
        >>> names_file("network.safetensors"), names_file("latest")
        (True, False)
    """
    path = Path(run)
    if re.fullmatch("[0-9a-f]{12}", str(run)) and is_file(path / LOCK):
        return False
    return is_folder(path) or path.suffix in (*WEIGHTS_SUFFIXES, ".npy")
