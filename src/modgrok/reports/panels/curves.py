"""The panels of a run against training steps: accuracy, loss, norms, Fourier measures, frequencies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...algebra import Basis, real_components
from ...measures import IPR, Measure
from ...runs import Record
from ..charts import vega_lite as vl
from ..charts.chart import Cell, Margins, Panel, single
from ..charts.image import picture
from ..charts.palette import CLEAN, CORRUPTED, MEASURE, SECOND, TEST, TRAIN
from ..charts.png import data_uri
from ..charts.ramp import SEQUENTIAL, colours, indices
from ..charts.table import Table
from ..charts.timeline import (
    CurveStyle,
    Frame,
    Reference,
    Vertical,
    linear_range,
    log_range,
    milestone_rules,
    timeline,
)
from ..views.tables import curve_table

HEIGHT = 132
PERCENT = (0.0, 0.25, 0.5, 0.75, 1.0)


def percent(share: float) -> str:
    """Print a share as a percentage with two significant digits below 10%, and 100% only where it is all.

    Example:
        >>> percent(1 / 97), percent(0.5), percent(1.0), percent(0.9996)
        ('1.0%', '50%', '100%', '99.9%')
    """
    if share == 1:
        return "100%"
    return f"{100 * share:.1f}%" if share < 0.0995 else f"{100 * min(share, 0.999):.3g}%"


def chance_lines(context: dict[str, Any]) -> tuple[Reference, ...]:
    """Return the chance levels: 1/p, and the most frequent class where it is clearly larger."""
    chance, majority = float(context["chance"]), float(context["majority"])
    if majority - chance < 0.02:
        return (Reference(majority, f"chance {percent(majority)}"),)
    return (Reference(majority, f"majority {percent(majority)}"), Reference(chance, f"1/p {percent(chance)}"))


def accuracy(frame: Frame, records: Sequence[Record], context: dict[str, Any]) -> Panel:
    """Draw training and test accuracy with the chance levels."""
    series = [CurveStyle("train_accuracy", "training", TRAIN), CurveStyle("test_accuracy", "test", TEST)]
    if context.get("corrupted"):
        series = [
            CurveStyle("corrupted_accuracy", "corrupted", CORRUPTED, thin=True),
            CurveStyle("clean_accuracy", "clean", CLEAN, thin=True),
            *series,
        ]
    if context.get("zero_rows_constant"):
        series.insert(0, CurveStyle("nonzero_accuracy", "test, no zeros", SECOND, thin=True))
    rows = curve_table(records, [s.name for s in series])
    cell = timeline(
        frame,
        rows,
        series,
        Vertical(0, 1, format=".0%", values=PERCENT),
        f"Accuracy on training and test inputs against steps; {ends(rows, series)}.",
        references=chance_lines(context),
        height=HEIGHT,
        name_milestones=True,
    )
    caption = (
        "Fraction of the training and of the test inputs whose largest logit is that of the correct class. "
        "Memorised and grokked: the first observed steps at which training and test accuracy reach 99%; the "
        "time between them is shaded (Gromov 2023, Fig. 1c)."
    )
    if not frame.linear:
        caption += " The step axis is logarithmic except near 0, where it is linear."
    title = "Accuracy" if "tasks" not in context else "Accuracy over all tasks"
    return single("accuracy", title, caption, cell, 4)


def loss(frame: Frame, records: Sequence[Record], context: dict[str, Any], name: str) -> Panel:
    """Draw training and test loss on a logarithmic axis."""
    series = [CurveStyle("train_loss", "training", TRAIN), CurveStyle("test_loss", "test", TEST)]
    rows = curve_table(records, [s.name for s in series])
    chance = float(context["chance"])
    silent = {"mse": chance, "cross_entropy": -math.log(chance)}.get(name)
    references = () if silent is None else (Reference(silent, "zero output"),)
    text = f"Loss on training and test inputs against steps; {ends(rows, series)}."
    most = interpolation(rows)
    if most is not None:
        rows = [row for row in rows if row["name"] == "test_loss"]
    low, high = log_range([row["value"] for row in rows] + [r.value for r in references])
    vertical = Vertical(low, high, format=plain_format(low, high), log=True, values=decades(low, high))
    if most is not None:
        low, high = linear_range([row["value"] for row in rows] + [r.value for r in references], 0.0)
        vertical = Vertical(low, high)
    cell = timeline(
        frame,
        rows,
        series,
        vertical,
        text,
        references=references,
        height=HEIGHT,
        name_milestones=True,
    )
    formula = {
        "mse": "Mean over inputs and classes of (f(x) − one-hot)²",
        "cross_entropy": "Mean over inputs of the cross-entropy",
    }.get(name, f"Mean over inputs of the {name} loss")
    zero = "" if silent is None else " The dashed line is the loss of a network whose output is always zero."
    fits = (
        ""
        if most is None
        else f" The training inputs are interpolated: their loss is at most {most:.0e} and is not drawn."
    )
    title = ("Loss" if most is None else "Test loss") + (" over all tasks" if "tasks" in context else "")
    return single("loss", title, f"{formula} (Gromov 2023, Fig. 1a).{fits}{zero}", cell, 4)


def interpolation(rows: Table) -> float | None:
    """Return the greatest training loss where it is rounding alone beside the test loss; else None.

    Example:
        >>> interpolation([{"name": "train_loss", "value": 1e-30}, {"name": "test_loss", "value": 0.01}])
        1e-30
    """
    train = [row["value"] for row in rows if row["name"] == "train_loss"]
    test = [row["value"] for row in rows if row["name"] == "test_loss"]
    return max(train) if train and test and max(train) < 1e-6 * min(test) else None


def fourier(frame: Frame, records: Sequence[Record], basis: Basis) -> Panel:
    """Draw IPR, and where there are phases their coherence, with the closed form's value."""
    order = basis.order
    series = [CurveStyle("ipr", "IPR", MEASURE)]
    if basis.group is None:
        series.insert(0, CurveStyle("phase_coherence", "coherence", SECOND))
    rows = curve_table(records, [s.name for s in series])
    assert IPR.closed_form_value is not None
    references = (Reference(IPR.closed_form_value(order), "closed form 1"),)
    low, high = linear_range([row["value"] for row in rows], 0.0, 1.0)
    cell = timeline(
        frame,
        rows,
        series,
        Vertical(min(low, 0.0), max(high, 1.04), values=(0.0, 0.5, 1.0)),
        f"Inverse participation ratio{' and phase coherence' if len(series) > 1 else ''} against steps; "
        f"{ends(rows, series)}.",
        references=references,
        height=HEIGHT,
    )
    if basis.group is not None:
        sizes = [len(part.waves) for part in real_components(basis.group)]
        random = sum(size * (size + 2) for size in sizes) / (order * (order + 2))
        caption = (
            "IPR: mean over neurons of Σ s², with s the share of each irreducible representation in the "
            "energy of "
            f"a weight vector; 1 for vectors of one representation, about {random:.2g} for random weights "
            f"(after "
            "Gromov 2023, Eq. 20-21, and Chughtai et al. 2023, Sec. 4)."
        )
        return single("fourier", "Representations in the weights", caption, cell, 4)
    caption = (
        "IPR: mean over neurons of Σ s², with s the share of each frequency in the power |Fu|² of a weight "
        f"vector u; 1 for a pure wave, about {4 / (order + 1):.2g} for random weights (Gromov 2023, Eq. "
        "20-21). Coherence: mean of cos(phase sum), see below. Both are 1 for the closed form."
    )
    return single("fourier", "Periodicity of the weights", caption, cell, 4)


def norms(frame: Frame, records: Sequence[Record]) -> list[Panel]:
    """Draw weight norm and gradient norm."""
    weight = curve_table(records, ["weight_norm"])
    gradient = curve_table(records, ["gradient_norm"])
    series = [CurveStyle("weight_norm", "weights", MEASURE)]
    low, high = linear_range([row["value"] for row in weight], 0.0)
    first = timeline(
        frame,
        weight,
        series,
        Vertical(low, high),
        f"Root mean square of the weights against steps; {ends(weight, series)}.",
        height=HEIGHT,
    )
    series = [CurveStyle("gradient_norm", "gradient", MEASURE)]
    low, high = log_range([row["value"] for row in gradient])
    second = timeline(
        frame,
        gradient,
        series,
        Vertical(low, high, format=".2~e", log=True, values=decades(low, high)),
        f"Root mean square of the gradient against steps, logarithmic; {ends(gradient, series)}.",
        height=HEIGHT,
    )
    return [
        single(
            "weight_norm", "Weight norm", "Root mean square of all weights (Gromov 2023, Fig. 1b).", first, 4
        ),
        single(
            "gradient_norm",
            "Gradient norm",
            "Root mean square of the training loss's gradient (Gromov 2023, Fig. 1d).",
            second,
            4,
        ),
    ]


def measure(frame: Frame, records: Sequence[Record], quantity: Measure) -> Panel:
    """Draw any recorded measure, with the words that it declares."""
    rows, series = curve_table(records, [quantity.name]), [CurveStyle(quantity.name, quantity.name, MEASURE)]
    low, high = linear_range([row["value"] for row in rows])
    text = f"{quantity.name} against {frame.unit}s; {ends(rows, series)}."
    cell = timeline(frame, rows, series, Vertical(low, high), text, height=HEIGHT)
    caption = f"{quantity.title[:1].upper()}{quantity.title[1:]}."
    words = quantity.name.replace("_", " ")
    return single(quantity.name, f"{words[:1].upper()}{words[1:]}", caption, cell, 4)


def frequencies(frame: Frame, records: Sequence[Record], basis: Basis) -> Panel | None:
    """Draw how many neurons have each dominant frequency at each step, as an image over (step, frequency).

    Of a group that is not cyclic, frequencies are its representations but for the trivial one.
    """
    counts = [record.histograms.get("dominant_frequency") for record in records]
    histograms = [(r.step, c) for r, c in zip(records, counts, strict=True) if c is not None and len(c)]
    if not histograms:
        return None
    shares = np.stack([c / max(c.sum(), 1) for _, c in histograms])
    columns = np.linspace(0, 1, 400)
    places = frame.place(np.array([step for step, _ in histograms]))
    newest = np.clip(np.searchsorted(places, columns, side="right") - 1, 0, None)
    image = shares[newest].T[::-1]
    most = shares.shape[1]
    top = min(1.0, max(3 / most, float(np.quantile(shares, 0.995))))
    pixels = indices(image, 0.0, top)
    rows: Table = [{"step": 0, "value": 0.5}, {"step": frame.end, "value": most + 0.5}]
    y = vl.field(
        "value:Q",
        title=None,
        scale=vl.ScaleOptions(domain=[0.5, most + 0.5], nice=False, zero=False),
        axis=vl.AxisOptions(format="d", values=whole_ticks(most)),
    )
    axes = vl.marks(rows).mark("point", opacity=0).encode(x=frame.axis(), y=y)
    heat_image = picture(data_uri(pixels, colours(SEQUENTIAL)))
    used = int((histograms[-1][1] > 0).sum())
    text = f"Neurons by dominant frequency 1 to {most} over steps; {used} frequencies in use at the end."
    cell = Cell(
        vl.layer(heat_image, axes, *milestone_rules(frame, named=False)),
        text,
        HEIGHT,
        Margins(left=46, right=70, top=24, bottom=34),
    )
    caption = (
        "Number of neurons whose weight vectors together have the greatest power at frequency f; a stronger "
        f"colour means more neurons (strongest at {percent(top)}). {used} of {most} frequencies in use at "
        "the end."
    )
    if basis.group is not None:
        names = ", ".join(
            f"{i} = {p.name}" for i, p in enumerate(real_components(basis.group)[1:13], start=1)
        )
        caption = (
            "Number of neurons whose weight vectors together have the greatest share in an irreducible "
            "representation; a stronger colour means "
            f"more neurons (strongest at {percent(top)}). {names}{', …' if most > 12 else ''}."
        )
        return single("frequencies", "Dominant representation", caption, cell, 4)
    return single("frequencies", "Dominant frequency", caption, cell, 4)


def whole_ticks(most: int) -> list[int]:
    """List at most five whole numbers from 1 to the largest, evenly.

    Example:
        >>> whole_ticks(3), whole_ticks(11), whole_ticks(48)
        ([1, 2, 3], [2, 4, 6, 8, 10], [10, 20, 30, 40])
    """
    pace = next(pace for pace in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**9) if most < 6 * pace)
    return list(range(pace, most + 1, pace)) or [most]


def decades(low: float, high: float) -> tuple[float, ...] | None:
    """List the powers of ten in a range; None where there are fewer than two."""
    powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
    pace = max(1, len(powers) // 5)
    return tuple(10.0**j for j in powers[::pace]) if len(powers) >= 2 else None


def log_ticks(low: float, high: float) -> tuple[float, ...]:
    """List the powers of ten in a range; where there are fewer than two, 1, 2, 3 and 5 times them.

    Example:
        >>> log_ticks(1.5, 30.0), log_ticks(0.5, 2000.0)
        ((2.0, 3.0, 5.0, 10.0, 20.0, 30.0), (1.0, 10.0, 100.0, 1000.0))
    """
    start, end = math.floor(math.log10(low)), math.ceil(math.log10(high))
    fine = [digit * 10.0**j for j in range(start, end + 1) for digit in (1, 2, 3, 5)]
    return decades(low, high) or tuple(tick for tick in fine if low <= tick <= high)


def plain_format(low: float, high: float) -> str:
    """Choose a number format: powers of ten where plain digits would be long."""
    return ".4~g" if low >= 1e-4 and high < 1e5 else ".2~e"


def ends(rows: Table, series: list[CurveStyle]) -> str:
    """Say first and last value of each curve, for the charts' descriptions."""
    summary = []
    for s in series:
        own = [row["value"] for row in rows if row["name"] == s.name]
        if own:
            summary.append(f"{s.label} from {own[0]:.3g} to {own[-1]:.3g}")
    return ", ".join(summary) or "no finite value was recorded"
