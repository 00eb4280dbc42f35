"""`modgrok export`: weights and records for other tools."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ..runs import Store
from ..runs.arrays import read_arrays
from ..runs.store import Checkpoint
from ..tasks import InputError
from ..tasks.errors import shorten
from .options import DEFAULT_RUNS, Json, Runs, whole
from .output import check_output, say, say_json
from .runs import RunName

FORMATS = ("safetensors", "csv")


def export(
    run: RunName,
    /,
    *,
    format: Annotated[
        str, Parameter(help="safetensors: the weights of a step; csv: the records.")
    ] = "safetensors",
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], help="File to write.")] = None,
    step: Annotated[
        int | None, Parameter(converter=whole, help="Checkpoint to write; default the last one.")
    ] = None,
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Write the weights of a checkpoint (safetensors) or the records of a run (csv)."""
    if format not in FORMATS:
        raise InputError(f"format: must be one of {', '.join(FORMATS)}, got {shorten(format)}")
    if output is not None:
        check_output(output)
    with Store(runs, read_only=True) as store:
        row = store.get(run)
        path = output or Path(f"{row.id}.{format}")
        if format == "csv":
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(["run", "step", "seconds", *row.scalars])
                for record in store.records(row.id):
                    values = (record.scalars[name] for name in row.scalars)
                    writer.writerow([row.id, record.step, record.seconds, *values])
        else:
            checkpoint = _checkpoint(store.checkpoints(row.id), step)
            read_arrays(checkpoint.path, checkpoint.sha256)
            shutil.copyfile(checkpoint.path, path)
    say(f"wrote {path}")
    if json:
        say_json({"path": str(path)})
    return 0


def _checkpoint(kept: list[Checkpoint], step: int | None) -> Checkpoint:
    if not kept:
        raise InputError("run: must have kept weights, got none")
    found = kept[-1:] if step is None else [c for c in kept if c.step == step]
    if not found:
        steps = ", ".join(str(c.step) for c in kept)
        raise InputError(f"step: must be one of the kept steps {steps}, got {step}")
    return found[0]
