"""Charts as specifications of Vega-Lite, written under the names that Vega-Lite gives them.

Owns: the shorthands of fields and values, layers, and the rows that they share.
Options of marks, scales and axes are those of its documentation (https://vega.github.io/vega-lite/docs/).
Altair makes the same specifications from objects of its own; for the hundred charts of a report these take
longer than reading the run and computing its numbers. The tests check charts against Altair's schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from ...io.charts import VEGA_LITE
from .table import Table

SCHEMA = f"https://vega.github.io/schema/vega-lite/v{VEGA_LITE}.1.json"
TYPES = {"Q": "quantitative", "N": "nominal", "O": "ordinal"}
"""Letter after a field's name -> how its values are read."""
ENDS = ("x2", "y2")
"""Channels of a mark's other end, whose values are read as those of the first."""


class ScaleOptions(dict[str, Any]):
    """How values become positions, colours or sizes: `type`, `domain`, `range`, `nice`, `zero`."""


class AxisOptions(dict[str, Any]):
    """What is written along a scale: `values`, `format`, `tickCount`, `labelExpr`."""


class Channel(dict[str, Any]):
    """What a channel of a mark shows: a field with its options, or one value."""


@runtime_checkable
class HasSpecification(Protocol):
    """What can be drawn: a `Chart`, or one of Altair."""

    def to_dict(self) -> dict[str, Any]:
        """Return the specification."""


def field(shorthand: str, **options: Any) -> Channel:
    """Show a field.

    Arguments:
        shorthand: its name, a colon and a letter of `TYPES`, or the name alone.
        options: `title`, `scale`, `axis`, `legend`, `format`, `sort`.

    Example:
        >>> field("step:Q", title=None)
        {'field': 'step', 'type': 'quantitative', 'title': None}
    """
    name, colon, letter = shorthand.rpartition(":")
    kind = {"field": name, "type": TYPES[letter]} if colon else {"field": shorthand}
    return Channel(kind | options)


def value(constant: Any) -> Channel:
    """Show one value for all rows, in the units of the picture: pixels, a colour, or an `expr`."""
    return Channel(value=constant)


def datum(constant: Any) -> Channel:
    """Show one value for all rows, in the units of the data."""
    return Channel(datum=constant)


def expr(text: str) -> dict[str, str]:
    """Compute a value where the chart is drawn, such as `width / 2`."""
    return {"expr": text}


@dataclass(frozen=True, eq=False)
class Chart:
    """Marks, or layers of them.

    Arguments:
        rows: what is drawn, held by reference; None where each layer has its own.
        parts: `mark`, `encoding`, `name`, `resolve`, where it has them.
        layers: from the bottom up; none for marks alone.
        params: what answers the pointer; of the outermost chart, as Vega-Lite demands.
    """

    rows: Table | None
    parts: Mapping[str, Any]
    layers: tuple[Chart, ...] = ()
    params: tuple[Mapping[str, Any], ...] = ()

    def mark(self, kind: str, **options: Any) -> Chart:
        """Draw rows as marks of a kind: `line`, `point`, `rule`, `text`."""
        return replace(self, parts={**self.parts, "mark": {"type": kind, **options}})

    def encode(self, **channels: Channel | str | Sequence[Channel | str]) -> Chart:
        """Add channels, each by what it shows or by the shorthand of its field."""
        encoding = {name: _channel(name, content) for name, content in channels.items()}
        return replace(self, parts={**self.parts, "encoding": {**self.parts.get("encoding", {}), **encoding}})

    def resolve_scale(self, **channels: str) -> Chart:
        """Say whether layers have one scale (`shared`) or their own (`independent`)."""
        return replace(self, parts={**self.parts, "resolve": {"scale": channels}})

    def add_params(self, *params: Mapping[str, Any]) -> Chart:
        """Add parameters, each with the names of the marks that it acts on (`views`)."""
        return replace(self, params=(*self.params, *params))

    def to_dict(self) -> dict[str, Any]:
        """Return the specification, in which rows that are equal occur once; its values are shared."""
        datasets: dict[str, Table] = {}
        spec = self._placed(datasets)
        if self.params:
            spec["params"] = list(self.params)
        return {**spec, "$schema": SCHEMA, "datasets": datasets}

    def _placed(self, datasets: dict[str, Table]) -> dict[str, Any]:
        spec: dict[str, Any] = {} if self.rows is None else {"data": {"name": _name(datasets, self.rows)}}
        if self.layers:
            spec["layer"] = [chart._placed(datasets) for chart in self.layers]
        return {**spec, **self.parts}


def marks(rows: Table, *, name: str = "") -> Chart:
    """Make a chart of rows, which `mark` and `encode` complete.

    Arguments:
        rows: one mark each, or one point of a line.
        name: for parameters that act on it.

    Example:
        >>> dots = marks([{"t": 1}]).mark("point", size=20).encode(x="t:Q", y=value(0))
        >>> dots.to_dict()["encoding"]["x"]
        {'field': 't', 'type': 'quantitative'}
    """
    return Chart(rows, {"name": name} if name else {})


def layer(*charts: Chart) -> Chart:
    """Draw charts over each other; rows that all of them have are the whole's."""
    rows = charts[0].rows if charts else None
    shared = rows is not None and all(chart.rows is rows for chart in charts)
    params = tuple(param for chart in charts for param in chart.params)
    inner = (replace(chart, params=(), rows=None if shared else chart.rows) for chart in charts)
    return Chart(rows if shared else None, {}, tuple(inner), params)


def _channel(name: str, content: Channel | str | Sequence[Channel | str]) -> Any:
    if isinstance(content, str):
        content = field(content)
    if not isinstance(content, Channel):
        return [_channel(name, entry) for entry in content]
    return {key: entry for key, entry in content.items() if key != "type"} if name in ENDS else content


def _name(datasets: dict[str, Table], rows: Table) -> str:
    for name, other in datasets.items():
        if other is rows or other == rows:
            return name
    datasets[f"data-{len(datasets) + 1}"] = rows
    return f"data-{len(datasets)}"
