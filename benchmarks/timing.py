"""Timing in one run: contestants take turns, so that whatever else the machine does hits all of them.

Every round begins with another contestant: what one leaves behind (threads that still spin, a cache full of
its own arrays) would otherwise always fall on the same next one.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def interleaved(contestants: dict[str, Callable[[], object]], rounds: int = 9) -> dict[str, float]:
    """Return the median seconds of each contestant over rounds in which all take turns.

    Arguments:
        contestants: name -> function that does the work and waits for it.
        rounds: how many turns each takes, after one to warm up.
    """
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for work in contestants.values():
        work()
    names = list(contestants)
    for turn in range(rounds):
        for place in range(len(names)):
            name = names[(turn + place) % len(names)]
            work = contestants[name]
            started = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(result) for name, result in times.items()}


def table(title: str, seconds: dict[str, float], unit: str, base: str) -> str:
    """Lay medians out with their ratios to one of them."""
    lines = [title]
    for name, result in seconds.items():
        lines.append(f"  {name:<46}{result * 1e3:9.2f} ms{unit}{result / seconds[base]:8.2f} x")
    return "\n".join(lines)
