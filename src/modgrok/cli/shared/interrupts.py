"""Ctrl-C before a command's own work and after it.

Owns: ending at once with one line while modules are loaded, and leaving a command that has ended alone. What
an interrupt means to a training run is `session`'s.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ending_at_interrupt() -> Iterator[None]:
    """End the process at Ctrl-C, with one line and exit code 1, while the modules of a command are loaded.

    Raised inside a module that is loading, an interrupt is a traceback of the module, or aborts the
    interpreter where the module is compiled. Nothing has been written by then that could be lost. A handler
    that another program has set stays.
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(number: int, frame: object) -> None:
    os.write(2, b"modgrok: interrupted\n")
    os._exit(1)


def leave_at_interrupt(code: int) -> None:
    """Let Ctrl-C end a process at once that has said all it has to say, with the exit code that it has.

    Arguments:
        code: of the command.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(code))
