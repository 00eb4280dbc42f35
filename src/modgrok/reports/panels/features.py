"""Weight vectors of a few neurons as traces, each next to its Fourier spectrum.

Owns: which vectors are shown and how they are stacked. The same neurons and scales serve all views of
one network; neurons of a different network are chosen by the same rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..charts import vega_lite as vl
from ..charts.chart import Cell, Group, Margins, Panel
from ..charts.palette import FAINT, INK, SOFT, TRAIN
from ..charts.table import Table
from ..views.mlp_view import MLPView, units_of
from ..words import basis_words

PITCH = 26
"""Pixels between stacked traces."""
MOST_BLOCKS = 4
UnitIndices = list[tuple[int, int]]
"""(unit, block) of each trace, from top to bottom."""


def choose(units: Sequence[int], operands: int) -> UnitIndices:
    """Choose the vectors: all of the first neuron, the first operand's of the others."""
    blocks = [*range(min(operands, MOST_BLOCKS - 1)), operands]
    return [(units[0], block) for block in blocks] + [(unit, 0) for unit in units[1:]]


def features(views: Sequence[MLPView], *, one_network: bool) -> Panel:
    """Draw traces and spectra of every view, one group each.

    Arguments:
        views: to draw side by side.
        one_network: they are stages of one network; see `units_of`. Then all traces share one scale.
    """
    choices = [choose(units, len(views[0].operands)) for units in units_of(views, one_network=one_network)]
    groups = []
    for view, choice in zip(views, choices, strict=True):
        size = _scale(views, choices) if one_network else _scale([view], [choice])
        groups.append(Group(view.label, (_traces(view, choice, size), _spectra(view, choice))))
    caption = _caption(views, choices, one_network=one_network)
    return Panel("features", "Weight vectors and their Fourier spectra", caption, tuple(groups))


def _scale(views: Sequence[MLPView], choices: Sequence[UnitIndices]) -> float:
    """Return the largest magnitude shown."""
    return (
        max(
            float(np.abs(view.vector(unit, block)[1]).max(initial=0.0))
            for view, choice in zip(views, choices, strict=True)
            for unit, block in choice
        )
        or 1.0
    )


def _caption(views: Sequence[MLPView], choices: Sequence[UnitIndices], *, one_network: bool) -> str:
    frequencies = [
        [int(view.dominant[unit]) for unit in dict.fromkeys(unit for unit, _ in choice)]
        for view, choice in zip(views, choices, strict=True)
    ]
    if one_network and len(views) > 1:
        scale = "All traces share one scale. "
    elif len(views) > 1 and all(other == frequencies[0] for other in frequencies[1:]):
        scale = "Beside them, units of the same frequencies; each network has its own scale. "
    elif len(views) > 1:
        scale = (
            "Beside them, units of the same frequencies where the other network has them, and otherwise the "
            "next ones in its ranking; each network has its own scale. "
        )
    else:
        scale = ""
    count = len(frequencies[0])
    others = {
        1: "",
        2: ", then one vector of the unit half way down the ranking",
        3: ", then one vector each of the units a third and two thirds down the ranking",
    }.get(count, ", then one vector each of the units a quarter, a half and three quarters down the ranking")
    some = "one hidden unit" if count == 1 else f"{('two', 'three', 'four')[count - 2]} hidden units"
    return (
        f"Weights of {some} in the order of {basis_words(views[-1].basis)}: all vectors of the unit of "
        f"largest IPR{others}. {scale}Bars, from 0 to 1: share of each frequency in the vector's power "
        "|Fu|². A unit of the closed form is cos(2πf·x/n + φ) in all its vectors (Gromov 2023, Eq. 6-7)."
    )


def _stack(count: int) -> vl.ScaleOptions:
    """Row i has its zero at count - i - 0.5."""
    return vl.ScaleOptions(domain=[0, count], nice=False, zero=False)


def _row_names(view: MLPView, choice: UnitIndices) -> vl.Chart:
    rows: Table = [
        {"at": len(choice) - i - 0.5, "label": f"{unit} {view.vector_name(block)}"}
        for i, (unit, block) in enumerate(choice)
    ]
    text = vl.marks(rows).mark("text", align="right", baseline="middle", dx=-6, color=SOFT, fontSize=10)
    return text.encode(
        x=vl.value(0), y=vl.field("at:Q", scale=_stack(len(choice)), axis=None), text=vl.field("label:N")
    )


def _traces(view: MLPView, choice: UnitIndices, size: float) -> Cell:
    rows: Table = []
    for i, (unit, block) in enumerate(choice):
        base = len(choice) - i - 0.5
        labels, weights = view.vector(unit, block)
        values = zip(labels.tolist(), weights.tolist(), strict=True)
        rows += [
            {"n": n, "at": base + 0.48 * w / size, "weight": float(f"{w:.4g}"), "row": i} for n, w in values
        ]
    order = view.basis.order
    title = view.axes[0].title
    x = vl.field(
        "n:Q",
        title=title if view.axes[0].one_to_one else title.split("by ")[-1],
        scale=vl.ScaleOptions(domain=[0, max(order - 1, 1)], nice=False),
        axis=vl.AxisOptions(tickCount=4, format="d", tickMinStep=1),
    )
    y = vl.field("at:Q", scale=_stack(len(choice)), axis=None)
    zeros = vl.marks([{"at": i + 0.5} for i in range(len(choice))]).mark("rule", color=FAINT, strokeWidth=0.6)
    lines = vl.marks(rows).mark("line", color=INK, strokeWidth=1.1)
    detail = {"detail": "row:N", "order": "n:Q", "tooltip": ["n:Q", "weight:Q"]}
    chart = vl.layer(zeros.encode(y=y), lines.encode(x=x, y=y, **detail), _row_names(view, choice))
    text = f"Weights of {len(choice)} vectors of hidden units, {view.label}."
    return Cell(chart, text, PITCH * len(choice), Margins(left=46, right=6, top=6, bottom=34))


def _spectra(view: MLPView, choice: UnitIndices) -> Cell:
    rows: Table = []
    names: Table = []
    bins = view.power.shape[-1]
    for i, (unit, block) in enumerate(choice):
        base = len(choice) - i - 0.95
        shares = view.power[block, unit]
        rows += [
            {"f": f, "at": base, "top": base + 0.86 * float(s), "share": float(f"{s:.4g}")}
            for f, s in enumerate(shares.tolist())
            if s > 2e-3
        ]
        best = int(shares.argmax())
        if shares[best] >= 0.25:
            right = best > 0.6 * bins
            name = {"f": best, "at": base + 0.62, "label": f"f = {best}", "right": right}
            names.append(name)
    x = vl.field(
        "f:Q",
        title="frequency f",
        scale=vl.ScaleOptions(domain=[-0.5, bins - 0.5], nice=False),
        axis=vl.AxisOptions(tickCount=4, format="d", tickMinStep=1),
    )
    y = vl.field("at:Q", scale=_stack(len(choice)), axis=None)
    zeros: Table = [{"at": i + 0.05} for i in range(len(choice))]
    layers = [vl.marks(zeros).mark("rule", color=FAINT, strokeWidth=0.6).encode(y=y)]
    bars = vl.marks(rows).mark("rule", color=TRAIN, strokeWidth=1.8 if bins < 80 else 1.2)
    layers.append(bars.encode(x=x, y=y, y2=vl.field("top:Q"), tooltip=[vl.field("f:Q"), vl.field("share:Q")]))
    for right in (False, True):
        chosen = [name for name in names if name["right"] is right]
        if chosen:
            align: Any
            align, dx = ("right", -5) if right else ("left", 5)
            text = vl.marks(chosen).mark(
                "text", align=align, dx=dx, baseline="middle", fontSize=10, color=SOFT
            )
            layers.append(text.encode(x=x, y=y, text=vl.field("label:N")))
    description = f"Fourier power of {len(choice)} vectors, {view.label}; " + ", ".join(
        n["label"] for n in names
    )
    return Cell(
        vl.layer(*layers), description, PITCH * len(choice), Margins(left=10, right=10, top=6, bottom=34)
    )
