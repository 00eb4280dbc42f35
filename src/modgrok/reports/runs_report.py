"""What several runs say beside each other: their curves on the same axes, the settings in which they differ.

Owns: which panels a comparison of stored runs has. Weights are not drawn: those of different tasks and
learners have no axes in common.
"""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..learners.catalogue import definition_named
from ..measures import MEASURES
from ..measures.counts import COUNT_MEASURES
from ..runs import Record, RunRow, Store
from ..runs.run_settings import described_settings, rows_to_compare, shared_differences
from ..runs.store.labels import read_labels
from . import words
from .charts.chart import Legend, Panel, single
from .charts.line_colours import line_colours
from .charts.table import Table
from .charts.timeline import CurveStyle, Frame, Vertical, linear_range, log_range, timeline
from .commands import runs_option
from .panels.curves import PERCENT, decades, ends, percent, plain_format
from .report import Report
from .views.tables import curve_table

MOST_DIFFERENCES = 3
"""Settings that name a curve."""
HEIGHT = 170
CURVES = (
    (
        "test_accuracy",
        "Test accuracy",
        "Share of the test inputs whose largest logit is that of the correct class.",
    ),
    ("train_accuracy", "Training accuracy", "The same for the training inputs."),
    ("test_loss", "Test loss", "Mean loss over the test inputs."),
    ("train_loss", "Training loss", "Mean loss over the training inputs."),
)


def runs_report(store: Store, runs: Sequence[str], path: Path) -> Report:
    """Gather a comparison of stored runs.

    Arguments:
        store: where they are.
        runs: 2 to 20 ids, beginnings of ids, or `latest`.
        path: where the report will be written, for the command it carries.

    Raises:
        InputError: no such run, or fewer or more than that.
    """
    rows = rows_to_compare(store, runs)
    records = [store.records(row.id) for row in rows]
    different = shared_differences([described_settings(row) for row in rows])
    names = [run_name(row, different, at) for at, row in enumerate(rows)]
    panels = _panels(rows, records, names, _colours(different, len(rows)))
    tasks = dict.fromkeys(_task(row) for row in rows)
    ids = " ".join(row.id for row in rows)
    labels = read_labels(store, [row.id for row in rows])
    notes = [f"{row.id}: {labels[row.id].note}" for row in rows if row.id in labels and labels[row.id].note]
    return Report(
        f"{len(rows)} runs of {next(iter(tasks)) if len(tasks) == 1 else f'{len(tasks)} tasks'}",
        _summary(rows, different),
        tuple((name, _outcome(row, own)) for name, row, own in zip(names, rows, records, strict=True)),
        tuple(panels),
        tuple(notes),
        (
            (
                "to make this report",
                f"modgrok report {ids} -o {shlex.quote(path.name)}{runs_option(store.folder)}",
            ),
        ),
    )


def run_name(row: RunRow, different: dict[str, list[Any]], at: int) -> str:
    """Return what tells a run from the others: the beginning of its id, and settings in which they differ."""
    parts = [
        f"{name.replace('_', ' ')} {_value(values[at])}"
        for name, values in list(different.items())[:MOST_DIFFERENCES]
    ]
    return " · ".join([row.id[:6], *parts])


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return "none" if value is None else value if isinstance(value, str) else json.dumps(value)


def _task(row: RunRow) -> str:
    return row.expression if row.expression.startswith("table:") else f"{row.expression} mod {row.p}"


def _colours(different: dict[str, list[Any]], count: int) -> list[str]:
    """Colour runs by the one setting in which they differ, if that is a number; else apart."""
    values: list[Any] = (
        next(iter(different.values())) if len(different) == 1 else [str(at) for at in range(count)]
    )
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return line_colours(values if numbers else list(range(count)) if count > 6 else [str(v) for v in values])


def _summary(rows: Sequence[RunRow], different: dict[str, list[Any]]) -> str:
    names = [name.replace("_", " ") for name in different]
    differ = f"They differ in {', '.join(names)}." if names else "No setting differs."
    grokked = sorted(row.grokked_at for row in rows if row.grokked_at is not None)
    if not grokked:
        return f"{differ} None grokked within its budget."
    span = f"at step {grokked[0]:,}" if len(grokked) == 1 else f"from step {grokked[0]:,} to {grokked[-1]:,}"
    return f"{differ} {len(grokked)} of {len(rows)} grokked, {span}."


def _outcome(row: RunRow, records: Sequence[Record]) -> str:
    moments = [
        f"{name} at {step:,}" if step is not None else f"not {name}"
        for name, step in (("memorised", row.memorised_at), ("grokked", row.grokked_at))
    ]
    last = records[-1].scalars if records else {}
    accuracy = last.get("test_accuracy", math.nan)
    test = [] if math.isnan(accuracy) else [f"test accuracy {percent(accuracy)}"]
    steps = words.steps_words(row.step, words.unit_of(row))
    return ", ".join([f"{_task(row)}, {row.learner}", *moments, *test, f"{row.status} after {steps}"])


def _panels(
    rows: Sequence[RunRow], records: Sequence[Sequence[Record]], names: Sequence[str], colours: Sequence[str]
) -> list[Panel]:
    units = {definition_named(row.learner).wording.unit for row in rows}
    end = max([1, *(row.step for row in rows), *(own[-1].step for own in records if own)])
    unit = next(iter(units)) if len(units) == 1 else "step"
    frame = Frame(end, [], linear="step" not in units, unit=unit)
    legend = Legend(tuple(zip(names, colours, strict=True)))
    main_measures = {name for name, _, _ in CURVES} | {measure.name for measure in COUNT_MEASURES}
    measures = [
        (measure.name, measure.name.replace("_", " "), f"{measure.title[:1].upper()}{measure.title[1:]}.")
        for measure in MEASURES
        if measure.name not in main_measures and all(measure.name in row.scalars for row in rows)
    ]
    own_losses = dict.fromkeys(described_settings(row).get("loss") for row in rows)
    losses = [loss for loss in own_losses if loss is not None]  # a kernel machine has none
    panels = []
    for scalar, title, caption in (*CURVES, *measures):
        table: Table = [
            {**entry, "name": name}
            for name, own in zip(names, records, strict=True)
            for entry in curve_table(own, [scalar])
        ]
        if scalar.endswith("_loss") and len(losses) > 1:
            caption += f" The runs minimise different losses ({', '.join(losses)}), which cannot be compared."
        if table:
            styles = [CurveStyle(name, name, colour) for name, colour in zip(names, colours, strict=True)]
            values = [entry["value"] for entry in table]
            cell = timeline(
                frame,
                table,
                styles,
                _vertical(scalar, values),
                f"{title} of {len(rows)} runs against {unit}s; {ends(table, styles)}.",
                height=HEIGHT,
                right=14,
                labelled=False,
            )
            panels.append(single(scalar, title, caption, cell, 6))
    if panels:
        first = panels[0]
        panels[0] = Panel(first.key, first.title, first.caption, first.groups, 12, legend)
    return panels


def _vertical(scalar: str, values: Sequence[float]) -> Vertical:
    if scalar.endswith("_accuracy"):
        return Vertical(0, 1, format=".0%", values=PERCENT)
    positive = [value for value in values if value > 0]
    if scalar.endswith("_loss") and len(positive) == len(values) and max(positive) > 30 * min(positive):
        low, high = log_range(list(positive))
        return Vertical(low, high, format=plain_format(low, high), log=True, values=decades(low, high))
    return Vertical(*linear_range(list(values)))
