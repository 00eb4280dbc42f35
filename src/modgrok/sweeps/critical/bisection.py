"""Which fractions to try next on the way to a critical fraction.

Owns: the search as a function of what is known; it keeps no state, so that a repeated search walks the same
way again. The estimator is in `estimate`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ...tasks import InputError
from .estimate import Probe

FINEST = 1e-6
"""Least resolution: one input of a table of a million."""


@dataclass(frozen=True)
class Range:
    """Where a critical fraction is searched.

    Arguments:
        low, high: its ends, 0 < low < high < 1.
        resolution: width of the bracket at which the search ends, from `FINEST` on.

    Raises:
        InputError: numbers that break these rules.
    """

    low: float
    high: float
    resolution: float

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high < 1:
            raise InputError(
                f"critical: must have 0 < low < high < 1, got low {self.low} and high {self.high}"
            )
        if not FINEST <= self.resolution < 1:
            raise InputError(
                f"critical.resolution: must be at least {FINEST} and below 1, got {self.resolution}"
            )

    @property
    def halvings(self) -> int:
        """Bisections until the bracket is fine enough.

        Example:
            >>> Range(0.2, 0.8, 0.1).halvings
            3
        """
        return max(0, math.ceil(math.log2((self.high - self.low) / self.resolution) - 1e-9))


def next_fractions(known: Mapping[float, Probe], within: Range) -> tuple[float, ...]:
    """Return the fractions to try next: both ends, then the middle of the bracket, then none.

    The bracket [a, b] starts as the range; its middle m replaces a if fewer than half of the seeds grok at m,
    and b if at least half do, until it is at most the resolution wide. Outside the range, where half grok at
    the low end or fewer do at the high end, the search ends at once. Middles are dyadic parts of the range,
    so that a finer search repeats the coarser one's fractions.

    Arguments:
        known: fraction -> probe; fractions that the search does not come by do not matter.
        within: where to search.

    Returns:
        Two fractions, one, or none.

    Example:
        >>> seen, within = {}, Range(0.2, 0.8, 0.1)
        >>> while wanted := next_fractions(seen, within):
        ...     seen |= {f: Probe(f, 8 * (f > 0.44), 8) for f in wanted}
        >>> sorted(seen)
        [0.2, 0.35, 0.425, 0.5, 0.8]
    """
    low, high = within.low, within.high
    ends = tuple(end for end in (low, high) if end not in known)
    if ends:
        return ends
    if known[low].half or not known[high].half:
        return ()
    for _ in range(within.halvings):
        middle = float(f"{(low + high) / 2:.12g}")
        if middle not in known:
            return (middle,)
        if known[middle].half:
            high = middle
        else:
            low = middle
    return ()
