"""What follows from a task alone, computed once for each task in use.

Owns: the memory of it. A run asks for the symmetries and the basis of its task when it begins, and many runs
of a sweep have one task.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from .task import Task

R = TypeVar("R")


def once_per_task(function: Callable[..., R]) -> Callable[..., R]:
    """Remember what a function of a task returns, as long as the task is in use.

    Arguments:
        function: (task, further hashable arguments) -> a value that nobody changes.

    Example:
        >>> import numpy as np
        >>> from modgrok.tasks import task_from_expression
        >>> squares = once_per_task(lambda task: task.table**2)
        >>> task = task_from_expression("x + y", 5)
        >>> squares(task) is squares(task), squares(task) is squares(task_from_expression("x + y", 5))
        (True, False)
    """
    known: WeakKeyDictionary[Task, dict[Hashable, R]] = WeakKeyDictionary()

    @wraps(function)
    def remembered(task: Task, *arguments: Hashable) -> R:
        values = known.setdefault(task, {})
        if arguments not in values:
            values[arguments] = function(task, *arguments)
        return values[arguments]

    return remembered
