"""Critical fractions of a sweep: where half of the seeds begin to grok, and the shares that say so.

Owns: the two panels. The estimator is in `sweeps.critical.estimate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...sweeps.critical.probes import Probed, count_probes, outcomes_of
from ...sweeps.tables.grid_cells import coordinates, short
from ...sweeps.tables.table import SweepTable
from ..charts import vega_lite as vl
from ..charts.bands import LINES
from ..charts.chart import Cell, Margins, Panel, single
from ..charts.hover import nearest_point
from ..charts.line_colours import line_colours
from ..charts.palette import FAINT
from ..charts.table import Table
from ..charts.timeline import spread

TALL = 190
"""Height of both charts, pixels."""
APART = 0.022
"""Distance of lines at one value of the axis, as a share of its length."""
CRITICAL_CAPTION = (
    "Smallest training fraction at which at least half of the seeds grok within the budget. Thick "
    "bars: from the largest fraction at which fewer do to the next one tried; thin bars: fractions "
    "that Wilson's 95% intervals do not exclude. Triangles: outside the range that was tried."
)


def searched(table: SweepTable) -> bool:
    """Say whether the points of a sweep are no full grid: its fractions were chosen as it went."""
    full = 1
    for group in table.axis_groups:
        for axis in independent_axes(table, group):
            full *= len(coordinates(table.runs, axis))
    return "fraction" in table.axes and len(table.runs) < full


def varied_axes(table: SweepTable) -> list[str]:
    """Return the axes that vary, without the seed and those that follow from others."""
    return [axis for group in table.axis_groups for axis in independent_axes(table, group) if axis != "seed"]


def independent_axes(table: SweepTable, group: Sequence[str]) -> list[str]:
    """Return the first of some axes that advance together which say where each run stands in all of them.

    An optimiser says with which rate it was run; a modulus with several fractions does not say which.
    """
    points = {tuple(row.get(axis) for axis in group) for row in table.runs}
    chosen: list[int] = []
    for at, axis in enumerate(group):
        if len({tuple(point[place] for place in chosen) for point in points}) == len(points):
            break
        if len(coordinates(table.runs, axis)) > 1:
            chosen.append(at)
    return [group[at] for at in chosen]


def critical_panels(table: SweepTable) -> list[Panel]:
    """Draw the critical fraction against one other axis, a line for each value of a second.

    Nothing where fractions do not vary, or more than two other axes do. Where no crossing was seen inside the
    fractions tried, there is no critical fraction to draw, only the shares.
    """
    varied = [axis for axis in varied_axes(table) if axis != "fraction"]
    if "fraction" not in table.axes or len(varied) > 2:
        return []
    points = [at for at in count_probes(outcomes_of(table.runs, table.axes)) if len(at.probes) > 1]
    rows = critical_rows(points, varied)
    inside = any(row["place"] == "inside" for row in rows)
    panels = []
    if varied and inside:
        cell = critical_cell(rows, varied)
        title = f"Critical fraction against {varied[0].replace('_', ' ')}"
        panels.append(single("critical", title, CRITICAL_CAPTION, cell, 6))
    if points and len(points) <= len(LINES) and (searched(table) or not varied):
        caption = "Fraction of seeds that grok within the budget; bars: Wilson's 95% interval."
        if not inside:
            caption += " At none of the fractions tried does the share cross a half."
        panels.append(
            single("shares", "Share of seeds that grok by fraction", caption, share_cell(points, varied), 6)
        )
    return panels


def critical_rows(points: Sequence[Probed], varied: Sequence[str]) -> Table:
    """List place, estimate, bracket and sure interval of every point, its ends filled in by the range."""
    rows: Table = []
    for at in points:
        known = at.critical
        assert known is not None
        first, last = known.probes[0].fraction, known.probes[-1].fraction
        low, high = known.bracket
        middle = known.estimate or (first if known.place == "below" else last)
        rows.append(
            {
                "x": at.point[varied[0]] if varied else "",
                "line": short(at.point[varied[1]]) if len(varied) > 1 else "",
                "of": at.point[varied[1]] if len(varied) > 1 else "",
                "place": known.place,
                "middle": middle,
                "low": middle if low is None or high is None else low,
                "high": middle if low is None or high is None else high,
                "sure_low": known.sure[0] if known.sure[0] is not None else first,
                "sure_high": known.sure[1] if known.sure[1] is not None else last,
            }
        )
    return rows


def critical_cell(rows: Table, varied: Sequence[str]) -> Cell:
    """Draw critical fractions with both intervals."""
    numeric = all(isinstance(row["x"], int | float) and not isinstance(row["x"], bool) for row in rows)
    axis = _numeric_axis(rows, varied[0]) if numeric else _word_axis(varied[0])
    names = list(dict.fromkeys(row["line"] for row in rows))
    rows = side_by_side(rows) if numeric else rows
    palette = line_colours(list(dict.fromkeys(row["of"] for row in rows)))
    shade = vl.field("line:N", scale=vl.ScaleOptions(domain=names, range=palette), legend=None)
    scale = vl.ScaleOptions(domain=[0, 1], nice=False)
    chart = vl.marks(rows)
    inside = vl.marks([row for row in rows if row["place"] == "inside"])

    def rule(width: float, low: str, high: str, source: vl.Chart, opacity: float) -> vl.Chart:
        return source.mark("rule", strokeWidth=width, opacity=opacity).encode(
            x=axis, y=vl.field(f"{low}:Q", scale=scale), y2=f"{high}:Q", color=shade
        )

    middle = vl.field("middle:Q", scale=scale, title="training fraction", axis=vl.AxisOptions(tickCount=5))
    layers = [
        rule(1.2, "sure_low", "sure_high", inside, 0.55),
        rule(6.0, "low", "high", inside, 0.45),
        *([inside.mark("line", strokeWidth=1.4).encode(x=axis, y=middle, color=shade)] if numeric else []),
        inside.mark("circle", size=40, opacity=1).encode(x=axis, y=middle, color=shade),
    ]
    for place, shape in (("above", "triangle-up"), ("below", "triangle-down")):
        source = vl.marks([row for row in rows if row["place"] == place])
        layers.append(
            source.mark("point", shape=shape, size=70, opacity=1).encode(x=axis, y=middle, color=shade)
        )
    layers.append(chart.mark("point", size=0, opacity=0).encode(x=axis, y=middle))
    if len(varied) > 1:
        layers.append(_tags([(row, row["middle"]) for row in _last_of_lines(rows)], varied[1], shade))
    summary = "; ".join(
        f"{short(r.get('exact', r['x']))} {r['line']} {r['place']} {r['low']:.3g} to {r['high']:.3g}"
        for r in rows
    )
    text = f"Critical training fraction against {varied[0]}: {summary}"
    tooltip_fields = [
        {
            **row,
            "curve": f"{varied[1].replace('_', ' ')} {row['line']}"
            if len(varied) > 1
            else "critical fraction",
            "along_text": short(row.get("exact", row["x"])),
            "value_text": f"{row['place']} {row['low']:.3g} to {row['high']:.3g}",
        }
        for row in rows
    ]
    hover = nearest_point(tooltip_fields, axis, middle, along=varied[0].replace("_", " "), shade=shade)
    margins = Margins(46, 96 if len(varied) > 1 else 16, 10, 38)
    return Cell(vl.layer(*layers), text, TALL, margins, hover=hover)


def _word_axis(name: str) -> vl.Channel:
    title = name.replace("_", " ")
    return vl.field("x:N", title=title, sort=None, axis=vl.AxisOptions(labelAngle=0))


def share_cell(points: Sequence[Probed], varied: Sequence[str]) -> Cell:
    """Draw the share of seeds that grok against fraction, one line per point."""
    names = [", ".join(short(at.point[axis]) for axis in varied) for at in points]
    rows = [
        {
            "line": name,
            "x": p.fraction,
            "share": p.grokked / p.of,
            "low": p.interval[0],
            "high": p.interval[1],
        }
        for name, at in zip(names, points, strict=True)
        for p in sorted(at.probes.values(), key=lambda probe: probe.fraction)
    ]
    kinds = [at.point[varied[0]] for at in points] if len(varied) == 1 else names
    shade = vl.field("line:N", scale=vl.ScaleOptions(domain=names, range=line_colours(kinds)), legend=None)
    x = vl.field(
        "x:Q",
        title="training fraction",
        scale=vl.ScaleOptions(domain=[0, 1]),
        axis=vl.AxisOptions(tickCount=5),
    )
    scale = vl.ScaleOptions(domain=[-0.02, 1.02], nice=False)
    y = vl.field(
        "share:Q",
        scale=scale,
        title="seeds that grok",
        axis=vl.AxisOptions(values=[0, 0.5, 1], format=".0%"),
    )
    chart = vl.marks(rows)
    half = vl.marks([{"half": 0.5}]).mark("rule", color=FAINT, strokeDash=[3, 3])
    layers = [
        half.encode(y=vl.field("half:Q", scale=scale)),
        chart.mark("rule", strokeWidth=1, opacity=0.3).encode(
            x=x, y=vl.field("low:Q", scale=scale), y2=vl.field("high:Q"), color=shade
        ),
        chart.mark("line", strokeWidth=1.6).encode(x=x, y=y, color=shade),
        chart.mark("circle", size=34, opacity=1).encode(x=x, y=y, color=shade),
    ]
    right = 16
    if varied:
        last: list[tuple[dict[str, Any], float]] = [({"line": name}, 1.0) for name in names]
        layers.append(_tags(last, " ".join(varied), shade))
        right = 96
    summary = "; ".join(f"{r['line']} at {r['x']:.3g} {r['share']:.2g}" for r in rows)
    tooltip_fields = [
        {
            **row,
            "curve": " ".join([*varied, str(row["line"])]).replace("_", " "),
            "along_text": f"{row['x']:.3g}",
            "value_text": f"{row['share']:.1%} (95% interval {row['low']:.1%} to {row['high']:.1%})",
        }
        for row in rows
    ]
    hover = nearest_point(tooltip_fields, x, y, along="training fraction", shade=shade)
    margins = Margins(46, right, 10, 38)
    return Cell(vl.layer(*layers), f"Seeds that grok: {summary}", TALL, margins, hover=hover)


def side_by_side(rows: Table) -> Table:
    """Move the points of several lines apart at each x, so that equal values do not hide each other.

    Example:
        >>> rows = [{"x": x, "line": line} for x in (0, 100) for line in ("a", "b")]
        >>> [(row["x"], row["exact"]) for row in side_by_side(rows)]
        [(-1.1, 0), (1.1, 0), (98.9, 100), (101.1, 100)]
    """
    names = list(dict.fromkeys(row["line"] for row in rows))
    values = sorted({row["x"] for row in rows})
    moved = []
    for row in rows:
        share = APART * (names.index(row["line"]) - (len(names) - 1) / 2)
        x = row["x"]
        at = x * (values[-1] / values[0]) ** share if is_log(values) else x + share * (values[-1] - values[0])
        moved.append({**row, "exact": x, "x": float(f"{at:.6g}")})
    return moved


def is_log(values: Sequence[float | int]) -> bool:
    """Say whether ascending values are drawn on a logarithmic axis."""
    return values[0] > 0 and values[-1] / values[0] > 8


def _numeric_axis(rows: Table, name: str) -> vl.Channel:
    values = sorted({row["x"] for row in rows})
    log = is_log(values)
    scale = vl.ScaleOptions(type="log" if log else "linear", zero=False, nice=False, padding=14)
    ticks = vl.AxisOptions(values=values, format=".6~s" if values[-1] >= 1000 else ".6~g", labelOverlap=True)
    return vl.field("x:Q", title=name.replace("_", " "), scale=scale, axis=ticks)


def _last_of_lines(rows: Table) -> list[dict[str, Any]]:
    names = dict.fromkeys(row["line"] for row in rows)
    return [[row for row in rows if row["line"] == name][-1] for name in names]


def _tags(ends: Sequence[tuple[dict[str, Any], float]], name: str, shade: vl.Channel) -> vl.Chart:
    """Name lines right of the chart, at the height of their ends as far as there is room."""
    ordered = sorted(ends, key=lambda end: -end[1])
    pixels = spread([TALL * (1 - at) for _, at in ordered], TALL)
    tagged = [
        {"line": row["line"], "tag": f"{name.replace('_', ' ')} {row['line']}", "pixel": pixel}
        for (row, _), pixel in zip(ordered, pixels, strict=True)
    ]
    mark = vl.marks(tagged).mark("text", align="left", dx=8, fontSize=10)
    return mark.encode(
        x=vl.value(vl.expr("width")), y=vl.field("pixel:Q", scale=None), text=vl.field("tag:N"), color=shade
    )
