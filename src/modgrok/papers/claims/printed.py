"""What papers print of the numbers that claims measure: single numbers, and rows or curves of a figure.

Owns: the two records. Each paper's own are in its folder's `printed`; pictures draw them beside what was
measured. They judge nothing: bounds are `claim`'s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...tasks import InputError
from ...tasks.errors import shorten


@dataclass(frozen=True)
class PrintedNumber:
    """A number that a paper prints.

    Arguments:
        name: of the number in `ClaimResult.values` of which it is the paper's.
        value: as printed.
        source: table, figure, equation or section; that it was read off a picture is said here.
        by: who prints it, where it is not the paper itself: its notebook, or a third-party report.

    Example:
        >>> PrintedNumber("block_add", 0.955, "App. Fig. 6").value
        0.955
    """

    name: str
    value: float | int
    source: str
    by: str = "paper"


@dataclass(frozen=True)
class PrintedCurve:
    """Numbers that a paper prints along an axis of a claim's figure.

    Arguments:
        panel: key of the panel in which they are drawn.
        x, y: numbers of equal length, y as the panel draws them: shares between 0 and 1.
        source: table or figure, with what else differs from the runs drawn, such as `Table A.5, p = 97`.
        by: as of `PrintedNumber`.

    Raises:
        InputError: lists of different lengths, or empty.
    """

    panel: str
    x: tuple[float | int, ...]
    y: tuple[float | int, ...]
    source: str
    by: str = "paper"

    def __post_init__(self) -> None:
        """Check that there is one y at every x."""
        if not self.x or len(self.x) != len(self.y):
            raise InputError(f"y: must be one number at each x, got {len(self.y)} at {len(self.x)}")


Printed = PrintedNumber | PrintedCurve


def check_printed(printed: Sequence[Printed], claim: str) -> None:
    """Refuse numbers that are not finite or not sourced, or two for the same.

    Raises:
        InputError: naming the claim.
    """
    names = [one.name for one in printed if isinstance(one, PrintedNumber)]
    for one in printed:
        values = (one.value,) if isinstance(one, PrintedNumber) else (*one.x, *one.y)
        if not all(math.isfinite(value) for value in values) or not one.source:
            raise InputError(f"printed: must be finite and sourced in {shorten(claim)}, got {one}")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InputError(f"printed: must not repeat a number in {shorten(claim)}, got {twice[0]}")


def printed_numbers(printed: Sequence[Printed]) -> Mapping[str, PrintedNumber]:
    """Return number -> what the paper prints of it."""
    return {one.name: one for one in printed if isinstance(one, PrintedNumber)}
