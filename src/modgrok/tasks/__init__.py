"""From an expression to an exact table and a split."""

from typing import TYPE_CHECKING

from ..lazy import lazy_names as _lazy_names

if TYPE_CHECKING:
    from .errors import InputError
    from .expression import Expression, parse
    from .mixture import mix, task_from_text
    from .null import OrbitNull, orbit_null
    from .polynomial import expand
    from .source import NamedTask, TaskSource, named_task
    from .split import Split, split_from_training, split_task
    from .symmetry import SignedPermutation, orbits, symmetries
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
    "split_from_training",
    "split_task",
    "symmetries",
    "task_from_expression",
    "task_from_group",
    "task_from_table",
    "task_from_text",
]

_HOMES = {
    "Expression": "expression",
    "InputError": "errors",
    "NamedTask": "source",
    "OrbitNull": "null",
    "SignedPermutation": "symmetry",
    "Split": "split",
    "Task": "task",
    "TaskSource": "source",
    "expand": "polynomial",
    "mix": "mixture",
    "named_task": "source",
    "orbit_null": "null",
    "orbits": "symmetry",
    "parse": "expression",
    "read_table": "task",
    "split_from_training": "split",
    "split_task": "split",
    "symmetries": "symmetry",
    "task_from_expression": "task",
    "task_from_group": "task",
    "task_from_table": "task",
    "task_from_text": "mixture",
}
__getattr__, __dir__ = _lazy_names(__name__, _HOMES)
