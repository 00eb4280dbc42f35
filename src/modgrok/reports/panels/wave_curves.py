"""FFS, FCR and Gini coefficient of a transformer's W_E and W_L against steps, beside the test accuracy.

Owns: which curves share a chart. One chart a matrix and order; what is drawn was recorded during training.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...runs import Record
from ..charts.chart import Panel, single
from ..charts.palette import MEASURE, SECOND, SOFT, TRAIN
from ..charts.timeline import CurveStyle, Frame, Vertical
from ..views.tables import curve_table
from .curves import ends
from .hidden_progress import over_accuracy

MATRICES = (("embedding", "W_E"), ("readout", "W_L"))
ORDERS = (("", ""), ("_log", ", by logarithms"))
SHARE = Vertical(0.0, 1.05, values=(0.0, 0.5, 1.0))
REFERENCE_NOTE = "The pale curve is the test accuracy, from 0 to 1."


def wave_curves(frame: Frame, records: Sequence[Record]) -> list[Panel]:
    """Draw FFS and FCR of both matrices in the numbers' order, Gini coefficients, then by logarithms.

    Panels of logarithms are missing where the modulus has none.
    """
    panels = [_sparsity(frame, records, matrix, order) for order in ORDERS for matrix in MATRICES]
    present = [panel for panel in panels if panel is not None]
    return [*present[:2], _gini(frame, records), *present[2:]]


def _sparsity(
    frame: Frame, records: Sequence[Record], matrix: tuple[str, str], order: tuple[str, str]
) -> Panel | None:
    ending = matrix[0] + order[0]
    series = [
        CurveStyle(f"fcr_{ending}", "FCR", SECOND),
        CurveStyle(f"ffs_{ending}", "FFS", MEASURE),
    ]
    title = f"Waves in {matrix[1]}{order[1]}"
    if not curve_table(records, [f"ffs_{ending}"]):
        return None
    caption = {
        "embedding": "FFS: share of waves larger than half the largest of their kind (cosines, sines) in "
        "W_E; low if few waves are used. FCR: mean over frequencies of the ratio of the smaller of the two "
        "to the larger; low if most waves are nearly pure cosines or sines. Both are near 1 for random "
        "weights (Furuta et al. 2024, Sec. 3).",
        "readout": "The same for W_L = W_U W_out, what each neuron adds to each logit, along the classes.",
    }[matrix[0]]
    if order[0]:
        caption = (
            f"The same for {matrix[1]} with 1..p-1 in the order of their discrete logarithms, in which "
            "products are sums."
        )
    return _panel(ending, title, f"{caption} {REFERENCE_NOTE}", frame, records, series)


def _gini(frame: Frame, records: Sequence[Record]) -> Panel:
    series = [
        CurveStyle("gini_readout_log", "W_L, log", SOFT, thin=True),
        CurveStyle("gini_embedding_log", "W_E, log", TRAIN, thin=True),
        CurveStyle("gini_readout", "W_L", SOFT),
        CurveStyle("gini_embedding", "W_E", TRAIN),
    ]
    caption = (
        "Gini coefficient of the sizes of all waves but the constant: 0 where all are equal, near 1 where a "
        f"few carry all (Nanda et al. 2023, Sec. 5.1). Thin lines: in the order of discrete "
        f"logarithms. {REFERENCE_NOTE}"
    )
    return _panel("gini", "Gini coefficient of the waves", caption, frame, records, series)


def _panel(
    key: str, title: str, caption: str, frame: Frame, records: Sequence[Record], series: list[CurveStyle]
) -> Panel:
    rows = curve_table(records, [s.name for s in series])
    text = f"{title} against steps; {ends(rows, series)}."
    cell = over_accuracy(frame, records, rows, series, SHARE, text)
    return single(f"waves_{key}", title, caption, cell, 4)
