"""A matrix as a picture with axes.

Owns: how it looks; the pixels are `png`'s.
"""

from __future__ import annotations

import numpy as np

from . import vega_lite as vl
from .axes import (
    whole_axis,
)
from .chart import Cell, Margins
from .image import picture
from .png import data_uri
from .ramp import DIVERGING, SEQUENTIAL, colours, indices


def image(
    matrix: np.ndarray,
    text: str,
    *,
    x: str = "",
    y: str = "",
    signed: bool = False,
    limits: tuple[float | int, float | int] | None = None,
) -> Cell:
    """Draw a matrix as a square picture, row 0 at the top.

    Arguments:
        matrix: float, shape (rows, columns).
        text: what the picture shows, for readers who cannot see it.
        x, y: what columns and rows are.
        signed: blue below zero, rust above, instead of paper to ink.
        limits: values of the scale's ends; None for the matrix's own, symmetric if signed.
    """
    values = np.asarray(matrix, float)
    size = float(np.abs(values).max(initial=0.0)) or 1.0
    low, high = limits or ((-size, size) if signed else (float(values.min()), float(values.max())))
    palette = colours(DIVERGING if signed else SEQUENTIAL)
    uri = data_uri(indices(values, low, high), palette, least=300)
    rows, columns = values.shape
    frame = vl.marks([{"x": 0, "y": 0}]).mark("point", opacity=0)
    axes = frame.encode(
        x=vl.field(
            "x:Q",
            title=x or None,
            scale=vl.ScaleOptions(domain=[0, columns], nice=False),
            axis=whole_axis(columns),
        ),
        y=vl.field(
            "y:Q", title=y or None, scale=vl.ScaleOptions(domain=[rows, 0], nice=False), axis=whole_axis(rows)
        ),
    )
    return Cell(vl.layer(picture(uri), axes), text, margins=Margins(46, 10, 8, 38), square=True)
