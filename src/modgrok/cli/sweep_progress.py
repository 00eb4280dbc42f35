"""Progress of a sweep: one bar in a terminal, a few dozen plain lines elsewhere."""

from __future__ import annotations

import math
import sys
import time
from types import TracebackType

from ..sweeps.execution.driver import Tally
from .output import clock, note

STEP = 0.05
"""Share of the work between two plain lines."""
LONGEST = 60.0
"""Seconds between two plain lines at most."""


def told(tally: Tally) -> str:
    """Say how far a sweep is, in one line.

    Example:
        >>> told(Tally(8))
        '0 of 8 runs done  ·  0:00 left  ·  memorised 0  ·  grokked 0  ·  diverged 0  ·  failed 0'
    """
    parts = [f"{tally.done} of {tally.total} runs done", f"{clock(tally.seconds_left)} left"]
    counts = (
        ("memorised", tally.memorised),
        ("grokked", tally.grokked),
        ("diverged", tally.count("diverged")),
        ("failed", tally.count("failed")),
    )
    parts += [f"{word} {count}" for word, count in counts]
    return "  ·  ".join(parts)


class PlainSweepLines:
    """A line at every twentieth of the work, and every minute."""

    def __init__(self) -> None:
        self.share, self.at = -1.0, -math.inf

    def __enter__(self) -> PlainSweepLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stderr.flush()

    def __call__(self, tally: Tally) -> None:
        """Write a line when one is due."""
        share, now = tally.share, time.monotonic()
        if share < self.share:  # a search's next round
            self.share = -1.0
        if share >= self.share + STEP or now >= self.at + LONGEST or (share == 1.0 and self.share < 1.0):
            self.share, self.at = share, now
            note(told(tally))


def sweep_display() -> PlainSweepLines:
    """Return a bar when stderr is a terminal, plain lines otherwise."""
    if not sys.stderr.isatty():
        return PlainSweepLines()
    from .sweep_bar import SweepBar

    return SweepBar()
