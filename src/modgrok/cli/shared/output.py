"""What goes to stdout: lines for a reader, one JSON object for a script."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

from ...io import check_new_path, is_folder, path_exists, visible
from ...runs.plain import plain
from ...tasks.errors import InputError, shorten
from .streams import flush_output, write_output


def say(text: str = "") -> None:
    """Write a line of results to stdout; control characters are shown, not sent."""
    write_output(visible(text) + "\n")


def note(text: str) -> None:
    """Write a message to stderr, control characters shown and not sent."""
    sys.stderr.write(visible(text) + "\n")


def say_json(values: dict[str, Any]) -> None:
    """Write one JSON object as the last line of stdout; nan and infinities become null."""
    write_output(json.dumps(plain(values), allow_nan=False) + "\n")
    flush_output()


def check_output(path: Path, suffixes: tuple[str, ...] = ()) -> None:
    """Refuse a file that cannot be written, before anything is computed for it.

    Raises:
        InputError: another suffix, a folder, or a file in a folder that does not exist.
    """
    if suffixes and path.suffix not in suffixes:
        raise InputError(f"output: must end in {' or '.join(suffixes)}, got {shorten(path.name)}")
    if is_folder(path):
        raise InputError(f"output: must be a file, got the folder {shorten(path)}")
    check_new_path(path, "output")


def check_output_folder(path: Path) -> None:
    """Refuse a folder that cannot be made, before anything is computed for it.

    Raises:
        InputError: a file, or a folder in a folder that does not exist.
    """
    if path_exists(path) and not is_folder(path):
        raise InputError(f"output: must be a folder, got the file {shorten(path)}")
    check_new_path(path, "output")


def cannot_write(path: Path, error: OSError) -> InputError:
    """The error of a file that could not be written, naming the argument rather than a temporary file."""
    return InputError(f"output: cannot write {shorten(path)} ({error.strerror})")


def counted(number: int, noun: str) -> str:
    """Write a number with its noun.

    Example:
        >>> counted(1, "run"), counted(1200, "run")
        ('1 run', '1,200 runs')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def clock(seconds: float) -> str:
    """Print a time as minutes and seconds."""
    if not math.isfinite(seconds):
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
