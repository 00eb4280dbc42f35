"""`modgrok report`: a run or a network as a picture."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ..io import is_folder, path_exists
from ..io.charts import ChartProcess, Draw, draw_here
from ..io.weights_path import names_file
from ..tasks import InputError
from ..tasks.errors import shorten
from .shared.command_line import command_line
from .shared.computing import prepare_to_compute
from .shared.file_options import NO_OPTIONS, OfFile
from .shared.options import DEFAULT_RUNS, Json, Runs, whole
from .shared.output import say, say_json

if TYPE_CHECKING:
    from ..models import MLP
    from ..runs import NetworkFile

MOST_CHECKPOINTS = 200
FIGURES = (".png", ".svg", ".pdf")
"""Reports whose charts are drawn when they are written; a page draws its own."""


def report(
    run: Annotated[
        str,
        Parameter(
            help="Run id, the beginning of one, or latest; the name of a sweep; or a file or folder of "
            "weights."
        ),
    ],
    /,
    *others: Annotated[str, Parameter(help="More runs, up to 20 in all, drawn on the same axes.")],
    file: OfFile = NO_OPTIONS,
    output: Annotated[
        Path | None,
        Parameter(
            name=["--output", "-o"],
            help="File to write, or to replace: .html, .png, .svg or .pdf; default report.html, or "
            "report-2.html and so on where that exists.",
        ),
    ] = None,
    against: Annotated[
        Path | None,
        Parameter(help="A constructed network (.safetensors) to show beside the run, on the same axes."),
    ] = None,
    axes: Annotated[
        str | None,
        Parameter(
            help="For a sweep: columns on the x axis, the y axis and across panels, such as "
            "fraction,lr; default its own axes."
        ),
    ] = None,
    checkpoints: Annotated[
        int | None,
        Parameter(
            converter=whole,
            help="For a run in .html: most checkpoints that its slider holds; 0 for no slider; default 8, "
            "or fewer where they would exceed 1.5 MB.",
        ),
    ] = None,
    values: Annotated[
        str | None,
        Parameter(help="For a sweep: columns of export to draw as maps, such as grokked_at,ipr,phase."),
    ] = None,
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Draw a run: curves, spectra, phases and one hidden unit, at the start, at memorising, at the end.

    Several runs are compared: their curves on the same axes, and the settings in which they differ.

    A sweep is drawn as heat maps over two of its axes, times to grok, and curves over its seeds.

    Transformers show waves, neurons, attention and the loss of parts of their logits. A .safetensors file is
    drawn alone; one that construct wrote also with --against beside a run of the same task.
    """
    if checkpoints is not None and not 0 <= checkpoints <= MOST_CHECKPOINTS:
        raise InputError(f"checkpoints: must be in 0..{MOST_CHECKPOINTS}, got {checkpoints}")
    output = free_name(Path("report.html")) if output is None else output
    replaces = path_exists(output)
    beside = ChartProcess() if output.suffix.lower() in FIGURES else contextlib.nullcontext()
    with beside as charts:  # starts before JAX is imported, and draws while other rows become pixels
        prepare_to_compute()
        draw = draw_here if charts is None else charts.draw
        path = _written(run, others, file, output, against, axes, checkpoints, values, runs, draw)
    say(f"{'replaced' if replaces else 'wrote'} {path}")
    if json:
        say_json({"path": str(path)})
    return 0


def _written(
    run: str,
    others: tuple[str, ...],
    file: OfFile,
    output: Path,
    against: Path | None,
    axes: str | None,
    checkpoints: int | None,
    values: str | None,
    runs: Path,
    draw: Draw,
) -> Path:
    """Write the report of whatever is named, and return its path."""
    from ..measures import basis_of_task
    from ..models import MLP
    from ..models.transformer import Transformer
    from ..reports import (
        maker_of,
        write_comparison,
        write_logits_report,
        write_network_report,
        write_report,
        write_runs_report,
        write_sweep_report,
        write_transformer_report,
    )
    from ..runs import Store, read_network_file
    from ..runs.store.sweep_index import sweep_names

    if others:
        if against is not None or axes is not None or values is not None:
            raise InputError("against, axes, values: must be left out where runs are compared, got one")
        file.refuse_with_run(run)
        with Store(runs, read_only=True) as store:
            return write_runs_report(store, (run, *others), output, draw=draw)
    if names_file(run) and not (is_folder(Path(run)) and _names_sweep(run, runs)):
        if against is not None or axes is not None or values is not None:
            raise InputError(f"against, axes, values: must be left out for a file, got {shorten(run)}")
        content = file.read(Path(run))
        task = content.task()
        command, again = maker_of(content.notes), command_line()
        title = f"{task.name} mod {task.p}" if task.is_plain else f"{task.name} on 0..{task.p - 1}"
        title += ", a network from elsewhere" if content.notes.get("made") == "elsewhere" else ""
        net = content.network
        if isinstance(net, Transformer):
            return write_transformer_report(
                net, task, output, title=title, command=command, report_command=again, draw=draw
            )
        if isinstance(net, MLP):
            return write_network_report(
                net,
                basis_of_task(task),
                output,
                title=title,
                task=task,
                command=command,
                report_command=again,
                draw=draw,
            )
        return write_logits_report(
            net, task, output, title=title, command=command, report_command=again, draw=draw
        )
    file.refuse_with_run(run)
    with Store(runs, read_only=True) as store:
        if run in sweep_names(store):
            if against is not None:
                raise InputError(f"against: must be used with a run, got the sweep {shorten(run)}")
            return write_sweep_report(store, run, output, _names(axes), _names(values), draw=draw)
        if axes is not None or values is not None:
            raise InputError(f"axes, values: must be used with the name of a sweep, got {shorten(run)}")
        if against is None:
            return write_report(store, run, output, checkpoints, draw=draw)
        other = read_network_file(against)
        row = store.get(run)
        if other.task().name != row.expression or other.task().p != row.p:
            raise InputError(
                f"against: must be a network of {row.expression} mod {row.p}, got {shorten(against)}"
            )
        return write_comparison(
            store,
            run,
            _single(other),
            output,
            command=maker_of(other.notes),
            report_command=command_line(),
            draw=draw,
        )


def _names_sweep(name: str, runs: Path) -> bool:
    from ..runs import Store
    from ..runs.store.sweep_index import sweep_names

    if not is_folder(runs):
        return False
    with Store(runs, read_only=True) as store:
        return name in sweep_names(store)


def free_name(path: Path) -> Path:
    """Return a path that does not exist: the one given, else with -2, -3, … before its ending."""
    names = (path.with_stem(f"{path.stem}-{number}") for number in itertools.count(2))
    return path if not path_exists(path) else next(name for name in names if not path_exists(name))


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _single(content: NetworkFile) -> MLP:
    from ..models import MLP
    from ..models.networks import network_type

    if not isinstance(content.network, MLP):
        noun = network_type(content.network).noun
        raise InputError(f"against: must hold a two-layer network to be compared with a run, got a {noun}")
    return content.network
