"""Which frequency explains each neuron, and how much of it.

Owns: the picture of one dot per neuron.
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np

from ...measures.circuit.neuron_frequencies import EXPLAINED
from ..charts.chart import Cell, Group, Margins, Marks, Panel, data
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
    x = alt.X(
        "f:Q",
        title="frequency",
        scale=alt.Scale(domain=[0.2, shares.shape[1] + 0.8], nice=False),
        axis=alt.Axis(tickCount=6, format="d", tickMinStep=1),
    )
    y = alt.Y(
        "share:Q",
        title=None,
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".0%"),
    )
    line = Marks(data([{"share": EXPLAINED}])).mark_rule(color=SOFT, strokeWidth=0.8, strokeDash=[5, 3])
    layers: list[alt.Chart] = [line.encode(y=y)]
    for above, colour in ((False, PALE), (True, TRAIN)):
        own = [row for row in rows if (row["share"] > EXPLAINED) is above]
        dots = Marks(data(own)).mark_point(filled=True, size=16, opacity=0.55, color=colour)
        layers.append(
            dots.encode(
                x=x, y=y, tooltip=[alt.Tooltip("neuron:Q"), alt.Tooltip("f:Q"), alt.Tooltip("share:Q")]
            )
        )
    single, every = int((most > EXPLAINED).sum()), len(shares)
    label: Table = [{"label": f"{single} of {every} above {EXPLAINED:.0%}"}]
    text = Marks(data(label)).mark_text(align="right", baseline="bottom", dy=-4, fontSize=10, color=INK)
    layers.append(text.encode(x=alt.XValue("width"), y=alt.YValue(0), text=alt.Text("label:N")))
    used = ", ".join(str(f) for f in np.unique(best[most > EXPLAINED])) or "none"
    description = (
        f"Neurons by frequency, {view.label}: {single} of {every} have a single frequency ({used}); "
        f"{int((~varies).sum())} are constant."
    )
    return Cell(alt.layer(*layers), description, HEIGHT, Margins(left=42, right=8, top=20, bottom=34))
