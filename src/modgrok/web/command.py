"""`modgrok ui`: the page in the browser."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, Token

from ..io import is_folder, path_exists, visible
from ..io.whole_numbers import digits
from ..tasks.errors import InputError, shorten

MOST_PORT = 65_535


def _port(type_: Any, tokens: tuple[Token, ...]) -> int:
    text = tokens[0].value
    port = digits(text)
    if port is None or port > MOST_PORT:
        raise InputError(f"port: must be an integer in 0..{MOST_PORT}, got {shorten(text)}")
    return port


def _folder(type_: Any, tokens: tuple[Token, ...]) -> Path:
    if not tokens[0].value:
        raise InputError("runs: must name a folder, got ''")
    return Path(tokens[0].value)


def _export(folder: Path, target: Path, where: tuple[str, ...]) -> int:
    from .static_copy import StaticCopy

    copy = StaticCopy(folder, target, where, lambda line: print_line(sys.stderr.write, line))
    count = copy.write()
    runs = "1 run" if count == 1 else f"{count:,} runs"
    print_line(sys.stdout.write, f"wrote {runs}, {copy.size / 2**20:.1f} MB, into {target}")
    return 0


def print_line(write: Callable[[str], object], text: str) -> None:
    """Write a line, control characters shown and not sent."""
    write(visible(text) + "\n")


def ui(
    *,
    port: Annotated[
        int | None,
        Parameter(
            converter=_port,
            help="Port to listen on; 0 takes any free one; default 8197, or a free one if that is in use.",
        ),
    ] = None,
    host: Annotated[
        str | None,
        Parameter(
            help="Address to listen on; default 127.0.0.1; any other lets other machines reach the page."
        ),
    ] = None,
    export: Annotated[
        Path | None,
        Parameter(
            help="Write the store's pages into this folder, for any plain web server, and start no server; "
            "the pages contain no token, paths or user names."
        ),
    ] = None,
    where: Annotated[
        list[str] | None,
        Parameter(
            negative=(),
            consume_multiple=False,
            help="With --export: only runs that meet this condition, as in runs list; may be repeated.",
        ),
    ] = None,
    no_browser: Annotated[
        bool, Parameter(negative=(), show_default=False, help="Print the address and open no browser.")
    ] = False,
    runs: Annotated[
        Path,
        Parameter(name="--runs", env_var="MODGROK_RUNS", converter=_folder, help="Folder of the store."),
    ] = Path("runs"),
) -> int:
    """Decide tasks, train networks and browse the runs of this machine in a web browser.

    The first line of stdout is the address, with a token that whoever opens the page must have. Ctrl-C ends
    the server; a run that is being trained is saved first.
    """
    try:
        from .server import is_loopback, serve
    except ImportError as error:
        if error.name is None or error.name.partition(".")[0] not in ("starlette", "uvicorn"):
            raise
        raise InputError(
            "ui: needs Starlette and uvicorn (in a clone uv run --extra ui modgrok ui, elsewhere pip install "
            '"modgrok[ui]"), got neither or one'
        ) from None
    if path_exists(runs) and not is_folder(runs):
        raise InputError(f"runs: must be a directory, got the file {shorten(runs)}")
    if export is not None:
        for name, value in (("port", port), ("host", host), ("no_browser", no_browser or None)):
            if value is not None:
                raise InputError(
                    f"{name}: must be left out with --export, which starts no server, got {shorten(value)}"
                )
        return _export(runs.absolute(), export, tuple(where or ()))
    if where:
        raise InputError(f"where: must be used with --export, got {shorten(where[0])}")
    host = "127.0.0.1" if host is None else host
    if not is_loopback(host):
        sys.stderr.write(
            f"modgrok: warning: {shorten(host)} can be reached from other machines; the address with its "
            "token is all that they need, and it is sent without encryption\n"
        )
    with contextlib.suppress(KeyboardInterrupt):  # how a server is ended
        serve(runs.absolute(), host=host, port=port, browser=not no_browser)
    return 0
