"""What claims about formulas share: the figure of a few numbers, and the deviations that they state.

Owns: that figure. Such claims train nothing; every number is computed from the formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...reports.charts.claim_charts import Point, points, single
from .budget import BUDGETS, BudgetName
from .claim import ClaimResult, Number

Bounds = tuple[float | int, float | int]


def formula_result(
    values: Mapping[str, Number],
    ranges: Mapping[str, Bounds],
    title: str,
    caption: str,
    *,
    domain: Bounds = (0.0, 1.0),
    rows: Sequence[Mapping[str, Any]] = (),
    log: bool = False,
) -> ClaimResult:
    """Return numbers with a figure that sets some of them beside the range in which they are expected.

    Arguments:
        values: name -> number.
        ranges: name -> (low, high) of those that are drawn; others are listed alone.
        title, caption: of the figure.
        domain: of its axis.
        rows: a table below it.
        log: whether the axis is logarithmic.
    """
    marks = [Point(name.replace("_", " "), values[name], *bounds) for name, bounds in ranges.items()]
    words = ", ".join(f"{name.replace('_', ' ')} {values[name]:.4g}" for name in ranges)
    cell = points(marks, f"{words}.", domain=domain, log=log)
    return ClaimResult(values, (single("numbers", title, caption, cell, 12),), rows)


def at_every_budget(*words: str) -> dict[BudgetName, tuple[str, ...]]:
    """Return the same deviations at every budget.

    Example:
        >>> at_every_budget("three draws")["tiny"]
        ('three draws',)
    """
    return dict.fromkeys(BUDGETS, words)
