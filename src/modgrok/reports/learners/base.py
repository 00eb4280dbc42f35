"""Which panels a learner's runs have, and the panels that every learner's runs have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ...measures import MEASURES
from ...measures.counts import COUNT_MEASURES
from ..charts.chart import Panel
from ..charts.timeline import Frame
from ..panels import curves
from ..stored_run import StoredRun
from ..views.tables import milestone_table

PanelsAndNotes = tuple[list[Panel], list[str]]
"""Panels in reading order, and notes on what is missing or must be known."""


@dataclass(frozen=True, eq=False)
class LearnerPanels:
    """The panels of a learner.

    Arguments:
        name: of the learner.
        draw: run -> its panels and notes.
        measures: names of the measures that these panels show.
    """

    name: str
    draw: Callable[[StoredRun], PanelsAndNotes]
    measures: tuple[str, ...] = ()


SHOWN_EVERYWHERE = tuple(measure.name for measure in COUNT_MEASURES)
"""Measures that the curves of accuracy and loss show."""


def time_frame(run: StoredRun) -> Frame:
    """Return the time axis of a run: logarithmic in steps, linear where updates are few iterations."""
    unit = run.definition.wording.unit
    end = max(run.row.step, run.records[-1].step)
    return Frame(end, milestone_table(run.row), linear=unit != "step", unit=unit)


def general_panels(run: StoredRun) -> PanelsAndNotes:
    """Draw accuracy and loss, which every learner records."""
    if not run.records:
        return [], []
    frame, loss = time_frame(run), str(getattr(run.experiment.learner, "loss", "mse"))
    return [
        curves.accuracy(frame, run.records, run.row.context),
        curves.loss(frame, run.records, run.row.context, loss),
    ], []


def other_measures(run: StoredRun, names: Iterable[str]) -> list[Panel]:
    """Draw every recorded measure that no panel of the learner shows, such as one added by an extension."""
    excluded = {*SHOWN_EVERYWHERE, *names}
    defined = {name for record in run.records for name, value in record.scalars.items() if value == value}
    left = [m for m in MEASURES if m.name in defined and m.name not in excluded]
    if not left:
        return []
    frame = time_frame(run)
    return [curves.measure(frame, run.records, measure) for measure in left]
