"""The command that is being run, as runs, files and reports record it."""

from __future__ import annotations

import shlex
import sys

from ...io import visible


def command_line() -> str:
    """Return the command as a reader would type it."""
    return visible("modgrok " + " ".join(shlex.quote(word) for word in sys.argv[1:]))
