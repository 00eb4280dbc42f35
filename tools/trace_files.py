"""Count the files that a command walks through: `uv run python tools/trace_files.py train "x + y" --p 5`.

Prints how many files of modgrok it enters by a call, and by how many different passages from one file to
another; `--list` as the first word lists them in the order in which they are first entered. Code that runs on
import is not counted.
"""

from __future__ import annotations

import sys
import types
from contextlib import redirect_stderr, redirect_stdout
from inspect import CO_OPTIMIZED
from io import StringIO
from typing import Any

import modgrok
from modgrok.cli import main

ROOT = str(modgrok.__file__).removesuffix("__init__.py")


class Trace:
    """Files entered, and passages between them, in the order of their first occurrence."""

    def __init__(self) -> None:
        self.files: dict[str, None] = {}
        self.passages: dict[tuple[str, str], None] = {}

    def __call__(self, frame: types.FrameType, event: str, argument: Any) -> None:
        """Note a call; see `sys.setprofile`."""
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(ROOT) or on_import(frame):
            return
        here = code.co_filename.removeprefix(ROOT)
        back = frame.f_back
        while back is not None and not back.f_code.co_filename.startswith(ROOT):
            back = back.f_back
        self.files.setdefault(here)
        if back is not None:
            there = back.f_code.co_filename.removeprefix(ROOT)
            if there != here:
                self.passages.setdefault((there, here))


def on_import(frame: types.FrameType | None) -> bool:
    """Say whether a frame runs because a module of modgrok is being imported."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(ROOT) and not frame.f_code.co_flags & CO_OPTIMIZED:
            return True  # the body of a module or of a class
        frame = frame.f_back
    return False


def trace(words: list[str]) -> Trace:
    """Run a command line under the trace; what it prints is dropped."""
    seen = Trace()
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        sys.setprofile(seen)
        try:
            main(words)
        except SystemExit:
            pass
        finally:
            sys.setprofile(None)
    return seen


if __name__ == "__main__":
    arguments = sys.argv[1:]
    listing = arguments[:1] == ["--list"]
    walk = trace(arguments[listing:])
    sys.stdout.write(f"{len(walk.files)} files, {len(walk.passages)} passages\n")
    if listing:
        sys.stdout.writelines(f"  {file}\n" for file in walk.files)
