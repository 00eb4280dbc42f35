"""Curves over seeds: the median as a line, the quartiles as a band.

Owns: bringing runs observed at different steps onto common ones, and the two charts of bands.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...runs import Series
from ...sweeps.critical.statistics import quantile
from ...sweeps.tables.grid_cells import Coordinate, Row, short
from . import vega_lite as vl
from .chart import Cell, Margins
from .hover import in_unit, nearest_point
from .line_colours import LINES as LINES
from .line_colours import line_colours, numbers_or_words
from .steps import step_axis
from .table import Table
from .timeline import spread

POINTS = 120
"""Steps at which bands over training are drawn."""
TALL = 170
"""Height of the chart of a moment, pixels."""


@dataclass(frozen=True)
class Band:
    """A curve with its quartiles.

    Arguments:
        name: of its rows.
        colour: of line and band.
    """

    name: str
    colour: str


def resample(run: Series, name: str, steps: np.ndarray) -> np.ndarray:
    """Return the last value observed up to each step; a run that has ended keeps its last one.

    Example:
        >>> seen = Series(np.array([0, 10, 20]), {"a": np.array([0.0, 10.0, 20.0])})
        >>> resample(seen, "a", np.array([0, 5, 10, 99])).tolist()
        [0.0, 0.0, 10.0, 20.0]
    """
    return run.values[name][np.maximum(np.searchsorted(run.steps, steps, side="right") - 1, 0)]


def training_bands(runs: Sequence[Series], names: Sequence[str], end: int) -> Table:
    """List (step, name, low, middle, high) over runs, at steps up to `end` at which some run was observed."""
    observed = np.concatenate([run.steps for run in runs])
    steps = common_steps(observed[observed <= end])
    rows: Table = []
    for name in names:
        values = np.stack([resample(run, name, steps) for run in runs])
        known = np.isfinite(values)
        has_known = known.any(axis=0)
        quantiles = (np.quantile if known.all() else np.nanquantile)(
            np.where(known, values, np.nan)[:, has_known], (0.25, 0.5, 0.75), axis=0
        )
        rows += [
            {"step": int(step), "name": name, "low": low, "middle": middle, "high": high}
            for step, (low, middle, high) in zip(steps[has_known], quantiles.T.tolist(), strict=True)
        ]
    return rows


def common_steps(observed: Sequence[int] | np.ndarray) -> np.ndarray:
    """Thin steps to about `POINTS` of equal distance in log(1 + step), first and last included.

    Example:
        >>> common_steps([0, 5, 10, 5, 0]).tolist()
        [0, 5, 10]
    """
    steps = np.unique(observed)
    place = np.floor(np.log1p(steps) / np.log1p(max(steps[-1], 1)) * POINTS)
    last_of_place = np.flatnonzero(np.diff(place, append=POINTS + 1))
    return steps[np.union1d([0], last_of_place)]


def training_cell(rows: Table, bands: Sequence[Band], end: int, text: str) -> Cell:
    """Draw accuracies against training steps, from 0 to 1."""
    x = step_axis(end)
    scale = vl.ScaleOptions(domain=[0, 1], nice=False)
    axis = vl.AxisOptions(values=[0, 0.5, 1], format=".0%")
    layers = []
    for band in bands:
        chart = vl.marks([row for row in rows if row["name"] == band.name])
        area = chart.mark("area", color=band.colour, opacity=0.2)
        layers.append(
            area.encode(x=x, y=vl.field("low:Q", scale=scale, axis=axis, title=None), y2=vl.field("high:Q"))
        )
        layers.append(
            chart.mark("line", color=band.colour, strokeWidth=1.8).encode(
                x=x, y=vl.field("middle:Q", scale=scale)
            )
        )
    named = {band.name: band.name.replace("_", " ") for band in bands}
    tooltip_fields = [
        {**row, "curve": named[row["name"]], "along_text": short(row["step"])}
        | {"value_text": _quartile_words(row, ".0%")}
        for row in rows
        if row["name"] in named
    ]
    middle = vl.field("middle:Q", scale=scale)
    colours = vl.ScaleOptions(domain=list(named.values()), range=[band.colour for band in bands])
    shade = vl.field("curve:N", scale=colours, legend=None)
    hover = nearest_point(tooltip_fields, x, middle, along="step", shade=shade)
    return Cell(vl.layer(*layers), text, 120, Margins(44, 10, 8, 34), hover=hover)


def _quartile_words(row: Mapping[str, Any], form: str) -> str:
    """Print a median with its quartiles, in the unit of the axis."""
    low, middle, high = (
        "never" if row[name] is None else in_unit(row[name], form) for name in ("low", "middle", "high")
    )
    return middle if low == middle == high else f"{middle} (quartiles {low} and {high})"


def milestone_bands(rows: Sequence[Row], x: str, line: str | None, value: str) -> Table:
    """List (x, line, low, middle, high) of a moment over the runs at each x; never counts as last."""
    groups: dict[tuple[Coordinate, str], list[int | None]] = {}
    for row in rows:
        if row["status"] not in ("absent", "failed"):
            key = row[x], "" if line is None else short(row[line])
            groups.setdefault(key, []).append(row.get(value))
    bands: Table = []
    for (at, name), steps in groups.items():
        low, middle, high = (quantile(steps, share) for share in (0.25, 0.5, 0.75))
        if middle is not None and low is not None:
            bands.append(
                {
                    "x": at,
                    "line": name,
                    "low": low,
                    "middle": middle,
                    "high": high,
                    "open": high is None,
                }
            )
    return bands


def _placed(step: float | None) -> float | None:
    """Return the place of a step on a logarithmic axis, on which step 0 stands at a half."""
    return None if step is None else max(step, 0.5)


def milestone_cell(rows: Table, x: str, line: str | None, title: str) -> Cell:
    """Draw a moment against an axis, a line for each value of another, quartiles as bars."""
    values = [row["x"] for row in rows]
    names = list(dict.fromkeys(row["line"] for row in rows))
    log = min(values) > 0 and max(values) / min(values) > 8
    rows = [{**row, **{end: _placed(row[end]) for end in ("low", "middle", "high")}} for row in rows]
    reach = [row[end] for row in rows for end in ("low", "middle", "high") if row[end] is not None]
    scale_x = vl.ScaleOptions(type="log" if log else "linear", zero=False, nice=False, padding=14)
    domain = 0.8 * min(reach), 1.25 * max(reach)
    scale_y = vl.ScaleOptions(type="log", domain=list(domain), nice=False)
    axis = vl.field(
        "x:Q",
        title=x.replace("_", " "),
        scale=scale_x,
        axis=vl.AxisOptions(tickCount=6, format="~s" if max(values) >= 1000 else "~g"),
    )
    most = max(reach)
    rows_with_end = [{**row, "high": 1.25 * most if row["high"] is None else row["high"]} for row in rows]
    chart = vl.marks(rows_with_end)
    shade = vl.field(
        "line:N",
        scale=vl.ScaleOptions(domain=names, range=line_colours(numbers_or_words(names))),
        legend=None,
    )
    middle = vl.field("middle:Q", scale=scale_y, title=title, axis=vl.AxisOptions(tickCount=4, format="~s"))
    bars = chart.mark("rule", strokeWidth=1.4, opacity=0.55).encode(
        x=axis, y=vl.field("low:Q", scale=scale_y), y2=vl.field("high:Q"), color=shade
    )
    lines = chart.mark("line", strokeWidth=1.6).encode(x=axis, y=middle, color=shade)
    points = chart.mark("circle", size=46, opacity=1).encode(x=axis, y=middle, color=shade)
    last = [
        max((row for row in rows_with_end if row["line"] == name), key=lambda row: row["x"]) for name in names
    ]
    last.sort(key=lambda row: -row["middle"])
    low, high = (math.log(end) for end in domain)
    heights = [TALL * (high - math.log(row["middle"])) / (high - low) for row in last]
    label = "" if line is None else line.replace("_", " ") + " "
    tagged = [
        {"line": row["line"], "tag": f"{label if i == 0 else ''}{row['line']}", "pixel": pixel}
        for i, (row, pixel) in enumerate(zip(last, spread(heights, TALL), strict=True))
    ]
    tags = (
        vl.marks(tagged)
        .mark("text", align="left", dx=8, fontSize=10)
        .encode(
            x=vl.value(vl.expr("width")),
            y=vl.field("pixel:Q", scale=None),
            text=vl.field("tag:N"),
            color=shade,
        )
    )
    text = f"{title} against {x}: " + "; ".join(f"{short(r['x'])} {r['line']} {r['middle']}" for r in rows)
    tooltip_fields = [
        {
            **row,
            "curve": f"{title}{f', {label}' if label else ''}{row['line']}",
            "along_text": short(row["x"]),
        }
        | {"value_text": _quartile_words(row, ".4~g")}
        for row in rows
    ]
    hover = nearest_point(tooltip_fields, axis, middle, along=x.replace("_", " "), shade=shade)
    return Cell(vl.layer(bars, lines, points, tags), text, TALL, Margins(52, 96, 10, 38), hover=hover)
