"""Driving a sweep: what is done already, what is left, and what comes of it.

Owns: skipping, retrying, and the list of members in the store. Where ensembles run is an executor's.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ...learners.base.rates import NOMINAL
from ...runs import Database, RunRow, Store
from ...runs.outcome import has_ended, lacks_observation
from ...runs.store.sweep_index import (
    Listing,
    SweepMember,
    followed,
    read_listing,
    set_error,
    sweep_lock,
    sweep_names,
)
from ...runs.store.sweep_index import write_listing as write
from ...tasks import InputError
from ..cost import cost_of_member
from ..grid.sweep_file import Member, Sweep
from .ensemble import MOST_MEMBERS, MOST_STACKED, Ensemble, ensembles_of
from .executor import Event, Executor, Job
from .stepping import chosen_stepping


@dataclass
class SweepCounts:
    """The progress of a sweep: the latest event of every member that has begun, or failed.

    Arguments:
        total: number of members.
        latest: run id -> the latest event.
        work: run id -> what it costs, in any unit, of the members that this command runs.
        began: when it began, on the monotonic clock, seconds.
    """

    total: int
    latest: dict[str, Event] = field(default_factory=dict)
    work: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def count(self, *statuses: str) -> int:
        """Count the members of these statuses."""
        return sum(event.status in statuses for event in self.latest.values())

    @property
    def done(self) -> int:
        """Members that have ended, diverged ones included, failed ones not."""
        return self.count("finished", "diverged")

    @property
    def memorised(self) -> int:
        """Members that have memorised."""
        return sum(event.memorised_at is not None for event in self.latest.values())

    @property
    def grokked(self) -> int:
        """Members that have grokked."""
        return sum(event.grokked_at is not None for event in self.latest.values())

    @property
    def share(self) -> float:
        """Share of this command's work that is done, in [0, 1]; a member's share is that of its steps."""
        done = (
            cost * (min(event.step / max(event.end, 1), 1.0) if event.status == "running" else 1.0)
            for run, cost in self.work.items()
            if (event := self.latest.get(run)) is not None
        )
        return math.fsum(done) / math.fsum(self.work.values()) if self.work else 1.0

    @property
    def seconds_left(self) -> float:
        """Time left at the pace so far; nan before any progress."""
        share = self.share
        return (time.monotonic() - self.began) * (1 - share) / share if share > 0 else math.nan


@dataclass(frozen=True)
class Plan:
    """What a sweep still has to do.

    Arguments:
        tally: what earlier commands did.
        left: members to run.
        failed: member and reason of those that failed earlier and are not retried.
    """

    tally: SweepCounts
    left: tuple[Member, ...]
    failed: tuple[SweepMember, ...]


def plan_sweep(sweep: Sweep, store: Store | None, *, retry_failed: bool = False) -> Plan:
    """Compare a sweep with what its store holds; nothing is written.

    Arguments:
        sweep: what is asked for.
        store: None if there is none yet.
        retry_failed: run failed members again.
    """
    known = sweep.name in sweep_names(store) if store is not None else False
    earlier = read_listing(store, sweep.name).members if store is not None and known else ()
    errors = {failure.run: failure.error for failure in earlier if failure.error is not None}
    rows = {row.id: row for row in (store.rows(lambda _: None) if store is not None else [])}
    tally = SweepCounts(len(sweep.members))
    left, failed = [], []
    for member in sweep.members:
        run = member.experiment.id
        row = rows.get(run)
        if store is not None and row is not None and is_done(store, row, member):
            own = followed(row, member.steps)
            tally.latest[run] = Event(run, own.step, own.step, own.status, own.memorised_at, own.grokked_at)
        elif run in errors and not retry_failed:
            failed.append(SweepMember(run, member.point, errors[run]))
            tally.latest[run] = Event(run, status="failed", error=errors[run])
        else:
            left.append(member)
    # counted operations at any machine's rates: a run at p = 97 is more work than one at p = 11
    tally.work = {
        member.experiment.id: cost_of_member(member, NOMINAL).without_compilation for member in left
    }
    return Plan(tally, tuple(left), tuple(failed))


def is_done(store: Database, row: RunRow, member: Member) -> bool:
    """Say whether a stored run went as far as a member asks, and was observed there.

    Arguments:
        store: where it is.
        row: of the run.
        member: of the sweep.
    """
    extent = (member.steps, member.stops_early)
    try:
        return has_ended(store, row, *extent) and not lacks_observation(store, row, *extent)
    except InputError:  # its records are damaged: running it says so, of this member alone
        return False


def cut(members: Sequence[Member], workers: int) -> list[Ensemble]:
    """Form ensembles as large as they may be while every worker still gets one."""
    stepping = chosen_stepping()
    largest = MOST_STACKED if stepping == "stack" else MOST_MEMBERS
    most = max(1, min(largest, math.ceil(len(members) / workers)))
    return ensembles_of(members, most, stepping)


def run_sweep(
    sweep: Sweep,
    store: Store,
    executor: Executor,
    job: Job,
    *,
    workers: int,
    retry_failed: bool = False,
    on_progress: Callable[[SweepCounts], None] = lambda tally: None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> tuple[SweepCounts, tuple[SweepMember, ...]]:
    """Run what is left of a sweep.

    Arguments:
        sweep: what to run.
        store: where the list of members is kept.
        executor: runs ensembles.
        job: what they have in common.
        workers: over how many the ensembles are spread.
        retry_failed: run failed members again.
        on_progress: called at every event.
        stop_requested: asked often; true interrupts.

    Returns:
        (how far the sweep is, its failed members).

    Raises:
        InputError: another process drives this sweep.
    """
    with sweep_lock(store, sweep.name)(sweep.name):
        plan = plan_sweep(sweep, store, retry_failed=retry_failed)
        errors = {failure.run: failure.error for failure in plan.failed}
        members = [
            SweepMember(m.experiment.id, m.point, errors.get(m.experiment.id), m.steps) for m in sweep.members
        ]
        axes = tuple(axis.fields for axis in sweep.axes)
        write(store, Listing(sweep.name, axes, job.command, tuple(members)))
        tally, failed = plan.tally, list(plan.failed)
        on_progress(tally)
        points = {member.experiment.id: member.point for member in plan.left}
        for event in executor.run(cut(plan.left, workers), job, stop_requested):
            if event is not None:
                tally.latest[event.run] = event
                if event.status == "failed":
                    if (
                        not event.busy
                    ):  # else the run is as others will leave it, and the next command looks again
                        set_error(store, sweep.name, event.run, event.error)
                    failed.append(SweepMember(event.run, points[event.run], event.error))
            on_progress(tally)
        return tally, tuple(failed)
