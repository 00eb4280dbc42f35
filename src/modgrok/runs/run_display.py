"""What a run shows of itself at a prompt and in a notebook, finished or still training.

Owns: the facts, the small picture of both accuracies, and the progress line of a notebook. IPython is used
where it is loaded already, and never imported.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..display import Displayed, Facts
from .store.database import Record, RunRow

if TYPE_CHECKING:
    from .options import Progress

SECONDS_BETWEEN_UPDATES = 0.2
WIDTH, HEIGHT = 360, 90
CURVES = (("train_accuracy", "train", "#2a5f9e"), ("test_accuracy", "test", "#c2410c"))
"""Name, label and colour of what the picture shows."""


def facts_of_run(row: RunRow, records: Sequence[Record]) -> Facts:
    """Return what a reader wants to know of a run first."""
    last = records[-1].scalars if records else {}
    return {
        "name": row.expression,
        "p": row.p,
        "learner": row.learner,
        "id": row.id,
        "status": row.status,
        "step": row.step,
        "memorised_at": row.memorised_at,
        "grokked_at": row.grokked_at,
        "train_accuracy": last.get("train_accuracy"),
        "test_accuracy": last.get("test_accuracy"),
    }


def accuracy_curves(records: Sequence[Record]) -> str:
    """Draw train and test accuracy against the step, on a logarithmic axis, as inline SVG.

    Example:
        >>> accuracy_curves([])
        ''
    """
    observed = [record for record in records if record.step > 0]
    if len(observed) < 2:
        return ""
    longest = math.log(observed[-1].step) or 1.0
    lines = []
    for name, label, colour in CURVES:
        points = " ".join(
            f"{WIDTH * math.log(record.step) / longest:.1f},{HEIGHT * (1 - record.scalars[name]):.1f}"
            for record in observed
            if math.isfinite(record.scalars.get(name, math.nan))
        )
        lines.append(
            f'<polyline fill="none" stroke="{colour}" points="{points}"><title>{label}</title></polyline>'
        )
    keys = "".join(f'<span style="color:{colour}">{label} accuracy</span> ' for _, label, colour in CURVES)
    return (
        f'<div>{keys}against steps 1 to {observed[-1].step:,}, logarithmic</div><svg role="img" '
        f'aria-label="train and test accuracy" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 -2 {WIDTH} {HEIGHT + 4}">{"".join(lines)}</svg>'
    )


class RunProgress(Displayed):
    """A run that is being trained, as a notebook shows it.

    Arguments:
        progress: the newest observation.
    """

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def _facts(self) -> Facts:
        facts = facts_of_run(self.progress.row, [self.progress.record])
        return {**facts, "of_steps": self.progress.end}

    def _picture(self) -> str:
        return f'<progress value="{self.progress.row.step}" max="{self.progress.end}"></progress>'


def notebook_progress() -> Callable[[Progress], None]:
    """Return an observer that shows a run in a notebook, and does nothing elsewhere."""
    display = _display_of_notebook()
    return (lambda progress: None) if display is None else _Updates(display)


def _display_of_notebook() -> Callable[..., Any] | None:
    """Return IPython's `display` if this process is a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if ipython is None or shell is None or not hasattr(shell, "kernel"):
        return None
    display: Callable[..., Any] = ipython.display.display
    return display


class _Updates:
    """Shows the first observation, and replaces it by later ones, a few times a second and at the end."""

    def __init__(self, display: Callable[..., Any]) -> None:
        self.display = display
        self.handle: Any = None
        self.shown_at = -math.inf

    def __call__(self, progress: Progress) -> None:
        last = progress.row.step >= progress.end
        if not last and time.monotonic() - self.shown_at < SECONDS_BETWEEN_UPDATES:
            return
        if self.handle is None:
            self.handle = self.display(RunProgress(progress), display_id=True)
        else:
            self.handle.update(RunProgress(progress))
        self.shown_at = time.monotonic()
