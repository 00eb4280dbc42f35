"""Deciding a task that was given by an expression, a group or a table: what the command and the page call."""

from __future__ import annotations

from dataclasses import replace

from ..tasks import NamedTask
from .budget import Budget
from .decision import decide_table
from .verdict import Verdict

EXTRAPOLATION = (
    "The hypotheses are stated for polynomials mod p; for a conditional, a group or a table given directly "
    "this reads them beyond what they say."
)


def decide_task(named: NamedTask, *, budget: Budget | None = None) -> Verdict:
    """Decide a named task; as `decide_table`, with what its prediction must be read with.

    Arguments:
        named: the task and how it was given.
        budget: of the search; None for the usual one.

    Example:
        >>> from modgrok.tasks import named_task
        >>> decide_task(named_task(group="C5")).prediction.endswith(EXTRAPOLATION)
        True
    """
    verdict = decide_table(named.task.table, named.task.p, budget=Budget() if budget is None else budget)
    if named.expression is None or named.expression.is_conditional:
        return replace(verdict, prediction=f"{verdict.prediction} {EXTRAPOLATION}")
    return verdict
