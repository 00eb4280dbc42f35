"""Sweeps: the list, and one sweep's members and pictures."""

from __future__ import annotations

import math
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ...io import visible
from ...runs.store.database import Database
from ...runs.store.names import checked_sweep
from ...runs.store.sweep_index import last_records, read_listing, rows_of_sweep, sweep_lock, sweep_names
from ..requests import answer, answer_json, drawn, instrument_of

NUMBERS = ("train_accuracy", "test_accuracy")


async def listing(request: Request) -> Response:
    """Answer with the sweeps of the store and how far they are."""
    instrument = instrument_of(request)
    if not instrument.has_store:
        return answer({"sweeps": []})
    return answer({"sweeps": await instrument.read(sweeps_of)})


def sweeps_of(store: Database) -> list[dict[str, Any]]:
    """List the sweeps of a store and how far they are, the newest first."""
    sweeps = []
    for name in sweep_names(store):
        counts = store.select(
            "SELECT count(*) AS total, sum(members.error IS NOT NULL) AS failed, "
            "sum(members.error IS NULL AND runs.status IN ('finished', 'diverged')) AS done, "
            "sum(runs.grokked_at IS NOT NULL) AS grokked, max(runs.updated) AS updated "
            "FROM members JOIN sweeps ON sweeps.number = members.sweep "
            "LEFT JOIN runs ON runs.id = members.run WHERE sweeps.name = ?",
            name,
        )[0]
        numbers = {key: counts[key] or 0 for key in ("total", "failed", "done", "grokked")}
        running = sweep_lock(store, name).held()
        sweeps.append({"name": name, **numbers, "updated": counts["updated"], "running": running})
    return sweeps[::-1]


async def one(request: Request) -> Response:
    """Answer with the members of a sweep, those that have not begun among them."""
    name = checked_sweep(request.path_params["name"])
    return answer(await instrument_of(request).read(lambda store: members_of(store, name)))


def members_of(store: Database, name: str) -> dict[str, Any]:
    """Return a sweep with its members, those that have not begun among them."""
    sweep = read_listing(store, name)
    damaged: list[str] = []
    rows = rows_of_sweep(store, name, lambda error: damaged.append(visible(str(error))))
    known, last = {row.id: row for row in rows}, last_records(store, name, rows)
    members = []
    for member in sweep.members:
        row, record = known.get(member.run), last.get(member.run)
        numbers = {} if record is None else {key: record.scalars.get(key, math.nan) for key in NUMBERS}
        members.append(
            {
                "run": member.run,
                "point": member.point,
                "error": member.error,
                "status": "waiting" if row is None else row.status,
                "expression": None if row is None else row.expression,
                "p": None if row is None else row.p,
                "step": None if row is None else row.step,
                "memorised_at": None if row is None else row.memorised_at,
                "grokked_at": None if row is None else row.grokked_at,
                "seconds": None if row is None else row.seconds,
                **numbers,
            }
        )
    return {
        "name": sweep.name,
        "axes": sweep.axes,
        "command": sweep.command,
        "running": sweep_lock(store, name).held(),
        "members": members,
        "damaged": damaged,
    }


async def report(request: Request) -> Response:
    """Answer with the report of a sweep and all its panels."""
    instrument, name = instrument_of(request), checked_sweep(request.path_params["name"])
    state = await instrument.read(
        lambda store: [(row.id, row.updated) for row in rows_of_sweep(store, name, lambda error: None)]
    )
    key = ("sweep", name, tuple(state))
    return answer_json(await drawn(request, key, "sweep_report", folder=str(instrument.folder), name=name))


ROUTES = [
    Route("/sweeps.json", listing),
    Route("/sweeps/{name}.json", one),
    Route("/sweeps/{name}/report.json", report),
]
