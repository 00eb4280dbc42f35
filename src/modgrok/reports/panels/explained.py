"""The panels of an explanation: the share over training, the frequencies as circles, what is left over."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...runs import Checkpoint, Record
from ..charts import vega_lite as vl
from ..charts.chart import Cell, Group, Margins, Panel, single
from ..charts.image import picture
from ..charts.palette import FAINT, INK, MEASURE, SECOND, TEST, TRAIN
from ..charts.png import data_uri
from ..charts.ramp import SEQUENTIAL, colours, indices
from ..charts.table import Table
from ..charts.timeline import CurveStyle, Frame, Vertical, linear_range, timeline
from ..views.explanation_view import MOST_CIRCLES, ExplanationView
from ..views.tables import curve_table
from .curves import HEIGHT, PERCENT, ends

TOUCHING = 0.12
"""Distance, over half of the width, at which the numbers of two points would cover each other."""
MOST_NAMES = 3
FEW_NUMBERED = 20
"""Values of an index up to which their numbers have the usual size."""
MOST_NUMBERED = 40
"""Values of an index up to which circles carry their numbers."""
NOTHING = 0.01
"""Quotient below which a map would be blank: what is left out is rounding."""
MOST_LEFT = 2.0
"""Quotient at which the map's strongest colour is reached."""

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
        "all that it leaves out of the logits. Formula: accuracy of the formula on test inputs."
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


def checkpoint_shares(frame: Frame, checkpoints: Sequence[Checkpoint]) -> Panel | None:
    """Draw the explained share that was recorded with kept weights; None where fewer than two have one."""
    rows: Table = [
        {"step": checkpoint.step, "name": "explained_share", "value": checkpoint.explained_share}
        for checkpoint in checkpoints
        if checkpoint.explained_share is not None
    ]
    if len(rows) < 2:
        return None
    series = [CurveStyle("explained_share", "test", TEST)]
    text = f"Share of test inputs that a formula explains against {frame.unit}s; {ends(rows, series)}."
    vertical = Vertical(0, 1, format=".0%", values=PERCENT)
    cell = timeline(frame, rows, series, vertical, text, height=HEIGHT)
    caption = (
        "Share of test inputs for which a formula in the task's index accounts for the answer of a stored "
        "network: the formula's margin exceeds all that it leaves out of the logits."
    )
    return single("explained_share", "Explained share", caption, cell, 4)


def circles(view: ExplanationView) -> Panel | None:
    """Draw each frequency of the formula as the circle on which the values of the index lie."""
    circles_of_view = view.circles
    if not circles_of_view:
        return None
    groups = tuple(
        Group(
            f"representation {name}" if name.startswith("(") else f"frequency {name}",
            (_circle(name, here, points),),
        )
        for name, here, points in circles_of_view
    )
    caption = (
        "Position of each value of the index in the plane in which this frequency's part of the logits "
        "varies most. A wave of frequency k places the values k times around a circle; values at the same "
        "angle are distinguished only by the other frequencies."
    )
    span = max(4, 12 * len(groups) // MOST_CIRCLES)
    return Panel("circles", "The frequencies of the formula", caption, groups, span)


def _circle(name: str, here: np.ndarray, points: np.ndarray) -> Cell:
    if points.shape[1] < 2:
        points = np.column_stack([points, np.zeros(len(points))])
    rows: Table = [
        {"x": float(f"{x:.4g}"), "y": float(f"{y:.4g}"), "s": int(s)}
        for s, (x, y) in zip(here, points, strict=True)
    ]
    reach = 1.15 * float(np.abs(points).max() or 1.0)
    scale = vl.ScaleOptions(domain=[-reach, reach], nice=False)
    place = {"x": vl.field("x:Q", axis=None, scale=scale), "y": vl.field("y:Q", axis=None, scale=scale)}
    chart = vl.marks(rows)
    few = len(rows) <= MOST_NUMBERED
    marks = (
        vl.marks(_names_of_points(here, points, TOUCHING * reach))
        .mark("text", fontSize=10 if len(rows) <= FEW_NUMBERED else 8, color=INK)
        .encode(**place, text=vl.field("names:N"))
        if few
        else chart.mark("point", filled=True, size=14, opacity=0.8, color=TRAIN).encode(
            **place, tooltip=[vl.field("s:Q")]
        )
    )
    line = chart.mark("line", color=FAINT, strokeWidth=0.7).encode(**place, order=vl.field("s:Q"))
    text = f"The {len(rows)} values of the index in the plane of frequency {name}."
    return Cell(vl.layer(line, marks), text, 0, Margins(6, 6, 6, 6), square=True)


def _names_of_points(here: np.ndarray, points: np.ndarray, near: float) -> Table:
    """List labels and places: values whose points would cover each other share one.

    Example:
        >>> _names_of_points(np.array([0, 1, 2]), np.array([[0.0, 0], [1, 0], [0.01, 0]]), 0.1)
        [{'x': 0.0, 'y': 0.0, 'names': '0, 2'}, {'x': 1.0, 'y': 0.0, 'names': '1'}]
    """
    groups: list[tuple[np.ndarray, list[int]]] = []
    for value, point in zip(here, points, strict=True):
        close = [names for at, names in groups if float(np.hypot(*(point - at))) < near]
        if close:
            close[0].append(int(value))
        else:
            groups.append((point, [int(value)]))
    return [
        {
            "x": float(f"{at[0]:.4g}"),
            "y": float(f"{at[1]:.4g}"),
            "names": ", ".join(map(str, names[:MOST_NAMES])) + (" …" if len(names) > MOST_NAMES else ""),
        }
        for at, names in groups
    ]


def left_over_map(view: ExplanationView) -> Panel | None:
    """Draw over all pairs how large what the formula leaves out is beside its margin.

    Nothing for other than two operands, and where nothing is left out, as of a network in closed form.
    """
    task = view.task
    if task.table.ndim != 2 or view.left_over.max() < NOTHING:
        return None
    values = np.full(task.table.size, MOST_LEFT)
    values[task.domain] = np.minimum(view.left_over, MOST_LEFT)
    first, second = task.table.shape
    grid = values.reshape(first, second)
    uri = data_uri(indices(grid.T[::-1], 0.0, MOST_LEFT), colours(SEQUENTIAL))
    corners: Table = [{"x": -0.5, "y": -0.5}, {"x": first - 0.5, "y": second - 0.5}]
    axis = vl.AxisOptions(tickCount=4, format="d", tickMinStep=1)
    encodings = {
        "x": vl.field("x:Q", title=task.operands[0], scale=_pixels(first), axis=axis),
        "y": vl.field("y:Q", title=task.operands[1], scale=_pixels(second), axis=axis),
    }
    points = vl.marks(corners).mark("point", opacity=0).encode(**encodings)
    whole: Table = [{**corners[0], "x2": first - 0.5, "y2": second - 0.5}]
    edge = vl.marks(whole).mark("rect", fillOpacity=0, stroke=FAINT)
    frame = edge.encode(**encodings, x2="x2", y2="y2")
    unexplained = int(np.count_nonzero(~(view.left_over < 1)))
    text = (
        f"What the formula leaves out, relative to its margin, for all pairs; {unexplained} inputs are not "
        "explained."
    )
    cell = Cell(vl.layer(picture(uri), points, frame), text, 0, Margins(36, 6, 8, 34), square=True)
    caption = (
        "Spread of what the formula leaves out of an input's logits, divided by the formula's margin; the "
        f"background is 0, the strongest colour {MOST_LEFT:g} or more. Below 1, what is left out cannot have "
        f"changed the answer; this holds for {len(view.left_over) - unexplained:,} of "
        f"{len(view.left_over):,} inputs."
    )
    return single("left_over", "What the formula leaves out", caption, cell, 4)


def _pixels(size: int) -> vl.ScaleOptions:
    return vl.ScaleOptions(domain=[-0.5, size - 0.5], nice=False, zero=False)
