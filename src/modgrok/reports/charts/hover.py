"""Tooltips of curves: wherever the pointer is in a chart, the nearest observed point answers.

Owns: the layer that catches the pointer, and how a number is printed in the unit of its axis. Pages have it,
figures do not.
"""

from __future__ import annotations

import json

from . import vega_lite as vl
from .table import Table

LAYER = "points"
"""What the layer is called in the specification, for the parameter that acts on it."""
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
    rows: Table, x: vl.Channel, y: vl.Channel, *, along: str, shade: vl.Channel | None = None
) -> vl.Chart:
    """Make the layer that shows the nearest point of all curves, with its curve's name and its numbers.

    Arguments:
        rows: points; besides the columns of `x` and `y` each has `curve`, its heading, and `along_text` and
            `value_text`, which are printed.
        x, y: encodings, those of the curves.
        along: what the axis x is called.
        shade: of the dot; that of text if None.
    """
    select = {"type": "point", "nearest": True, "on": "pointerover", "clear": "pointerout"}
    nearest = {"name": "nearest", "select": {**select, "encodings": ["x", "y"]}, "views": [LAYER]}
    row = "(datum.datum || datum)"  # the region that catches the pointer has its point, and that its row
    entries = {"title": "curve", along: "along_text", "value": "value_text"}
    texts = ", ".join(f"{json.dumps(title)}: {row}[{json.dumps(name)}]" for title, name in entries.items())
    tooltip = vl.value(vl.expr(f"{{{texts}}}"))
    opacity = vl.Channel(condition={"param": nearest["name"], "empty": False, "value": 1}, value=0)
    points = vl.marks((rows), name=LAYER).mark("circle", size=POINT_SIZE)
    encoded = points.encode(x=x, y=y, tooltip=tooltip, opacity=opacity)
    return (encoded if shade is None else encoded.encode(color=shade)).add_params(nearest)
