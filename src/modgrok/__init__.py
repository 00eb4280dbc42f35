"""modgrok: a laboratory for grokking on modular arithmetic.

The folders are the namespaces: `algebra`, `tasks`, `decide`, `models`, `analytic`, `learners`, `measures`,
`runs`, `interop`, `reports`. A handful of names are here too, loaded when first used, so that importing
modgrok is quick and imports no JAX.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .analytic import construct
    from .decide import decide_table
    from .extension import extend
    from .interop import load
    from .runs import Experiment, Store, run
    from .tasks import Task, task_from_expression

_HOMES = {
    "Experiment": "runs",
    "Store": "runs",
    "Task": "tasks",
    "construct": "analytic",
    "decide_table": "decide",
    "extend": "extension",
    "load": "interop",
    "run": "runs",
    "task_from_expression": "tasks",
}

__all__ = [
    "Experiment",
    "Store",
    "Task",
    "__version__",
    "construct",
    "decide_table",
    "extend",
    "load",
    "run",
    "task_from_expression",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module 'modgrok' has no attribute {name!r}")
