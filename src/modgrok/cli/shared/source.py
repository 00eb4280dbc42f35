"""The task that a command's arguments name."""

from __future__ import annotations

from pathlib import Path

from ...tasks import InputError, NamedTask, named_task, read_table


def source_of(expression: str | None, p: int | None, group: str | None, table: Path | None) -> NamedTask:
    """Read the task of an expression with --p, of --group, or of the file of --table."""
    task_table = None if table is None else read_table(table)
    named = named_task(expression, p=p, group=group, table=task_table)
    if named.task.parts:
        raise InputError(f"expression: must be one task, got {len(named.task.parts)} separated by semicolons")
    return named
