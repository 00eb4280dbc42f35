"""Options that say what a file of weights does not: its task, and how another program laid it out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from cyclopts import Group as Panel
from cyclopts import Parameter

from ...io import is_file, read_npy
from ...tasks import InputError, Split, Task, named_task, read_table, split_from_training
from ...tasks.errors import shorten
from .options import Group, Modulus, Table, whole
from .output import note

if TYPE_CHECKING:
    from ...runs import NetworkFile

FILE = Panel("File of weights", sort_key=60)
Layout = Annotated[
    str | None,
    Parameter(
        help="Sequence of tokens: infix (x op y), equals (x y op), infix-equals (x op y =) or two (x y); "
        "default the one with which the network computes the task."
    ),
]
Activation = Annotated[
    str | None,
    Parameter(
        help="Activation: powerS, relu, gelu or silu; default the one with which the network computes the "
        "task, relu where several do."
    ),
]
Heads = Annotated[
    int | None,
    Parameter(
        converter=whole,
        help="Number of attention heads; needed where the shapes of the weights do not show it.",
    ),
]


@dataclass(frozen=True)
class FileOptions:
    """What a file of weights does not say."""

    expression: Annotated[
        str | None,
        Parameter(
            group=FILE, allow_leading_hyphen=True, help="Expression of a file that does not name its task."
        ),
    ] = None
    p: Annotated[Modulus, Parameter(group=FILE)] = None
    group: Annotated[Group, Parameter(group=FILE)] = None
    table: Annotated[Table, Parameter(group=FILE)] = None
    layout: Annotated[Layout, Parameter(group=FILE)] = None
    activation: Annotated[Activation, Parameter(group=FILE)] = None
    heads: Annotated[Heads, Parameter(group=FILE)] = None

    def refuse_with_run(self, run: str) -> None:
        """Refuse these options where a stored run is named.

        Raises:
            InputError: one is given.
        """
        for name, value in vars(self).items():
            if value is not None:
                raise InputError(f"{name}: must be used with a file of weights, got the run {shorten(run)}")

    def read(self, path: Path) -> NetworkFile:
        """Read a network and its task.

        Raises:
            InputError: there is none, it names no task, or the task is another's.
        """
        from ...interop.load import (  # readers of other programs' files, which runs do not need
            read_weights,
            stated_task,
        )
        from ...runs import CorruptFile

        try:
            content = read_weights(path, **self._task_options())
            names_task = any(value is not None for value in (self.expression, self.group, self.table))
            stated = stated_task(path) if names_task else None
        except CorruptFile as error:
            raise InputError(f"path: must hold a network, got {shorten(error, 200)}") from None
        if content.source is None:
            raise InputError(
                "expression: must name the task (with --p, or --group, --table) of a file that does not, got "
                "none"
            )
        if content.notes.get("made") == "elsewhere" and "read" in content.notes:
            read = ", ".join(f"{option} {value}" for option, value in content.notes["read"].items())
            note(f"{path} is read with {read or 'what its weights say'}")
            for sentence in content.notes.get("warnings", ()):
                note(f"modgrok: {sentence}")
        if stated is not None and not np.array_equal(stated.table, content.task().table):
            note(f"{path} says that its task is {_named(stated)}; read as {_named(content.task())}")
        return content

    def task(self) -> Task:
        """Return the task that the options name."""
        values = self._task_options()
        return named_task(
            values["expression"], p=values["p"], group=values["group"], table=values["table"]
        ).task

    def _task_options(self) -> dict[str, Any]:
        names = {field.name for field in fields(FileOptions)}
        values = {name: value for name, value in vars(self).items() if name in names}
        return {**values, "table": None if self.table is None else read_table(self.table)}


@dataclass(frozen=True)
class TrainedFileOptions(FileOptions):
    """What a file of weights does not say, nor on what it was trained."""

    train: Annotated[
        Path | None,
        Parameter(
            group=FILE,
            help="A .npy file with the inputs that trained the network, in the order of the table: their "
            "numbers, or true for each of them. Numbers are then of the other inputs, as for a run.",
        ),
    ] = None

    def split(self, task: Task) -> Split | None:
        """Return the split that the options name; None if they name none.

        Raises:
            InputError: the file cannot be read, or does not fit the task.
        """
        if self.train is None:
            return None
        if self.train.suffix != ".npy" or not is_file(self.train):
            raise InputError(f"train: must be an existing .npy file, got {shorten(self.train)}")
        return split_from_training(task, read_npy(self.train, "train"))


def _named(task: Task) -> str:
    return f"{task.name} on {task.p} classes"


OfFile = Annotated[FileOptions, Parameter(name="*")]
OfTrainedFile = Annotated[TrainedFileOptions, Parameter(name="*")]
NO_OPTIONS = FileOptions()
NO_TRAINED_OPTIONS = TrainedFileOptions()
