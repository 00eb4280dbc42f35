"""What a split of a task gives away, and from which fraction on networks are known to grok."""

from __future__ import annotations

from typing import Any

from ...io.whole_numbers import MOST_SEED, whole_number
from ...runs.streams import words
from ...sweeps.critical.committed import fractions_of
from ...tasks import split_task
from ...tasks.null import leakage_numbers
from .task_request import requested_task


def leakage(
    expression: str | None = None,
    p: int | None = None,
    group: str | None = None,
    table: str | None = None,
    fraction: float = 0.5,
    seed: int = 0,
) -> dict[str, Any]:
    """Return what a split of a task gives away; see `modgrok.tasks.leakage_numbers`.

    Arguments:
        expression, p: an expression and its modulus, or
        group: the name of a finite group, or
        table: see `requested_task`.
        fraction: of the inputs that train, in (0, 1).
        seed: of the run.
    """
    seed = whole_number("seed", seed, 0, MOST_SEED)
    task = requested_task(expression, p, group, table).task
    split = split_task(task, fraction, words(seed, "split"))
    sizes = {"train": len(split.train), "test": len(split.test)}
    return {**leakage_numbers(task, split), **sizes, "chance": 1 / task.p, "majority": task.majority_share}


def critical_fractions(
    expression: str | None = None, p: int | None = None, group: str | None = None, table: str | None = None
) -> dict[str, Any]:
    """Return the critical fractions that are known of a task, or else of the tasks for which there are any.

    Arguments:
        expression, p: an expression and its modulus, or
        group: the name of a finite group, or
        table: see `requested_task`.

    Returns:
        `title` of the task, `known` (whether the entries are of this task, at any modulus) and
        `critical_fractions`, as in `modgrok.sweeps.critical.committed`.
    """
    named = requested_task(expression, p, group, table)
    own = fractions_of(named.task.name)
    return {
        "title": named.title,
        "known": bool(own),
        "critical_fractions": [dict(entry) for entry in own or fractions_of("x + y")],
    }
