"""The tasks of a mixture against steps: the accuracies and losses of each, with its own milestones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...learners.base.wording import typeset
from ...runs import Record
from ...runs.outcome import task_outcomes
from ..charts.chart import Cell, Group, Panel
from ..charts.palette import TEST, TRAIN
from ..charts.timeline import CurveStyle, Frame, Vertical, log_range, timeline
from ..views.tables import curve_table
from .curves import HEIGHT, PERCENT, decades, ends, plain_format

A_ROW = 3
"""Tasks of a mixture side by side: narrower charts have no room for labels."""


def task_panels(frame: Frame, records: Sequence[Record], context: dict[str, Any]) -> list[Panel]:
    """Draw the accuracies of each task of a mixture, then their losses, each with its own milestones.

    Nothing for a single task; no losses of runs that recorded none.

    Arguments:
        frame: of all time charts.
        records: of the run.
        context: of the run; its `tasks` are their names.
    """
    names = context.get("tasks", [])
    outcomes = task_outcomes(records, names)
    frames = [
        replace(
            frame,
            moments=[
                {"step": outcome[f"{milestone}_at"], "name": milestone}
                for milestone in ("memorised", "grokked")
                if outcome[f"{milestone}_at"] is not None
            ],
        )
        for outcome in outcomes
    ]
    panels = []
    for quantity, title, caption in (
        (
            "accuracy",
            "Accuracy of each task",
            "Fraction of the task's own training and test inputs whose largest logit is that of the "
            "correct class. Memorised and grokked: the first observed steps at which these reach 99%.",
        ),
        ("loss", "Loss of each task", "Mean loss over the task's own training and test inputs."),
    ):
        cells = [_task_cell(own, records, order, quantity) for order, own in enumerate(frames, start=1)]
        for start in range(0, len(cells), A_ROW):
            groups = [
                Group(typeset(name), (cell,))
                for name, cell in zip(names[start : start + A_ROW], cells[start : start + A_ROW], strict=True)
                if cell is not None
            ]
            row = start // A_ROW + 1
            further = "" if row == 1 else ", continued"
            if groups:
                panels.append(Panel(f"tasks_{quantity}_{row}", f"{title}{further}", caption, tuple(groups)))
    return panels


def _task_cell(frame: Frame, records: Sequence[Record], order: int, quantity: str) -> Cell | None:
    series = [
        CurveStyle(f"train_{order}_{quantity}", "training", TRAIN),
        CurveStyle(f"test_{order}_{quantity}", "test", TEST),
    ]
    rows = curve_table(records, [s.name for s in series])
    if not rows:
        return None
    if quantity == "accuracy":
        vertical = Vertical(0, 1, format=".0%", values=PERCENT)
    else:
        low, high = log_range([row["value"] for row in rows])
        vertical = Vertical(low, high, format=plain_format(low, high), log=True, values=decades(low, high))
    text = f"{quantity.capitalize()} of task {order} against steps; {ends(rows, series)}."
    return timeline(frame, rows, series, vertical, text, height=HEIGHT, name_milestones=True)
