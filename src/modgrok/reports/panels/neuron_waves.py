"""Which frequency explains each neuron, and how much of it.

Owns: the picture of one dot per neuron.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...measures.circuit.neuron_frequencies import EXPLAINED
from ..charts import vega_lite as vl
from ..charts.chart import Cell, Group, Margins, Panel
from ..charts.palette import INK, SOFT, TRAIN
from ..charts.table import Table
from ..views.circuit_view import CircuitView
from .wave_spectra import PALE

HEIGHT = 128


def neuron_waves(views: Sequence[CircuitView]) -> Panel:
    """Draw every neuron at its best frequency and the share of its variance that this explains."""
    caption = (
        "One dot per neuron of the last layer: the frequency that explains most of its activation over all "
        "pairs, and the share of the variance that this frequency explains by its cosines, sines and their "
        f"products in the two operands. Above {EXPLAINED:.0%} (dashed) a neuron counts as a single-frequency "
        "neuron (Nanda et al. 2023, Sec. 4.2). Neurons with constant activation are left out."
    )
    groups = tuple(Group(view.label, (_dots(view),)) for view in views)
    return Panel("neurons", "Neurons by the frequency that explains them", caption, groups)


def _dots(view: CircuitView) -> Cell:
    shares = view.circuit.shares
    best, most = shares.argmax(axis=1) + 1, shares.max(axis=1)
    varies = most > 0
    rows: Table = [
        {"f": int(f), "share": float(f"{share:.4g}"), "neuron": int(neuron)}
        for neuron, (f, share) in enumerate(zip(best, most, strict=True))
        if share > 0
    ]
    x = vl.field(
        "f:Q",
        title="frequency",
        scale=vl.ScaleOptions(domain=[0.2, shares.shape[1] + 0.8], nice=False),
        axis=vl.AxisOptions(tickCount=6, format="d", tickMinStep=1),
    )
    y = vl.field(
        "share:Q",
        title=None,
        scale=vl.ScaleOptions(domain=[0, 1], nice=False),
        axis=vl.AxisOptions(values=[0, 0.25, 0.5, 0.75, 1], format=".0%"),
    )
    line = vl.marks([{"share": EXPLAINED}]).mark("rule", color=SOFT, strokeWidth=0.8, strokeDash=[5, 3])
    layers: list[vl.Chart] = [line.encode(y=y)]
    for above, colour in ((False, PALE), (True, TRAIN)):
        own = [row for row in rows if (row["share"] > EXPLAINED) is above]
        dots = vl.marks(own).mark("point", filled=True, size=16, opacity=0.55, color=colour)
        layers.append(
            dots.encode(x=x, y=y, tooltip=[vl.field("neuron:Q"), vl.field("f:Q"), vl.field("share:Q")])
        )
    single, every = int((most > EXPLAINED).sum()), len(shares)
    label: Table = [{"label": f"{single} of {every} above {EXPLAINED:.0%}"}]
    text = vl.marks(label).mark("text", align="right", baseline="bottom", dy=-4, fontSize=10, color=INK)
    layers.append(text.encode(x=vl.value("width"), y=vl.value(0), text=vl.field("label:N")))
    used = ", ".join(str(f) for f in np.unique(best[most > EXPLAINED])) or "none"
    description = (
        f"Neurons by frequency, {view.label}: {single} of {every} have a single frequency ({used}); "
        f"{int((~varies).sum())} are constant."
    )
    return Cell(vl.layer(*layers), description, HEIGHT, Margins(left=42, right=8, top=20, bottom=34))
