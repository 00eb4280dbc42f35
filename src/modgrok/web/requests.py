"""What pages read from requests and how they answer: bounded, checked, JSON.

Owns: the bounds, and how an error becomes an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from ..io import parse_json, visible
from ..io.whole_numbers import digits
from ..runs.plain import plain
from ..tasks.errors import AbsentError, InputError, shorten
from .instrument import Instrument
from .workers import Worker, WorkerError

MOST_BODY = 64 * 2**20
"""Bytes of a file that is dropped on the page."""
MOST_FORM = 64 * 2**10
"""Bytes of any other body."""
MOST_TEXT = 2000
"""Characters of an expression."""
CLOSED = 499
"""The status of an answer that nobody waits for."""
POLL = 0.1
"""Seconds between looks at whether somebody still waits for an answer."""
GRACE = 0.3
"""Seconds that work has to end when nobody waits for it; starting a process anew takes longer."""


def instrument_of(request: Request) -> Instrument:
    """Return what the server's pages share."""
    instrument = request.app.state.instrument
    assert isinstance(instrument, Instrument)
    return instrument


def answer(value: Any, status: int = 200) -> JSONResponse:
    """Answer with plain values; nan and infinities become null."""
    return JSONResponse(plain(value), status)


def answer_json(content: bytes) -> Response:
    """Answer with what is JSON already."""
    return Response(content, media_type="application/json")


async def on_error(request: Request, error: Exception) -> Response:
    """Answer with one line that says what was wrong."""
    if isinstance(error, HTTPException):
        return answer({"error": str(error.detail)}, error.status_code)
    if isinstance(error, InputError):
        return answer({"error": visible(str(error))}, 404 if isinstance(error, AbsentError) else 400)
    if isinstance(error, WorkerError):
        return answer({"error": str(error)}, 500)
    if isinstance(error, sqlite3.Error | OSError):
        reason = getattr(error, "strerror", None) or error
        return answer({"error": f"the store cannot be used ({visible(str(reason))}); see its disk"}, 500)
    if isinstance(error, ClientDisconnect):
        return Response(status_code=CLOSED)  # nobody reads it
    return answer({"error": f"the server failed: {type(error).__name__}"}, 500)


def whole(request: Request, name: str, default: int | None = None) -> int | None:
    """Read an integer of the query.

    Raises:
        InputError: it is none.
    """
    text = request.query_params.get(name, "").strip()
    if not text:
        return default
    number = digits(text.removeprefix("-"))
    if number is None or number >= 2**63:
        raise InputError(f"{name}: must be an integer of 64 bits, got {shorten(text)}")
    return -number if text.startswith("-") else number


def real(request: Request, name: str, default: float) -> float:
    """Read a number of the query.

    Raises:
        InputError: it is none.
    """
    text = request.query_params.get(name, "").strip()
    try:
        return float(text[:40]) if text else default
    except ValueError:
        raise InputError(f"{name}: must be a number, got {shorten(text)}") from None


def task_of(request: Request) -> dict[str, Any]:
    """Read which task the query names: `expression` and `p`, or `group`.

    Raises:
        InputError: a number that is none, or a text that is too long.
    """
    named = {name: request.query_params.get(name, "").strip() or None for name in ("expression", "group")}
    for name, text in named.items():
        if text is not None and len(text) > MOST_TEXT:
            raise InputError(f"{name}: must have at most {MOST_TEXT} characters, got {len(text)}")
    return {**named, "p": whole(request, "p")}


async def body_of(request: Request, most: int) -> bytes:
    """Read a body, and stop where it becomes too large, whatever its header says.

    Raises:
        HTTPException: more bytes than allowed; status 413.
    """
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise HTTPException(413, f"body: must have at most {most} bytes, got more")
        parts.append(part)
    return b"".join(parts)


async def form_of(request: Request) -> dict[str, Any]:
    """Read a JSON object from the body.

    Raises:
        InputError: it is none.
        HTTPException: it is too large.
    """
    form: dict[str, Any] = parse_json(await body_of(request, MOST_FORM), "body", dict)
    return form


async def while_wanted(request: Request, work: Callable[[], Awaitable[bytes]]) -> bytes:
    """Do work until it is done or nobody waits for it.

    Arguments:
        request: whose answer it is.
        work: ended by cancelling.

    Raises:
        ClientDisconnect: nobody waits any more.
    """
    task = asyncio.ensure_future(work())
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=POLL)
            if not task.done() and await request.is_disconnected():
                await asyncio.wait({task}, timeout=GRACE)
                if not task.done():
                    raise ClientDisconnect
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def called(request: Request, worker: Worker, job: str, **arguments: Any) -> bytes:
    """Let a process do a job as long as somebody waits for it."""
    return await while_wanted(request, lambda: worker.call_json(job, **arguments))


async def drawn(request: Request, key: Hashable, job: str, **arguments: Any) -> bytes:
    """Return the result of a job of the drawer, as long as somebody waits for it."""
    return await shared(request, instrument_of(request).drawer, key, job, **arguments)


async def shared(request: Request, worker: Worker, key: Hashable, job: str, **arguments: Any) -> bytes:
    """Return a result that is computed once for all who ask for it, as long as somebody waits for it."""
    instrument = instrument_of(request)
    return await while_wanted(request, lambda: instrument.shared(worker, key, job, **arguments))


def event(name: str, value: Any) -> bytes:
    """Write one server-sent event."""
    return f"event: {name}\ndata: {json.dumps(plain(value), allow_nan=False)}\n\n".encode()
