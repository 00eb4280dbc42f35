"""Heat maps over two axes of a sweep: a colour and, where there is room, a number in every cell.

Owns: scales of colour for numbers, steps and phases, and the legend of all maps that share one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...measures.corruption.corruption_phase import PHASES
from ...sweeps.tables.grid_cells import MILESTONES, Coordinate, GridCell, short
from . import vega_lite as vl
from .chart import Cell, Legend, Margins
from .palette import FAINT, INK, PAPER, PLATEAU, SOFT
from .png import data_uri
from .ramp import SEQUENTIAL, colours, indices

PHASE_COLOURS = dict(
    zip(PHASES, ("#2f6690", "#7ea3be", "#cfdde6", "#c2452d", "#8a7340", "#d9d4cc"), strict=True)
)
NEVER = PLATEAU
"""Colour of a step that fewer than half of the runs reached."""
ROW = 30
"""Height of a row of cells, pixels."""
MOST_NUMBERED = 10
"""Columns up to which cells carry their numbers."""
RAMP = colours(tuple((int(r), int(g), int(b)) for r, g, b in colours(SEQUENTIAL)[28:]))
"""The sequential ramp without its palest colours, which paper would swallow."""


@dataclass(frozen=True)
class Shades:
    """A scale of colour.

    Arguments:
        low, high: its ends.
        log: whether it is logarithmic.
        percent: whether numbers are shares.
    """

    low: float | int
    high: float | int
    log: bool = False
    percent: bool = False

    def colour(self, value: float | int) -> str:
        """Return the colour of a value, in hexadecimal."""
        place = indices(np.array([self._at(value)]), self._at(self.low), self._at(self.high))[0]
        return "#" + "".join(f"{channel:02x}" for channel in RAMP[int(place)])

    def words(self, value: float | int) -> str:
        """Print a value in a cell."""
        if self.percent:
            return f"{100 * value:.0f}" if value < 0.9995 else "100"
        return short(round(value)) if value >= 100 else f"{value:.2g}"

    def end(self, value: float | int) -> str:
        """Print an end of the bar."""
        return f"{100 * value:.0f}%" if self.percent else self.words(value)

    def _at(self, value: float | int) -> float:
        return math.log(value) if self.log else float(value)


def shades_of(name: str, values: Sequence[float | int]) -> Shades:
    """Choose a scale: shares from 0 to 1, steps logarithmic over a decade or more, else from least to most.

    Example:
        >>> shades_of("test_accuracy", [0.2, 0.9]), shades_of("grokked_at", [100, 2000]).log
        (Shades(low=0.0, high=1.0, log=False, percent=True), True)
    """
    if name.endswith("_accuracy"):
        return Shades(0.0, 1.0, percent=True)
    if not values:
        return Shades(0.0, 1.0)
    low, high = float(min(values)), float(max(values))
    if name in MILESTONES or name.endswith("_loss"):
        return Shades(low, high, log=low > 0 and high / low > 8)
    return Shades(min(low, 0.0) if high <= 1 else low, 1.0 if name == "ipr" else high)


def heat_map(
    cells: Sequence[GridCell],
    name: str,
    x: tuple[str, Sequence[Coordinate]],
    y: tuple[str, Sequence[Coordinate]],
    shades: Shades | None,
) -> Cell:
    """Draw one map.

    Arguments:
        cells: at most one a pair of coordinates.
        name: of the value.
        x, y: title and coordinates, ascending.
        shades: of numbers; None for words, which are phases.
    """
    numbered = len(x[1]) <= MOST_NUMBERED
    rows = [_row(cell, name, shades, numbered) for cell in cells]
    base = vl.marks(rows)
    place = {
        "x": vl.field("x:O", sort=[short(v) for v in x[1]], title=x[0].replace("_", " "), axis=_axis(0)),
        "y": vl.field(
            "y:O", sort=[short(v) for v in reversed(y[1])], title=y[0].replace("_", " "), axis=_axis(0)
        ),
    }
    tooltip = [vl.field("x:N"), vl.field("y:N"), vl.field("told:N", title=name), vl.field("runs:Q")]
    rects = base.mark("rect", stroke=PAPER, strokeWidth=1.5).encode(
        **place, color=vl.field("colour:N", scale=None), tooltip=tooltip
    )
    numbers = base.mark("text", fontSize=10).encode(
        **place, text=vl.field("text:N"), color=vl.field("ink:N", scale=None)
    )
    known = [f"{short(c.x)}, {short(c.y)}: {'none' if c.value is None else short(c.value)}" for c in cells]
    text = f"Heat map of {name} over {x[0]} and {y[0]}. " + "; ".join(known[:60])
    longest = max((len(short(v)) for v in y[1]), default=1)
    margins = Margins(26 + min(7 * longest, 120), 8, 6, 38)
    return Cell(vl.layer(rects, numbers), text, ROW * max(len(y[1]), 1), margins)


def map_legend(cells: Sequence[GridCell], name: str, shades: Shades | None) -> Legend:
    """Say what the colours of maps mean, once for all that share a scale.

    Arguments:
        cells: of all these maps.
        name: of the value.
        shades: of numbers; None for words, which are phases.

    Example:
        >>> cells = [GridCell(0, 0, "memorisation", 1), GridCell(0, 1, "coexistence", 1)]
        >>> [words for words, _ in map_legend(cells, "phase", None).swatches]
        ['coexistence', 'memorisation']
    """
    if shades is None:
        values = {cell.value for cell in cells}
        return Legend(tuple((phase, PHASE_COLOURS[phase]) for phase in PHASES if phase in values))
    uri = data_uri(np.arange(256, dtype=np.uint8)[None, :], RAMP, least=1)
    missing = any(cell.value is None and cell.runs for cell in cells)
    never = "never" if name in MILESTONES else "no value"
    ramp = (shades.end(shades.low), shades.end(shades.high), uri)
    numbered = any(cell.value is not None for cell in cells)
    return Legend(((never, NEVER),) if missing else (), ramp if numbered else None)


def _row(cell: GridCell, name: str, shades: Shades | None, numbered: bool) -> dict[str, Any]:
    value = cell.value
    if value is None:
        missing = "never" if cell.runs and name in MILESTONES else "–"
        colour, tooltip = (NEVER if cell.runs else PAPER), missing
        colour_of_cell = missing
    elif isinstance(value, str) or shades is None:
        colour, tooltip, colour_of_cell = PHASE_COLOURS.get(str(value), FAINT), str(value), ""  # type: ignore[call-overload]
    else:
        colour, tooltip, colour_of_cell = shades.colour(value), shades.words(value), shades.words(value)
    ink = SOFT if value is None else (PAPER if _dark(colour) else INK)
    text = colour_of_cell if numbered else ""
    return {
        "x": short(cell.x),
        "y": short(cell.y),
        "colour": colour,
        "told": tooltip,
        "text": text,
        "ink": ink,
        "runs": cell.runs,
    }


def _dark(colour: str) -> bool:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140


def _axis(angle: int) -> vl.AxisOptions:
    return vl.AxisOptions(domain=False, ticks=False, labelAngle=angle, labelOverlap=True)
