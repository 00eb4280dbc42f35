"""Progress worth watching: a live panel in a terminal, a few dozen plain lines elsewhere."""

from __future__ import annotations

import math
import sys
from types import TracebackType
from typing import Protocol, runtime_checkable

from ...display import percent
from ...runs import Progress
from ..shared.output import note

LINES_A_DECADE = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)


@runtime_checkable
class Display(Protocol):
    """What shows a run: opened, called at every observation, closed."""

    def __enter__(self) -> Display:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""

    def __call__(self, progress: Progress) -> None:
        """Show an observation."""


class PlainLines:
    """One line an observation on stderr, at most a few dozen however many observations there are."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.next_line = 0.0

    def __enter__(self) -> PlainLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stderr.flush()

    def __call__(self, progress: Progress) -> None:
        """Write a line when one is due, or when the run memorised or grokked."""
        row, numbers = progress.row, progress.record.scalars
        if self.next_line == 0.0:
            note(self.title)
        milestones = (("memorised", row.memorised_at), ("grokked", row.grokked_at))
        reached = [word for word, at in milestones if at == row.step]
        if row.step < self.next_line and not reached and row.step < progress.end:
            return
        self.next_line = _next_line(row.step)
        note(
            f"step {row.step:>7,}  train {percent(numbers['train_accuracy']):>7}  "
            f"test {percent(numbers['test_accuracy']):>7}  loss {numbers['train_loss']:.3g} / "
            f"{numbers['test_loss']:.3g}" + "".join(f"  {word}" for word in reached)
        )


def _next_line(step: int) -> float:
    """Return the next step of 1, 1.5, 2, 3, 5, 7 times a power of 10."""
    size = 10.0 ** math.floor(math.log10(max(step, 1)))
    return next(
        (size * digit for digit in LINES_A_DECADE if size * digit > step),
        10 * size,
    )


def progress_display(title: str) -> Display:
    """A live panel when stderr is a terminal, plain lines otherwise."""
    if not sys.stderr.isatty():
        return PlainLines(title)
    from .live_panel import LivePanel

    return LivePanel(title)
