"""The panels of a kernel machine's run, from its records and kept matrices.

Owns: which panels, in which order, and what a run cannot show.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...algebra import Basis
from ...measures.fourier.task_basis import NO_PHASES
from ...models.kernel_machine import KernelMachine
from ...runs import Checkpoint, Record, RunRow
from ..charts.chart import Panel
from ..panels import curves
from ..panels import hidden_progress as progress
from ..panels.feature_matrix_maps import feature_matrix_maps
from ..stored_run import StoredRun
from ..views.kernel_machine_view import FeatureMatrixView, machine_stages, transition
from ..views.tables import load_weights
from .base import LearnerPanels, PanelsAndNotes, time_frame


def draw(run: StoredRun) -> PanelsAndNotes:
    """Draw a run of a kernel machine."""
    row, records, checkpoints = run.row, run.records, run.checkpoints
    basis, operands = run.basis, run.task.operands
    machines, notes = _machines(row, records, checkpoints, basis, operands)
    panels: list[Panel] = []
    if records:
        frame = time_frame(run)
        matrices = progress.matrix_table(checkpoints, machines[-1]) if machines else []
        alignment, deviation, share = progress.hidden_progress(
            frame, records, matrices, identity=_starts_uncoupled(records)
        )
        panels += [curves.accuracy(frame, records, row.context), alignment]
        panels += [deviation] if basis.group is None else []
        panels += [curves.loss(frame, records, row.context, "mse")]
        panels += [share] if basis.group is None else []
        panels += [progress.effective_rank(frame, records)]
    if basis.group is not None:
        notes.append(NO_PHASES.format(group=basis.group) + ".")
    panels += feature_matrix_maps(machines) if machines else []
    panels += [progress.spectra(machines)] if machines else []
    if records:
        panels.append(progress.conditioning(frame, records))
        notes += _singular_note(records)
        if transition(records) is None and row.step > 1:
            notes.append(
                "Test accuracy has no sharp transition; the matrix in the middle is that after half of the "
                "iterations."
            )
    return panels, notes


def _starts_uncoupled(records: Sequence[Record]) -> bool:
    """Say whether M at step 0 has no off-diagonal blocks: only then are both measures exact there."""
    first = records[0].scalars
    return (
        records[0].step == 0 and first.get("circulant_deviation") == 0 and first.get("structure_share") == 1
    )


def _machines(
    row: RunRow,
    records: Sequence[Record],
    checkpoints: Sequence[Checkpoint],
    basis: Basis,
    operands: tuple[str, ...],
) -> tuple[list[FeatureMatrixView], list[str]]:
    machines, notes = [], []
    for stage in machine_stages(row, records):
        net, note = load_weights(checkpoints, stage.step, "iteration")
        if isinstance(net, KernelMachine):
            machines.append(FeatureMatrixView.of(stage, net, basis, operands))
        else:
            notes.append(
                note
                or f"The weights stored at iteration {stage.step:,} are not those of a kernel machine and "
                "are not shown."
            )
    return machines, notes


def _singular_note(records: Sequence[Record]) -> list[str]:
    steps = [record.step for record in records if record.scalars.get("singular", 0) > 0]
    if not steps:
        return []
    when = (
        f"iteration {steps[0]:,}" if len(steps) == 1 else f"{len(steps):,} iterations, the first {steps[0]:,}"
    )
    return [
        f"The kernel matrix was singular to working precision at {when}: the least-norm solution was used, "
        f"which need not fit every training input. A ridge makes the matrix regular."
    ]


RFM_PANELS = LearnerPanels(
    "rfm",
    draw,
    (
        "circulant_deviation",
        "circulant_deviation_mean",
        "structure_share",
        "effective_rank",
        "condition",
        "singular",
    ),
)
