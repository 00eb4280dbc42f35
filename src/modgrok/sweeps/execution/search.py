"""Rounds of a search: all points try their next fraction, until every bracket is fine enough.

Owns: from what runs did to the members of the next round. A round is a sweep of all runs so far; a driver
that is asked for it again skips what is done, so that a repeated search continues.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from ...runs.store.sweep_index import SweepMember
from ..critical.bisection import next_fractions
from ..critical.probes import ENDED, Probed, ProbeOutcome, count_probes
from ..grid.critical_table import Search
from ..grid.sweep_file import Member, Sweep, member_of
from .driver import SweepCounts
from .executor import Event


@runtime_checkable
class Round(Protocol):
    """Runs a sweep, as `driver.run_sweep` does."""

    def __call__(self, sweep: Sweep, *, retry_failed: bool) -> tuple[SweepCounts, tuple[SweepMember, ...]]:
        """Run what is left of it."""
        ...


@dataclass(frozen=True)
class SearchResult:
    """How far a search went.

    Arguments:
        sweep: the last round.
        tally, failed: what came of its runs.
        points: what is known at every point of the axes.
        finished: for each, whether nothing is left to try.
    """

    sweep: Sweep
    tally: SweepCounts
    failed: tuple[SweepMember, ...]
    points: tuple[Probed, ...]
    finished: tuple[bool, ...]


def run_search(sweep: Sweep, run_round: Round, *, retry_failed: bool = False) -> SearchResult:
    """Search the critical fraction at every point.

    Arguments:
        sweep: the first round, with its search.
        run_round: runs a round; failed runs are tried again in the first one alone.
        retry_failed: run failed members again.
    """
    assert sweep.search is not None
    while True:
        tally, failed = run_round(sweep, retry_failed=retry_failed)
        points = known_of(sweep, tally.latest)
        grown = next_round(sweep, points)
        if len(grown.members) == len(sweep.members):
            finished = tuple(not next_fractions(at.probes, sweep.search.within) for at in points)
            return SearchResult(sweep, tally, failed, tuple(points), finished)
        sweep, retry_failed = grown, False


def known_of(sweep: Sweep, latest: Mapping[str, Event]) -> list[Probed]:
    """Count what the members of a sweep did, by point of its other axes."""
    return count_probes(
        ProbeOutcome(_rest(member), float(member.point["fraction"]), _grokked(member, latest))
        for member in sweep.members
    )


def next_round(sweep: Sweep, points: list[Probed]) -> Sweep:
    """Add the members that the search asks for next; none where runs have yet to end, or all is found."""
    assert sweep.search is not None
    members = {member.experiment.id: member for member in sweep.members}
    pad_to_fraction = sweep.members[0].pad_to_fraction
    for at in points:
        for fraction in next_fractions(at.probes, sweep.search.within):
            for member in probe_members(sweep.search, at.point, fraction):
                members.setdefault(member.experiment.id, replace(member, pad_to_fraction=pad_to_fraction))
    order = {tuple(at.point.values()): place for place, at in enumerate(points)}
    ordered = sorted(
        members.values(),
        key=lambda m: (order[tuple(_rest(m).values())], m.point["fraction"], m.point["seed"]),
    )
    return replace(sweep, members=tuple(ordered))


def probe_members(search: Search, point: dict[str, Any], fraction: float) -> list[Member]:
    """Build the members of one probe, a seed each."""
    places = ({**point, "fraction": fraction, "seed": seed} for seed in range(search.seeds))
    return [member_of({**search.base, **place}, place) for place in places]


def _rest(member: Member) -> dict[str, Any]:
    return {name: value for name, value in member.point.items() if name not in ("fraction", "seed")}


def _grokked(member: Member, latest: Mapping[str, Event]) -> bool | None:
    event = latest.get(member.experiment.id)
    if event is None or event.status not in ENDED:
        return None
    return event.grokked_at is not None and event.grokked_at <= member.steps
