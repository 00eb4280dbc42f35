"""The exact side of the playground: a task's table, its decision. Loads no JAX."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...decide import Budget
from ...decide.task_decision import decide_task
from ...decide.verdict_json import verdict_json
from ...tasks.task import Task
from .task_request import requested_task

MOST_SHOWN = 512
"""Values of an operand that a map shows."""


def table(
    expression: str | None = None, p: int | None = None, group: str | None = None, table: str | None = None
) -> dict[str, Any]:
    """Tabulate a task for a map over its first two operands.

    Arguments:
        expression, p: an expression and its modulus, or
        group: the name of a finite group, or
        table: see `requested_task`.

    Returns:
        `expression` (canonical), `title`, `p`, `operands`, `inputs`, `excluded`, `majority`, and `rows`: the
        table over the first two operands, the others at 0, at most 512 values of each; -1 outside the domain.
    """
    named = requested_task(expression, p, group, table)
    task = named.task
    return {
        "expression": task.name,
        "title": named.title,
        "p": task.p,
        "operands": task.operands,
        "inputs": task.size,
        "excluded": task.excluded,
        "majority": task.majority_share,
        "rows": _rows(task),
    }


def _rows(task: Task) -> np.ndarray:
    """Return the first two axes of a table; a task of one operand has one row."""
    values = task.table
    if task.k == 1:
        return values[None, :MOST_SHOWN]
    for _ in range(task.k - 2):
        values = values[..., 0]
    return values[:MOST_SHOWN, :MOST_SHOWN]


def decide(
    expression: str | None = None,
    p: int | None = None,
    group: str | None = None,
    table: str | None = None,
    seconds: float = 60.0,
) -> dict[str, Any]:
    """Decide a task.

    Arguments:
        expression, p: an expression and its modulus, or
        group: the name of a finite group, or
        table: see `requested_task`.
        seconds: most for each form.

    Returns:
        The keys of `modgrok decide --json`, and the operands' names.
    """
    named = requested_task(expression, p, group, table)
    verdict = decide_task(named, budget=Budget(seconds=seconds))
    return {
        "expression": named.task.name,
        "title": named.title,
        "operands": named.task.operands,
        **verdict_json(verdict),
    }
