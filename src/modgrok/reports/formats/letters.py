"""The letters that name panels: a to z, then aa, ab, as columns of a spreadsheet."""

from __future__ import annotations

from string import ascii_lowercase

BASE = len(ascii_lowercase)


def panel_letter(place: int) -> str:
    """Return the letters of the panel at a place, counted from 0.

    Example:
        >>> [panel_letter(place) for place in (0, 25, 26, 27, 51, 52, 701, 702)]
        ['a', 'z', 'aa', 'ab', 'az', 'ba', 'zz', 'aaa']
    """
    before, own = divmod(place, BASE)
    return (panel_letter(before - 1) if before else "") + ascii_lowercase[own]
