"""From an expression to an exact table and a split."""

from .errors import InputError
from .expression import Expression, parse
from .mixture import mix, task_from_text
from .orbit_null import OrbitNull, orbit_null
from .polynomial import expand
from .source import NamedTask, TaskSource, named_task
from .split import Split, split_task
from .symmetries import SignedPermutation, orbits, symmetries
from .task import Task, read_table, task_from_expression, task_from_group, task_from_table

__all__ = [
    "Expression",
    "InputError",
    "NamedTask",
    "OrbitNull",
    "SignedPermutation",
    "Split",
    "Task",
    "TaskSource",
    "expand",
    "mix",
    "named_task",
    "orbit_null",
    "orbits",
    "parse",
    "read_table",
    "split_task",
    "symmetries",
    "task_from_expression",
    "task_from_group",
    "task_from_table",
    "task_from_text",
]
