"""`modgrok export`: weights and records for other tools."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ..io import atomic_file, csv_cell, write_atomically
from ..io.weights_path import names_file
from ..runs import RunRow, Store
from ..runs.store.arrays import arrays_of, read_checked
from ..runs.store.store import Checkpoint
from ..runs.store.sweep_index import sweep_names
from ..tasks import InputError
from ..tasks.errors import shorten
from .shared.options import DEFAULT_RUNS, Json, Runs, whole
from .shared.output import cannot_write, check_output, check_output_folder, say, say_json

FORMATS = ("safetensors", "csv", "parquet", "transformerlens")


def export(
    run: Annotated[
        str,
        Parameter(
            help="Run id, the beginning of one, or latest; the name of a sweep; or a file that import or "
            "construct wrote."
        ),
    ],
    /,
    *,
    format: Annotated[
        str,
        Parameter(
            help="safetensors: the weights of a step; csv: the records; transformerlens: a folder that "
            "TransformerLens opens. For a sweep, csv or parquet: a folder with tables of its runs, of its "
            "records, of the points of its axes and of critical fractions, and a description of their "
            "columns."
        ),
    ] = "safetensors",
    output: Annotated[
        Path | None,
        Parameter(name=["--output", "-o"], help="File to write; a folder for transformerlens and sweeps."),
    ] = None,
    step: Annotated[
        int | None, Parameter(converter=whole, help="Step of the checkpoint to write; default the last one.")
    ] = None,
    trajectory: Annotated[
        bool,
        Parameter(
            negative="",
            help="With --format transformerlens: write all checkpoints, one folder per checkpoint.",
        ),
    ] = False,
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Write the weights of a checkpoint, the records of a run, a folder for TransformerLens, or a sweep."""
    if format not in FORMATS:
        raise InputError(f"format: must be one of {', '.join(FORMATS)}, got {shorten(format)}")
    if trajectory and (format != "transformerlens" or step is not None):
        raise InputError(
            "trajectory: must be used with --format transformerlens and without --step, got other options"
        )
    if names_file(run):
        if trajectory or step is not None or format not in ("safetensors", "transformerlens"):
            raise InputError(
                "format: must be safetensors or transformerlens for a file, without --step or --trajectory, "
                f"got {format}"
            )
        return _export_file(Path(run), format, output, json=json)
    if step is not None and (format in ("csv", "parquet") or _names_sweep(run, runs)):
        raise InputError(f"step: must be used with the weights of a run, got {step} with other options")
    if _names_sweep(run, runs):
        return _export_sweep(run, format, output, runs, json=json)
    if format == "parquet":
        raise InputError(f"format: parquet must be used with a sweep, got the run {shorten(run)}")
    if output is not None:
        _check_target(output, format)
    with Store(runs, read_only=True) as store:
        row = store.get(run)
        path = output or Path(
            f"{row.id}-transformerlens" if format == "transformerlens" else f"{row.id}.{format}"
        )
        try:
            if format == "csv":
                _write_csv(store, row, path)
            elif format == "transformerlens":
                _write_folders(store, row, path, step, trajectory)
            else:
                checkpoint = _checkpoint(store, row, step)
                content = read_checked(checkpoint.path, checkpoint.sha256)
                arrays_of(content, checkpoint.path)
                write_atomically(path, content)
        except OSError as error:
            raise cannot_write(path, error) from None
    say(f"wrote {path}")
    if json:
        say_json({"path": str(path)})
    return 0


def _check_target(path: Path, format: str) -> None:
    """Refuse a target that cannot be written, or that is named as another format."""
    if format == "transformerlens":
        check_output_folder(path)
    else:
        check_output(path, (f".{format}",))


def _export_file(source: Path, format: str, output: Path | None, *, json: bool) -> int:
    """Write the network of a file for another tool."""
    from ..interop import card_of_file, read_weights, write_transformerlens
    from ..runs import write_network

    content = read_weights(source)
    path = output or Path(f"{source.stem}-{format}" + (".safetensors" if format == "safetensors" else ""))
    _check_target(path, format)
    try:
        if format == "safetensors":
            write_network(path, content)
        else:
            write_transformerlens(path, content, card_of_file(content))
    except OSError as error:
        raise cannot_write(path, error) from None
    say(f"wrote {path}")
    if json:
        say_json({"path": str(path)})
    return 0


def _names_sweep(name: str, runs: Path) -> bool:
    with Store(runs, read_only=True) as store:
        return name in sweep_names(store)


def _export_sweep(name: str, format: str, output: Path | None, runs: Path, *, json: bool) -> int:
    from ..sweeps.tables.table import sweep_table
    from ..sweeps.tables.write_table import FORMATS as SWEEP_FORMATS
    from ..sweeps.tables.write_table import write_sweep_table

    if format not in SWEEP_FORMATS:
        raise InputError(f"format: must be {' or '.join(SWEEP_FORMATS)} for a sweep, got {shorten(format)}")
    path = output or Path(f"{name}-{format}")
    check_output_folder(path)
    with Store(runs, read_only=True) as store:
        try:
            written = write_sweep_table(sweep_table(store, name), path, format)
        except OSError as error:
            raise cannot_write(path, error) from None
    for file in written:
        say(f"wrote {file}")
    if json:
        say_json({"path": str(path), "files": [str(file) for file in written]})
    return 0


def _write_csv(store: Store, row: RunRow, path: Path) -> None:
    with atomic_file(path, text=True, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(map(csv_cell, ["run", "step", "seconds", *row.scalars]))
        for record in store.records(row.id):
            values = (record.scalars[name] for name in row.scalars)
            writer.writerow(map(csv_cell, [row.id, record.step, record.seconds, *values]))


def _write_folders(store: Store, row: RunRow, path: Path, step: int | None, trajectory: bool) -> None:
    from ..interop import card, write_transformerlens
    from ..models.transformer import Transformer
    from ..runs import read_network_file

    records = {record.step: record for record in store.records(row.id)}
    chosen = store.checkpoints(row.id) if trajectory else [_checkpoint(store, row, step)]
    if not chosen:
        raise InputError("run: must have at least one checkpoint, got none")
    digits = len(str(chosen[-1].step))
    for checkpoint in chosen:
        content = read_network_file(checkpoint.path, checkpoint.sha256)
        net = content.network
        if not isinstance(net, Transformer):
            raise InputError(
                f"format: transformerlens needs a run of the learner transformer, got {row.learner}"
            )
        folder = path / f"step-{checkpoint.step:0{digits}d}" if trajectory else path
        write_transformerlens(folder, content, card(row, net, checkpoint.step, records.get(checkpoint.step)))


def _checkpoint(store: Store, row: RunRow, step: int | None) -> Checkpoint:
    from ..interop import checkpoint_at

    return checkpoint_at(store.checkpoints(row.id), step)
