"""The page itself, its files and the library of charts: what is the same whatever the store holds.

Owns: which addresses are pages. A page is one document with scripts beside it, which read what it shows from
the JSON of the same address.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..requests import instrument_of

PAGES = ("/", "/runs", "/runs/{run}", "/compare", "/sweeps", "/sweeps/{name}", "/claims", "/explain")
MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
REVALIDATED = "no-cache"


@cache
def files() -> dict[str, bytes]:
    """Read the files of the page: name -> content."""
    folder = resources.files("modgrok.web") / "static"
    return {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}


async def page(request: Request) -> Response:
    """Answer with the document."""
    return Response(files()["page.html"], media_type="text/html")


async def static(request: Request) -> Response:
    """Answer with one of the page's files; a name that is none of them is not looked up anywhere."""
    name = request.path_params["file"]
    media = MEDIA.get("." + name.rpartition(".")[2])
    if name not in files() or media is None:
        raise HTTPException(404, "file: must be one of the page's")
    return _cached(request, files()[name], media)


async def charts(request: Request) -> Response:
    """Answer with the library that draws charts."""
    content = await instrument_of(request).chart_library()
    return _cached(request, content, "text/javascript", {"Content-Encoding": "gzip"})


def _cached(request: Request, content: bytes, media: str, headers: dict[str, str] | None = None) -> Response:
    """Answer with a file, or with the news that the browser has it already."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    own = {"ETag": tag, "Cache-Control": REVALIDATED, **(headers or {})}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": REVALIDATED})
    return Response(content, media_type=media, headers=own)


ROUTES = [
    Route("/static/charts.lib.js", charts),
    Route("/static/{file}", static),
    *(Route(address, page) for address in PAGES),
]
"""The addresses of pages come last: `/runs/{run}` would take `/runs/….json` as well."""
