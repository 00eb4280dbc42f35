"""Tooltips of curves: wherever the pointer is in a chart, the nearest observed point answers.

Owns: the layer that catches the pointer, and how a number is printed in the unit of its axis. Pages have it,
figures do not.
"""

from __future__ import annotations

import json

import altair as alt

from .chart import Marks, data
from .table import Table

POINT_SIZE = 44
"""Area of the dot on the nearest point, square pixels."""


def in_unit(value: float | int, form: str) -> str:
    """Print a number as its axis does: percentages where the axis has them.

    Arguments:
        value: any.
        form: format of the axis, in the notation of D3.

    Example:
        >>> in_unit(0.0055, ".0%"), in_unit(0.98765432, ".0%"), in_unit(0.0055, ".4~g"), in_unit(1.0, ".0%")
        ('0.55%', '98.77%', '0.0055', '100%')
    """
    return f"{100 * value:.4g}%" if form.endswith("%") else f"{value:.4g}"


def nearest_point(
    rows: Table, x: alt.X, y: alt.Y, *, along: str, shade: alt.Color | None = None
) -> alt.Chart:
    """Make the layer that shows the nearest point of all curves, with its curve's name and its numbers.

    Arguments:
        rows: points; besides the columns of `x` and `y` each has `curve`, its heading, and `along_text` and
            `value_text`, which are printed.
        x, y: encodings, those of the curves.
        along: what the axis x is called.
        shade: of the dot; that of text if None.
    """
    nearest = alt.selection_point(
        name="nearest",
        nearest=True,
        on="pointerover",
        clear="pointerout",
        encodings=["x", "y"],
        empty=False,
    )
    row = "(datum.datum || datum)"  # the region that catches the pointer has its point, and that its row
    entries = {"title": "curve", along: "along_text", "value": "value_text"}
    texts = ", ".join(f"{json.dumps(title)}: {row}[{json.dumps(name)}]" for title, name in entries.items())
    tooltip = alt.TooltipValue(alt.expr(f"{{{texts}}}"))
    opacity = alt.condition(nearest, alt.value(1), alt.value(0))
    points = Marks(data(rows), name="points").mark_circle(size=POINT_SIZE)
    encoded = points.encode(x=x, y=y, tooltip=tooltip, opacity=opacity)
    return (encoded if shade is None else encoded.encode(color=shade)).add_params(nearest)
