"""Standard streams that always take what is written: closed ones, and encodings without our signs.

Owns: what stands for `·` or `–` where a stream cannot encode it, and what happens to text that nobody reads.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import Any

PLAIN = str.maketrans(
    {"·": "-", "–": "-", "—": "-", "…": "...", "×": "x", "−": "-", "≤": "<=", "≥": ">=", "±": "+-", "█": "#"}
)
"""Signs with a plain equivalent; all else is escaped."""
STANDARD = (0, 1, 2)
ERRORS = "modgrok.plain"


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Replace what a stream cannot encode; an error handler of `codecs`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(PLAIN)
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end


def prepare_streams() -> None:
    """Let stdout and stderr accept any text.

    A closed stream is replaced by one that discards. Its descriptor is occupied first: the next file that is
    opened, such as the store, would get it, and what libraries write to stderr would land in that file.
    """
    for descriptor in STANDARD:
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
    codecs.register_error(ERRORS, _plain)
    sys.stdout = _ready(sys.stdout)
    sys.stderr = _ready(sys.stderr)


def discard(name: str) -> None:
    """Discard what is written to a stream, `stdout` or `stderr`, from now on: its reader has gone."""
    setattr(sys, name, _nowhere())


def _ready(stream: Any) -> Any:
    if stream is None:
        return _nowhere()
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=ERRORS)
    return stream


def _nowhere() -> io.TextIOWrapper:
    return open(os.devnull, "w", encoding="utf-8")
