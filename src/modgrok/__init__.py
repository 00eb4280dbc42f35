"""modgrok: a laboratory for grokking on modular arithmetic.

The folders are the namespaces: `algebra`, `tasks`, `decide`, `models`, `training`, `analytic`, `measures`,
`learners`, `runs`, `sweeps`, `interop`, `reports`, `papers`. A handful of names are here too. All are loaded
when first used, so that importing modgrok is quick and imports no JAX.
"""

from typing import TYPE_CHECKING

from .lazy import lazy_names as _lazy_names
from .version import __version__

if TYPE_CHECKING:
    from . import (
        algebra,
        analytic,
        decide,
        interop,
        learners,
        measures,
        models,
        papers,
        reports,
        runs,
        sweeps,
        tasks,
        training,
    )
    from .analytic import construct
    from .decide import decide_table
    from .extension import extend
    from .interop import import_network, load
    from .measures.logits import explain, measure_logits
    from .runs import Experiment, LoggedRun, Run, Store, arrays, log, run
    from .sweeps.forecasting.run_forecast import forecast
    from .tasks import Task, parse, split_from_training, task_from_expression

__all__ = [
    "Experiment",
    "LoggedRun",
    "Run",
    "Store",
    "Task",
    "__version__",
    "algebra",
    "analytic",
    "arrays",
    "construct",
    "decide",
    "decide_table",
    "explain",
    "extend",
    "forecast",
    "import_network",
    "interop",
    "learners",
    "load",
    "log",
    "measure_logits",
    "measures",
    "models",
    "papers",
    "parse",
    "reports",
    "run",
    "runs",
    "split_from_training",
    "sweeps",
    "task_from_expression",
    "tasks",
    "training",
]

_HOMES = {
    "Experiment": "runs",
    "LoggedRun": "runs",
    "Run": "runs",
    "Store": "runs",
    "Task": "tasks",
    "arrays": "runs",
    "construct": "analytic",
    "decide_table": "decide",
    "explain": "measures.logits",
    "extend": "extension",
    "forecast": "sweeps.forecasting.run_forecast",
    "import_network": "interop",
    "load": "interop",
    "log": "runs",
    "measure_logits": "measures.logits",
    "parse": "tasks",
    "run": "runs",
    "split_from_training": "tasks",
    "task_from_expression": "tasks",
}
_FOLDERS = [name for name in __all__ if name not in _HOMES and not name.startswith("_")]
__getattr__, __dir__ = _lazy_names(__name__, {**_HOMES, **{name: name for name in _FOLDERS}}, __all__)
