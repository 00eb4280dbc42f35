"""Events of a running ensemble: which are sent, and how often.

Owns: the pace of events. Where they go is the executor's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from ...runs import Progress, Store
from ...runs.store.sweep_index import followed
from ..grid.sweep_file import Member
from .ensemble import Ensemble, Outcome, run_ensemble
from .executor import Event, Job

EVENT_INTERVAL = 0.5
"""Seconds between two events of a run that goes on."""


def run_with_events(
    ensemble: Ensemble,
    job: Job,
    store: Store,
    send: Callable[[Event], None],
    stop_requested: Callable[[], bool],
) -> Iterator[Outcome]:
    """Run an ensemble, and send an event of each member when it begins and while it runs.

    Arguments:
        ensemble: what to run.
        job: what its runs have in common.
        store: where to record; it need not be the job's.
        send: called with every event.
        stop_requested: see `run_ensemble`.

    Yields:
        One outcome per member that was begun.
    """
    last_sent: dict[str, float] = {}

    def observe(member: Member, progress: Progress) -> None:
        now, row = time.monotonic(), followed(progress.row, member.steps)
        if now - last_sent.get(row.id, -EVENT_INTERVAL) >= EVENT_INTERVAL:
            last_sent[row.id] = now
            milestones = row.memorised_at, row.grokked_at
            send(Event(row.id, row.step, progress.end, "running", *milestones))

    yield from run_ensemble(
        ensemble,
        store,
        command=job.command,
        weights=job.weights,
        schedule=job.schedule,
        on_start=lambda member: send(Event(member.experiment.id, 0, member.steps)),
        on_observation=observe,
        stop_requested=stop_requested,
    )


def event_of(outcome: Outcome) -> Event:
    """Tell how a member ended."""
    if outcome.run is None:
        return Event(outcome.member.experiment.id, status="failed", error=outcome.error, busy=outcome.busy)
    row = followed(outcome.run.row, outcome.member.steps)
    return Event(row.id, row.step, row.step, row.status, row.memorised_at, row.grokked_at)
