"""Values over two coordinates as a map, for claims; it looks as the maps of sweeps do.

Owns: how plain values become the cells of such a map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...sweeps.tables.grid_cells import Coordinate, GridCell
from .chart import Cell
from .heat_map import heat_map, map_legend, shades_of


def table_map(
    cells: Sequence[tuple[Coordinate, Coordinate, float | int | str | None]],
    name: str,
    x: str,
    y: str,
) -> Cell:
    """Draw values over two coordinates as a map, as sweeps are marks; None is marked as never.

    Arguments:
        cells: (x, y, value), at most one a pair; phases where values are words.
        name: of the value: `*_accuracy` are shares, `grokked_at` and `memorised_at` steps.
        x, y: titles.
    """
    grid = [GridCell(at_x, at_y, value, 1) for at_x, at_y, value in cells]
    numbers = [cell.value for cell in grid if isinstance(cell.value, int | float)]
    words = any(isinstance(cell.value, str) for cell in grid)
    across = list(dict.fromkeys(cell.x for cell in grid))
    up = list(dict.fromkeys(cell.y for cell in grid))
    shades = None if words else shades_of(name, numbers)
    cell = heat_map(grid, name, (x, across), (y, up), shades)
    return replace(cell, legend=map_legend(grid, name, shades))
