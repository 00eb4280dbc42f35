"""Standard streams that always take what is written: closed ones, and encodings without our signs.

Owns: what stands for `·` or `–` where a stream cannot encode it, and what happens to text that nobody reads.
"""

from __future__ import annotations

import codecs
import io
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PLAIN = str.maketrans(
    {"·": "-", "–": "-", "—": "-", "…": "...", "×": "x", "−": "-", "≤": "<=", "≥": ">=", "±": "+-", "█": "#"}
)
"""Signs with a plain equivalent; all else is escaped."""
STANDARD = (0, 1, 2)
ERRORS = "modgrok.plain"
NARROWEST, WIDEST = 30, 1_000
"""Columns of a terminal that output is laid out for at least and at most."""


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
    columns = shutil.get_terminal_size().columns
    if not NARROWEST <= columns <= WIDEST:  # rich takes minutes to lay a page out in less, and pads to more
        os.environ["COLUMNS"] = str(min(max(columns, NARROWEST), WIDEST))
    if not isinstance(sys.stdout, Results):
        sys.stdout = Results(_ready(sys.stdout))
    sys.stderr = _ready(sys.stderr)
    if not isinstance(sys.stderr, Messages):
        sys.stderr = Messages(sys.stderr)


def discard(name: str) -> None:
    """Discard what is written to a stream, `stdout` or `stderr`, from now on, and what still waits in it."""
    setattr(sys, name, _discarding(getattr(sys, name)))


def _discarding(stream: Any) -> Any:
    """Lead a stream to nowhere, or return one that leads there."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):  # a stream without a descriptor
        return _nowhere()
    return stream


def flush_output() -> None:
    """Deliver what is waiting in stdout.

    Raises:
        BrokenPipeError: its reader has gone.
        OutputError: it cannot be written.
    """
    with _complete():
        sys.stdout.flush()


def write_output(text: str) -> None:
    """Write results to stdout.

    Raises:
        BrokenPipeError: its reader has gone.
        OutputError: it cannot be written.
    """
    with _complete():
        sys.stdout.write(text)


@contextmanager
def _complete() -> Iterator[None]:
    """Say that stdout cannot be written, and discard what is written to it later; a reader may go."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        discard("stdout")
        raise OutputError(f"stdout: cannot be written ({error.strerror})") from None


class OutputError(RuntimeError):
    """Results could not be written to stdout, for the disk behind it is full, say."""


class Results:
    """A stream for results: where they cannot be written at once, an `OutputError` says so.

    Arguments:
        stream: stdout.
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write; raises as `flush_output` does."""
        with _complete():
            return int(self.stream.write(text))

    def flush(self) -> None:
        """Deliver what waits; raises as `flush_output` does."""
        with _complete():
            self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class Messages:
    """A stream for messages: where they cannot be written, the work goes on without them.

    Arguments:
        stream: stderr.
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write, or discard."""
        try:
            self.stream.write(text)
        except OSError:
            self.stream = _discarding(self.stream)
        return len(text)

    def flush(self) -> None:
        """Deliver what waits, or discard it."""
        try:
            self.stream.flush()
        except OSError:
            self.stream = _discarding(self.stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def _ready(stream: Any) -> Any:
    if stream is None:
        return _nowhere()
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=ERRORS)
    return stream


def _nowhere() -> io.TextIOWrapper:
    return open(os.devnull, "w", encoding="utf-8")
