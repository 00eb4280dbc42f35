"""Sweeps: the list, and one sweep's members and pictures."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ...runs.store.database import Database
from ...runs.store.names import checked_sweep
from ...runs.store.sweep_index import STEPS_SCHEMA, read_listing, rows_of_sweep, sweep_lock, sweep_names
from ..requests import answer, answer_json, drawn, instrument_of
from ..sweep_content import sweep_content


async def listing(request: Request) -> Response:
    """Answer with the sweeps of the store and how far they are."""
    instrument = instrument_of(request)
    if not instrument.has_store:
        return answer({"sweeps": []})
    return answer({"sweeps": await instrument.read(sweeps_of)})


def sweeps_of(store: Database) -> list[dict[str, Any]]:
    """List the sweeps of a store and how far they are, the newest first."""
    sweeps = []
    followed = "coalesce(members.steps, runs.step)" if store.schema_version >= STEPS_SCHEMA else "runs.step"
    for name in sweep_names(store):
        counts = store.select(
            "SELECT count(*) AS total, sum(members.error IS NOT NULL) AS failed, "
            "sum(members.error IS NULL AND (runs.status IN ('finished', 'diverged') "
            f"OR runs.step > {followed})) AS done, "
            f"sum(runs.grokked_at <= {followed}) AS grokked, max(runs.updated) AS updated "
            "FROM members JOIN sweeps ON sweeps.number = members.sweep "
            "LEFT JOIN runs ON runs.id = members.run WHERE sweeps.name = ?",
            name,
        )[0]
        numbers = {key: counts[key] or 0 for key in ("total", "failed", "done", "grokked")}
        running = sweep_lock(store, name).held()
        sweeps.append({"name": name, **numbers, "updated": counts["updated"], "running": running})
    return sweeps[::-1]


async def one(request: Request) -> Response:
    """Answer with a sweep: its members, and the cells of a map over two of its axes."""
    name, parameters = checked_sweep(request.path_params["name"]), request.query_params
    across, up = parameters.get("across", ""), parameters.get("up", "")
    return answer(await instrument_of(request).read(lambda store: sweep_content(store, name, across, up)))


async def report(request: Request) -> Response:
    """Answer with the report of a sweep and all its panels."""
    instrument, name = instrument_of(request), checked_sweep(request.path_params["name"])

    def state(store: Database) -> tuple[Any, ...]:
        sweep = read_listing(store, name)
        rows = rows_of_sweep(store, name, lambda error: None)
        members = tuple((member.run, member.steps, member.error) for member in sweep.members)
        return sweep.axes, members, tuple((row.id, row.updated) for row in rows)

    key = ("sweep", name, *await instrument.read(state))
    return answer_json(await drawn(request, key, "sweep_report", folder=str(instrument.folder), name=name))


ROUTES = [
    Route("/sweeps.json", listing),
    Route("/sweeps/{name}.json", one),
    Route("/sweeps/{name}/report.json", report),
]
