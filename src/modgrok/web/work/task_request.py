"""The task that a page names: an expression with p, a group, or a table in a file. Loads no JAX."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np

from ...tasks import named_task
from ...tasks.source import NamedTask
from ...tasks.task import table_from_bytes


def take_table(content: str, name: str) -> dict[str, Any]:
    """Check the table in a file.

    Arguments:
        content: of a `.npy` or `.csv` file, in base64.
        name: of the file, for messages.

    Returns:
        `table` (its SHA-256), `title`, `p`, and `content`: the table as `.npy` in base64.

    Raises:
        InputError: it holds no valid table.
    """
    task = table_from_bytes(base64.b64decode(content, validate=True), name)
    file = io.BytesIO()
    np.save(file, task.table.astype(np.min_scalar_type(task.p - 1)))
    return {
        "table": task.digest,
        "title": named_task(table=task).title,
        "p": task.p,
        "content": base64.b64encode(file.getvalue()).decode("ascii"),
    }


def requested_task(
    expression: str | None = None, p: int | None = None, group: str | None = None, table: str | None = None
) -> NamedTask:
    """Read a task from exactly one of its sources; see `modgrok.tasks.named_task`.

    Arguments:
        expression, p: an expression and its modulus, or
        group: the name of a finite group, or
        table: a table as `.npy` in base64.
    """
    task = None if table is None else table_from_bytes(base64.b64decode(table, validate=True), "the table")
    return named_task(expression, p=p, group=group, table=task)
