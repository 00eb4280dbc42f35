"""How the last position attends to each operand, over all pairs, head by head.

Owns: the maps, and how many heads a row holds.
"""

from __future__ import annotations

import numpy as np

from ...measures.circuit.circuit import attention_maps
from ..charts import vega_lite as vl
from ..charts.chart import Cell, Group, Margins, Panel
from ..charts.image import picture
from ..charts.palette import SOFT
from ..charts.png import data_uri
from ..charts.ramp import SEQUENTIAL, colours, indices
from ..charts.table import Table
from ..views.circuit_view import CircuitView
from ..views.mlp_view import OperandAxis

A_ROW = 4
"""Heads side by side."""
MOST_ROWS = 4
"""Rows of heads drawn; of a larger network the first heads are."""
LARGEST = 512
"""Most values of an operand drawn."""


def attention_panels(view: CircuitView) -> list[Panel]:
    """Draw the attention of the last position to both operands, for every head of every layer."""
    maps = view.in_order(attention_maps(view.circuit))
    places = operand_places(view.net.layout)
    heads = [(layer, head) for layer in range(maps.shape[0]) for head in range(maps.shape[1])]
    rows = [heads[start : start + A_ROW] for start in range(0, len(heads), A_ROW)][:MOST_ROWS]
    panels = []
    for number, row in enumerate(rows):
        groups = []
        for layer, head in row:
            cells = tuple(
                _map(maps[layer, head, place], view, operand) for operand, place in enumerate(places)
            )
            named = f"head {head}" if len(view.net.blocks) == 1 else f"layer {layer}, head {head}"
            groups.append(Group(named[0].upper() + named[1:], cells))
        key = "attention" if number == 0 else f"attention_{number + 1}"
        further = "" if number == 0 else ", continued"
        panels.append(Panel(key, f"Attention to each operand{further}", _caption(view), tuple(groups)))
    return panels


def operand_places(layout: str) -> tuple[int, int]:
    """Return the places of two operands in a sequence of this layout.

    Example:
        >>> operand_places("infix"), operand_places("equals")
        ((0, 2), (0, 1))
    """
    return (0, 1) if layout in ("equals", "two") else (0, 2)


def _caption(view: CircuitView) -> str:
    first, second = view.operands[:2]
    return (
        f"Attention that the last position, at which the answer is read, pays to {first} (left) and to "
        f"{second} (right) at every pair; the rest, up to 1, goes to the operator. Each map has its own "
        "scale, written above it; a stronger colour is more. Stripes are waves in one operand (Nanda et al. "
        f"2023, Sec. 4.1). Weights shown: {view.label}."
    )


def _map(grid: np.ndarray, view: CircuitView, operand: int) -> Cell:
    first, second = view.axes
    pace = -(-max(grid.shape) // LARGEST)
    grid = grid[::pace, ::pace]
    low, high = float(grid.min()), float(grid.max())
    uri = data_uri(indices(grid.T[::-1], low, high), colours(SEQUENTIAL))
    corners: Table = [{"x": -0.5, "y": -0.5}, {"x": len(first.order) - 0.5, "y": len(second.order) - 0.5}]
    points = vl.marks(corners).mark("point", opacity=0)
    axes = points.encode(x=_axis("x", first), y=_axis("y", second, titled=operand == 0))
    name = view.operands[operand]
    scale: Table = [{"label": f"to {name}: {low:.2f}–{high:.2f}"}]
    label = vl.marks(scale).mark("text", align="right", baseline="bottom", dy=-3, fontSize=10, color=SOFT)
    written = label.encode(x=vl.value("width"), y=vl.value(0), text=vl.field("label:N"))
    text = f"Attention to {name} over all pairs, between {low:.3f} and {high:.3f}."
    margins = Margins(30, 4, 18, 34) if operand == 0 else Margins(8, 26, 18, 34)
    return Cell(vl.layer(picture(uri), axes, written), text, 0, margins, square=True)


def _axis(channel: str, axis: OperandAxis, *, titled: bool = True) -> vl.Channel:
    return vl.field(
        f"{channel}:Q",
        title=axis.title if titled else None,
        scale=vl.ScaleOptions(domain=[-0.5, len(axis.order) - 0.5], nice=False, zero=False),
        axis=vl.AxisOptions(tickCount=3, format="d", tickMinStep=1, labels=titled),
    )
