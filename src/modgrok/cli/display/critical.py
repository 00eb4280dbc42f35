"""What a search of critical fractions found, as lines and as JSON."""

from __future__ import annotations

from typing import Any

from ...sweeps.critical.probes import Probed
from ...sweeps.execution.search import SearchResult
from ..shared.output import say


def print_critical(result: SearchResult) -> None:
    """Say, for every point, the bracket, where it is sure, and how many seeds grok at its ends."""
    assert result.sweep.search is not None
    within = result.sweep.search.within
    for at, finished in zip(result.points, result.finished, strict=True):
        name = ", ".join(f"{field} {value}" for field, value in at.point.items()) or result.sweep.name
        say(f"  critical fraction at {name}: {words(at, finished, within.low, within.high)}")


def words(at: Probed, finished: bool, low: float, high: float) -> str:
    """Say what is known at one point in one line.

    Example:
        >>> from modgrok.sweeps.critical.estimate import Probe
        >>> probes = {f: Probe(f, n, 8) for f, n in ((0.2, 0), (0.4, 3), (0.5, 5), (0.8, 8))}
        >>> words(Probed({}, probes), True, 0.2, 0.8)
        '0.45, between 0.4 (3 of 8 grok) and 0.5 (5 of 8 grok); surely between 0.2 and 0.8'
        >>> words(Probed({}, {0.2: Probe(0.2, 8, 8), 0.8: Probe(0.8, 8, 8)}), True, 0.2, 0.8)
        'below 0.2, where 8 of 8 grok'
    """
    known = at.critical
    if known is None or not finished:
        return "unfinished"
    lower, upper = known.bracket
    if known.place == "below":
        return f"below {low:.6g}, where {_count(at, low)}"
    if known.place == "above":
        return f"above {high:.6g}, where {_count(at, high)}"
    assert lower is not None
    assert upper is not None
    text = (
        f"{known.estimate:.4g}, between {lower:.6g} ({_count(at, lower)}) and {upper:.6g} "
        f"({_count(at, upper)})"
    )
    surely = [f"{word} {end:.6g}" for word, end in zip(("above", "below"), known.sure, strict=True) if end]
    if len(surely) == 2:
        surely = [f"between {known.sure[0]:.6g} and {known.sure[1]:.6g}"]
    return f"{text}; surely {surely[0]}" if surely else text


def critical_json(result: SearchResult) -> list[dict[str, Any]]:
    """List what is known at every point; `place` is `unfinished` where fractions are left to try."""
    entries = []
    for at, finished in zip(result.points, result.finished, strict=True):
        known = at.critical
        entries.append(
            {
                "point": at.point,
                "place": known.place if known is not None and finished else "unfinished",
                "fraction": known.estimate if known is not None else None,
                "bracket": known.bracket if known is not None else (None, None),
                "sure": known.sure if known is not None else (None, None),
                "probes": [
                    {"fraction": p.fraction, "grokked": p.grokked, "of": p.of, "interval": p.interval}
                    for p in (known.probes if known is not None else ())
                ],
            }
        )
    return entries


def _count(at: Probed, fraction: float) -> str:
    probe = at.probes[fraction]
    return f"{probe.grokked} of {probe.of} grok"
