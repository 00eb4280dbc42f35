"""The irreducible representations of a group in the weights of a network: the group's own Fourier spectra.

Owns: the bars of their mean shares. They take the place of frequencies where a group is not cyclic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...algebra import real_components
from ..charts import vega_lite as vl
from ..charts.chart import Cell, Group, Legend, Margins, Panel
from ..charts.palette import INK, SECOND, SOFT, TRAIN
from ..charts.table import Table
from ..views.mlp_view import MLPView

COLOURS = (TRAIN, SECOND, INK)
"""Of the first operand, the second, and the readout."""
HEIGHT = 132
MOST_NAMED = 12
"""Representations up to which each is named under its bars."""


def representations(views: Sequence[MLPView]) -> Panel:
    """Draw the share of each representation in the weight vectors of every view, averaged over its neurons.

    Arguments:
        views: networks on the task of one group that is not cyclic.
    """
    group = views[-1].basis.group
    assert group is not None
    names = [f"vectors of {name}" for name in views[-1].operands] + ["readout"]
    top = max(float(_shares(view).max(initial=1e-9)) for view in views)
    groups = tuple(Group(view.label, (_bars(view, group, top),)) for view in views)
    caption = (
        f"Share of each irreducible representation of {group} in the energy of a weight vector, mean over "
        "neurons. Dimensions d are in brackets; ticks mark the share d²/n expected of random weights. "
        "Neurons that compute the group's composition concentrate on few representations (Chughtai et al. "
        "2023, Sec. 4). A representation and its complex conjugate count as one."
    )
    legend = Legend(tuple(zip(names, COLOURS, strict=True)))
    return Panel(
        "representations", f"Weight vectors in the representations of {group}", caption, groups, 12, legend
    )


def _shares(view: MLPView) -> np.ndarray:
    """Return the share of each representation in the vectors of each block, mean over neurons."""
    alive = view.power.sum(-1) > 0
    return np.asarray(view.power.sum(1) / np.maximum(alive.sum(1), 1)[:, None])


def _bars(view: MLPView, group: str, top: float) -> Cell:
    components = real_components(group)
    shares = _shares(view)
    labels = [f"{part.name} [{len(part.waves)}]" for part in components]
    rows: Table = [
        {
            "name": label,
            "block": f"{block}",
            "colour": COLOURS[block],
            "share": float(f"{shares[block, i]:.4g}"),
            "value_text": f"{100 * shares[block, i]:.3g}%",
            "random": len(components[i].waves) / view.basis.order,
        }
        for i, label in enumerate(labels)
        for block in range(len(shares))
    ]
    named = len(labels) <= MOST_NAMED
    x = vl.field(
        "name:N",
        sort=labels,
        title=None if named else "representation",
        axis=vl.AxisOptions(labels=named, ticks=False, domain=False, labelAngle=-30, labelLimit=90),
        scale=vl.ScaleOptions(paddingInner=0.3),
    )
    top = max(top, *(row["random"] for row in rows))
    scale = vl.ScaleOptions(domain=[0, 1.05 * top], nice=False)
    y = vl.field("share:Q", title=None, scale=scale, axis=vl.AxisOptions(format=".0%", tickCount=3))
    tooltip = [vl.field("name:N", title="title"), vl.field("value_text:N", title="share")]
    bars = (
        vl.marks(rows)
        .mark("bar")
        .encode(x=x, xOffset="block:N", y=y, color=vl.field("colour:N", scale=None), tooltip=tooltip)
    )
    ticks = (
        vl.marks(rows)
        .mark("tick", color=SOFT, thickness=1.4)
        .encode(x=x, y=vl.field("random:Q", scale=scale))
    )
    most = ", ".join(
        f"{components[i].name} {shares.mean(0)[i]:.0%}" for i in np.argsort(-shares.mean(0))[:4].tolist()
    )
    text = f"Shares of the representations of {group} in the weights, {view.label}; largest {most}."
    return Cell(
        vl.layer(bars, ticks), text, HEIGHT, Margins(left=44, right=8, top=8, bottom=58 if named else 30)
    )
