"""Charts as SVG, drawn here or in a process beside this one.

Owns: the version of Vega-Lite, and the process that draws while this one still reads and computes: vl-convert
holds Python's lock for as long as it works, so that a thread would gain nothing.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

VEGA_LITE = "6.4"
"""Version of Vega-Lite, in whose words charts are written; vl-convert draws them with the same."""
Draw = Callable[[Sequence[Mapping[str, Any]]], Iterator[str]]
"""Specifications -> their pictures as SVG documents, in the same order, each when it is asked for."""
PROGRAM = Path(__file__).with_name("chart_program.py")
"""What the process beside this one runs."""


def draw_here(specs: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Draw charts in this process."""
    import vl_convert  # a figure's first chart loads its engine; pages of charts do without it

    for spec in specs:
        yield vl_convert.vegalite_to_svg(dict(spec), vl_version=VEGA_LITE)


class ChartProcess:
    """A process that loads Vega at once and then draws what it is asked for, until the end of a `with`.

    If it cannot be started, or ends early, charts are drawn here instead.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ChartProcess:
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(PROGRAM), VEGA_LITE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()  # it keeps nothing
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # what was not sent when it ended
                if pipe is not None:
                    pipe.close()

    def draw(self, specs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        """Ask the other process for charts at once; arguments as in `Draw`. One figure at a time."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return draw_here(specs)
        lines = [json.dumps(spec).encode() + b"\n" for spec in specs]
        threading.Thread(target=_send, args=(process.stdin, lines), daemon=True).start()
        return _read(process.stdout, specs)


def _read(pipe: IO[bytes], specs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Read one answer for each chart; where they end early, draw the rest here."""
    for place in range(len(specs)):
        answer = pipe.readline()
        if not answer.endswith(b"\n"):
            yield from draw_here(specs[place:])
            return
        yield json.loads(answer)


def _send(pipe: IO[bytes], lines: Iterable[bytes]) -> None:
    """Write lines while their answers are read, since neither pipe holds a whole figure."""
    with contextlib.suppress(OSError, ValueError):  # the process has ended, or the pipe is closed
        for line in lines:
            pipe.write(line)
        pipe.flush()
