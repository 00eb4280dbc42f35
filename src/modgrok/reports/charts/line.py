"""A line of a chart of claims, and several runs of it as one: the median over seeds with a band.

Owns: the record, and how the curves of several seeds become one line. How lines look is `line_chart`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .line_colours import LINES
from .palette import INK

Values = Sequence[float | int] | np.ndarray


@dataclass(frozen=True, eq=False)
class Line:
    """One line of a chart.

    Arguments:
        name: in the key; empty for none. Lines without a name, in the colour of a named one before them, are
            further seeds of that one: `over_seeds` makes a single line of them.
        x, y: numbers of equal length; points where y is not finite are left out.
        colour: None for the next of `LINES`.
        dashed: whether it is a reference, not a measurement.
        dots: whether its points are marked.
        low, high: ends of the band over seeds at each x, or None.
        seeds: number of seeds of which y is the median.
        printed: whether y are numbers that the paper prints: open diamonds.
    """

    name: str
    x: Values
    y: Values
    colour: str | None = None
    dashed: bool = False
    dots: bool = False
    low: Values | None = None
    high: Values | None = None
    seeds: int = 1
    printed: bool = False


def printed_line(name: str, x: Values, y: Values) -> Line:
    """Return the numbers that a paper prints, as a line of diamonds.

    Arguments:
        name: with the place in the paper, such as `paper, Table A.5`.
        x, y: numbers of equal length.
    """
    return Line(name, x, y, INK, dashed=True, printed=True)


def coloured(lines: Sequence[Line]) -> list[Line]:
    """Give every line its colour: its own, or the next of `LINES`."""
    return [replace(line, colour=line.colour or LINES[i % len(LINES)]) for i, line in enumerate(lines)]


def over_seeds(lines: Sequence[Line]) -> list[Line]:
    """Make one line, with a band, of every named line and the unnamed ones in its colour after it.

    Arguments:
        lines: with their colours; see `Line`.

    Returns:
        The lines, in the order of their first seeds.

    Example:
        >>> a, b = Line("test", [0, 1], [0.0, 0.4], "red"), Line("", [0, 1], [0.2, 1.0], "red")
        >>> (line,) = over_seeds([a, b])
        >>> line.seeds, line.y.tolist(), line.low.tolist(), line.high.tolist()
        (2, [0.1, 0.7], [0.0, 0.4], [0.2, 1.0])
    """
    groups: list[list[Line]] = []
    for line in lines:
        same = [
            group for group in groups if group[0].name and _look(group[0]) == _look(line) and not line.name
        ]
        if same:
            same[-1].append(line)
        else:
            groups.append([line])
    return [group[0] if len(group) == 1 else merged(group) for group in groups]


def merged(lines: Sequence[Line]) -> Line:
    """Return the median of lines at each x of any of them, with the least and the greatest as band.

    A line that ends before the others keeps its last value: a run that was stopped early had settled.
    """
    curves = [_finite(line) for line in lines]
    x = np.unique(np.concatenate([at for at, _ in curves]))
    if not len(x):
        return lines[0]
    each = np.stack(
        [np.interp(x, at, y, left=np.nan) if len(at) else np.full(len(x), np.nan) for at, y in curves]
    )
    known = np.isfinite(each).any(axis=0)
    x, each = x[known], each[:, known]
    low, middle, high = np.nanmin(each, axis=0), np.nanmedian(each, axis=0), np.nanmax(each, axis=0)
    return replace(lines[0], x=x, y=middle, low=low, high=high, seeds=len(lines))


def _finite(line: Line) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(line.x, float), np.asarray(line.y, float)
    known = np.isfinite(y)
    order = np.argsort(x[known], kind="stable")
    return x[known][order], y[known][order]


def _look(line: Line) -> tuple[str | None, bool]:
    return line.colour, line.dashed
