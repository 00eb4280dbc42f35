"""The playground's data: a task's table, leakage, critical fractions, verdict, closed form."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ...tasks.errors import InputError
from ..requests import answer_json, called, drawn, instrument_of, real, shared, task_of, whole

MOST_SECONDS = 600.0


async def table(request: Request) -> Response:
    """Answer with the table of a task."""
    return answer_json(await instrument_of(request).tables.call_json("table", **task_of(request)))


async def decide(request: Request) -> Response:
    """Answer with the verdict on a task; the search ends when nobody waits for it."""
    seconds = real(request, "seconds", 60.0)
    if not 0 < seconds <= MOST_SECONDS:
        raise InputError(f"seconds: must be above 0 and at most {MOST_SECONDS:g}, got {seconds:g}")
    worker = instrument_of(request).decider
    return answer_json(await called(request, worker, "decide", **task_of(request), seconds=seconds))


async def leakage(request: Request) -> Response:
    """Answer with what a split gives away."""
    fraction, seed = real(request, "fraction", 0.5), whole(request, "seed", 0)
    task = task_of(request)
    key = ("leakage", *task.values(), fraction, seed)
    planner = instrument_of(request).planner
    return answer_json(await shared(request, planner, key, "leakage", **task, fraction=fraction, seed=seed))


async def critical_fractions(request: Request) -> Response:
    """Answer with the known critical fractions of a task."""
    task = task_of(request)
    key = ("critical fractions", *task.values())
    planner = instrument_of(request).planner
    return answer_json(await shared(request, planner, key, "critical_fractions", **task))


async def construct(request: Request) -> Response:
    """Answer with the network of a task in closed form, and its panels."""
    task = task_of(request)
    key = ("construct", *task.values())
    return answer_json(await drawn(request, key, "construct", **task))


ROUTES = [
    Route("/table.json", table),
    Route("/decide.json", decide),
    Route("/leakage.json", leakage),
    Route("/critical-fractions.json", critical_fractions),
    Route("/construct.json", construct),
]
