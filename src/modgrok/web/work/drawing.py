"""Panels of reports as data for the page: specifications that Vega draws in the browser.

Owns: what a panel looks like as JSON. Which panels there are is the reports' own choice.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from time import perf_counter
from typing import Any

import vl_convert

from ... import reports
from ...analytic import construct as construct_network
from ...analytic import construct_experts
from ...decide import decide_table
from ...interop import checkpoint_at
from ...measures import basis_of_task
from ...models import MLP
from ...reports.charts.chart import Cell, Panel
from ...reports.formats.svg import panels_svg
from ...reports.formats.vega_script import vega_script
from ...reports.formats.write import SCALE
from ...reports.report import Report, explanation_panels
from ...reports.stored_run import StoredRun, read_stored_run
from ...runs import Store
from ...runs.splits import split_of
from ...tasks import InputError, expand
from ...tasks.errors import shorten
from .task_request import requested_task


def ready() -> None:
    """Do nothing; what the other functions need has been imported."""


def chart_library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script, which vl-convert contains."""
    return vega_script()


def run_report(folder: str, run: str) -> dict[str, Any]:
    """Return the report of a stored run.

    Arguments:
        folder: of the store.
        run: id.
    """
    with Store(Path(folder), read_only=True) as store:
        row = store.get(run)
        report = reports.run_report(store, row.id, Path(f"{row.id}.html"))
        steps = [checkpoint.step for checkpoint in store.checkpoints(row.id)]
    return {**report_json(report), "steps": steps}


def checkpoint(folder: str, run: str, step: int) -> dict[str, Any]:
    """Return the panels that show weights, of one checkpoint of a run.

    Arguments:
        folder: of the store.
        run: id.
        step: of a kept checkpoint.
    """
    with Store(Path(folder), read_only=True) as store:
        panels, _ = reports.checkpoint_panels(read_stored_run(store, run), step)
    return {"step": step, "panels": [panel_json(one) for one in panels]}


def panel(folder: str, run: str, key: str, format: str, step: int | None = None) -> dict[str, Any]:
    """Return one panel of a run as a picture.

    Arguments:
        folder: of the store.
        run: id.
        key: of the panel.
        format: `svg` or `png`.
        step: of the checkpoint that is shown; None for the report's own choice.
    """
    if format not in ("svg", "png"):
        raise InputError(f"format: must be svg or png, got {shorten(format)}")
    with Store(Path(folder), read_only=True) as store:
        if step is None:
            panels = reports.run_report(store, run, Path("report.html")).panels
        else:
            panels = _at_step(read_stored_run(store, run), key, step)
    chosen = [one for one in panels if one.key == key]
    if not chosen:
        known = ", ".join(one.key for one in panels) or "none"
        raise InputError(f"panel: must be one of {known}, got {shorten(key)}")
    svg = panels_svg(chosen[:1])
    content = svg.encode() if format == "svg" else bytes(vl_convert.svg_to_png(svg, scale=SCALE, ppi=72))
    return {"base64": base64.b64encode(content).decode("ascii")}


def _at_step(stored: StoredRun, key: str, step: int) -> tuple[Panel, ...]:
    """Return the panels of a checkpoint, those of its formula where none of weights has the key."""
    panels = tuple(reports.checkpoint_panels(stored, step)[0])
    if any(one.key == key for one in panels):
        return panels
    network = checkpoint_at(stored.checkpoints, step).load()
    return panels + tuple(explanation_panels(stored.task, network, split_of(stored.experiment, stored.task)))


def sweep_report(folder: str, name: str) -> dict[str, Any]:
    """Return the report of a sweep."""
    with Store(Path(folder), read_only=True) as store:
        return report_json(reports.sweep_report(store, name, Path("sweep.html")))


def construct(
    expression: str | None = None, p: int | None = None, group: str | None = None, table: str | None = None
) -> dict[str, Any]:
    """Write the network of a task in closed form; return what was built, and its panels.

    A polynomial of neither form is composed of experts, which have no panels.

    Arguments:
        expression, p: an expression and its modulus, or
        group: the name of a finite group, or
        table: see `requested_task`.

    Raises:
        InputError: the task is of neither form, and no polynomial.
    """
    started = perf_counter()
    named = requested_task(expression, p, group, table)
    task = named.task
    verdict = decide_table(task.table, task.p)
    products = None
    try:
        if verdict.witness is not None:
            built = construct_network(task.table, task.p, verdict.witness)
        elif named.expression is not None:
            products = expand(named.expression, task.p)
            built = construct_experts(task.table, task.p, products)
        else:
            source = "group" if group else "table" if table else "expression"
            raise InputError(
                f"{source}: must have one of the two forms, or be a polynomial, got {named.title}: "
                f"{verdict.certificate}"
            )
    except ValueError as error:
        raise InputError(str(error)) from None
    panels: tuple[Panel, ...] = ()
    if isinstance(built.network, MLP):
        panels = reports.network_report(
            built.network, basis_of_task(task), named.title, task=task, command="modgrok construct"
        ).panels
    return {
        "expression": task.name,
        "p": task.p,
        "kind": built.kind,
        "form": built.form,
        "verdict": verdict.form,
        "products": None if products is None else len(products),
        "width": built.width,
        "phases": built.phases,
        "frequencies": built.frequencies,
        "inputs": built.report.inputs,
        "errors": built.report.errors,
        "accuracy": built.report.accuracy,
        "margin": built.report.margin,
        "mse": built.report.mse,
        "seconds": perf_counter() - started,
        "panels": [panel_json(one) for one in panels],
    }


def report_json(report: Report) -> dict[str, Any]:
    """Return a report as plain values."""
    return {
        "title": report.title,
        "summary": report.summary,
        "facts": report.facts,
        "notes": report.notes,
        "commands": [(what, command) for what, command in report.commands if command],
        "colophon": report.colophon,
        "panels": [panel_json(one) for one in report.panels],
    }


def panel_json(panel: Panel) -> dict[str, Any]:
    """Return a panel as plain values."""
    return {
        "key": panel.key,
        "title": panel.title,
        "caption": panel.caption,
        "span": panel.span,
        "legend": None
        if panel.legend is None
        else {"swatches": panel.legend.swatches, "ramp": panel.legend.ramp},
        "groups": [
            {"label": group.label, "cells": [_cell_json(cell) for cell in group.cells]}
            for group in panel.groups
        ],
    }


def _cell_json(cell: Cell) -> dict[str, Any]:
    margins = cell.margins
    return {
        "left": margins.left,
        "right": margins.right,
        "square": cell.square,
        "text": cell.text,
        "spec": json.loads(cell.page_json),
    }
