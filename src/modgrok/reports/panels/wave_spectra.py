"""The waves of W_E and W_L at every frequency: cosines up, sines down, in both orders of the tokens.

Owns: the mirrored bars. Their colour says what FFS counts, their two sides what FCR compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...measures.fourier.coefficient_ratio import coefficient_ratio
from ...measures.fourier.sparsity import THRESHOLD, frequency_sparsity
from ...measures.fourier.token_waves import TokenFourierBasis, wave_norms
from ...measures.fourier.transformer_measures import matrix_of
from ...models.transformer import Transformer
from ..charts import vega_lite as vl
from ..charts.chart import Cell, Group, Margins, Panel
from ..charts.palette import FAINT, INK, SOFT, TRAIN
from ..charts.table import Table
from ..views.tables import Stage

BAND = 96
"""Height of one order's bars, pixels."""
PALE = "#b9cad8"
"""Waves that FFS does not count."""
NAMES = {"natural": "numbers", "log": "logarithms"}
MATRIX_NAMES = {"embedding": "the embedding W_E", "readout": "the neuron-logit map W_L"}


@dataclass(frozen=True)
class MatrixWaves:
    """Sizes of the waves in a matrix, in one order of the tokens.

    Arguments:
        order: `natural` or `log`.
        cosines: sizes at frequencies 1..n//2.
        sines: sizes at frequencies 1..(n-1)//2.
        ffs: see `measures.fourier.sparsity`.
        fcr: see `measures.fourier.coefficient_ratio`.
    """

    order: str
    cosines: np.ndarray
    sines: np.ndarray
    ffs: float
    fcr: float


def waves_of(net: Transformer, token_basis: TokenFourierBasis, matrix: str) -> list[MatrixWaves]:
    """Return the waves of `embedding` or `readout` in every order."""
    spectra_by_order = []
    for waves in token_basis.orders:
        norms = wave_norms(matrix_of(net, matrix), waves)
        sizes = np.asarray(norms)
        ffs, fcr = float(frequency_sparsity(norms)), float(coefficient_ratio(norms))
        spectra_by_order.append(MatrixWaves(waves.name, sizes[1::2], sizes[2::2], ffs, fcr))
    return spectra_by_order


def wave_spectra(
    networks: Sequence[tuple[Stage, Transformer]], token_basis: TokenFourierBasis, matrix: str
) -> Panel:
    """Draw the waves of a matrix at every stage.

    Arguments:
        networks: (stage, weights) of one run.
        token_basis: the orders in which tokens are read.
        matrix: `embedding` or `readout`.
    """
    groups = [
        Group(stage.label, (_bars(waves_of(net, token_basis, matrix), stage, matrix),))
        for stage, net in networks
    ]
    orders = " Above in the order of the numbers, below in that of their discrete logarithms," * (
        token_basis.log is not None
    )
    caption = (
        f"Size of each wave along the {'tokens' if matrix == 'embedding' else 'classes'} of "
        f"{MATRIX_NAMES[matrix]}: cosines upwards, sines downwards.{orders or ' All'} on one scale for each "
        "band. Dark waves are larger than half the largest of their kind and count towards FFS; FCR compares "
        "the two sides of each frequency (Furuta et al. 2024, Fig. 3)."
    )
    return Panel(f"spectra_{matrix}", f"Waves in {MATRIX_NAMES[matrix]}", caption, tuple(groups))


def _bars(bands: Sequence[MatrixWaves], stage: Stage, matrix: str) -> Cell:
    most = max(len(band.cosines) for band in bands)
    rows: Table = []
    for place, band in enumerate(reversed(bands)):
        rows += _rows(band, place + 0.5)
    x = vl.field(
        "f:Q",
        title="frequency",
        scale=vl.ScaleOptions(domain=[0.2, most + 0.8], nice=False),
        axis=vl.AxisOptions(tickCount=6, format="d", tickMinStep=1),
    )
    y = vl.field("at:Q", scale=vl.ScaleOptions(domain=[0, len(bands)], nice=False, zero=False), axis=None)
    zeros = vl.marks([{"at": place + 0.5} for place in range(len(bands))])
    layers: list[vl.Chart] = [zeros.mark("rule", color=FAINT, strokeWidth=0.7).encode(y=y)]
    for selected, colour in ((False, PALE), (True, TRAIN)):
        own = [row for row in rows if row["counts"] is selected]
        bars = vl.marks(own).mark("rule", color=colour, strokeWidth=2.6 if most < 60 else 1.6)
        tooltip = [vl.field("f:Q"), vl.field("wave:N"), vl.field("size:Q", format=".3g")]
        layers.append(bars.encode(x=x, y=y, y2=vl.field("top:Q"), tooltip=tooltip))
    layers += _names(bands, y)
    description = "; ".join(
        f"in order of {NAMES[band.order]} FFS {band.ffs:.2f}, FCR {band.fcr:.2f}" for band in bands
    )
    text = f"Waves in {MATRIX_NAMES[matrix]}, {stage.label}: {description}."
    return Cell(vl.layer(*layers), text, BAND * len(bands), Margins(left=34, right=8, top=10, bottom=34))


def _rows(band: MatrixWaves, middle: float) -> Table:
    """List one bar a wave, scaled to the largest of the band."""
    largest = max(float(band.cosines.max(initial=0)), float(band.sines.max(initial=0))) or 1.0
    rows: Table = []
    for name, sizes, sign in (("cos", band.cosines, 1), ("sin", band.sines, -1)):
        limit = THRESHOLD * float(sizes.max(initial=0))
        rows += [
            {
                "f": f,
                "at": middle,
                "top": round(middle + sign * 0.4 * size / largest, 5),
                "wave": name,
                "size": float(f"{size:.4g}"),
                "counts": size > limit,
            }
            for f, size in enumerate(sizes.tolist(), start=1)
        ]
    return rows


def _names(bands: Sequence[MatrixWaves], y: vl.Channel) -> list[vl.Chart]:
    """Write each band's numbers above it, cos and sin on its left."""
    layers = []
    several = len(bands) > 1
    for place, band in enumerate(reversed(bands)):
        name = f"{NAMES[band.order]}: " if several else ""
        label: Table = [{"at": place + 0.97, "label": f"{name}FFS {band.ffs:.2f}, FCR {band.fcr:.2f}"}]
        text = vl.marks(label).mark(
            "text", align="right", baseline="middle", color=INK, fontSize=10, stroke=None
        )
        layers.append(text.encode(x=vl.value("width"), y=y, text=vl.field("label:N")))
        sides: Table = [{"at": place + 0.68, "label": "cos"}, {"at": place + 0.32, "label": "sin"}]
        text = vl.marks(sides).mark("text", align="right", baseline="middle", dx=-6, color=SOFT, fontSize=10)
        layers.append(text.encode(x=vl.value(0), y=y, text=vl.field("label:N")))
    return layers
