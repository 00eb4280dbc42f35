"""Counts over bins.

Owns: how a histogram looks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import vega_lite as vl
from .chart import Cell, Margins
from .palette import PAPER, TRAIN
from .table import Table


def histogram(
    counts: Sequence[float | int] | np.ndarray,
    edges: Sequence[float | int] | np.ndarray,
    text: str,
    *,
    x: str = "",
    y: str = "",
    colour: str = TRAIN,
    height: int = 130,
) -> Cell:
    """Draw counts over bins.

    Arguments:
        counts: one a bin.
        edges: one more than counts, ascending.
        text: what the chart shows, for readers who cannot see it.
        x, y: axis titles.
        colour: of the bars.
        height: of the plot area.
    """
    ends = [float(edge) for edge in edges]
    rows: Table = [
        {"low": a, "high": b, "zero": 0.0, "count": float(n)}
        for a, b, n in zip(ends[:-1], ends[1:], counts, strict=True)
    ]
    scale = vl.ScaleOptions(domain=[ends[0], ends[-1]], nice=False)
    chart = vl.marks(rows).mark("bar", color=colour, stroke=PAPER, strokeWidth=0.5)
    layer = chart.encode(
        x=vl.field("low:Q", title=x or None, scale=scale, axis=vl.AxisOptions(tickCount=5)),
        x2="high:Q",
        y=vl.field("zero:Q", title=y or None, axis=vl.AxisOptions(tickCount=3)),
        y2="count:Q",
    )
    return Cell(vl.layer(layer), text, height, Margins(52, 12, 10, 38))
