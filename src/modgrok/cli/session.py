"""What commands that train have in common: progress, Ctrl-C, and what is said of a disk that takes nothing.

Owns: following one run from the command line, and what an interrupt and a failed write mean to a session.
"""

from __future__ import annotations

import shlex
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ..learners.catalogue import check_trains, definition_of
from ..runs import Experiment, Progress, Run, RunHooks, RunOptions, Store
from ..runs.loop import follow as follow_run
from ..runs.outcome import has_ended
from ..runs.store.store import StoreWriteError
from ..sweeps.execution.executor import CannotStore
from ..tasks import InputError
from ..tasks.errors import shorten
from .display.progress import progress_display
from .shared.command_line import command_line
from .shared.output import note

GOES_ON = "what was recorded is kept, and repeating the command goes on from there"


def follow(experiment: Experiment, store: Store, options: RunOptions) -> Run:
    """Run an experiment under a progress display, with Ctrl-C asking it to stop."""
    definition = definition_of(experiment.learner)
    check_trains(definition)
    known = store.find(experiment.id)
    if known is not None and known.step and not store.lock(known.id).held():
        budget = definition.default_steps if options.steps is None else options.steps
        stops = definition.stops_early if options.early_stop is None else options.early_stop
        going_on = "" if has_ended(store, known, budget, stops) else "; continuing from there"
        note(f"run {known.id} is in the store at step {known.step:,}{going_on}")
    title = f"{experiment.name} mod {experiment.task.p or ''}".removesuffix(" mod ")
    title += f"  ·  {experiment.learner.kind}  ·  run {experiment.id}"
    with (
        progress_display(title) as show,
        ctrl_c() as interrupts,
        explaining_write_errors(store.folder, lambda: _what_next(experiment, store)),
    ):
        hooks = RunHooks(_warned(experiment, show), lambda: bool(interrupts))
        return follow_run(
            experiment, store, replace(options, command=options.command or command_line()), hooks
        )


def _warned(experiment: Experiment, show: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """Give the learner's warning at the first observation that deserves one."""
    warning_of = definition_of(experiment.learner).wording.warning
    warnings: list[str] = []

    def observe(progress: Progress) -> None:
        show(progress)
        warning = None if warnings else warning_of(progress.record.step, progress.record.scalars)
        if warning is not None:
            warnings.append(warning)
            note(f"warning: {warning}")

    return observe


def _what_next(experiment: Experiment, store: Store) -> str:
    """Say what is kept of a run whose store failed, and the command that goes on from it."""
    try:
        row = store.find(experiment.id)
    except InputError:
        row = None
    if row is None or row.state is None:
        return "nothing of the run was recorded, and repeating the command starts it again"
    where = shlex.quote(str(store.folder))
    return (
        f"what was recorded is kept up to step {row.step:,}; to go on from there: "
        f"modgrok runs resume {experiment.id} --runs {where}"
    )


@contextmanager
def explaining_write_errors(folder: Path, what_next: Callable[[], str] = lambda: GOES_ON) -> Iterator[None]:
    """Say of a disk that is full, or gone, what is kept and how to go on.

    Arguments:
        folder: of the store.
        what_next: the end of the sentence.

    Raises:
        RuntimeError: one line, in place of the error of the store.
    """
    try:
        yield
    except (StoreWriteError, sqlite3.OperationalError, CannotStore) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise RuntimeError(f"runs: cannot write to {shorten(folder)} ({reason}); {what_next()}") from error


@contextmanager
def ctrl_c() -> Iterator[list[int]]:
    """Collect interrupts instead of raising; a second one raises."""
    interrupts: list[int] = []

    def handle(number: int, frame: object) -> None:
        if interrupts:
            raise KeyboardInterrupt
        interrupts.append(number)
        note("finishing this segment; press Ctrl-C again to stop at once")

    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, previous)
