"""Reports as files: the format from the suffix, the file complete or not there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import vl_convert

from ...algebra import Basis
from ...io import check_new_path, is_folder, write_atomically
from ...io.charts import Draw, draw_here
from ...models import MLP
from ...models.transformer import Transformer
from ...runs import Store
from ...tasks import InputError, Task
from ...tasks.errors import shorten
from ..charts.png import stacked
from ..recent_reports import RECENT
from ..report import Report, comparison, logits_report, network_report, transformer_report
from ..runs_report import runs_report
from ..sweep_report import sweep_report
from .html import page_html
from .svg import figure_strips, figure_svg

SUFFIXES = (".html", ".png", ".svg", ".pdf")
"""What a report is written as, by the ending of its file."""
SCALE = 2.0
"""Pixels of a PNG per pixel of the figure."""


def write_report(store: Store, run: str, path: Path, checkpoints: int | None = None) -> Path:
    """Write the report of a stored run.

    Arguments:
        store: where the run is.
        run: its id, the beginning of it, or `latest`.
        path: ends in .html, .png, .svg or .pdf.
        checkpoints: most that the slider of a page has; as in `run_report`.

    Returns:
        The path.

    Raises:
        InputError: no such run, or another suffix.
    """
    path = check_path(path)
    return write(RECENT.report(store, run, path, checkpoints), path)


def write_runs_report(store: Store, runs: Sequence[str], path: Path) -> Path:
    """Write a comparison of stored runs; arguments as in `runs_report`."""
    path = check_path(path)
    return write(runs_report(store, runs, path), path)


def write_comparison(
    store: Store,
    run: str,
    closed_form: MLP,
    path: Path,
    *,
    command: str = "",
    report_command: str = "",
) -> Path:
    """Write the last weights of a run beside a closed form of the same task; arguments as in `comparison`.

    Raises:
        InputError: no such run, another suffix, or a network of another shape.
    """
    path = check_path(path)
    return write(
        comparison(store, run, closed_form, path, command=command, report_command=report_command), path
    )


def write_network_report(
    net: MLP,
    basis: Basis,
    path: Path,
    *,
    title: str,
    summary: str = "",
    task: Task | None = None,
    command: str = "",
    report_command: str = "",
) -> Path:
    """Write the report of a network alone, whatever its source; arguments as in `network_report`."""
    path = check_path(path)
    return write(
        network_report(
            net, basis, title, summary=summary, task=task, command=command, report_command=report_command
        ),
        path,
    )


def write_transformer_report(
    net: Transformer,
    task: Task,
    path: Path,
    *,
    title: str,
    command: str = "",
    report_command: str = "",
) -> Path:
    """Write the report of a transformer alone, whatever its source; arguments as in `transformer_report`."""
    path = check_path(path)
    return write(transformer_report(net, task, title, command=command, report_command=report_command), path)


def write_logits_report(
    net: Any,
    task: Task,
    path: Path,
    *,
    title: str,
    command: str = "",
    report_command: str = "",
) -> Path:
    """Write the report of a network of any kind from its logits; arguments as in `logits_report`."""
    path = check_path(path)
    return write(logits_report(net, task, title, command=command, report_command=report_command), path)


def write_sweep_report(
    store: Store,
    name: str,
    path: Path,
    axes: Sequence[str] = (),
    values: Sequence[str] = (),
) -> Path:
    """Write the report of a sweep; arguments as in `sweep_report`."""
    path = check_path(path)
    return write(sweep_report(store, name, path, axes, values), path)


def check_path(path: Path) -> Path:
    """Refuse a suffix that names no format, and a folder that does not exist."""
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"output: must end in .html, .png, .svg or .pdf, got {shorten(path.name)}")
    check_new_path(path, "output")
    if is_folder(path):
        raise InputError(f"output: must be a file, got the folder {shorten(path)}")
    return path


def write(report: Report, path: Path, draw: Draw = draw_here) -> Path:
    """Write a report under a temporary name, then rename it into place.

    Arguments:
        report: what is written.
        path: ends in .html, .png, .svg or .pdf.
        draw: draws the charts of a figure.
    """
    content = rendered(report, path.suffix.lower(), draw)
    try:
        write_atomically(path, content)
    except OSError as error:
        raise InputError(f"output: cannot write {shorten(path)} ({error.strerror})") from None
    return path


def rendered(report: Report, suffix: str, draw: Draw = draw_here) -> bytes:
    """Return the bytes of a report in a format, made once for each format."""
    if suffix not in report.files:
        report.files[suffix] = _rendered(report, suffix, draw)
    return report.files[suffix]


def _rendered(report: Report, suffix: str, draw: Draw) -> bytes:
    if suffix == ".html":
        return page_html(report).encode()
    if suffix == ".png":
        strips = figure_strips(report, draw)
        return stacked(
            bytes(vl_convert.svg_to_png(strip.document(), scale=SCALE, ppi=72)) for strip in strips
        )
    svg = figure_svg(report, draw)
    if suffix == ".pdf":
        return bytes(vl_convert.svg_to_pdf(svg))
    return svg.encode()
