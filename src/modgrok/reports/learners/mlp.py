"""The panels of a two-layer network: curves, spectra, phases, one hidden unit, pruning.

Owns: which panels, in which order, of a run and of weights alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...algebra import Basis
from ...measures.fourier.task_basis import NO_PHASES
from ...models import MLP
from ...runs.splits import split_of
from ...tasks import InputError
from ..charts.chart import Panel
from ..panels import curves
from ..panels.features import features
from ..panels.grids import logit_maps, unit_maps
from ..panels.phases import phases
from ..panels.pruning import pruning_panel
from ..panels.representations import representations
from ..stored_run import StoredRun
from ..views.mlp_view import MLPView
from ..views.tables import histogram_at, load_stage, stages
from .base import LearnerPanels, PanelsAndNotes, time_frame


def draw(run: StoredRun) -> PanelsAndNotes:
    """Draw a run of a two-layer network."""
    views, notes = _views(run)
    loss = str(getattr(run.experiment.learner, "loss", "mse"))
    in_basis = run.row.context.get("basis", run.basis.name) == run.basis.name
    panels = _curves(run, loss, in_basis=in_basis) if run.records else []
    if not in_basis:
        notes.append(
            "The Fourier measures of this run were recorded in another basis by an earlier version, and are "
            "not "
            "shown; modgrok measure computes them from its weights."
        )
    if run.basis.group is not None:
        notes.append(NO_PHASES.format(group=run.basis.group) + ".")
    panels += weight_panels(views, _phase_sources(run, views), one_network=True)
    if views and run.experiment.corruption:
        split = split_of(run.experiment, run.task)
        last = views[-1]
        panels.append(pruning_panel(last.net, run.basis, run.task, split, last.label))
    if views and len(run.task.operands) < 2:
        notes.append("A task of one operand has no map over pairs of values.")
    return panels, notes


def _curves(run: StoredRun, loss: str, *, in_basis: bool) -> list[Panel]:
    row, records, frame = run.row, run.records, time_frame(run)
    panels: list[Panel | None] = [
        curves.accuracy(frame, records, row.context),
        curves.loss(frame, records, row.context, loss),
        *curves.norms(frame, records),
    ]
    if in_basis:
        panels += [curves.fourier(frame, records, run.basis), curves.frequencies(frame, records, run.basis)]
    return [panel for panel in panels if panel is not None]


def _views(run: StoredRun) -> tuple[list[MLPView], list[str]]:
    views, notes = [], []
    for stage in stages(run.row):
        net, note = load_stage(run.checkpoints, stage)
        if net is None:
            notes.append(note)
        else:
            views.append(MLPView(stage.label, net, run.basis, run.task.operands))
    return views, notes


def _phase_sources(run: StoredRun, views: Sequence[MLPView]) -> list[tuple[str, np.ndarray]]:
    """Take the recorded histograms; where a step was not observed, count from the weights."""
    if run.basis.group is not None:
        return []
    views_by_label = {view.label: view for view in views}
    sources = []
    for stage in stages(run.row):
        counts = histogram_at(run.records, stage.step, "phase_sum")
        if counts is None and stage.label in views_by_label:
            counts = views_by_label[stage.label].phase_counts
        if counts is not None:
            sources.append((stage.label, counts))
    return sources


def check_shape(net: MLP, basis: Basis, k: int) -> None:
    """Refuse a network whose operands, values or classes are not those of the basis."""
    p = len(basis.operands[0])
    if (net.operands, net.modulus) != (k, p) or net.classes <= int(basis.outputs.max()):
        raise InputError(
            f"network: must have {k} operands of {p} values and the classes of the task, "
            f"got {net.operands} of {net.modulus} with {net.classes} classes"
        )


def weight_panels(
    views: Sequence[MLPView],
    phase_sources: Sequence[tuple[str, np.ndarray]] | None = None,
    *,
    one_network: bool = False,
) -> list[Panel]:
    """Draw everything that depends on weights alone: features, phase sums, maps over pairs.

    Arguments:
        views: to draw side by side.
        phase_sources: (label, counts) of the phase sums; None counts them from the weights.
        one_network: the views are stages of one network.
    """
    sources = [(p.label, p.phase_counts) for p in views] if phase_sources is None else list(phase_sources)
    panels: list[Panel] = []
    if views and views[-1].basis.group is not None:
        return [representations(views)]
    if views:
        panels.append(features(views, one_network=one_network))
    if sources:
        operands = len(views[-1].operands) if views else 2
        panels.append(phases(sources, operands))
    if views and len(views[-1].operands) >= 2:
        panels += [unit_maps(views, one_network=one_network), logit_maps(views)]
    return [replace(panel, span=6) if len(panel.groups) == 1 else panel for panel in panels]


MLP_PANELS = LearnerPanels(
    "mlp",
    draw,
    ("weight_norm", "gradient_norm", "ipr", "phase_coherence", "frequencies"),
)
