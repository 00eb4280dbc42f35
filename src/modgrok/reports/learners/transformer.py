"""The panels of a transformer's run, from its records and kept weights.

Owns: which panels, in which order, and what a run cannot show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...measures import TRANSFORMER_MEASURES, basis_of_task, make_token_basis
from ...measures.circuit.task_grid import TaskGrid, has_circuit, task_grids
from ...measures.fourier.task_basis import NO_ORDER
from ...models.transformer import Transformer
from ...runs import Checkpoint, RunRow
from ...tasks import Task
from ..charts.chart import Panel
from ..panels import curves
from ..panels.attention_maps import attention_panels
from ..panels.loss_parts import frequency_attribution, loss_parts
from ..panels.neuron_waves import neuron_waves
from ..panels.wave_curves import wave_curves
from ..panels.wave_spectra import wave_spectra
from ..stored_run import StoredRun
from ..views.circuit_view import CircuitView
from ..views.tables import Stage, load_weights, stages
from .base import LearnerPanels, PanelsAndNotes, time_frame


def draw(run: StoredRun) -> PanelsAndNotes:
    """Draw a run of a transformer."""
    row, records, loss = run.row, run.records, str(getattr(run.experiment.learner, "loss", "cross_entropy"))
    panels: list[Panel] = []
    if records:
        frame = time_frame(run)
        weight, gradient = curves.norms(frame, records)
        panels += [
            curves.accuracy(frame, records, row.context),
            curves.loss(frame, records, row.context, loss),
            weight,
            *([] if run.basis.group is not None else wave_curves(frame, records)),
            gradient,
        ]
    networks, notes = _networks(row, run.checkpoints)
    network_only, missing = network_panels(networks, run.task)
    return panels + network_only, notes + missing


def network_panels(
    networks: Sequence[tuple[Stage, Transformer]], task: Task
) -> tuple[list[Panel], list[str]]:
    """Draw what depends on weights alone, at every stage: waves, then neurons, attention, parts of logits.

    Returns:
        (panels, notes on what is missing).
    """
    if not networks:
        return [], []
    basis = basis_of_task(task)
    if basis.group is not None:
        return [], [NO_ORDER.format(group=basis.group) + "."]
    token_basis = make_token_basis(task.p)
    panels = [wave_spectra(networks, token_basis, matrix) for matrix in ("embedding", "readout")]
    notes = []
    if has_circuit(task, networks[-1][1]):
        for at in task_grids(task):
            views = [CircuitView(stage, net, at) for stage, net in networks]
            panels += [_named(panel, at) for panel in circuit_panels(views)]
    else:
        notes.append(
            "Attention, neurons and parts of the logits are drawn for two operands and moderate p only."
        )
    if len(networks) == 1:
        panels = [panel if len(panel.groups) > 1 else replace(panel, span=6) for panel in panels]
    return panels, notes


def circuit_panels(views: Sequence[CircuitView]) -> list[Panel]:
    """Draw what the networks of several stages do with the pairs of one task."""
    last = views[-1]
    return [
        neuron_waves(views),
        *attention_panels(last),
        loss_parts(views, last.circuit.key),
        frequency_attribution(last),
    ]


def _named(panel: Panel, at: TaskGrid) -> Panel:
    """Put the task of a mixture into a panel's title."""
    if at.number is None:
        return panel
    return replace(panel, key=f"{panel.key}_{at.number + 1}", title=f"{at.task.name}: {panel.title}")


def _networks(
    row: RunRow, checkpoints: Sequence[Checkpoint]
) -> tuple[list[tuple[Stage, Transformer]], list[str]]:
    networks, notes = [], []
    for stage in stages(row):
        net, note = load_weights(checkpoints, stage.step)
        if isinstance(net, Transformer):
            networks.append((stage, net))
        else:
            notes.append(
                note
                or f"The weights stored at step {stage.step:,} are not those of a transformer and are not "
                "shown."
            )
    return networks, notes


TRANSFORMER_PANELS = LearnerPanels(
    "transformer",
    draw,
    ("weight_norm", "gradient_norm", "collapsed", *(measure.name for measure in TRANSFORMER_MEASURES)),
)
