"""The step axis: logarithmic where things happen, linear near step 0, which it shows; or linear throughout.

Owns: the axis position asinh-like map log(1 + t/c), its ticks and their labels. Vega calls it symlog. A few
iterations of a kernel machine are each as large as thousands of steps of a network; their axis is linear.
"""

from __future__ import annotations

import math

import numpy as np

from . import vega_lite as vl


def constant(end: int) -> float:
    """Return c, around which the axis turns from linear to logarithmic: two decades below the end."""
    return 10.0 ** max(0, math.floor(math.log10(max(end, 1))) - 2)


def position(step: np.ndarray | float | int, end: int, *, linear: bool = False) -> np.ndarray:
    """Return where a step lies on the axis, in [0, 1]."""
    if linear:
        return np.asarray(np.asarray(step, float) / max(end, 1))
    c = constant(end)
    return np.asarray(np.log1p(np.asarray(step, float) / c) / math.log1p(max(end, 1) / c))


def ticks(end: int) -> list[int]:
    """List the tick values: 0 and 1..9 times each power of ten from c on."""
    values, size = [0], int(constant(end))
    while size <= end:
        values += [digit * size for digit in range(1, 10) if digit * size <= end]
        size *= 10
    return values


def step_axis(end: int, title: str = "step", *, linear: bool = False) -> vl.Channel:
    """Return the encoding of the column `step`."""
    if linear:
        scale = vl.ScaleOptions(domain=[0, max(end, 1)], nice=False)
        axis = vl.AxisOptions(format=",d", tickCount=6, tickMinStep=1, labelFlush=False)
        return vl.field("step:Q", title=title, scale=scale, axis=axis)
    labelled = "datum.value == 0 || datum.value == pow(10, round(log(datum.value) / LN10))"
    if end < 3:
        labelled = "true"
    return vl.field(
        "step:Q",
        title=title,
        scale=vl.ScaleOptions(type="symlog", constant=constant(end), domain=[0, max(end, 1)], nice=False),
        axis=vl.AxisOptions(
            values=ticks(end),
            labelExpr=f"{labelled} ? format(datum.value, ',') : ''",
            tickSize=4,
            labelOverlap=False,
        ),
    )
