"""Several tasks learned at once: one record, whose last operand says which task is meant.

Owns: the text `x + y; x*y`, and stacking the tables. Learners tell the tasks apart by that operand: an
operator token, or a one-hot of as many values as there are tasks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..former_names import former_keyword
from .errors import InputError, shorten
from .task import LARGEST_TABLE, Task, task_from_expression

SEPARATOR = ";"
MOST_TASKS = 16


def is_mixture(text: str) -> bool:
    """Say whether a text names several tasks.

    Example:
        >>> is_mixture("x + y; x*y"), is_mixture("x + y")
        (True, False)
    """
    return SEPARATOR in text


@former_keyword("released", "extended_domain")
def task_from_text(text: str, p: int, *, extended_domain: bool = False) -> Task:
    """Tabulate one expression, or several separated by semicolons.

    Arguments:
        text: expressions in the grammar of `parse`.
        p: modulus.
        extended_domain: let operands run over 0..p+4; see `task_from_expression`.

    Raises:
        InputError: an expression breaks a rule, or they do not fit together (see `mix`).

    Example:
        >>> task_from_text("y + x; x y", 5).name
        'x + y; x*y'
    """
    if not is_mixture(text):
        return task_from_expression(text, p, extended_domain=extended_domain)
    return mix(
        [task_from_expression(part, p, extended_domain=extended_domain) for part in text.split(SEPARATOR)]
    )


def mix(tasks: Sequence[Task]) -> Task:
    """Stack the tables of several tasks of one modulus.

    Arguments:
        tasks: T >= 2 different tasks, at most 16, with the same p and operands.

    Returns:
        A task with one operand more, `task`, in 0..T-1: table[x_1, …, x_k, t] = tasks[t].table[x_1, …, x_k].

    Raises:
        InputError: fewer than two tasks, another modulus or other operands, the same task twice.

    Example:
        >>> both = task_from_text("x + y; x - y", 5)
        >>> both.operands, both.table.shape, both.table[1, 2].tolist(), both.parts[1].name
        (('x', 'y', 'task'), (5, 5, 2), [3, 4], 'x - y')
    """
    names = [task.name for task in tasks]
    if not 2 <= len(tasks) <= MOST_TASKS:
        raise InputError(f"expression: a mixture must have 2 to {MOST_TASKS} tasks, got {len(tasks)}")
    if len({task.p for task in tasks}) > 1:
        raise InputError(f"p: must be the same in all tasks of a mixture, got {[t.p for t in tasks]}")
    operands = [", ".join(task.operands) for task in tasks]
    if len(set(operands)) > 1:
        raise InputError(
            f"expression: tasks of a mixture must have the same operands, got {operands[0]} in "
            f"{shorten(names[0])} and {next(o for o in operands if o != operands[0])} in another"
        )
    if len(set(names)) < len(names):
        raise InputError(f"expression: tasks of a mixture must differ, got {shorten('; '.join(names))}")
    if tasks[0].table.size * len(tasks) > LARGEST_TABLE:
        raise InputError(
            f"p: the tables of a mixture may have at most {LARGEST_TABLE} entries, "
            f"got {tasks[0].table.size} in each of {len(tasks)}"
        )
    table = np.stack([task.table for task in tasks], axis=-1)
    table.setflags(write=False)
    return Task(f"{SEPARATOR} ".join(names), tasks[0].p, (*tasks[0].operands, "task"), table, tuple(tasks))
