"""The feature matrix M as heat maps: whole, its off-diagonal block, and both in the order of the basis.

Owns: their colours' range, in which the diagonal takes no part, and the marks between blocks.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from ..charts import vega_lite as vl
from ..charts.chart import Cell, Group, Margins, Panel
from ..charts.image import picture
from ..charts.palette import FAINT, SOFT
from ..charts.png import data_uri
from ..charts.ramp import DIVERGING, colours, indices
from ..charts.table import Table
from ..views.kernel_machine_view import FeatureMatrixView
from ..views.mlp_view import OperandAxis

MARGINS = Margins(34, 6, 18, 34)
UNTITLED = Margins(34, 6, 18, 22)
"""Around M, whose axes have no titles: operands are named where numbers would be."""


def feature_matrix_maps(views: Sequence[FeatureMatrixView]) -> list[Panel]:
    """Draw M before, at and after the transition.

    One panel of M next to its off-diagonal block where the values' own order is that of the basis (or there
    is no such block); otherwise one panel of each, in both orders next to each other.
    """
    last = views[-1]
    if not last.gains_from_order:
        groups = [Group(m.label, (_whole(m, m.natural), *_blocks(m, m.natural))) for m in views]
        block = f" and its block {_name(last)}" if len(last.sizes) > 1 else ""
        return [Panel("feature_matrix", f"Feature matrix M{block}", _caption(last), tuple(groups))]
    both = " in the natural order of the values, and " + _order_words(last)
    groups = [Group(m.label, (_whole(m, m.natural), _whole(m, m.reordered))) for m in views]
    panels = [Panel("feature_matrix", f"Feature matrix M{both}", _caption(last), tuple(groups))]
    if len(last.sizes) > 1:
        groups = [Group(m.label, (*_blocks(m, m.natural), *_blocks(m, m.reordered))) for m in views]
        panels.append(Panel("block", f"Block {_name(last)} of M{both}", _block_caption(last), tuple(groups)))
    return panels


def _name(view: FeatureMatrixView) -> str:
    first, second = view.names[:2]
    return f"({second}, {first})"


def _order_words(view: FeatureMatrixView) -> str:
    return "by discrete logarithms" if view.basis.name == "multiplicative" else "in the order of the basis"


def _caption(view: FeatureMatrixView) -> str:
    description = (
        "M weights the directions of the inputs in the kernel: rows and columns are the one-hot values of "
        f"{', '.join(view.names)}. Blue is below zero, rust above. Each map has its own symmetric scale, "
        "written above it; the scale ignores the diagonal, which is clipped at full colour."
    )
    if view.gains_from_order:
        return f"{description} {_reorder_words(view)}(Mallinar et al. 2024, Fig. 3)."
    stripes = " A matrix that solves the task is constant along the block's stripes" * (len(view.sizes) > 1)
    return description + (f"{stripes} (Mallinar et al. 2024, Fig. 3)." if stripes else "")


def _block_caption(view: FeatureMatrixView) -> str:
    return (
        f"Only the rows of {view.names[1]} and the columns of {view.names[0]}. The structure is the same in "
        "both orders from the transition on; it is visible as stripes only in the order of the basis "
        "(Mallinar et al. 2024, App. Fig. 2)."
    )


def _reorder_words(view: FeatureMatrixView) -> str:
    left_out = any(len(a.order) < len(b.order) for a, b in zip(view.reordered, view.natural, strict=True))
    return "Values without a label in the basis are left out on the right. " if left_out else ""


def limit_of(view: FeatureMatrixView, axes: Sequence[OperandAxis]) -> float:
    """Return the greatest magnitude off the diagonal, over the values that have a label in the basis.

    The diagonal is an order larger than the rest, and in products so are the rows of zero.
    """
    magnitudes = np.abs(view.whole(axes))
    np.fill_diagonal(magnitudes, 0.0)
    return (
        float(np.nan_to_num(magnitudes).max(initial=0.0)) or float(np.abs(view.feature_matrix).max()) or 1.0
    )


def _whole(view: FeatureMatrixView, axes: Sequence[OperandAxis]) -> Cell:
    grid, most = view.whole(axes), limit_of(view, view.reordered)
    sizes = [len(view.rows(axes, s)) for s in range(len(axes))]
    description = f"M in the order of {', '.join(axis.title for axis in axes)}, {view.label}"
    edges = np.cumsum([0, *sizes])
    rules: list[vl.Chart] = []
    for edge in edges[1:-1]:
        line = vl.marks([{"at": float(edge) - 0.5}]).mark("rule", color=FAINT, strokeWidth=0.8)
        rules += [line.encode(x=vl.field("at:Q")), line.encode(y=vl.field("at:Q"))]
    middles = [float(low + high - 1) / 2 for low, high in itertools.pairwise(edges)]
    names = [axis.title if size > 2 else "" for axis, size in zip(axes, sizes, strict=True)]
    label = "''"
    for middle, name in zip(middles, names, strict=True):
        label = f"abs(datum.value - {middle:g}) < 0.01 ? '{name}' : ({label})"
    encodings = [
        _encoding(
            channel, len(grid), vl.AxisOptions(values=middles, labelExpr=label, ticks=False, title=None)
        )
        for channel in ("x", "y")
    ]
    return _map(grid, most, encodings, description, rules, UNTITLED)


def _blocks(view: FeatureMatrixView, axes: Sequence[OperandAxis]) -> tuple[Cell, ...]:
    """Draw the off-diagonal block; nothing for one operand."""
    if len(view.sizes) < 2:
        return ()
    grid, scale = view.block(axes), np.abs(view.block(view.reordered))
    most = float(np.nan_to_num(scale).max(initial=0.0)) or float(np.abs(grid).max()) or 1.0
    description = f"block of {axes[1].title} and {axes[0].title}, {view.label}"
    encodings = [
        _encoding(channel, size, vl.AxisOptions(tickCount=4, format="d", tickMinStep=1, title=axis.title))
        for channel, size, axis in (("x", grid.shape[1], axes[0]), ("y", grid.shape[0], axes[1]))
    ]
    return (_map(grid, most, encodings, description, [], MARGINS),)


def _encoding(channel: str, size: int, axis: vl.AxisOptions) -> vl.Channel:
    """Encode a matrix's rows from the top down, its columns from the left."""
    if channel == "x":
        return vl.field(
            "x:Q", scale=vl.ScaleOptions(domain=[-0.5, size - 0.5], nice=False, zero=False), axis=axis
        )
    return vl.field(
        "y:Q", scale=vl.ScaleOptions(domain=[size - 0.5, -0.5], nice=False, zero=False), axis=axis
    )


def _map(
    grid: np.ndarray,
    most: float,
    encodings: list[vl.Channel],
    description: str,
    rules: list[vl.Chart],
    margins: Margins,
) -> Cell:
    uri = data_uri(indices(grid, -most, most), colours(DIVERGING))
    x, y = encodings
    corners: Table = [{"x": -0.5, "y": -0.5}, {"x": grid.shape[1] - 0.5, "y": grid.shape[0] - 0.5}]
    axes = vl.marks(corners).mark("point", opacity=0).encode(x=x, y=y)
    label = vl.marks([{"label": f"±{most:.2g}"}]).mark(
        "text", align="right", baseline="bottom", dy=-3, fontSize=10, color=SOFT
    )
    scale = label.encode(x=vl.value("width"), y=vl.value(0), text=vl.field("label:N"))
    text = f"Heat map of {description}; full colour at ±{most:.2g}."
    return Cell(vl.layer(picture(uri), axes, *rules, scale), text, 0, margins, square=True)
