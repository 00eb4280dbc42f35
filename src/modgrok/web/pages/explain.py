"""Explain: the formula of a run's network, or of a file that is dropped on the page."""

from __future__ import annotations

import base64

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ...io import visible
from ..requests import MOST_BODY, answer_json, body_of, drawn, instrument_of, task_of, whole


async def run(request: Request) -> Response:
    """Answer with the explanation of a run's checkpoint, and its panels where they are asked for."""
    instrument, step = instrument_of(request), whole(request, "step")
    panels = bool(whole(request, "panels", 0))
    name = request.path_params.get("run") or request.query_params.get("run", "latest")
    row = await instrument.read(lambda store: store.get(name))
    key = ("explain", row.id, row.updated, step, panels)
    folder = str(instrument.folder)
    arguments = {"folder": folder, "run": row.id, "step": step, "panels": panels}
    return answer_json(await drawn(request, key, "explain_run", **arguments))


async def file(request: Request) -> Response:
    """Answer with the explanation of a file; it is read in memory and kept nowhere."""
    content = await body_of(request, MOST_BODY)
    name = visible(request.query_params.get("name", "the file"))[:120]
    text = base64.b64encode(content).decode("ascii")
    drawer = instrument_of(request).drawer
    return answer_json(await drawer.call_json("explain_file", content=text, name=name, **task_of(request)))


ROUTES = [
    Route("/runs/{run}/explain.json", run),
    Route("/explain.json", run),
    Route("/explain", file, methods=["POST"]),
]
