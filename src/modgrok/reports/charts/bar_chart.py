"""One bar a name.

Owns: how bars look.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from . import vega_lite as vl
from .axes import (
    number_words,
    percent_axis,
)
from .chart import Cell, Margins
from .palette import SOFT, TRAIN
from .table import Table

Number = float | int | None


def bars(
    pairs: Sequence[tuple[str, Number]],
    text: str,
    *,
    y: str = "",
    domain: tuple[float | int, float | int] | None = None,
    percent: bool = False,
    level: float | int | None = None,
    colours_of: Sequence[str] = (),
    height: int = 150,
) -> Cell:
    """Draw one bar a name.

    Arguments:
        pairs: (name, value), from left to right; None is no bar.
        text: what the chart shows, for readers who cannot see it.
        y: axis title.
        domain: of y; None from 0 to the largest.
        percent: values are shares.
        level: a dotted horizontal reference.
        colours_of: one a bar; the first line's colour if empty.
        height: of the plot area.
    """
    known = [value for _, value in pairs if value is not None and math.isfinite(value)]
    if domain is None:
        domain = (0.0, 1.0) if percent else (min([0.0, *known]), 1.08 * max([*known, level or 0.0, 1e-12]))
    shades = list(colours_of) or [TRAIN] * len(pairs)
    rows: Table = [
        {
            "name": name,
            "value": value,
            "colour": shade,
            "value_text": "none" if value is None else number_words(value, percent),
        }
        for (name, value), shade in zip(pairs, shades, strict=True)
    ]
    names = [name for name, _ in pairs]
    slanted = sum(len(name) for name in names) > 60
    axis = vl.AxisOptions(domain=False, ticks=False, labelAngle=-35 if slanted else 0, labelLimit=150)
    across = vl.field(
        "name:N",
        sort=names,
        title=None,
        axis=axis,
        scale=vl.ScaleOptions(paddingInner=0.35, paddingOuter=0.2),
    )
    scale = vl.ScaleOptions(domain=list(domain), nice=False, clamp=True)
    up = vl.field(
        "value:Q",
        title=y or None,
        scale=scale,
        axis=percent_axis() if percent else vl.AxisOptions(tickCount=4),
    )
    base = vl.marks(rows)
    layers = [base.mark("bar").encode(x=across, y=up, color=vl.field("colour:N", scale=None))]
    if len(pairs) <= 12:
        label_marks = base.mark("text", dy=-6, fontSize=10, color=SOFT)
        layers.append(label_marks.encode(x=across, y=up, text="value_text:N"))
    if level is not None:
        rule = vl.marks([{"value": level}]).mark("rule", color=SOFT, strokeDash=[2, 3])
        layers.append(rule.encode(y=up))
    below = 20 + min(4 * max(map(len, names)), 90) if slanted else 24
    return Cell(vl.layer(*layers), text, height, Margins(52, 12, 18, below))
