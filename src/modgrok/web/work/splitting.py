"""What a split of a task gives away, for the playground."""

from __future__ import annotations

from typing import Any

from ...runs.streams import words
from ...tasks import named_task, split_task
from ...tasks.null import leakage_numbers


def leakage(
    expression: str | None = None,
    p: int | None = None,
    group: str | None = None,
    fraction: float = 0.5,
    seed: int = 0,
) -> dict[str, Any]:
    """Return what a split of a task gives away; see `modgrok.tasks.leakage_numbers`.

    Arguments:
        expression: with p, or
        group: the name of a finite group.
        fraction: of the inputs that train, in (0, 1).
        seed: of the run.
    """
    task = named_task(expression, p=p, group=group).task
    split = split_task(task, fraction, words(seed, "split"))
    sizes = {"train": len(split.train), "test": len(split.test)}
    return {**leakage_numbers(task, split), **sizes, "chance": 1 / task.p, "majority": task.majority_share}
