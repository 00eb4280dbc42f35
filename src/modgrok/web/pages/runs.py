"""Runs: the list, one run, its pictures, its events, several beside each other."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import math
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from ...io import visible
from ...runs.run_settings import MOST_COMPARED, differences, settings_of
from ...runs.store.database import Database, RunRow
from ...runs.store.labels import Labels, note_run, read_labels, tag_run
from ...runs.store.names import checked_id
from ...runs.store.run_query import COLUMNS, RunQuery, query_runs
from ...tasks.errors import InputError, shorten
from ..requests import answer, answer_json, drawn, event, form_of, instrument_of, whole

WATCH = 0.3
"""Seconds between looks at a run that is being trained."""
HEARTBEAT = 15.0
"""Seconds after which a silent stream sends something, so that an end of the connection is noticed."""
MOST_LABELLED = 1000
MEDIA = {"svg": "image/svg+xml", "png": "image/png"}


def summary_of(row: RunRow, last: dict[str, Any], labels: dict[str, Labels]) -> dict[str, Any]:
    """Return what a list shows of a run."""
    own = labels.get(row.id, Labels())
    return {
        **{name: getattr(row, name) for name in COLUMNS},
        "train_accuracy": last.get("train_accuracy"),
        "test_accuracy": last.get("test_accuracy"),
        "tags": own.tags,
        "note": own.note,
        "settings": settings_of(row),
    }


def curve_of(store: Database, row: RunRow, after: int = -1) -> list[dict[str, Any]]:
    """Return the observations of a run after a step, each as one mapping, without those that are damaged."""
    selected = store.select(
        "SELECT records.* FROM records JOIN runs ON runs.number = records.run "
        "WHERE runs.id = ? AND records.step > ? ORDER BY records.step",
        row.id,
        after,
    )
    curve = []
    for entry in selected:
        try:
            record = store.record_of(row, entry)
        except InputError:
            continue
        numbers = {name: value for name, value in record.scalars.items() if math.isfinite(value)}
        curve.append({"step": record.step, "seconds": record.seconds, **numbers})
    return curve


async def listing(request: Request) -> Response:
    """Answer with a page of the runs that satisfy the query."""
    instrument, parameters = instrument_of(request), request.query_params
    query = RunQuery(
        parameters.get("search", ""),
        tuple(text for text in parameters.getlist("where") if text.strip()),
        parameters.get("sort", "") or "-updated",
        whole(request, "offset", 0) or 0,
        100 if (limit := whole(request, "limit")) is None else limit,
    )
    if not instrument.has_store:
        return answer({"runs": [], "total": 0, "damaged": []})

    def read(store: Database) -> dict[str, Any]:
        page = query_runs(store, query)
        labels = read_labels(store, [row.id for row in page.rows])
        runs = [summary_of(row, page.last[row.id], labels) for row in page.rows]
        return {"runs": runs, "total": page.total, "damaged": page.damaged}

    return answer(await instrument.read(read))


def described(store: Database, run: str) -> dict[str, Any]:
    """Return what is known of a run without drawing: row, settings, checkpoints' steps, observations."""
    row = store.get(run)
    steps = store.select(
        "SELECT DISTINCT checkpoints.step FROM checkpoints JOIN runs ON runs.number = checkpoints.run "
        "WHERE runs.id = ? ORDER BY checkpoints.step",
        row.id,
    )
    curve = curve_of(store, row)
    last = {} if not curve else curve[-1]
    names = ("command", "chance", "majority", "train", "test", "version")
    return {
        **summary_of(row, last, read_labels(store, [row.id])),
        **{name: row.context.get(name) for name in names},
        "steps": [entry[0] for entry in steps if isinstance(entry[0], int)],
        "scalars": row.scalars,
        "records": curve,
    }


async def one(request: Request) -> Response:
    """Answer with one run."""
    run = request.path_params["run"]
    return answer(await instrument_of(request).read(lambda store: described(store, run)))


async def report(request: Request) -> Response:
    """Answer with the report of a run and all its panels."""
    instrument, run = instrument_of(request), request.path_params["run"]
    row = await instrument.read(lambda store: store.get(run))
    key = ("report", row.id, row.updated, row.step)
    return answer_json(await drawn(request, key, "run_report", folder=str(instrument.folder), run=row.id))


async def checkpoint(request: Request) -> Response:
    """Answer with the panels of the weights that were kept at a step."""
    instrument, run = instrument_of(request), request.path_params["run"]
    row = await instrument.read(lambda store: store.get(run))
    step = request.path_params["step"]
    key = ("checkpoint", row.id, row.updated, step)
    return answer_json(
        await drawn(request, key, "checkpoint", folder=str(instrument.folder), run=row.id, step=step)
    )


async def picture(request: Request) -> Response:
    """Answer with one panel as SVG or PNG."""
    instrument, run = instrument_of(request), request.path_params["run"]
    key, format = request.path_params["key"], request.path_params["format"]
    if format not in MEDIA:
        raise InputError(f"format: must be one of {', '.join(MEDIA)}, got {shorten(format)}")
    row = await instrument.read(lambda store: store.get(run))
    step = whole(request, "step")
    reply = await instrument.drawer.call(
        "panel", folder=str(instrument.folder), run=row.id, key=key, format=format, step=step
    )
    name = f"{row.id}-{key}" + ("" if step is None else f"-{step}")
    headers = {"Content-Disposition": f'attachment; filename="{_plain_name(name)}.{format}"'}
    return Response(base64.b64decode(reply["base64"]), media_type=MEDIA[format], headers=headers)


def _plain_name(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in text)[:120]


async def events(request: Request) -> Response:
    """Stream the observations of a run as they are recorded, until it ends."""
    instrument = instrument_of(request)
    run = checked_id(request.path_params["run"])
    after = whole(request, "after", -1)
    return StreamingResponse(
        _events(instrument_of(request).folder, run, -1 if after is None else after, instrument),
        media_type="text/event-stream",
    )


async def _events(folder: Any, run: str, after: int, instrument: Any) -> AsyncIterator[bytes]:
    """Look at a run again and again: rows that are new, then its state where it changed."""
    state: dict[str, Any] = {}
    silent = 0.0
    while True:
        try:
            row, curve = await instrument.read(partial(_news, run=run, after=after))
        except InputError as error:
            if instrument.has_store:
                yield event("failure", {"error": visible(str(error))})
                return
            row, curve = None, []
        job = next((job for job in reversed(instrument.jobs.jobs) if job.run == run), None)
        waiting = job is not None and job.state in ("waiting", "running")
        now = {"job": None if job is None else job.to_json(), "run": None if row is None else _moment(row)}
        if curve:
            after = curve[-1]["step"]
            yield event("records", curve)
        if now != state:
            state, silent = now, 0.0
            yield event("state", now)
        if not waiting and (row is None or row.status != "running"):
            yield event("end", now)
            return
        silent += WATCH
        if silent >= HEARTBEAT:
            silent = 0.0
            yield b": still here\n\n"
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(instrument.closing.wait(), WATCH)
            return


def _news(store: Database, run: str, after: int) -> tuple[RunRow | None, list[dict[str, Any]]]:
    row = store.find(run)
    return row, [] if row is None else curve_of(store, row, after)


def _moment(row: RunRow) -> dict[str, Any]:
    names = ("id", "status", "step", "budget", "memorised_at", "grokked_at", "early_stop")
    state: dict[str, Any] = {name: getattr(row, name) for name in names}
    return state | {"seconds_per_step": row.seconds_per_step}


async def label(request: Request) -> Response:
    """Add tags to runs, remove tags, or write a note; answer with the labels that they have then.

    The body has `runs`, 1 to 1000 ids, and any of `add`, `remove` (lists of tags) and `note`.
    """
    instrument, form = instrument_of(request), await form_of(request)
    runs, add, remove = (_texts(form, name) for name in ("runs", "add", "remove"))
    note = form.get("note")
    if not 1 <= len(runs) <= MOST_LABELLED:
        raise InputError(f"runs: must be 1 to {MOST_LABELLED} ids, got {len(runs)}")
    if note is not None and not isinstance(note, str):
        raise InputError(f"note: must be text, got {shorten(note)}")

    def write(store: Database) -> list[dict[str, Any]]:
        ids = [str(store.entry(run)["id"]) for run in runs]  # all are known before one is changed
        labelled = []
        for one in ids:
            own = tag_run(store, one, add, remove)
            own = own if note is None else note_run(store, one, note)
            labelled.append({"id": one, "tags": own.tags, "note": own.note})
        return labelled

    return answer({"runs": await instrument.write(write)})


def _texts(form: dict[str, Any], name: str) -> list[str]:
    texts = form.get(name, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InputError(f"{name}: must be a list of texts, got {shorten(texts)}")
    return texts


async def compare(request: Request) -> Response:
    """Answer with several runs: their curves, and the settings in which they differ."""
    runs = request.query_params.getlist("run")
    if not 1 <= len(runs) <= MOST_COMPARED:
        raise InputError(f"run: must be given once to {MOST_COMPARED} times, got {len(runs)}")

    def read(store: Database) -> list[dict[str, Any]]:
        return [described(store, run) for run in dict.fromkeys(runs)]

    descriptions = await instrument_of(request).read(read)
    for run in descriptions:
        task = {name: run[name] for name in ("expression", "p", "learner")}
        run["settings"] = task | run["settings"]
    return answer(
        {"runs": descriptions, "differences": differences([run["settings"] for run in descriptions])}
    )


ROUTES = [
    Route("/runs.json", listing),
    Route("/compare.json", compare),
    Route("/runs/labels", label, methods=["POST"]),
    Route("/runs/{run}.json", one),
    Route("/runs/{run}/report.json", report),
    Route("/runs/{run}/checkpoints/{step:int}.json", checkpoint),
    Route("/runs/{run}/events", events),
    Route("/runs/{run}/panels/{key}.{format}", picture),
]
