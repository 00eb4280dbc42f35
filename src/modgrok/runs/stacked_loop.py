"""Several runs trained at once, as a stack: the loop of `loop`, for accelerators.

Owns: which runs are stacked, when each of them is observed, and taking out those that end. Every run has its
own row, records, milestones and weights, by the rules of `FollowedRun`, as if it were alone.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from ..learners.catalogue import definition_of
from .experiment import Experiment
from .followed_run import FollowedRun
from .loop import Run, followed_run, run_of
from .options import RunHooks, RunOptions
from .stack import Stack
from .store.store import Store

STORE_ERRORS = (OSError, sqlite3.Error)
"""Errors that are no run's fault, and that the next run would meet as well: a full disk, say."""
End = tuple[int, Run | Exception]
"""The place of a request, and what became of it."""


@dataclass(frozen=True, eq=False)
class RunRequest:
    """A run that is asked for: the arguments of `loop.follow`."""

    experiment: Experiment
    options: RunOptions = field(default_factory=RunOptions)
    hooks: RunHooks = field(default_factory=RunHooks)


def follow_stack(requests: Sequence[RunRequest], store: Store | None = None) -> Iterator[End]:
    """Train experiments of equal shapes at once, each as `loop.follow` does alone, equal to rounding.

    A run that fails does not stop the others. One that is stored at a later step than others waits for them.

    Arguments:
        requests: with equal `shape_key`, so that one compiled step serves all.
        store: where to record; None keeps everything in memory.

    Yields:
        (place among the requests, its run, or why there is none), as they end.

    Raises:
        OSError, sqlite3.Error: the store cannot be written.
    """
    opened: list[_Member] = []
    with ExitStack() as locks:
        for place, request in enumerate(requests):
            try:
                member = _open(request, place, store, locks)
                status = member.followed.status
                end = None if status is None else _finish(member, member.state, status)
            except STORE_ERRORS:
                raise
            except Exception as error:
                yield place, error
                continue
            if end is None:
                opened.append(member)
            else:
                yield place, end
        if opened:
            yield from _StackedLoop(opened).iterate()


@dataclass(eq=False)
class _Member:
    """A run of a stack.

    Arguments:
        place: of its request.
        followed: the run.
        lock: held as long as it is trained.
        state: at the beginning; None once it is part of the stack.
        seconds: its share of the time of the steps since its last observation.
    """

    place: int
    followed: FollowedRun
    lock: ExitStack
    state: Any = None
    seconds: float = 0.0


def _open(request: RunRequest, place: int, store: Store | None, locks: ExitStack) -> _Member:
    """Lock a run and take it up where it was left."""
    lock = locks.enter_context(ExitStack())
    try:
        if store is not None:
            lock.enter_context(store.lock(request.experiment.id)(request.experiment.id))
        with _precision(request.experiment):
            followed = followed_run(request.experiment, store, request.options, request.hooks)
            state = followed.recorder.start_run()
    except BaseException:
        lock.close()
        raise
    return _Member(place, followed, lock, state)


def _finish(member: _Member, state: Any, status: str) -> Run:
    with _precision(member.followed.experiment):
        member.followed.recorder.finish(state, status)
    member.lock.close()
    return run_of(member.followed, state)


def _precision(experiment: Experiment) -> AbstractContextManager[object]:
    return definition_of(experiment.learner).precision(experiment.learner)


class _StackedLoop:
    """Segments, one after another, each up to the next observation of any member.

    Nothing is yielded inside the precision of the runs, which is that of whoever computes, not of whoever
    reads what is yielded.
    """

    def __init__(self, members: list[_Member]) -> None:
        self.members = members
        self.experiment = members[0].followed.experiment
        self.stack: Stack | None = None

    def iterate(self) -> Iterator[End]:
        """Go on to the end of all members."""
        try:
            yield from self._guarded(self._begin)
            while self.members:
                yield from self._guarded(self._segment)
        except BaseException:
            self._abandon()
            raise

    def _guarded(self, work: Callable[[], list[End]]) -> list[End]:
        """Do work inside the runs' precision; an error of the stack as a whole is that of every member."""
        with _precision(self.experiment):
            try:
                return work()
            except STORE_ERRORS:
                raise
            except Exception as error:
                self._abandon()
                ends: list[End] = [(member.place, error) for member in self.members]
                self.members = []
                return ends

    def _begin(self) -> list[End]:
        prepared = [member.followed.prepared for member in self.members]
        states = [member.state for member in self.members]
        self.stack = Stack(prepared, states)
        self.numbers = {member.place: row for row, member in enumerate(self.members)}
        for member in self.members:
            member.state = None
        self.stack.advance(self.stack.step)  # compile, make no step
        return self._show(self.members, lambda member, state: member.followed.observe_start(state))

    def _segment(self) -> list[End]:
        stack = self._stacked
        stack.cut()
        waiting = [member for member in self.members if stack.waits(self.numbers[member.place])]
        stopped = [member for member in waiting if member.followed.hooks.stop_requested()]
        if stopped:
            return self._show(stopped, lambda member, state: "interrupted")
        targets = [member.followed.target for member in self.members]
        started = time.perf_counter()
        stack.advance(min(targets))
        elapsed = time.perf_counter() - started
        stepped = [member for member in self.members if not stack.waits(self.numbers[member.place])]
        for member in stepped:
            member.seconds += elapsed / len(stepped)
        due = [
            member
            for member, target in zip(self.members, targets, strict=True)
            if target == stack.step or not stack.is_finite(self.numbers[member.place])
        ]
        return self._show(due, self._reach)

    def _reach(self, member: _Member, state: Any) -> str | None:
        finite = self._stacked.is_finite(self.numbers[member.place])
        seconds, member.seconds = member.seconds, 0.0
        return member.followed.reach(state, finite, seconds)

    def _show(self, members: Sequence[_Member], look: Callable[[_Member, Any], str | None]) -> list[End]:
        """Show members their states; take those that end out of the stack."""
        ends: list[End] = []
        for member in members:
            state = self._stacked.state(self.numbers[member.place])
            try:
                status = look(member, state)
                if status is not None:
                    ends.append((member.place, _finish(member, state, status)))
            except STORE_ERRORS:
                raise
            except Exception as error:
                with suppress(Exception):
                    member.followed.recorder.abandon(state)
                member.lock.close()
                ends.append((member.place, error))
            if ends and ends[-1][0] == member.place:  # at once: what fails later does not touch it any more
                self.members = [other for other in self.members if other is not member]
        for place, _ in ends:
            self._stacked.remove(self.numbers[place])
        return ends

    @property
    def _stacked(self) -> Stack:
        assert self.stack is not None
        return self.stack

    def _abandon(self) -> None:
        """Commit what is known of members that stand at a step which is recorded.

        The others are in the store as they were committed last, like runs of a killed process.
        """
        for member in self.members:
            with suppress(Exception):
                state = self._stacked.state(self.numbers[member.place])
                if member.followed.recorder.row.step == int(state.step):
                    member.followed.recorder.abandon(state)
            member.lock.close()
