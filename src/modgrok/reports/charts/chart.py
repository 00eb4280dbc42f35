"""A cell: one chart with fixed margins, the piece from which pages and figures are laid out.

Owns: how a chart gets its size. Margins are set, not measured (`autosize: none`), so that plot areas align
to the pixel whatever their labels; a page and a figure differ only in the widths that they ask for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ...io import shown, shown_json
from . import vega_lite as vl
from .palette import config

CELL_WIDTH = 400
"""Width at which pages get a cell; the browser then fits it to the room there is."""


@dataclass(frozen=True)
class Margins:
    """Pixels around the plot area."""

    left: int = 44
    right: int = 12
    top: int = 8
    bottom: int = 34


@dataclass(frozen=True)
class Legend:
    """What colours mean, in one chart or in all charts of a panel.

    Arguments:
        swatches: (words, colour), in the order of what they stand for.
        ramp: (words of the low end, words of the high end, picture of the scale as a data URI), or None.
    """

    swatches: tuple[tuple[str, str], ...] = ()
    ramp: tuple[str, str, str] | None = None


@dataclass(frozen=True, eq=False)
class Cell:
    """One chart.

    Arguments:
        chart: without size, a `vega_lite.Chart` or one of Altair; positions in data units, or in pixels along
            its fixed height.
        text: what the chart shows, for readers who cannot see it.
        height: of the plot area; ignored where `square`.
        margins: around the plot area.
        square: the plot area is as high as it is wide.
        hover: layer for pages alone, which answers the pointer, over a `vega_lite.Chart`; see `hover`.
        legend: what its colours mean; a panel of this chart alone shows it.
        source: what a chart of a claim was drawn from; see `seeds`.
    """

    chart: vl.HasSpecification
    text: str
    height: int = 150
    margins: Margins = Margins()
    square: bool = False
    hover: vl.Chart | None = None
    legend: Legend | None = None
    source: object = None
    _specs: dict[int, dict[str, Any]] = field(default_factory=dict, init=False, repr=False)

    def plot_size(self, width: int) -> tuple[int, int]:
        """Return width and height of the plot area in a cell of that outer width."""
        inner = max(40, width - self.margins.left - self.margins.right)
        return inner, inner if self.square else self.height

    def outer_height(self, width: int) -> int:
        """Return the cell's height, margins included."""
        return self.plot_size(width)[1] + self.margins.top + self.margins.bottom

    def spec(self, width: int) -> dict[str, Any]:
        """Return the Vega-Lite specification at an outer width, without the layer that answers the pointer.

        Arguments:
            width: of the cell, margins included, pixels.

        Returns:
            The specification, made once for each width; it is shared, and must not be changed.
        """
        if width not in self._specs:
            self._specs[width] = shown(self._make_spec(width, interactive=False))
        return self._specs[width]

    @cached_property
    def page_json(self) -> str:
        """The interactive specification at `CELL_WIDTH` as JSON: what a page gets."""
        return shown_json(self._make_spec(CELL_WIDTH, interactive=True))

    def _make_spec(self, width: int, *, interactive: bool) -> dict[str, Any]:
        inner, height = self.plot_size(width)
        chart = self.chart
        if interactive and self.hover is not None and isinstance(chart, vl.Chart):
            chart = vl.layer(chart, self.hover)
        spec = chart.to_dict()
        spec |= {"width": inner, "height": height, "description": self.text}
        m = self.margins
        spec["padding"] = {"left": m.left, "right": m.right, "top": m.top, "bottom": m.bottom}
        spec["autosize"] = {"type": "none"}
        spec["config"] = config()
        return spec


@dataclass(frozen=True, eq=False)
class Group:
    """Cells that belong to one source of weights, under its label; an empty label for none."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of a report.

    Arguments:
        key: short name, stable across versions.
        title: what is shown.
        caption: one or two sentences: how to read it, formula, source.
        groups: side by side where there is room, one below another on a phone.
        span: columns taken of 12.
        legend: what colours mean in all its charts, shown once above them.
    """

    key: str
    title: str
    caption: str
    groups: tuple[Group, ...]
    span: int = 12
    legend: Legend | None = None


def single(key: str, title: str, caption: str, cell: Cell, span: int) -> Panel:
    """Make a panel of one chart."""
    return Panel(key, title, caption, (Group("", (cell,)),), span, cell.legend)
