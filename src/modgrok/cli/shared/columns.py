"""Tables wider than the terminal, broken into several below each other."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

WIDTH = 100
"""Characters of a line where there is no terminal."""


def line_width() -> int:
    """Return the width of the terminal; COLUMNS overrides it."""
    return shutil.get_terminal_size((WIDTH, 24)).columns


def broken(sizes: Sequence[int], width: int) -> list[slice]:
    """Break columns into groups that fit a line, at least one each.

    Arguments:
        sizes: characters of each column, its margin included.
        width: characters that a line has for them.

    Example:
        >>> broken([10, 10, 10, 30], 25)
        [slice(0, 2, None), slice(2, 3, None), slice(3, 4, None)]
    """
    groups, start, used = [], 0, 0
    for place, size in enumerate(sizes):
        if place > start and used + size > width:
            groups.append(slice(start, place))
            start, used = place, 0
        used += size
    return [*groups, slice(start, len(sizes))] if sizes else []
