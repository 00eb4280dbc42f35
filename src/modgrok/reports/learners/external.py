"""The panels of a run that was trained elsewhere: curves, and pictures of the networks that were kept.

Owns: which panels, in which order, and what such a run cannot show.
"""

from __future__ import annotations

from ...models import MLP
from ...models.transformer import Transformer
from ...tasks import InputError
from ..charts.chart import Panel
from ..panels.explained import LOSSES, SHARES, explained_shares, parted_losses
from ..stored_run import StoredRun
from ..views.mlp_view import MLPView
from ..views.tables import Stage
from .base import LearnerPanels, PanelsAndNotes, general_panels, time_frame
from .mlp import weight_panels
from .transformer import network_panels


def draw(run: StoredRun) -> PanelsAndNotes:
    """Draw a run that was trained elsewhere."""
    panels, notes = general_panels(run)
    if run.records:
        frame = time_frame(run)
        cells = (explained_shares(frame, run.records), parted_losses(frame, run.records))
        panels += [panel for panel in cells if panel is not None]
    panels_of_network, missing = _checkpoint_panels(run)
    return panels + panels_of_network, [*notes, *missing]


def _checkpoint_panels(run: StoredRun) -> PanelsAndNotes:
    """Draw the first and the last kept network."""
    ends = list({c.step: c for c in (run.checkpoints[:1] + run.checkpoints[-1:])}.values())
    networks, notes = [], []
    for checkpoint in ends:
        stage = Stage("kept", checkpoint.step)
        try:
            networks.append((stage, checkpoint.load()))
        except InputError:
            notes.append(
                f"The weights stored at step {checkpoint.step:,} are not those of a network that modgrok can "
                f"evaluate."
            )
    mlps = [
        MLPView(stage.label, net, run.basis, run.task.operands)
        for stage, net in networks
        if isinstance(net, MLP)
    ]
    transformers = [(stage, net) for stage, net in networks if isinstance(net, Transformer)]
    panels: list[Panel] = weight_panels(mlps, one_network=True) if mlps else []
    panels_of_networks, missing = network_panels(transformers, run.task)
    return panels + panels_of_networks, notes + missing


EXTERNAL_PANELS = LearnerPanels("external", draw, (*SHARES, *LOSSES))
