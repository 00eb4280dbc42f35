"""Single numbers of networks on one axis from 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from . import vega_lite as vl
from .chart import Cell, Margins, Panel, single
from .palette import FAINT, INK, TEST
from .table import Table

ROW = 42


@dataclass(frozen=True)
class Score:
    """One measure of several networks, with the networks' labels."""

    name: str
    values: list[float]
    labels: list[str] = field(default_factory=list)


def scores(measured: Sequence[Score]) -> Panel:
    """Draw one line per measure, one dot per network; the closed form's value is 1 in all."""
    rows: Table = []
    for i, score in enumerate(measured):
        for j, value in enumerate(score.values):
            rows.append({"at": len(measured) - i - 0.5, "value": value, "which": j, "label": number(value)})
    low = min([0.0, *(row["value"] for row in rows)])
    x = vl.field(
        "value:Q",
        title=None,
        scale=vl.ScaleOptions(domain=[low, 1.0], nice=False),
        axis=vl.AxisOptions(values=[0, 0.25, 0.5, 0.75, 1], format=".3~g"),
    )
    y = vl.field("at:Q", scale=vl.ScaleOptions(domain=[0, len(measured)], nice=False), axis=None)
    layers: list[vl.Chart] = []
    lines: Table = [{"at": len(measured) - i - 0.5, "label": score.name} for i, score in enumerate(measured)]
    layers.append(vl.marks(lines).mark("rule", color=FAINT, strokeWidth=0.8).encode(y=y))
    names = vl.marks(lines).mark("text", align="right", baseline="middle", dx=-10)
    layers.append(names.encode(x=vl.value(0), y=y, text=vl.field("label:N")))
    several = max(len(score.values) for score in measured) > 1
    for j in range(max(len(score.values) for score in measured)):
        own = [row for row in rows if row["which"] == j]
        colour = TEST if several and j == 0 else INK
        dots = vl.marks(own).mark("point", filled=True, size=70, color=colour, opacity=1, shape=_shape(j))
        layers.append(dots.encode(x=x, y=y, tooltip=[vl.field("value:Q")]))
        above = -11 if j == 0 else 12
        text = vl.marks(own).mark("text", dy=above, fontSize=10, color=colour)
        layers.append(text.encode(x=x, y=y, text=vl.field("label:N")))
    labels = measured[0].labels
    if several:
        layers += _key(labels)
    description = "; ".join(
        f"{score.name} "
        + ", ".join(f"{number(v)} {n}" for v, n in zip(score.values, score.labels, strict=True))
        for score in measured
    )
    height = ROW * len(measured) + 10 * several
    cell = Cell(
        vl.layer(*layers),
        description,
        height,
        Margins(left=104, right=30, top=24 if several else 14, bottom=26),
    )
    caption = (
        "Accuracy over all inputs, mean inverse participation ratio of the weight vectors, and mean cosine "
        "of the phase sums. All are 1 for networks in closed form, in the limit of large width (Gromov 2023, "
        "Sec. 3; Doshi et al. 2024, Sec. 3)."
    )
    return single("scores", "Accuracy and measures of the weights", caption, cell, 12)


def _key(labels: Sequence[str]) -> list[vl.Chart]:
    """Write the networks' labels in their colours, above the dots' axis."""
    layers, at = [], 0.0
    for j, label in enumerate(labels):
        colour = TEST if j == 0 else INK
        dot = vl.marks([{}]).mark("point", filled=True, size=50, color=colour, opacity=1, shape=_shape(j))
        layers.append(dot.encode(x=vl.value(at + 4), y=vl.value(-10)))
        text = vl.marks([{"label": label}]).mark("text", align="left", baseline="middle", color=colour)
        layers.append(text.encode(x=vl.value(at + 12), y=vl.value(-10), text=vl.field("label:N")))
        at += 34 + 5.6 * len(label)
    return layers


def _shape(which: int) -> Any:
    return "circle" if which == 0 else "diamond"


def number(value: float) -> str:
    """Print a measure with three decimals, or four where it is nearly 1."""
    return f"{value:.3f}" if value < 0.99 or value >= 1 - 5e-5 else f"{value:.4f}"
