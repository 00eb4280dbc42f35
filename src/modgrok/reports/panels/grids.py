"""Maps over pairs of operand values, next to their two-dimensional Fourier spectra.

Owns: the maps of one hidden unit's preactivation and of one logit. Other operands, if any, are at 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..charts import vega_lite as vl
from ..charts.chart import Cell, Group, Margins, Panel
from ..charts.image import picture
from ..charts.palette import FAINT, INK, SOFT
from ..charts.png import data_uri
from ..charts.ramp import DIVERGING, colours, indices
from ..charts.table import Table
from ..views.mlp_view import MLPView, OperandAxis, units_of

LEAST_SHARE = 0.002
MOST_PEAKS = 400
OUTPUT = 6
"""Group element whose logit is shown; Gromov 2023, Fig. 2, shows the same."""


def unit_maps(views: Sequence[MLPView], *, one_network: bool) -> Panel:
    """Draw the preactivation of the most periodic hidden unit over (x, y); see `units_of`."""
    units = [chosen[0] for chosen in units_of(views, one_network=one_network)]
    grids = [view.preactivation(unit) for view, unit in zip(views, units, strict=True)]
    names = [f"hidden unit {unit}" for unit in units]
    first, second = views[-1].operands[:2]
    caption = (
        f"Preactivation of one hidden unit at every pair ({first}, {second})"
        f"{_others(views[-1])}: blue is below zero, rust above; each map has its own symmetric scale, with "
        f"the extremes written above it. It equals u({first}) + v({second})"
    )
    spectrum = ", so its spectrum lies on the axes and a pure wave has four points"
    title = _title("Preactivation of hidden unit", units)
    return _panel("unit", title, caption, spectrum, views, _groups(views, grids, names))


def logit_maps(views: Sequence[MLPView]) -> Panel:
    """Draw one logit over (x, y)."""
    basis = views[-1].basis
    output = int(basis.outputs[OUTPUT % basis.order])
    grids = [view.logit(output) for view in views]
    names = [f"logit {output}"] * len(views)
    first, second = views[-1].operands[:2]
    caption = (
        f"The output for class {output} at every pair ({first}, {second}){_others(views[-1])}. In a "
        f"network that solves the task it is highest exactly where the answer is {output}: along diagonals "
        "if the task is a sum in the order shown"
    )
    groups = _groups(views, grids, names)
    return _panel("logit", f"Output for class {output}", caption, ", with a diagonal spectrum", views, groups)


def _panel(
    key: str, title: str, caption: str, spectrum: str, views: Sequence[MLPView], groups: tuple[Group, ...]
) -> Panel:
    """Make a panel of maps, which tells of spectra where there are some."""
    source = " (Gromov 2023, Fig. 2)."
    if not any(_has_spectrum(view) for view in views):
        return Panel(key, title, caption + source, groups)
    discs = (
        " Disc area: share of each pair of frequencies in the map's power without its mean; shares below "
        f"{LEAST_SHARE:.1%} are not drawn."
    )
    return Panel(key, f"{title} and its spectrum", caption + spectrum + source + discs, groups)


def _has_spectrum(view: MLPView) -> bool:
    """Say whether maps have a spectrum: where both operands take every value of the basis once."""
    first, second = view.axes[:2]
    return first.one_to_one and second.one_to_one and len(first.order) == view.basis.order


def _title(title: str, units: list[int]) -> str:
    return f"{title} {units[0]}" if len(set(units)) == 1 else title.replace(" hidden", " a hidden")


def _others(view: MLPView) -> str:
    rest = view.operands[2:]
    return f" with {' = '.join(rest)} = 0" if rest else ""


def _groups(views: Sequence[MLPView], grids: Sequence[np.ndarray], names: Sequence[str]) -> tuple[Group, ...]:
    groups = []
    for view, raw, name in zip(views, grids, names, strict=True):
        grid = np.where(np.isfinite(raw), raw, 0.0)
        description = f"{name}, {view.label}"
        cells = [_map(grid, view.axes[0], view.axes[1], description)]
        if _has_spectrum(view):
            cells.append(_spectrum(grid, description))
        groups.append(Group(view.label, tuple(cells)))
    return tuple(groups)


def _map(grid: np.ndarray, first: OperandAxis, second: OperandAxis, description: str) -> Cell:
    most = float(np.abs(grid).max()) or 1.0
    uri = data_uri(indices(grid.T[::-1], -most, most), colours(DIVERGING))
    corners: Table = [{"x": -0.5, "y": -0.5}, {"x": len(first.order) - 0.5, "y": len(second.order) - 0.5}]
    points = vl.marks(corners).mark("point", opacity=0)
    axes = points.encode(x=_axis("x", first), y=_axis("y", second))
    label = vl.marks([{"label": f"±{most:.2g}"}]).mark(
        "text", align="right", baseline="bottom", dy=-3, fontSize=10, color=SOFT
    )
    scale = label.encode(x=vl.value("width"), y=vl.value(0), text=vl.field("label:N"))
    text = f"Map of {description} over all pairs of values; extremes ±{most:.2g}."
    return Cell(vl.layer(picture(uri), axes, scale), text, 0, Margins(36, 6, 18, 34), square=True)


def _axis(channel: str, axis: OperandAxis) -> vl.Channel:
    return vl.field(
        f"{channel}:Q",
        title=axis.title,
        scale=vl.ScaleOptions(domain=[-0.5, len(axis.order) - 0.5], nice=False, zero=False),
        axis=vl.AxisOptions(tickCount=4, format="d", tickMinStep=1),
    )


def peaks(grid: np.ndarray) -> Table:
    """List (fx, fy, share) of the pairs of frequencies with the greatest shares of power.

    Frequencies are centred: from -n/2 to n/2. The mean takes no part.

    Example:
        >>> wave = np.cos(2 * np.pi * np.arange(8) / 8)
        >>> peaks(wave[:, None] + 0 * wave[None, :])
        [{'fx': -1, 'fy': 0, 'share': 0.5}, {'fx': 1, 'fy': 0, 'share': 0.5}]
    """
    scaled = grid / (np.abs(grid).max() or 1.0)
    power = np.abs(np.fft.fft2(scaled - scaled.mean())) ** 2
    power[0, 0] = 0.0
    shares = power / (power.sum() or 1.0)
    n, m = grid.shape
    large = np.flatnonzero(shares >= LEAST_SHARE)
    best = large[np.argsort(-shares.ravel()[large], kind="stable")[:MOST_PEAKS]]
    strongest = []
    for i, j in zip(*np.unravel_index(best, shares.shape), strict=True):
        fx, fy = int((i + n // 2) % n - n // 2), int((j + m // 2) % m - m // 2)
        strongest.append({"fx": fx, "fy": fy, "share": round(float(shares[i, j]), 6)})
    return sorted(strongest, key=lambda row: (row["fx"], row["fy"]))


def _spectrum(grid: np.ndarray, description: str) -> Cell:
    rows = peaks(grid)
    reach = len(grid) / 2
    discs = vl.marks(rows).mark("point", filled=True, color=INK, opacity=0.85, strokeWidth=0)
    options = {
        "scale": vl.ScaleOptions(domain=[-reach, reach], nice=False),
        "axis": vl.AxisOptions(tickCount=4, format="d", tickMinStep=1),
    }
    x = vl.field("fx:Q", title="frequencies", **options)
    y = vl.field("fy:Q", title=None, **options)
    size = vl.field(
        "share:Q", scale=vl.ScaleOptions(domain=[0, 0.25], range=[0, 70], clamp=True), legend=None
    )
    tooltip = [vl.field("fx:Q"), vl.field("fy:Q"), vl.field("share:Q", format=".1%")]
    cross = vl.marks([{"zero": 0}]).mark("rule", color=FAINT, strokeWidth=0.6)
    layers = [cross.encode(x=vl.field("zero:Q")), cross.encode(y=vl.field("zero:Q"))]
    layers.append(discs.encode(x=x, y=y, size=size, tooltip=tooltip))
    if not rows:
        none = vl.marks([{"label": "power spread evenly"}]).mark("text", color=SOFT, fontSize=10)
        layers.append(none.encode(x=vl.value(vl.expr("width / 2")), text=vl.field("label:N")))
    largest = sorted(rows, key=lambda row: -row["share"])[:4]
    words = ", ".join(f"({row['fx']}, {row['fy']})" for row in largest) or "none stands out"
    text = f"Two-dimensional Fourier spectrum of {description}; strongest frequencies {words}."
    return Cell(vl.layer(*layers), text, 0, Margins(36, 6, 18, 34), square=True)
