"""The loss of every combination of key waves, other waves and residual; what each frequency is worth.

Owns: the rows of the ablations as dots with their numbers, and the bars of single frequencies.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...measures.circuit.key_frequencies import LEAST_INCREASE
from ...measures.circuit.restricted_loss import COMBINATIONS, restricted_losses
from ..charts import vega_lite as vl
from ..charts.chart import Cell, Legend, Margins, Panel, single
from ..charts.palette import FAINT, SECOND, SOFT, TEST, TRAIN
from ..charts.table import Table
from ..charts.timeline import log_range
from ..views.circuit_view import CircuitView
from .curves import decades

ROW = 27
FLOOR = 1e-16
"""Losses below this are drawn there: float64 cannot tell them from 0."""
ROWS = {
    "full_loss": "all",
    "restricted_loss": "key",
    "nonkey_loss": "other waves",
    "residual_loss": "residual",
    "key_nonkey_loss": "key + other waves",
    "key_residual_loss": "key + residual",
    "excluded_loss": "other waves + residual",
}
COLOURS = (FAINT, SECOND, TEST)


def loss_parts(views: Sequence[CircuitView], key: Sequence[int]) -> Panel:
    """Draw the losses of all combinations at every stage, with the last network's key frequencies.

    Arguments:
        views: stages of one run.
        key: key frequencies of the last one.
    """
    tables = [restricted_losses(view.circuit.logits, key) for view in views]
    colours = COLOURS[-len(views) :]
    names = [name for name, _ in COMBINATIONS]
    every = [max(table[name], FLOOR) for table in tables for name in names]
    low, high = log_range(every)
    x = vl.field(
        "value:Q",
        title="cross-entropy over all pairs",
        scale=vl.ScaleOptions(type="log", domain=[low, high], nice=False),
        axis=vl.AxisOptions(format=".0e", values=list(decades(low, high) or ())),
    )
    y = vl.field("at:Q", scale=vl.ScaleOptions(domain=[0, len(names)], nice=False), axis=None)
    lines: Table = [{"at": len(names) - i - 0.5, "label": ROWS[name]} for i, name in enumerate(names)]
    layers: list[vl.Chart] = [
        vl.marks(lines).mark("rule", color=FAINT, strokeWidth=0.6).encode(y=y),
        vl.marks(lines)
        .mark("text", align="right", baseline="middle", dx=-8, fontSize=10.5)
        .encode(x=vl.value(0), y=y, text=vl.field("label:N")),
    ]
    for view, table, colour in zip(views, tables, colours, strict=True):
        rows: Table = [
            {
                "at": len(names) - i - 0.5,
                "value": max(table[name], FLOOR),
                "loss": float(f"{table[name]:.4g}"),
                "step": view.stage.step,
            }
            for i, name in enumerate(names)
        ]
        dots = vl.marks(rows).mark("point", filled=True, size=46, color=colour, opacity=1)
        layers.append(dots.encode(x=x, y=y, tooltip=[vl.field("step:Q"), vl.field("loss:Q")]))
    last: Table = [
        {"at": len(names) - i - 0.5, "label": f"{tables[-1][name]:.2g}"} for i, name in enumerate(names)
    ]
    numbers = vl.marks(last).mark("text", align="left", baseline="middle", dx=8, fontSize=10.5, color=TEST)
    layers.append(numbers.encode(x=vl.value("width"), y=y, text=vl.field("label:N")))
    description = ", ".join(f"{ROWS[name]} {tables[-1][name]:.3g}" for name in names)
    cell = Cell(
        vl.layer(*layers),
        f"Loss of parts of the logits, {views[-1].label}: {description}.",
        ROW * len(names),
        Margins(left=132, right=62, top=8, bottom=34),
        legend=Legend(tuple((view.label, colour) for view, colour in zip(views, colours, strict=True))),
    )
    key_text = ", ".join(map(str, key)) or "none"
    caption = (
        "The logits over all pairs are the sum of a constant, of waves in the sum of the operands (in the "
        "basis of the task) at key frequencies and at others, and of a residual; each line keeps the "
        "constant and the parts named. 'key' is the restricted loss, 'other waves + residual' the excluded "
        f"loss (Nanda et al. 2023, Sec. 5.1; Furuta et al. 2024, Table A.4). Key frequencies: {key_text}, "
        f"without which the last network's loss rises by more than {LEAST_INCREASE:.0e}. Numbers: "
        f"{views[-1].label}."
    )
    return single("ablations", "Loss of parts of the logits", caption, cell, 6)


def frequency_attribution(view: CircuitView) -> Panel:
    """Draw what each frequency adds to the correct-class logit."""
    attribution = view.circuit.attribution
    key = view.circuit.key
    low, high = min(0.0, float(attribution.min(initial=0))), max(float(attribution.max(initial=0)), 1e-9)
    rows: Table = [
        {"f": f, "value": float(f"{value:.4g}"), "zero": 0, "key": f in key}
        for f, value in enumerate(attribution.tolist(), start=1)
    ]
    x = vl.field(
        "f:Q",
        title="frequency",
        scale=vl.ScaleOptions(domain=[0.2, len(rows) + 0.8], nice=False),
        axis=vl.AxisOptions(tickCount=8, format="d", tickMinStep=1),
    )
    y = vl.field(
        "value:Q",
        title=None,
        scale=vl.ScaleOptions(domain=[low * 1.05, high * 1.12], nice=False),
        axis=vl.AxisOptions(tickCount=4, format=".3~g"),
    )
    zero = vl.marks([{"value": 0}]).mark("rule", color=FAINT, strokeWidth=0.7)
    layers: list[vl.Chart] = [zero.encode(y=y)]
    bars = vl.marks(rows).mark("rule", color=TRAIN, strokeWidth=3 if len(rows) < 60 else 1.6)
    layers.append(
        bars.encode(
            x=x,
            y=y,
            y2=vl.field("zero:Q"),
            tooltip=[vl.field("f:Q"), vl.field("value:Q"), vl.field("key:N")],
        )
    )
    named: Table = [
        {**row, "label": str(row["f"])} for row in rows if row["value"] > 0.12 * high and row["value"] > 1e-6
    ]
    text = vl.marks(named).mark("text", baseline="bottom", dy=-3, fontSize=10, color=SOFT)
    layers.append(text.encode(x=x, y=y, text=vl.field("label:N")))
    best = ", ".join(f"{row['f']}: {row['value']:.3g}" for row in sorted(rows, key=lambda r: -r["value"])[:5])
    cell = Cell(
        vl.layer(*layers),
        f"Mean contribution of each frequency to the correct-class logit, {view.label}; largest {best}.",
        ROW * len(COMBINATIONS),
        Margins(left=46, right=12, top=26, bottom=34),
    )
    caption = (
        "Mean over all pairs of what the waves of one frequency in the sum of the operands add to the "
        "correct-class logit, beyond what they add to all logits. The constant and the residual are left "
        f"out. Weights shown: {view.label}."
    )
    return single("attribution", "What each frequency adds to the correct-class logit", caption, cell, 6)
