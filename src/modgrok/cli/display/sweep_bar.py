"""The bar of a sweep in a terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from ...sweeps.execution.driver import SweepCounts
from .sweep_progress import PlainSweepLines, progress_words

BAR = 16
RESERVED = BAR + 8
"""Columns of the bar and the percentage, with their margins."""


class SweepBar(PlainSweepLines):
    """A bar on stderr, redrawn at every event."""

    def __init__(self, most: int | None = None) -> None:
        super().__init__(most)
        text = TextColumn("{task.percentage:>3.0f}%  {task.description}", markup=False)
        columns = BarColumn(bar_width=BAR), text
        self.progress = Progress(*columns, console=Console(stderr=True))
        self.task = self.progress.add_task("", total=1.0)

    def __enter__(self) -> SweepBar:
        self.progress.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.__exit__(kind, value, trace)

    def __call__(self, tally: SweepCounts) -> None:
        """Redraw."""
        share, left = self.share_of(tally)
        text = progress_words(tally, self.progress.console.width - RESERVED, left)
        self.progress.update(self.task, completed=share, description=text)
