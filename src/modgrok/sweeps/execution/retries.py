"""Which runs of an ensemble are run again after its process, or its machine, failed.

Owns: which run is suspected, and after how many failures it is given up. Both executors count alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .ensemble import Ensemble
from .executor import Event

MAX_FAILURES = 3
"""Worker processes that may fail at a run before the run counts as failed."""


@dataclass
class Assignment:
    """An ensemble that a process was given, and which events came of it.

    Arguments:
        ensemble: the ensemble that was given.
        ended: ids of the runs that ended.
        at: the run of the last event; None before the first.
    """

    ensemble: Ensemble
    ended: set[str] = field(default_factory=set)
    at: str | None = None

    def hear(self, event: Event) -> None:
        """Record an event."""
        self.at = event.run
        if event.status != "running":
            self.ended.add(event.run)

    def left(self) -> Ensemble:
        """Return the members that have not ended."""
        members = self.ensemble.members
        return Ensemble(tuple(m for m in members if m.experiment.id not in self.ended))


@dataclass
class RetryPolicy:
    """Failures of worker processes so far.

    Arguments:
        failures: run id -> processes that failed while they ran it.
        startup_failures: processes in a row that failed before they began a run.
    """

    failures: dict[str, int] = field(default_factory=dict)
    startup_failures: int = 0

    def record_failure(self, assignment: Assignment, how: str) -> tuple[Ensemble, Event | None]:
        """Count a failure; return what is to be run again, and the event of a failed run, if one failed.

        Arguments:
            assignment: what the process was given; some members have not ended.
            how: the process ended, such as `code 1`.

        Raises:
            RuntimeError: too many processes failed before they began a run.
        """
        self.startup_failures = self.startup_failures + 1 if assignment.at is None else 0
        if self.startup_failures >= MAX_FAILURES:
            raise RuntimeError(f"workers: {MAX_FAILURES} failed before they began a run, the last with {how}")
        left = assignment.left()
        ids = [member.experiment.id for member in left.members]
        suspect_run = assignment.at if assignment.at in ids else ids[0]
        assert suspect_run is not None
        self.failures[suspect_run] = self.failures.get(suspect_run, 0) + 1
        if self.failures[suspect_run] < MAX_FAILURES:
            return left, None
        error = f"{MAX_FAILURES} workers failed at it, the last with {how}"
        others = tuple(m for m in left.members if m.experiment.id != suspect_run)
        return replace(left, members=others), Event(suspect_run, status="failed", error=error)
