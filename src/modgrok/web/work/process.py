"""A worker: a process that reads jobs, one a line, and answers each with one line.

Owns: the protocol, `{"job": ..., "arguments": {...}}` in, `{"result": ...}` or `{"error": ..., "kind": ...}`
out, the kind a name of `ERRORS` or null. What libraries print goes to stderr.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from ...io import parse_json, visible
from ...runs.plain import plain
from ...tasks.errors import AbsentError, InputError, shorten
from . import JOBS

RESULT = b'{"result":'
"""How the line of a result starts; the JSON after it is passed on to browsers as it is."""
ERRORS: Mapping[str, type[InputError]] = {"absent": AbsentError, "input": InputError}
"""Kinds of errors that the server raises again; the first that an error belongs to is its kind."""
MOST_MESSAGE = 400
"""Characters of a message."""


def function_of(job: str) -> Callable[..., Any]:
    """Import the function of a job.

    Raises:
        InputError: there is none of that name.
    """
    if job not in JOBS:
        raise InputError(f"job: must be one of {', '.join(JOBS)}, got {shorten(job)}")
    module, _, name = JOBS[job].partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def answer(line: bytes) -> bytes:
    """Do one job; return the line to answer with."""
    try:
        request = parse_json(line, "job", dict)
        result = function_of(request["job"])(**request["arguments"])
        return RESULT + _json(plain(result)) + b"}\n"
    except Exception as error:
        text = visible(" ".join(str(error).split())) or type(error).__name__
        kind = next((name for name, known in ERRORS.items() if isinstance(error, known)), None)
        return _json({"error": text[:MOST_MESSAGE], "kind": kind}) + b"\n"


def _json(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def main() -> None:
    """Answer jobs until stdin ends."""
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    from ...installed_extensions import load_extensions

    load_extensions()
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        for line in sys.stdin.buffer:
            replies.write(answer(line))


if __name__ == "__main__":
    main()
