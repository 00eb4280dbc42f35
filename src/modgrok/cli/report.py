"""`modgrok report`: a run or a network as a picture."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
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
    from ..reports import Report
    from ..runs import NetworkFile, Store

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
            help="For a run in .html: maximum number of checkpoints on the slider; 0 for no slider; "
            "default 8, or fewer where their panels would exceed 1.5 MB.",
        ),
    ] = None,
    values: Annotated[
        str | None,
        Parameter(help="For a sweep: columns of export to draw as maps, such as grokked_at,ipr,phase."),
    ] = None,
    runs: Runs = DEFAULT_RUNS,
    json: Json = False,
) -> int:
    """Draw a run: curves, spectra, phases and one hidden unit, at the start, at memorisation, at the end.

    Several runs are compared: their curves on the same axes, and the settings in which they differ.

    A sweep is drawn as heat maps over two of its axes, times to grok, and curves over its seeds.

    The report of a transformer shows waves, neurons, attention and the loss of parts of the logits. A
    .safetensors file is drawn by itself; a file written by construct can also be drawn beside a run of the
    same task, with --against.
    """
    output = free_name(Path("report.html")) if output is None else output
    if checkpoints is not None and not 0 <= checkpoints <= MOST_CHECKPOINTS:
        raise InputError(f"checkpoints: must be in 0..{MOST_CHECKPOINTS}, got {checkpoints}")
    if checkpoints is not None and output.suffix.lower() != ".html":
        raise InputError(f"checkpoints: must be used with an .html report, got {shorten(output)}")
    replaces = path_exists(output)
    subject = _Subject(run, others, file, against, _names(axes), _names(values), checkpoints, runs)
    beside = ChartProcess() if output.suffix.lower() in FIGURES else contextlib.nullcontext()
    with beside as charts:  # starts before JAX is imported, and draws while other rows become pixels
        prepare_to_compute()
        path = _written(subject, output, draw_here if charts is None else charts.draw)
    say(f"{'replaced' if replaces else 'wrote'} {path}")
    if json:
        say_json({"path": str(path)})
    return 0


@dataclass(frozen=True)
class _Subject:
    """What a report is asked of; names and options as on the command line."""

    run: str
    others: tuple[str, ...]
    file: OfFile
    against: Path | None
    axes: list[str] | None
    values: list[str] | None
    checkpoints: int | None
    runs: Path

    @property
    def is_file(self) -> bool:
        """Whether it names a file or folder of weights, not a sweep of that name."""
        return names_file(self.run) and not (is_folder(Path(self.run)) and _names_sweep(self.run, self.runs))

    def refuse(self, names: Sequence[str], rule: str, source: str) -> None:
        """Refuse the options of those names.

        Raises:
            InputError: with the rule, and what was named in their place.
        """
        for name in names:
            if getattr(self, name) is not None:
                raise InputError(f"{name}: must be {rule}, got {source}")


def _written(subject: _Subject, output: Path, draw: Draw) -> Path:
    """Write the report of whatever is named, and return its path."""
    from ..reports import check_path, write

    path = check_path(output)
    if subject.others:
        report = _report_of_runs(subject, path)
    elif subject.is_file:
        report = _report_of_file(subject)
    else:
        report = _report_of_name(subject, path)
    return write(report, path, draw)


def _report_of_runs(subject: _Subject, path: Path) -> Report:
    from ..reports import runs_report
    from ..runs import Store

    if subject.is_file:
        other = shorten(subject.others[0])
        raise InputError(f"others: must be left out for a file, whose task --expression names, got {other}")
    subject.refuse(("against", "axes", "values", "checkpoints"), "left out where runs are compared", "one")
    subject.file.refuse_with_run(subject.run)
    with Store(subject.runs, read_only=True) as store:
        return runs_report(store, (subject.run, *subject.others), path)


def _report_of_file(subject: _Subject) -> Report:
    from ..reports import file_report

    subject.refuse(("against", "axes", "values", "checkpoints"), "left out for a file", shorten(subject.run))
    return file_report(subject.file.read(Path(subject.run)), report_command=command_line())


def _report_of_name(subject: _Subject, path: Path) -> Report:
    """Gather the report of a sweep or of a run, alone or beside a closed form."""
    from ..reports import sweep_report
    from ..reports.recent_reports import RECENT
    from ..runs import Store
    from ..runs.store.sweep_index import sweep_names

    run = subject.run
    subject.file.refuse_with_run(run)
    with Store(subject.runs, read_only=True) as store:
        if run in sweep_names(store):
            subject.refuse(("against", "checkpoints"), "used with a run", f"the sweep {shorten(run)}")
            return sweep_report(store, run, path, subject.axes or (), subject.values or ())
        subject.refuse(("axes", "values"), "used with the name of a sweep", shorten(run))
        if subject.against is None:
            return RECENT.report(store, run, path, subject.checkpoints)
        subject.refuse(("checkpoints",), "left out beside another network", shorten(subject.against))
        return _report_beside(store, run, subject.against, path)


def _report_beside(store: Store, run: str, against: Path, path: Path) -> Report:
    """Gather the report of a run beside a network in closed form, which must be of the same task."""
    from ..reports import comparison, maker_of
    from ..runs import read_network_file

    other, row = read_network_file(against), store.get(run)
    if other.task().name != row.expression or other.task().p != row.p:
        raise InputError(
            f"against: must be a network of {row.expression} mod {row.p}, got {shorten(against)}"
        )
    return comparison(
        store, run, _single(other), path, command=maker_of(other.notes), report_command=command_line()
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


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _single(content: NetworkFile) -> MLP:
    from ..models import MLP
    from ..models.networks import network_type

    if not isinstance(content.network, MLP):
        noun = network_type(content.network).noun
        raise InputError(f"against: must hold a two-layer network to be compared with a run, got a {noun}")
    return content.network
