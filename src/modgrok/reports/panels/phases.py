"""Histograms of the phase sums phi_1 + ... + phi_k - phi_out over neurons."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..charts import vega_lite as vl
from ..charts.chart import Cell, Group, Margins, Panel
from ..charts.palette import SOFT, TRAIN
from ..charts.table import Table

ANGLES = {-math.pi: "-π", -math.pi / 2: "-π/2", 0.0: "0", math.pi / 2: "π/2", math.pi: "π"}


def phase_table(counts: np.ndarray) -> Table:
    """List (low, high, count, share) of the bins over [-pi, pi).

    Example:
        >>> [row["share"] for row in phase_table(np.array([1, 3]))]
        [0.25, 0.75]
    """
    edges = np.linspace(-math.pi, math.pi, len(counts) + 1).tolist()
    total = max(int(counts.sum()), 1)
    return [
        {"low": edges[i], "high": edges[i + 1], "count": int(count), "share": int(count) / total}
        for i, count in enumerate(counts)
    ]


def phases(sources: Sequence[tuple[str, np.ndarray]], operands: int) -> Panel:
    """Draw a histogram of each source on common axes.

    Arguments:
        sources: (label, counts over bins of [-pi, pi)).
        operands: k, for the formula.
    """
    top = max(float((counts / max(counts.sum(), 1)).max()) for _, counts in sources)
    groups = tuple(Group(label, (_histogram(label, counts, top),)) for label, counts in sources)
    sums = " + ".join(f"φ{s + 1}" for s in range(operands))
    caption = (
        f"Histogram of {sums} − φ of the readout over hidden units, each vector fitted by cos(2πf·x/n + φ) "
        "at the unit's dominant frequency. The sum is 0 for every unit of the closed form (Gromov 2023, "
        "Eq. 12 and Fig. 3). Dashed: uniform distribution."
    )
    return Panel("phases", "Phase sums", caption, groups)


def _histogram(label: str, counts: np.ndarray, top: float) -> Cell:
    rows = phase_table(counts)
    labels = " : ".join(f"abs(datum.value - ({value!r})) < 0.01 ? '{name}'" for value, name in ANGLES.items())
    x = vl.field(
        "low:Q",
        title="phase sum",
        scale=vl.ScaleOptions(domain=[-math.pi, math.pi], nice=False),
        axis=vl.AxisOptions(values=list(ANGLES), labelExpr=f"{labels} : ''"),
    )
    y = vl.field(
        "share:Q",
        title=None,
        scale=vl.ScaleOptions(domain=[0, 1.05 * top], nice=False),
        axis=vl.AxisOptions(format=".0%" if top >= 0.05 else ".1%", tickCount=3),
    )
    bars = vl.marks(rows).mark("rect", color=TRAIN, stroke="white", strokeWidth=0.8)
    even = vl.marks([{"share": 1 / len(counts)}]).mark("rule", color=SOFT, strokeDash=[5, 3], strokeWidth=0.8)
    tooltip = [vl.field("low:Q", format=".2f"), vl.field("count:Q", format=",")]
    chart = vl.layer(
        bars.encode(x=x, x2=vl.field("high:Q"), y=y, y2=vl.datum(0), tooltip=tooltip), even.encode(y=y)
    )
    middle = sum(
        row["share"] for row in rows if row["low"] < math.pi / 6 - 1e-9 and row["high"] > -math.pi / 6 + 1e-9
    )
    text = f"Phase sums of the hidden units, {label}: {middle:.0%} lie within pi/6 of 0."
    return Cell(chart, text, 96, Margins(left=46, right=10, top=8, bottom=34))
