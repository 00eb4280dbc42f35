"""The panels of several seeds as one: medians with bands where a chart can be merged.

Owns: which charts belong together. How they are merged is the charts' (`source` of a cell).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .chart import Cell, Group, Panel
from .line import Line

ONE_SEED = "Of the first seed."
OVER_SEEDS = (
    "Median of {} seeds, with a band from the least to the greatest; a run that ended keeps its last value."
)


def panels_of_seeds(each: Sequence[Sequence[Panel]]) -> tuple[Panel, ...]:
    """Draw the panels of all seeds as those of one.

    Arguments:
        each: the panels of each seed, at least one.

    Returns:
        The first seed's panels: lines, points and bars with the other seeds' in them, and others, such as
        images and histograms, as they are. Captions say which.
    """
    first = tuple(each[0])
    if len(each) < 2:
        return first
    alike = len({_shape(panels) for panels in each}) == 1
    if not alike:
        return tuple(_captioned(panel, ONE_SEED) for panel in first)
    return tuple(_merged(panels) for panels in zip(*each, strict=True))


def with_printed(panels: Sequence[Panel], printed: Sequence[tuple[str, Line]]) -> tuple[Panel, ...]:
    """Draw numbers that a paper prints into the panels of their keys, where a panel is a chart of lines.

    Arguments:
        panels: of a claim.
        printed: (key of a panel, line); see `line.printed_line`.
    """
    return tuple(
        replace(
            panel,
            groups=tuple(
                Group(
                    group.label,
                    tuple(
                        _with(cell, [line for key, line in printed if key == panel.key])
                        for cell in group.cells
                    ),
                )
                for group in panel.groups
            ),
        )
        for panel in panels
    )


def _with(cell: Cell, lines: Sequence[Line]) -> Cell:
    draw = getattr(cell.source, "with_printed", None)
    chart: Cell = draw(lines) if lines and draw is not None else cell
    return chart


def _merged(panels: Sequence[Panel]) -> Panel:
    first = panels[0]
    cells = [[cell for group in panel.groups for cell in group.cells] for panel in panels]
    merged_cells = [_of_seeds(each) for each in zip(*cells, strict=True)]
    remaining = iter(
        one if one is not None else each[0]
        for one, each in zip(merged_cells, zip(*cells, strict=True), strict=True)
    )
    groups = tuple(Group(group.label, tuple(next(remaining) for _ in group.cells)) for group in first.groups)
    words = OVER_SEEDS.format(len(panels)) if all(one is not None for one in merged_cells) else ONE_SEED
    return _captioned(replace(first, groups=groups), words)


def _of_seeds(cells: Sequence[Cell]) -> Cell | None:
    draw = getattr(cells[0].source, "of_seeds", None)
    chart: Cell | None = None if draw is None else draw([cell.source for cell in cells[1:]])
    return chart


def _captioned(panel: Panel, words: str) -> Panel:
    return replace(panel, caption=f"{panel.caption} {words}".strip())


def _shape(panels: Sequence[Panel]) -> tuple[object, ...]:
    return tuple((panel.key, tuple(len(group.cells) for group in panel.groups)) for panel in panels)
