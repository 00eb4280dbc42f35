"""The panels that show weights, of one checkpoint alone, and which checkpoints a report holds for its slider.

Owns: the choice of checkpoints. Which panels a learner has is its own choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..tasks import InputError
from .charts.chart import Panel
from .learners.base import PanelsAndNotes, general_panels
from .learners.catalogue import LEARNER_PANELS
from .panels.curves import percent
from .stored_run import StoredRun

MOST_STEPS = 8
"""Checkpoints of a report's slider, unless another number is asked for."""
MOST_BYTES = 1_500_000
"""Size of these in a page, whose charts' library has 0.9 MB; fewer are held where they are larger."""


@dataclass(frozen=True, eq=False)
class CheckpointPanels:
    """The panels of weights at one step.

    Arguments:
        step: of the checkpoint.
        words: the step, and the share that a formula explains there, where it was recorded.
        panels: in reading order.
    """

    step: int
    words: str
    panels: tuple[Panel, ...]


def slider(stored: StoredRun, most: int | None = None) -> tuple[CheckpointPanels, ...]:
    """Draw the checkpoints that a report holds; none where a run has fewer than two, or has no such panels.

    Arguments:
        stored: a run.
        most: checkpoints, >= 0; None for 8, or fewer where these would exceed 1.5 MB.
    """
    steps = slider_steps(stored, MOST_STEPS if most is None else most)
    if len(steps) < 2:
        return ()
    last, _ = checkpoint_panels(stored, steps[-1])
    if most is None:
        steps = slider_steps(stored, min(MOST_STEPS, MOST_BYTES // max(_size(last), 1)))
        if not steps:
            return ()
    unit = stored.definition.wording.unit
    shares = {c.step: c.explained_share for c in stored.checkpoints if c.explained_share is not None}
    checkpoints = []
    for step in steps:
        panels = last if step == steps[-1] else checkpoint_panels(stored, step)[0]
        if panels:
            share = f", explained by a formula: {percent(shares[step])}" if step in shares else ""
            checkpoints.append(CheckpointPanels(step, f"{unit} {step:,}{share}", tuple(panels)))
    return tuple(checkpoints) if len(checkpoints) > 1 else ()


def checkpoint_panels(stored: StoredRun, step: int) -> PanelsAndNotes:
    """Draw the panels that need weights, of one step alone: those of a run that ended there, unobserved.

    Arguments:
        stored: a run.
        step: with a checkpoint.

    Raises:
        InputError: no weights were kept at that step.
    """
    checkpoints = [checkpoint for checkpoint in stored.checkpoints if checkpoint.step == step]
    if not checkpoints:
        raise InputError(f"step: must be a step with a checkpoint, got {step}")
    row = replace(stored.row, step=step, memorised_at=None, grokked_at=None)
    at_step = replace(stored, row=row, records=[], checkpoints=checkpoints)
    if row.learner not in LEARNER_PANELS.names:
        return general_panels(at_step)
    return LEARNER_PANELS.named(row.learner).draw(at_step)


def _size(panels: Sequence[Panel]) -> int:
    """Return the bytes of panels in a page, without the words around them."""
    cells = (cell for panel in panels for group in panel.groups for cell in group.cells)
    return sum(len(cell.page_json) for cell in cells)


def slider_steps(stored: StoredRun, most: int) -> tuple[int, ...]:
    """Choose checkpoints: first, memorised, grokked, last, others evenly between; ascending."""
    steps = sorted({checkpoint.step for checkpoint in stored.checkpoints})
    moments = {stored.row.memorised_at, stored.row.grokked_at}
    return thinned(steps, [step for step in steps if step in moments], most)


def thinned(steps: Sequence[int], milestones: Sequence[int], most: int) -> tuple[int, ...]:
    """Keep the first step, the last, the milestones, and others evenly by place, at most `most` in all.

    Example:
        >>> thinned([0, 1, 2, 4, 8, 16, 32], [4], 5)
        (0, 2, 4, 16, 32)
    """
    if len(steps) <= most:
        return tuple(steps)
    if most < 2:
        return ()
    subset = {steps[0], steps[-1], *milestones[: most - 2]}
    others = [step for step in steps if step not in subset]
    count = max(0, most - len(subset))
    subset |= {others[(2 * at + 1) * len(others) // (2 * count)] for at in range(count)}
    return tuple(sorted(subset))
