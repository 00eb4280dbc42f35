"""A run as a live panel in a terminal: step, speed, time left, and both accuracies as small curves.

Apart from `progress`, since drawing it needs a library that plain lines do not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ...display import percent
from ...io import visible
from ...runs import Progress, Record
from ..shared.output import clock

BLOCKS = " ▁▂▃▄▅▆▇█"


def curve(records: Sequence[Record], name: str, end: int, width: int, top: float) -> str:
    """Draw a value in 0..top as blocks, one column per equal step of log(step), from step 1 to `end`.

    Example:
        >>> line = [Record(t, 0.0, {"a": t / 100}, {}) for t in (0, 1, 10, 100)]
        >>> curve(line, "a", 100, 3, 1.0)
        '▁▁█'
    """
    cells = []
    position, latest = 0, 0.0
    for column in range(width):
        step = math.exp(math.log(max(end, 2)) * column / max(width - 1, 1))
        started = False
        while position < len(records) and records[position].step <= step * (1 + 1e-9):
            value = records[position].scalars[name]
            latest = value if math.isfinite(value) else latest
            position += 1
            started = True
        if position >= len(records) and not started:
            break
        share = min(max(latest / top, 0.0), 1.0) if top > 0 else 0.0
        cells.append(BLOCKS[math.ceil(share * 8 - 1e-9)])
    return "".join(cells)


class LivePanel:
    """A panel on stderr, redrawn at every observation.

    Arguments:
        title: first line.
    """

    def __init__(self, title: str) -> None:
        self.title = Text(visible(title))
        self.records: list[Record] = []
        self.speed = float("nan")
        self.console = Console(stderr=True)
        self.live = Live(console=self.console, refresh_per_second=8, transient=False)

    def __enter__(self) -> LivePanel:
        self.live.__enter__()
        self.live.update(Panel(Text("compiling the training step …", style="dim"), title=self.title))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.live.transient = kind is not None
        self.live.__exit__(kind, value, trace)

    def __call__(self, progress: Progress) -> None:
        """Redraw."""
        self.records.append(progress.record)
        if math.isfinite(progress.steps_per_second):
            fresh = math.isnan(self.speed)
            self.speed = (
                progress.steps_per_second if fresh else 0.7 * self.speed + 0.3 * progress.steps_per_second
            )
        self.live.update(self._panel(progress))

    def _panel(self, progress: Progress) -> Panel:
        width = max(20, min(self.console.width - 46, 72))
        loss_top = max((r.scalars["test_loss"] for r in self.records if _finite(r, "test_loss")), default=1.0)
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold", no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(no_wrap=True)
        rows = (
            ("train accuracy", "train_accuracy", 1.0, "cyan"),
            ("test accuracy", "test_accuracy", 1.0, "magenta"),
            ("train loss", "train_loss", loss_top, "cyan"),
            ("test loss", "test_loss", loss_top, "magenta"),
        )
        for label, name, top, colour in rows:
            value = progress.record.scalars[name]
            text = percent(value) if name.endswith("accuracy") else f"{value:.3g}"
            line = curve(self.records, name, progress.end, width, top)
            table.add_row(label, text, Text(line, style=colour))
        axis = f"1{'steps, logarithmic':^{max(width - 1 - len(str(progress.end)), 0)}}{progress.end}"
        table.add_row("", "", Text(axis, style="dim"))
        return Panel(Group(self._head(progress), Text(), table), title=self.title, title_align="left")

    def _head(self, progress: Progress) -> Text:
        row, end = progress.row, progress.end
        left = (end - row.step) / self.speed if self.speed > 0 else float("nan")
        parts = [f"step {row.step:,} of {end:,}", f"{self.speed:,.0f} steps/s" if self.speed > 0 else "–"]
        parts.append(f"{clock(left)} left")
        text = Text("  ·  ".join(parts))
        if row.memorised_at is not None:
            text.append(f"  ·  memorised at {row.memorised_at:,}", style="cyan")
        if row.grokked_at is not None:
            text.append(f"  ·  grokked at {row.grokked_at:,}", style="bold magenta")
        return text


def _finite(record: Record, name: str) -> bool:
    return math.isfinite(record.scalars[name])
