"""Progress of a sweep: one bar in a terminal, a few dozen plain lines elsewhere."""

from __future__ import annotations

import math
import sys
import time
from types import TracebackType

from ...sweeps.execution.driver import SweepCounts
from ..shared.output import clock, note

STEP = 0.05
"""Share of the work between two plain lines."""
LONGEST = 60.0
"""Seconds between two plain lines at most."""


def progress_words(tally: SweepCounts, width: int | None = None, left: float | None = None) -> str:
    """Say how far a sweep is, in one line.

    Arguments:
        tally: what came of its runs.
        width: characters that there is room for; what matters less is left out where it is short.
        left: seconds left, if not those of the tally.

    Example:
        >>> progress_words(SweepCounts(8))
        '0 of 8 runs done  ·  0:00 left  ·  memorised 0  ·  grokked 0  ·  diverged 0  ·  failed 0'
        >>> progress_words(SweepCounts(8), 40)
        '0/8  ·  0:00 left  ·  grokked 0'
    """
    time_left = f"{clock(tally.seconds_left if left is None else left)} left"
    counts = {
        "memorised": tally.memorised,
        "grokked": tally.grokked,
        "diverged": tally.count("diverged"),
        "failed": tally.count("failed"),
    }
    done, short = f"{tally.done} of {tally.total} runs done", f"{tally.done}/{tally.total}"
    some = {word: count for word, count in counts.items() if count or word in ("memorised", "grokked")}
    grokked = {"grokked": tally.grokked}
    lines = [
        "  ·  ".join([first, time_left, *(f"{word} {count}" for word, count in chosen.items())])
        for first, chosen in ((done, counts), (done, some), (short, some), (short, grokked), (short, {}))
    ]
    return next((line for line in lines if width is None or len(line) <= width), short)


class Share:
    """How much of the work is done: of a sweep as the tally says; of a search, whose rounds add runs, of all.

    Arguments:
        most: runs that a search takes at most; None for a sweep, whose runs are known from the beginning.
    """

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self.began, self.first, self.last = time.monotonic(), 0.0, 0.0

    def __call__(self, tally: SweepCounts) -> tuple[float, float]:
        """Return the share in [0, 1] and the seconds left, nan before any progress."""
        if self.most is None:
            return tally.share, tally.seconds_left
        ended = sum(
            min(event.step / max(event.end, 1), 1.0) if event.status == "running" else 1.0
            for event in tally.latest.values()
        )
        share = max(min(ended / max(self.most, tally.total), 1.0), self.last)
        self.last = share
        self.first = self.first or share
        gained = share - self.first
        passed = time.monotonic() - self.began
        return share, passed * (1 - share) / gained if gained > 0 else math.nan


class PlainSweepLines:
    """A line at every twentieth of the work, and every minute."""

    def __init__(self, most: int | None = None) -> None:
        self.share_of = Share(most)
        self.share, self.at = -1.0, -math.inf

    def __enter__(self) -> PlainSweepLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stderr.flush()

    def __call__(self, tally: SweepCounts) -> None:
        """Write a line when one is due."""
        (share, left), now = self.share_of(tally), time.monotonic()
        if share < self.share:  # another sweep begins
            self.share = -1.0
        if share >= self.share + STEP or now >= self.at + LONGEST or (share == 1.0 and self.share < 1.0):
            self.share, self.at = share, now
            note(progress_words(tally, left=left))


def sweep_display(most: int | None = None) -> PlainSweepLines:
    """Return a bar when stderr is a terminal, plain lines otherwise.

    Arguments:
        most: runs that a search takes at most; None for a sweep.
    """
    if not sys.stderr.isatty():
        return PlainSweepLines(most)
    from .sweep_bar import SweepBar

    return SweepBar(most)
