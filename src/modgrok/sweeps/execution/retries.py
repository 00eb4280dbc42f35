"""What becomes of the runs of an ensemble whose process, or whose machine, ended under it.

Owns: who is to blame, and when a run is not tried again. Both executors count alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .ensemble import Ensemble
from .executor import Event

MOST_DEATHS = 3
"""Processes that a run may take with it before it counts as failed."""


@dataclass
class Assignment:
    """An ensemble that a process was given, and what was heard of it.

    Arguments:
        ensemble: what was given.
        ended: ids of the runs that ended.
        at: the run that was heard of last; None before the first.
    """

    ensemble: Ensemble
    ended: set[str] = field(default_factory=set)
    at: str | None = None

    def hear(self, event: Event) -> None:
        """Keep what an event says."""
        self.at = event.run
        if event.status != "running":
            self.ended.add(event.run)

    def left(self) -> Ensemble:
        """Return the members that have not ended."""
        members = self.ensemble.members
        return Ensemble(tuple(m for m in members if m.experiment.id not in self.ended))


@dataclass
class Casualties:
    """Deaths so far.

    Arguments:
        deaths: run id -> processes that ended at it.
        stillborn: processes in a row that ended before they began a run.
    """

    deaths: dict[str, int] = field(default_factory=dict)
    stillborn: int = 0

    def bury(self, lost: Assignment, how: str) -> tuple[Ensemble, Event | None]:
        """Count a death; return what is to be run again, and that a run has failed, if one has.

        Arguments:
            lost: what the process was given; some members have not ended.
            how: the process ended, such as `code 1`.

        Raises:
            RuntimeError: too many processes ended before they began a run.
        """
        self.stillborn = self.stillborn + 1 if lost.at is None else 0
        if self.stillborn >= MOST_DEATHS:
            raise RuntimeError(f"workers: {MOST_DEATHS} ended before they began a run, the last by {how}")
        left = lost.left()
        ids = [member.experiment.id for member in left.members]
        guilty = lost.at if lost.at in ids else ids[0]
        assert guilty is not None
        self.deaths[guilty] = self.deaths.get(guilty, 0) + 1
        if self.deaths[guilty] < MOST_DEATHS:
            return left, None
        error = f"{MOST_DEATHS} workers ended at it, the last by {how}"
        others = tuple(m for m in left.members if m.experiment.id != guilty)
        return replace(left, members=others), Event(guilty, status="failed", error=error)
