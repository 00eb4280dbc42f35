"""The playground's data: a task's table, leakage, critical fractions, verdict, closed form."""

from __future__ import annotations

import base64
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ...io import visible
from ...tasks.errors import InputError
from ..requests import (
    MOST_BODY,
    answer,
    answer_json,
    body_of,
    called,
    drawn,
    instrument_of,
    real,
    shared,
    task_of,
    whole,
)

MOST_SECONDS = 600.0


async def table(request: Request) -> Response:
    """Answer with the table of a task."""
    return answer_json(await instrument_of(request).tables.call_json("table", **source_of(request)))


async def take_table(request: Request) -> Response:
    """Take the file of a table; it is read in memory, and a task from then on."""
    instrument, content = instrument_of(request), await body_of(request, MOST_BODY)
    name = visible(request.query_params.get("name", "the file"))[:120]
    text = base64.b64encode(content).decode("ascii")
    chosen_table = await instrument.tables.call("take_table", content=text, name=name)
    instrument.chosen_tables.put(chosen_table["table"], chosen_table.pop("content").encode("ascii"))
    return answer(chosen_table)


async def decide(request: Request) -> Response:
    """Answer with the verdict on a task; the search ends when nobody waits for it."""
    seconds = real(request, "seconds", 60.0)
    if not 0 < seconds <= MOST_SECONDS:
        raise InputError(f"seconds: must be above 0 and at most {MOST_SECONDS:g}, got {seconds:g}")
    worker = instrument_of(request).decider
    return answer_json(await called(request, worker, "decide", **source_of(request), seconds=seconds))


async def leakage(request: Request) -> Response:
    """Answer with what a split gives away."""
    fraction, seed = real(request, "fraction", 0.5), whole(request, "seed", 0)
    source, planner = source_of(request), instrument_of(request).planner
    key = ("leakage", *names_of(request), fraction, seed)
    return answer_json(await shared(request, planner, key, "leakage", **source, fraction=fraction, seed=seed))


async def critical_fractions(request: Request) -> Response:
    """Answer with the known critical fractions of a task."""
    key = ("critical fractions", *names_of(request))
    planner = instrument_of(request).planner
    return answer_json(await shared(request, planner, key, "critical_fractions", **source_of(request)))


async def construct(request: Request) -> Response:
    """Answer with the network of a task in closed form, and its panels."""
    return answer_json(
        await drawn(request, ("construct", *names_of(request)), "construct", **source_of(request))
    )


def names_of(request: Request) -> tuple[Any, ...]:
    """Return what the query names as a task: expression, group, p, and the digest of a table."""
    return (*task_of(request).values(), request.query_params.get("table"))


def source_of(request: Request) -> dict[str, Any]:
    """Read which task the query names, with the table itself where it names one.

    Raises:
        InputError: as `task_of`, or a table that this server does not have.
    """
    digest = request.query_params.get("table")
    return {
        **task_of(request),
        "table": None if not digest else instrument_of(request).chosen_table(digest),
    }


ROUTES = [
    Route("/table.json", table),
    Route("/table", take_table, methods=["POST"]),
    Route("/decide.json", decide),
    Route("/leakage.json", leakage),
    Route("/critical-fractions.json", critical_fractions),
    Route("/construct.json", construct),
]
