"""The application: all addresses behind one guard."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ..tasks.errors import InputError
from .access import Access, Guard
from .instrument import Instrument
from .pages import claims, explain, playground, runs, shell, sweeps, training
from .requests import on_error
from .workers import WorkerError

ROUTES = [
    route for part in (playground, runs, training, sweeps, claims, explain, shell) for route in part.ROUTES
]


ERRORS = (InputError, WorkerError, ClientDisconnect, HTTPException, sqlite3.Error, OSError, Exception)
"""What is answered with one line; the last of them is a fault of ours, and said on stderr as well."""


def create_app(folder: Path, access: Access) -> Guard:
    """Make the application of a store.

    Arguments:
        folder: of the store; it may not exist yet.
        access: what a request needs to be answered.

    Returns:
        An ASGI application.
    """
    instrument = Instrument(folder)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        warming = asyncio.create_task(instrument.warm())
        yield
        warming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await warming
        await instrument.close()

    app = Starlette(
        routes=ROUTES,
        exception_handlers=dict.fromkeys(ERRORS, on_error),
        lifespan=lifespan,
    )
    app.state.instrument = instrument
    return Guard(app, access, instrument)
