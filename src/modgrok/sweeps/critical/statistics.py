"""What a set of seeds says: how many grokked, with an interval, and when, with quartiles.

Owns: intervals of shares, quartiles of steps that some members never reach.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z = 1.959963984540054
"""Quantile of the normal distribution at 97.5%: intervals are of 95%."""


@dataclass(frozen=True)
class MilestoneStatistics:
    """When the members of an ensemble reached something.

    Arguments:
        count: how many did.
        of: of how many.
        interval: Wilson's 95% interval of the share that does.
        quartiles: lower quartile, median, upper quartile of the step; None where too few reached it.
    """

    count: int
    of: int
    interval: tuple[float, float]
    quartiles: tuple[int | None, int | None, int | None]


def milestone_statistics(steps: Sequence[int | None]) -> MilestoneStatistics:
    """Summarise the steps at which members memorised or grokked.

    Arguments:
        steps: one per member; None for never.

    Example:
        >>> milestone_statistics([100, 300, None, 200]).quartiles
        (100, 200, 300)
        >>> milestone_statistics([100, None, None, None]).quartiles
        (100, None, None)
    """
    count = sum(step is not None for step in steps)
    low, middle, high = (quantile(steps, share) for share in (0.25, 0.5, 0.75))
    return MilestoneStatistics(count, len(steps), wilson(count, len(steps)), (low, middle, high))


def quantile(steps: Sequence[int | None], share: float) -> int | None:
    """Return the least step that at least this share of all members has reached; None if fewer do.

    Members that never do count as later than all others, so that quartiles stay honest where a budget ended.

    Example:
        >>> quantile([5, None, 7], 0.5), quantile([5, None, None], 0.5), quantile([], 0.5)
        (7, None, None)
    """
    reached = sorted(step for step in steps if step is not None)
    place = max(math.ceil(share * len(steps) - 1e-9), 1)
    return reached[place - 1] if place <= len(reached) else None


def wilson(count: int, of: int) -> tuple[float, float]:
    """Return Wilson's 95% interval of a share: the shares q with |count/of - q| <= Z sqrt(q (1 - q) / of).

    Arguments:
        count: successes, 0..of.
        of: trials; 0 gives (0, 1).

    Example:
        >>> [round(end, 3) for end in wilson(8, 8)], [round(end, 3) for end in wilson(0, 8)]
        ([0.676, 1.0], [0.0, 0.324])

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    if of == 0:
        return 0.0, 1.0
    share, scale = count / of, 1 + Z**2 / of
    centre = (share + Z**2 / (2 * of)) / scale
    half = Z / scale * math.sqrt(share * (1 - share) / of + Z**2 / (4 * of**2))
    return (0.0 if count == 0 else centre - half), (1.0 if count == of else centre + half)
