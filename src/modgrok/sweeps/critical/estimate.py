"""The critical fraction: the share of the table from which on at least half of the seeds grok.

Owns: the estimator, from counts of seeds at any fractions, wherever they come from. Which fraction is tried
next is in `bisection`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .statistics import wilson

Place = Literal["inside", "below", "above"]


@dataclass(frozen=True)
class Probe:
    """What the seeds did at one fraction.

    Arguments:
        fraction: share of the table that trains.
        grokked: how many seeds grokked within the budget.
        of: of how many, at least 1.
    """

    fraction: float
    grokked: int
    of: int

    @property
    def half(self) -> bool:
        """Whether at least half of the seeds grokked."""
        return 2 * self.grokked >= self.of

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95% interval of the share that groks."""
        return wilson(self.grokked, self.of)


@dataclass(frozen=True)
class Critical:
    """A critical fraction, as far as probes know it.

    Arguments:
        place: `inside` the probed range; `below` it, if half of the seeds grok at every probe; `above` it, if
            fewer do at the greatest.
        bracket: (a, b): a is the greatest probe at which fewer than half grok, b the next one above; None
            where the range ends.
        sure: (a, b): a is the greatest probe whose Wilson interval lies below 1/2, b the least probe above a
            from which on all intervals lie above 1/2; None where no probe does.
        probes: by ascending fraction.
    """

    place: Place
    bracket: tuple[float | None, float | None]
    sure: tuple[float | None, float | None]
    probes: tuple[Probe, ...]

    @property
    def estimate(self) -> float | None:
        """The middle of the bracket; None outside the probed range."""
        low, high = self.bracket
        return None if low is None or high is None else float(f"{(low + high) / 2:.12g}")


def critical(probes: Sequence[Probe]) -> Critical:
    """Estimate a critical fraction from what seeds did at some fractions.

    With s(f) the share of seeds that grok at fraction f, the estimate is the last crossing of 1/2: above it,
    s >= 1/2 at every probe. Two intervals come with it. The bracket says between which probes the crossing
    of this sample of seeds lies. The sure interval says between which probes it lies for the population of
    seeds, as far as 95% intervals of single probes tell: with 8 seeds, 1 that groks is surely below half and
    2 are not; with 3 seeds or fewer, nothing is sure.

    Arguments:
        probes: at different fractions, at least one.

    Example:
        >>> fraction = critical([Probe(0.2, 0, 8), Probe(0.4, 3, 8), Probe(0.5, 5, 8), Probe(0.8, 8, 8)])
        >>> fraction.place, fraction.bracket, fraction.sure, fraction.estimate
        ('inside', (0.4, 0.5), (0.2, 0.8), 0.45)
        >>> critical([Probe(0.2, 8, 8), Probe(0.8, 8, 8)]).place
        'below'
    """
    ordered = sorted(probes, key=lambda probe: probe.fraction)
    low, high = _crossing(ordered, [not probe.half for probe in ordered])
    place: Place = "below" if low is None else "above" if high is None else "inside"
    surely_low = [probe.interval[1] < 0.5 for probe in ordered]
    not_surely_high = [probe.interval[0] <= 0.5 for probe in ordered]
    sure = _crossing(ordered, surely_low)[0], _crossing(ordered, not_surely_high)[1]
    return Critical(place, (low, high), sure, tuple(ordered))


def _crossing(ordered: Sequence[Probe], low: Sequence[bool]) -> tuple[float | None, float | None]:
    """Return the last fraction that counts as low, and the one after it."""
    places = [place for place, is_low in enumerate(low) if is_low]
    last = places[-1] if places else -1
    above = ordered[last + 1].fraction if last + 1 < len(ordered) else None
    return (ordered[last].fraction if places else None), above
