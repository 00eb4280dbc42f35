"""`modgrok report`: a run or a network as a picture."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ..io import is_folder, path_exists
from ..io.weights_path import names_file
from ..measures import basis_of_task
from ..models import MLP
from ..models.networks import network_type
from ..models.transformer import Transformer
from ..runs import NetworkFile, Store, read_network_file
from ..runs.store.sweep_index import sweep_names
from ..tasks import InputError
from ..tasks.errors import shorten
from .shared.cache import enable_compilation_cache
from .shared.command_line import command_line
from .shared.file_options import NO_OPTIONS, OfFile
from .shared.options import DEFAULT_RUNS, Json, Runs, whole
from .shared.output import say, say_json

MOST_CHECKPOINTS = 200


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

    if checkpoints is not None and not 0 <= checkpoints <= MOST_CHECKPOINTS:
        raise InputError(f"checkpoints: must be in 0..{MOST_CHECKPOINTS}, got {checkpoints}")
    enable_compilation_cache()
    output = free_name(Path("report.html")) if output is None else output
    replaces = path_exists(output)
    if others:
        if against is not None or axes is not None or values is not None:
            raise InputError("against, axes, values: must be left out where runs are compared, got one")
        file.refuse_with_run(run)
        with Store(runs, read_only=True) as store:
            path = write_runs_report(store, (run, *others), output)
    elif names_file(run) and not (is_folder(Path(run)) and _names_sweep(run, runs)):
        if against is not None or axes is not None or values is not None:
            raise InputError(f"against, axes, values: must be left out for a file, got {shorten(run)}")
        content = file.read(Path(run))
        task = content.task()
        commands = {"command": maker_of(content.notes), "report_command": command_line()}
        title = f"{task.name} mod {task.p}" if task.is_plain else f"{task.name} on 0..{task.p - 1}"
        title += ", a network from elsewhere" if content.notes.get("made") == "elsewhere" else ""
        if isinstance(content.network, Transformer):
            path = write_transformer_report(content.network, task, output, title=title, **commands)
        elif isinstance(content.network, MLP):
            path = write_network_report(
                content.network, basis_of_task(task), output, title=title, task=task, **commands
            )
        else:
            path = write_logits_report(content.network, task, output, title=title, **commands)
    else:
        file.refuse_with_run(run)
        with Store(runs, read_only=True) as store:
            if run in sweep_names(store):
                if against is not None:
                    raise InputError(f"against: must be used with a run, got the sweep {shorten(run)}")
                path = write_sweep_report(store, run, output, _names(axes), _names(values))
            elif axes is not None or values is not None:
                raise InputError(f"axes, values: must be used with the name of a sweep, got {shorten(run)}")
            elif against is None:
                path = write_report(store, run, output, checkpoints)
            else:
                other = read_network_file(against)
                row = store.get(run)
                if other.task().name != row.expression or other.task().p != row.p:
                    raise InputError(
                        f"against: must be a network of {row.expression} mod {row.p}, got {shorten(against)}"
                    )
                provenance = {"command": maker_of(other.notes), "report_command": command_line()}
                path = write_comparison(store, run, _single(other), output, **provenance)
    say(f"{'replaced' if replaces else 'wrote'} {path}")
    if json:
        say_json({"path": str(path)})
    return 0


def _names_sweep(name: str, runs: Path) -> bool:
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
    if not isinstance(content.network, MLP):
        noun = network_type(content.network).noun
        raise InputError(f"against: must hold a two-layer network to be compared with a run, got a {noun}")
    return content.network
