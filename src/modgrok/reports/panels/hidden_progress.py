"""Panels of a kernel machine against iterations: hidden progress of M, its kernel matrix, its spectrum.

Owns: what is drawn beside accuracy, so that its jump can be held against the gradual change of M.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...learners.rfm.settings import RFMSettings
from ...measures.features.alignment import agop_alignment
from ...measures.features.circulant import circulant_deviation
from ...models.circulant import CirculantStructure, structure_of
from ...models.kernel_machine import KernelMachine
from ...runs import Checkpoint, Record, precision_of
from ..charts.chart import Cell, Panel, single
from ..charts.line_colours import line_colours
from ..charts.palette import INK, MEASURE, REFERENCE_CURVE, SOFT, TEST
from ..charts.table import Table
from ..charts.timeline import CurveStyle, Frame, Reference, Vertical, linear_range, log_range, timeline
from ..views.kernel_machine_view import FeatureMatrixView
from ..views.tables import curve_table, load_weights
from .curves import HEIGHT, ends, log_ticks, plain_format

MOST_MATRICES = 160
"""Iterations of which M is read back; of more, evenly spaced ones are."""
UNDEFINED_AT_IDENTITY = ("circulant_deviation", "structure_share")


def matrix_table(checkpoints: Sequence[Checkpoint], last: FeatureMatrixView) -> Table:
    """List (step, name, value) of what the store does not record: it needs the last M, or another structure.

    `alignment` is the cosine of each M with the last; `other_deviation`, for two operands, the circulant
    deviation in the orientation that is not the task's: Hankel where that is Toeplitz. Empty where the last
    matrix is missing.
    """
    pace = -(-len(checkpoints) // MOST_MATRICES)
    selected = sorted({c.step: c for c in [*checkpoints[::pace], *checkpoints[-1:]]}.items())
    networks = [(step, load_weights([checkpoint], step)[0]) for step, checkpoint in selected]
    matrices = [(step, net.feature_matrix) for step, net in networks if isinstance(net, KernelMachine)]
    if not matrices or matrices[-1][0] != last.stage.step:
        return []
    rows: Table = []
    with precision_of(RFMSettings()):
        other = _other_structure(last)
        for step, feature_matrix in matrices:
            numbers = {"alignment": float(agop_alignment(feature_matrix, matrices[-1][1]))}
            if other is not None and _coupled(np.asarray(feature_matrix), last.sizes):
                numbers["other_deviation"] = float(circulant_deviation(feature_matrix, other))
            rows += [{"step": step, "name": name, "value": value} for name, value in numbers.items()]
    return sorted(rows, key=lambda row: (row["name"], row["step"]))


def _other_structure(view: FeatureMatrixView) -> CirculantStructure | None:
    if len(view.sizes) != 2 or len(view.basis.operands) != 2:
        return None
    first, second = view.basis.operands
    negated = np.where(second < 0, -1, (-second) % view.basis.order)
    return structure_of(replace(view.basis, operands=(first, negated)))


def _coupled(feature_matrix: np.ndarray, sizes: tuple[int, ...]) -> bool:
    """Say whether any off-diagonal block is not zero: otherwise nothing there deviates, or is shaped."""
    inside = np.repeat(np.arange(len(sizes)), sizes)
    return bool(feature_matrix[inside[:, None] != inside[None, :]].any())


def hidden_progress(
    frame: Frame, records: Sequence[Record], matrices: Table, *, identity: bool
) -> list[Panel]:
    """Draw alignment, circulant deviation and structure share, each over the test accuracy.

    Arguments:
        frame: of all time charts.
        records: of the run.
        matrices: see `matrix_table`.
        identity: M at step 0 has no off-diagonal blocks, so that its deviation and share say nothing.
    """
    recorded = [
        row for row in curve_table(records, UNDEFINED_AT_IDENTITY) if not (identity and row["step"] == 0)
    ]
    alignment = [row for row in matrices if row["name"] == "alignment"]
    other = [row for row in matrices if row["name"] == "other_deviation"]
    deviation = [row for row in recorded if row["name"] == "circulant_deviation"]
    share = [row for row in recorded if row["name"] == "structure_share"]
    beside = "The pale curve is the test accuracy, from 0 to 100% of the height."
    return [
        _measure(
            "alignment",
            "Alignment of M with the final M",
            "Cosine similarity of the entries of M and of the final M; 1 at the end by definition "
            f"(Mallinar et al. 2024, Sec. 4). {beside}",
            (frame, records, alignment, [CurveStyle("alignment", "alignment", MEASURE)]),
        ),
        _measure(
            "deviation",
            "Circulant deviation of M",
            "Variance of the off-diagonal blocks along the task's stripes, summed over the stripes and "
            "divided by the blocks' energy: 0 is exactly circulant, 1 − 1/p is chance. Other slope: along "
            f"stripes of opposite slope, in the same order of values (Mallinar et al. 2024, "
            f"Sec. 4). {beside}",
            (
                frame,
                records,
                [*other, *deviation],
                [
                    CurveStyle("other_deviation", "other slope", SOFT, thin=True),
                    CurveStyle("circulant_deviation", "deviation", MEASURE),
                ],
            ),
            0.0,
            1.0,
        ),
        _measure(
            "share",
            "Share of M that is structured",
            "Energy of the projection of M onto the matrices whose off-diagonal blocks are circulant and "
            "whose diagonal blocks have one constant on and another off the diagonal, divided by the energy "
            "of M. The identity is such a matrix, so the share dips while features form "
            f"(Mallinar et al. 2024, Observation 1). {beside}",
            (frame, records, share, [CurveStyle("structure_share", "share", MEASURE)]),
        ),
    ]


def _measure(
    key: str,
    title: str,
    caption: str,
    content: tuple[Frame, Sequence[Record], Table, list[CurveStyle]],
    *include: float,
) -> Panel:
    frame, records, rows, series = content
    low, high = linear_range([row["value"] for row in rows], *include)
    vertical = Vertical(low, min(high, 1.0 + 0.06 * (1.0 - min(low, 0.99))))
    text = f"{title} against iterations; {ends(rows, series)}."
    return single(key, title, caption, over_accuracy(frame, records, rows, series, vertical, text), 4)


def over_accuracy(
    frame: Frame,
    records: Sequence[Record],
    rows: Table,
    series: list[CurveStyle],
    vertical: Vertical,
    text: str,
) -> Cell:
    """Draw curves with a pale copy of the test accuracy behind them."""
    reference = CurveStyle("test_accuracy", "test accuracy", REFERENCE_CURVE, is_reference=True)
    return timeline(
        frame,
        [*reference_rows(records, vertical), *rows],
        [reference, *series],
        vertical,
        text,
        height=HEIGHT,
        name_milestones=True,
    )


def reference_rows(records: Sequence[Record], vertical: Vertical) -> Table:
    """Stretch the test accuracy over the height of an axis; its own number stays in `own`."""
    span = vertical.high - vertical.low
    return [
        {**row, "own": row["value"], "value": vertical.low + row["value"] * span * 0.96}
        for row in curve_table(records, ["test_accuracy"])
    ]


def conditioning(frame: Frame, records: Sequence[Record]) -> Panel:
    """Draw the condition number of the kernel matrix, with the iterations at which it was singular."""
    rows = curve_table(records, ["condition"])
    singular = {record.step for record in records if record.scalars.get("singular", 0) > 0}
    marked = [{**row, "name": "singular"} for row in rows if row["step"] in singular]
    series = [
        CurveStyle("condition", "condition", MEASURE),
        CurveStyle("singular", "singular", TEST, dots=True),
    ]
    low, high = log_range([row["value"] for row in rows])
    vertical = Vertical(low, high, format=plain_format(low, high), log=True, values=log_ticks(low, high))
    text = f"Condition number of the kernel matrix against iterations, logarithmic; {ends(rows, series)}."
    cell = timeline(frame, [*rows, *marked], series, vertical, text, height=HEIGHT, name_milestones=True)
    caption = (
        "Condition number of K + ridge·I, the matrix of the system that each iteration solves for the dual "
        "coefficients: a lower bound from the pivots of the Cholesky factor. Where K is singular to working "
        "precision (dots), the least-norm solution is used."
    )
    return single("condition", "Condition number of the kernel matrix", caption, cell, 6)


def effective_rank(frame: Frame, records: Sequence[Record]) -> Panel:
    """Draw (tr M)² / |M|² against iterations."""
    rows, series = curve_table(records, ["effective_rank"]), [CurveStyle("effective_rank", "rank", MEASURE)]
    low, high = linear_range([row["value"] for row in rows], 0.0)
    text = f"Effective rank of M against iterations; {ends(rows, series)}."
    cell = over_accuracy(frame, records, rows, series, Vertical(low, high), text)
    caption = (
        "(tr M)² / |M|²: r for a matrix with r equal non-zero eigenvalues. The pale curve is test accuracy."
    )
    return single("rank", "Effective rank of M", caption, cell, 4)


def spectra(views: Sequence[FeatureMatrixView]) -> Panel:
    """Draw the eigenvalues of M before, at and after the transition, each over the largest."""
    shades = line_colours([view.stage.step for view in views]) if len(views) > 1 else [INK]
    rows: Table = []
    series = []
    for which, (view, colour) in enumerate(zip(views, shades, strict=True)):
        name = f"t = {view.stage.step:,}"
        values = view.eigenvalues
        most = float(np.abs(values).max()) or 1.0
        rows += [
            {"step": i + 1, "name": str(which), "value": float(v) / most}
            for i, v in enumerate(values)
            if math.isfinite(v)
        ]
        series.append(CurveStyle(str(which), name, colour))
    count = max(len(view.feature_matrix) for view in views)
    least = min([0.0, *(row["value"] for row in rows)])
    low = least if least < -1e-6 else 0.0  # less is rounding
    cell: Cell = timeline(
        Frame(count, [], linear=True, unit="eigenvalue, from the largest"),
        rows,
        series,
        Vertical(low, 1.04, values=(0.0, 0.25, 0.5, 0.75, 1.0)),
        f"Eigenvalues of M divided by the largest; {ends(rows, series)}.",
        references=(Reference(0.0, ""),) if low < 0 else (),
        height=HEIGHT,
    )
    caption = (
        "Eigenvalues of M divided by the largest in magnitude, after t iterations. With circulant blocks "
        "they come in pairs c + s and c − s, with c the constant on the diagonal and s a singular value of "
        "the block; the step in the middle is the gap between the two halves."
    )
    return single("spectrum", "Spectrum of M", caption, cell, 6)
