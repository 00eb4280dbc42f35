"""`modgrok report`: a run as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ..runs import Store
from .options import DEFAULT_RUNS, Json, Runs
from .output import say, say_json
from .runs import RunName


def report(
    run: RunName,
    /,
    *,
    output: Annotated[
        Path, Parameter(name=["--output", "-o"], help="File to write: .html, .png, .svg or .pdf.")
    ] = Path("report.html"),
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Draw a run: curves, spectra, phases and one hidden unit, at the start, at memorising, at the end."""
    from ..reports import write_report

    with Store(runs, read_only=True) as store:
        path = write_report(store, run, output)
    say(f"wrote {path}")
    if json:
        say_json({"path": str(path)})
    return 0
