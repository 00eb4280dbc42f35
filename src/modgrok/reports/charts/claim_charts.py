"""Charts that claims share: lines, points with what was expected, bars, histograms, images, maps.

Owns: the names that a paper's claims, those of an extension too, draw their figures with. A figure is 760
pixels wide, so a panel of span 6 has room for a title of about 45 letters.
"""

from __future__ import annotations

from .bar_chart import bars
from .chart import Cell, Group, Panel, single
from .histogram import histogram
from .line import Line
from .line_chart import lines, step_lines
from .line_colours import LINES
from .matrix_image import image
from .palette import INK, MEASURE, SECOND, SOFT, TEST, TRAIN
from .point_chart import Point, points
from .table_map import table_map

__all__ = [
    "INK",
    "LINES",
    "MEASURE",
    "SECOND",
    "SOFT",
    "TEST",
    "TRAIN",
    "Cell",
    "Group",
    "Line",
    "Panel",
    "Point",
    "bars",
    "histogram",
    "image",
    "lines",
    "points",
    "single",
    "step_lines",
    "table_map",
]
