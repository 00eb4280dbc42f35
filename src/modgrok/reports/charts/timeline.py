"""Quantities against training steps, labelled where they are instead of in a legend.

Owns: the composition of one time chart: plateau band, moments, reference lines, curves, label placement.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import vega_lite as vl
from .chart import Cell, Margins
from .hover import in_unit, nearest_point
from .label_placement import LETTER, Box, Curve, best_spot, box_of
from .palette import INK, PAPER, PLATEAU, SOFT
from .steps import position, step_axis
from .table import Table

PLOT = 190
"""Width of the narrowest plot area, for which labels are placed."""
TOP = 24
"""Margin for the moments' names, also where they are not written, so that plots in a row align."""
SPACING = 13.0
"""Least distance between labels in the margin, pixels."""


PLAIN = 5.6
"""Mean width of a letter of a reference's label, pixels."""
Placed = tuple[float | int, str, str]
"""Value, text and colour of a label in the margin."""


@dataclass(frozen=True)
class CurveStyle:
    """One curve: the rows whose `name` is `name`.

    Arguments:
        name: of its rows.
        label: written next to it.
        colour: of line and label.
        thin: of less importance.
        is_reference: a curve of another scale, repeated for comparison; its rows carry their number in `own`.
        dots: marks without a line.
    """

    name: str
    label: str
    colour: str
    thin: bool = False
    is_reference: bool = False
    dots: bool = False


@dataclass(frozen=True)
class Reference:
    """A horizontal line with a label in the margin."""

    value: float | int
    label: str


@dataclass(frozen=True)
class Frame:
    """What the time charts of a run share.

    Arguments:
        end: last step.
        moments: (step, name) rows of memorising and grokking.
        linear: the step axis is linear, not logarithmic.
        unit: what a step is called.
    """

    end: int
    moments: Table
    linear: bool = False
    unit: str = "step"

    def place(self, step: np.ndarray | float | int) -> np.ndarray:
        """Return where a step lies on the axis, in [0, 1]."""
        return position(step, self.end, linear=self.linear)

    def axis(self) -> vl.Channel:
        """Return the encoding of the column `step`."""
        return step_axis(self.end, self.unit, linear=self.linear)


@dataclass(frozen=True)
class Vertical:
    """The y axis: a closed range, its title, number format and kind."""

    low: float | int
    high: float | int
    title: str = ""
    format: str = ".4~g"
    log: bool = False
    values: tuple[float, ...] | None = None

    def place(self, value: float | int) -> float:
        """Return where a value lies, 0 at the bottom and 1 at the top."""
        if self.log:
            low, high, value = math.log(self.low), math.log(self.high), math.log(max(value, 1e-300))
        else:
            low, high = self.low, self.high
        return min(1.1, max(-0.1, (value - low) / (high - low)))

    def encoding(self) -> vl.Channel:
        """Return the encoding of the column `value`."""
        options: dict[str, Any] = {} if self.values is None else {"values": list(self.values)}
        kind: Any = "log" if self.log else "linear"
        return vl.field(
            "value:Q",
            title=None,
            scale=vl.ScaleOptions(type=kind, domain=[self.low, self.high], nice=False, zero=False),
            axis=vl.AxisOptions(format=self.format, tickCount=4, **options),
        )


def timeline(
    frame: Frame,
    rows: Table,
    series: list[CurveStyle],
    vertical: Vertical,
    text: str,
    *,
    references: tuple[Reference, ...] = (),
    height: int = 150,
    right: int = 70,
    name_milestones: bool = False,
    labelled: bool = True,
) -> Cell:
    """Draw curves over steps.

    Arguments:
        frame: last step and moments.
        rows: (step, name, value).
        series: curves to draw, the most important last.
        vertical: the y axis.
        text: description for readers who cannot see it.
        references: horizontal lines.
        height: of the plot area.
        right: least margin for labels; longer ones get more.
        name_milestones: write the moments' names above the plot.
        labelled: write the curves' names next to them; False where a legend has them.
    """
    visible = [s for s in series if any(row["name"] == s.name for row in rows)]
    layers: list[vl.Chart] = [*_plateau(frame), *_references(references)]
    layers += [_curve(frame, vertical, rows, s) for s in visible]
    layers += milestone_rules(frame, named=name_milestones)
    inside, outside = _labels(frame, vertical, rows, visible if labelled else [], references, height)
    layers += inside
    layers += _margin(vertical, height, references, outside)
    if not visible:
        layers.append(_nothing(frame, vertical))
    room_for_labels = _label_room(references, outside)
    margins = Margins(left=46, right=max(right, room_for_labels), top=TOP, bottom=34)
    hover = _hover(frame, vertical, rows, visible) if visible else None
    return Cell(vl.layer(*layers), text, height, margins, hover=hover)


def _curve(frame: Frame, vertical: Vertical, rows: Table, series: CurveStyle) -> vl.Chart:
    own = [row for row in rows if row["name"] == series.name]
    mark: dict[str, Any] = {"color": series.colour, "strokeWidth": 1.1 if series.thin else 2.0, "clip": True}
    chart = (
        vl.marks(own).mark("line", **mark)
        if len(own) > 1 and not series.dots
        else vl.marks(own).mark("point", color=series.colour, filled=True, opacity=1)
    )
    return chart.encode(x=frame.axis(), y=vertical.encoding())


def _hover(frame: Frame, vertical: Vertical, rows: Table, series: list[CurveStyle]) -> vl.Chart:
    """Let every point of every curve answer the pointer, in the unit of the axis."""
    points: Table = []
    for s in series:
        form = ".0%" if s.is_reference else vertical.format
        points += [
            {
                "step": row["step"],
                "value": min(max(row["value"], vertical.low), vertical.high),
                "curve": s.label,
                "along_text": f"{row['step']:,}",
                "value_text": in_unit(row["own"] if s.is_reference else row["value"], form),
                "colour": s.colour,
            }
            for row in rows
            if row["name"] == s.name
        ]
    shade = vl.field("colour:N", scale=None)
    return nearest_point(points, frame.axis(), vertical.encoding(), along=frame.unit, shade=shade)


def _nothing(frame: Frame, vertical: Vertical) -> vl.Chart:
    middle = math.sqrt(vertical.low * vertical.high) if vertical.log else (vertical.low + vertical.high) / 2
    rows = [{"step": 0, "value": middle, "label": "no finite value was recorded"}]
    chart = vl.marks(rows).mark("text", align="left", dx=8, color=SOFT)
    return chart.encode(x=frame.axis(), y=vertical.encoding(), text=vl.field("label:N"))


def _plateau(frame: Frame) -> list[vl.Chart]:
    steps = {row["name"]: row["step"] for row in frame.moments}
    start = steps.get("memorised")
    end = steps.get("grokked", frame.end)
    if start is None or end <= start:
        return []
    rows = [{"step": start, "until": end}]
    chart = vl.marks(rows).mark("rect", color=PLATEAU)
    return [chart.encode(x=frame.axis(), x2=vl.field("until:Q"))]


def milestone_rules(frame: Frame, *, named: bool) -> list[vl.Chart]:
    """Draw lines at memorising and grokking; at step 0 the axis is line enough."""
    moments = [row for row in frame.moments if row["step"] > 0]
    if not moments:
        return []
    rule = vl.marks(moments).mark("rule", color=INK, strokeWidth=0.7, strokeDash=[2, 2])
    layers = [rule.encode(x=frame.axis())]
    if not named:
        return layers
    ordered = sorted(moments, key=lambda row: row["step"])
    places = [PLOT * float(frame.place(row["step"])) for row in ordered]
    push = max(0.0, 10 - (places[-1] - places[0])) / 2 if len(ordered) == 2 else -3.0
    for i, row in enumerate(ordered):
        rightwards = i == 1 or (len(ordered) == 1 and places[0] < PLOT / 2)
        label = [{**row, "label": f"{row['name']} {row['step']:,}"}]
        mark = vl.marks(label).mark(
            "text",
            align="left" if rightwards else "right",
            dx=push if rightwards else -push,
            baseline="bottom",
            dy=-3,
            fontSize=10.5,
        )
        layers.append(mark.encode(x=frame.axis(), y=vl.value(0), text=vl.field("label:N")))
    return layers


def _references(references: tuple[Reference, ...]) -> list[vl.Chart]:
    if not references:
        return []
    rows = [{"value": reference.value} for reference in references]
    rule = vl.marks(rows).mark("rule", color=SOFT, strokeWidth=0.8, strokeDash=[5, 3])
    return [rule.encode(y=vl.field("value:Q"))]


def _text(row: dict[str, Any], frame: Frame, vertical: Vertical, colour: str, **mark: Any) -> list[vl.Chart]:
    base = vl.marks([row])
    encoded = []
    for halo in ({"stroke": PAPER, "strokeWidth": 3, "color": PAPER}, {"color": colour}):
        text = base.mark("text", fontWeight="bold", **{**mark, **halo})
        encoded.append(text.encode(x=frame.axis(), y=vertical.encoding(), text=vl.field("label:N")))
    return encoded


def _labels(
    frame: Frame,
    vertical: Vertical,
    rows: Table,
    series: list[CurveStyle],
    references: tuple[Reference, ...],
    height: int,
) -> tuple[list[vl.Chart], list[Placed]]:
    """Place the curves' names next to them; those that fit nowhere go into the margin."""
    if len(series) < 2:
        return [], []
    own = [[row for row in rows if row["name"] == s.name] for s in series]
    curves = [_pixels(part, frame, vertical, height) for part in own]
    lines = [_level(reference.value, vertical, height) for reference in references]
    rules = [_upright(row["step"], frame, height) for row in frame.moments]
    layers: list[vl.Chart] = []
    outside: list[Placed] = []
    occupied: list[Box] = []
    for i, s in enumerate(series):
        others = [*curves[:i], *curves[i + 1 :]]
        spot = best_spot(s.label, curves[i], others, [*lines, *rules], (PLOT, height), occupied)
        if spot is None:
            outside.append((float(own[i][-1]["value"]), s.label, s.colour))
            continue
        at = curves[i][0][spot.point], curves[i][1][spot.point]
        occupied.append(box_of(*at, LETTER * len(s.label), spot.align, spot.dx, spot.dy))
        row = {**own[i][spot.point], "label": s.label}
        layers += _text(row, frame, vertical, s.colour, align=spot.align, dx=spot.dx, dy=spot.dy)
    return layers, outside


def _pixels(rows: Table, frame: Frame, vertical: Vertical, height: int) -> Curve:
    x = PLOT * frame.place(np.array([row["step"] for row in rows]))
    y = height * (1 - np.array([vertical.place(row["value"]) for row in rows]))
    return x, y


def _level(value: float, vertical: Vertical, height: int) -> Curve:
    return np.linspace(0, PLOT, 100), np.full(100, height * (1 - vertical.place(value)))


def _upright(step: int, frame: Frame, height: int) -> Curve:
    return np.full(40, PLOT * float(frame.place(step))), np.linspace(0, height, 40)


def _margin(
    vertical: Vertical, height: int, references: tuple[Reference, ...], outside: list[Placed]
) -> list[vl.Chart]:
    """Write labels to the right of the plot, pushed apart where they would touch."""
    entries: list[tuple[float | int, str, str, Any]] = [
        (r.value, r.label, SOFT, "normal") for r in references
    ]
    entries += [(value, label, colour, "bold") for value, label, colour in outside]
    entries.sort(key=lambda entry: -entry[0])
    heights = [height * (1 - vertical.place(entry[0])) for entry in entries]
    layers = []
    for y, (_, label, colour, weight) in zip(spread(heights, height), entries, strict=True):
        text = vl.marks([{"label": label}]).mark(
            "text", align="left", baseline="middle", dx=5, color=colour, fontWeight=weight, fontSize=10.5
        )
        layers.append(text.encode(x=vl.value("width"), y=vl.value(y), text=vl.field("label:N")))
    return layers


def _label_room(references: tuple[Reference, ...], outside: list[Placed]) -> int:
    """Return the margin that the longest label needs, pixels."""
    plain = [PLAIN * len(reference.label) for reference in references if reference.label]
    bold = [LETTER * len(label) for _, label, _ in outside]
    return math.ceil(max([*plain, *bold], default=0.0)) + 8 if plain or bold else 0


def spread(positions: list[float], height: float | int, spacing: float | int = SPACING) -> list[float]:
    """Move ascending positions apart to about `spacing`, and off the upper edge, by repeated sweeps.

    Example:
        >>> spread([50.0, 52.0], 100, 13)
        [44.5, 57.5]
    """
    placed = list(positions)
    space = height + 8 - spacing * len(placed)
    for _ in range(50):
        for i in range(1, len(placed)):
            overlap = spacing - (placed[i] - placed[i - 1])
            if overlap > 1e-9:
                placed[i - 1] -= overlap / 2
                placed[i] += overlap / 2
        if placed and space > 0:
            placed[0], placed[-1] = max(placed[0], 5.0), min(placed[-1], height + 3.0)
    return placed


def log_range(values: list[float]) -> tuple[float, float]:
    """Return a range for a logarithmic axis around positive values."""
    positive = [value for value in values if value > 0 and math.isfinite(value)]
    if not positive:
        return 0.1, 1.0
    low, high = min(positive), max(positive)
    pad = max((high / low) ** 0.06, 1.15)
    return low / pad, high * pad


def linear_range(values: list[float], *include: float | int) -> tuple[float, float]:
    """Return a range for a linear axis around values, with some that must be in it."""
    every = [*values, *include]
    if not every:
        return 0.0, 1.0
    low, high = min(every), max(every)
    pad = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    return (low if low in include else low - pad), high + pad
