"""The panels of how much a formula explains, against training steps."""

from __future__ import annotations

from collections.abc import Sequence

from ...runs import Record
from ..charts.chart import Panel, single
from ..charts.palette import MEASURE, SECOND, TEST, TRAIN
from ..charts.timeline import CurveStyle, Frame, Vertical, linear_range, timeline
from ..views.tables import curve_table
from .curves import HEIGHT, PERCENT, ends

SHARES = ("explained_share", "explained_share_train", "formula_accuracy")
"""Measures that `explained_shares` draws."""
LOSSES = ("restricted_loss", "excluded_loss")
"""Measures that `parted_losses` draws."""


def explained_shares(frame: Frame, records: Sequence[Record]) -> Panel | None:
    """Draw the explained shares of test and training inputs, and the accuracy of the formula."""
    series = [
        CurveStyle("formula_accuracy", "formula", MEASURE, thin=True),
        CurveStyle("explained_share_train", "training", TRAIN),
        CurveStyle("explained_share", "test", TEST),
    ]
    rows = curve_table(records, [style.name for style in series])
    if not rows:
        return None
    cell = timeline(
        frame,
        rows,
        series,
        Vertical(0, 1, format=".0%", values=PERCENT),
        f"Share of inputs that a formula explains against {frame.unit}s; {ends(rows, series)}.",
        height=HEIGHT,
    )
    caption = (
        "Share of inputs for which a formula in the task's index accounts for the answer: its margin exceeds "
        "all that it leaves out of the logits. Formula: its accuracy on test inputs."
    )
    return single("explained_share", "Explained share", caption, cell, 4)


def parted_losses(frame: Frame, records: Sequence[Record]) -> Panel | None:
    """Draw the losses of the formula's frequencies alone, and of all else."""
    series = [
        CurveStyle("restricted_loss", "restricted", MEASURE),
        CurveStyle("excluded_loss", "excluded", SECOND),
    ]
    rows = curve_table(records, [style.name for style in series])
    if not rows:
        return None
    low, high = linear_range([row["value"] for row in rows])
    text = f"Losses of parts of the logits against {frame.unit}s; {ends(rows, series)}."
    cell = timeline(frame, rows, series, Vertical(low, high), text, height=HEIGHT)
    caption = (
        "Mean cross-entropy over all pairs, of the formula's frequencies and the constant (restricted), and "
        "of all but these frequencies (excluded; Nanda et al. 2023, Sec. 5.1)."
    )
    return single("restricted_and_excluded_loss", "Restricted and excluded loss", caption, cell, 4)
