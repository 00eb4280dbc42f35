"""Where a task comes from: an expression with p, a finite group, or a table given directly.

Owns: the stored record of it, and reading it from what a user gave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_serializer, model_validator

from ..former_names import former_keyword
from .errors import InputError, shorten
from .expression import Expression, parse
from .mixture import is_mixture, task_from_text
from .task import Task, task_from_group, task_from_table

STORED_NAME = "released"
"""Key of `extended_domain` in JSON. Ids of runs are hashes of that JSON, so that the key cannot change."""
MOST_KEPT = 2
"""Tasks that are kept when nobody uses them: runs of a sweep follow one another with the same one."""


class TaskSource(BaseModel):
    """Exactly one of an expression with p, a group, or a table's digest with p."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    expression: str | None = Field(None, description="Expression, stored in canonical form.")
    group: str | None = Field(None, description="Finite group whose composition is the task, such as S5.")
    table: str | None = Field(None, description="SHA-256 of a table given directly.")
    p: int | None = Field(None, description="Modulus; of an expression or a table.")
    extended_domain: bool = Field(
        False, description="Operands run over 0..p+4, as in a paper's released code."
    )

    @property
    def released(self) -> bool:
        """The former name of `extended_domain`."""
        return self.extended_domain

    @model_validator(mode="before")
    @classmethod
    def _read_stored_name(cls, values: Any) -> Any:
        if isinstance(values, dict) and STORED_NAME in values and "extended_domain" not in values:
            values = {**values, "extended_domain": values[STORED_NAME]}
            del values[STORED_NAME]
        return values

    @model_serializer(mode="wrap")
    def _write_stored_name(self, write: Callable[[TaskSource], dict[str, Any]]) -> dict[str, Any]:
        content = write(self)
        return {STORED_NAME if name == "extended_domain" else name: value for name, value in content.items()}

    def build(self, table: Task | None = None) -> Task:
        """Tabulate the task; a table given directly must be passed again, and must have the right digest.

        Raises:
            InputError: another table, or none where one is needed.
        """
        if (self.expression is not None and self.p is not None) or self.group is not None:
            return _tabulated(self.expression, self.group, self.p, self.extended_domain)
        if table is None or self.table not in table.digests or table.p != self.p:
            raise InputError(f"table: must be the one with SHA-256 {self.table}, got another or none")
        return table


@lru_cache(maxsize=MOST_KEPT)
def _tabulated(expression: str | None, group: str | None, p: int | None, extended_domain: bool) -> Task:
    if expression is not None and p is not None:
        return task_from_text(expression, p, extended_domain=extended_domain)
    assert group is not None
    return task_from_group(group)


@dataclass(frozen=True, eq=False)
class NamedTask:
    """A task with where it comes from.

    Arguments:
        task: the exact table.
        source: what to store of it.
        expression: its expression, if it has exactly one.
    """

    task: Task
    source: TaskSource
    expression: Expression | None = None

    @property
    def title(self) -> str:
        """Its name for a reader: `x + y mod 97`, `S5 on 0..119`."""
        if self.source.expression is not None:
            return f"{self.task.name} mod {self.task.p}"
        return f"{self.task.name} on 0..{self.task.p - 1}"


@former_keyword("released", "extended_domain")
def named_task(
    expression: str | None = None,
    *,
    p: int | None = None,
    group: str | None = None,
    table: Task | None = None,
    extended_domain: bool = False,
) -> NamedTask:
    """Read a task from exactly one of its three sources.

    Arguments:
        expression: see `parse`; several, separated by semicolons, are a mixture; needs `p`.
        p: modulus; with a group or table it may be left out, and must agree if given.
        group: name of a finite group.
        table: a task read from a table.
        extended_domain: of an expression, let operands run over 0..p+4.

    Raises:
        InputError: none or several are given, or one breaks a rule.

    Example:
        >>> named_task("y + x", p=5).title, named_task(group="S3").title
        ('x + y mod 5', 'S3 on 0..5')
    """
    count = sum(source is not None for source in (expression, group, table))
    if count != 1:
        raise InputError(
            f"expression: must be exactly one of an expression, a group and a table, got {count}"
        )
    for name, text in (("expression", expression), ("group", group)):
        if text is not None and not isinstance(text, str):
            raise InputError(f"{name}: must be text, got {shorten(text)}")
    if table is not None and not isinstance(table, Task):
        raise InputError(
            f"table: must be a task, such as task_from_table gives, got a {type(table).__name__}"
        )
    if not isinstance(extended_domain, bool):
        raise InputError(f"extended_domain: must be true or false, got {shorten(extended_domain)}")
    if expression is not None:
        if p is None:
            raise InputError("p: must be given with an expression, got none")
        parsed = None if is_mixture(expression) else parse(expression)
        task = task_from_text(expression, p, extended_domain=extended_domain)
        source = TaskSource(expression=task.name, p=task.p, extended_domain=extended_domain)
        return NamedTask(task, source, parsed)
    if extended_domain:
        raise InputError("extended_domain: must be given with an expression, got a group or a table")
    if group is not None:
        task = task_from_group(group)
        source = TaskSource(group=task.name)
    else:
        assert table is not None
        if not table.is_plain:
            raise InputError(
                f"table: must have operands 0..p-1 and one task, got {table.name}; "
                "name its expression instead"
            )
        task = task_from_table(table.table)
        source = TaskSource(table=task.digest, p=task.p)
    if p not in (None, task.p):
        raise InputError(f"p: {task.name} has {task.p} values, got {p}")
    return NamedTask(task, source)
