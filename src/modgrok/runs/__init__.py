"""Runs: the experiment, the one loop, the one store.

Names are loaded when first used: the database of a store is read without JAX.
"""

from typing import TYPE_CHECKING

from ..lazy import lazy_names as _lazy_names

if TYPE_CHECKING:
    from .experiment import DEFAULT_STEPS, LEARNERS, Experiment
    from .logged_run import LoggedRun, log
    from .loop import Run, run
    from .options import Progress, RunHooks, RunOptions
    from .preparation import PreparedRun, precision_of, prepare
    from .split_arrays import SplitArrays, arrays
    from .store.arrays import CorruptFile
    from .store.database import Database, Record, RunRow, Series
    from .store.network_file import (
        NamedArrays,
        NetworkFile,
        read_network,
        read_network_file,
        write_network,
    )
    from .store.store import Checkpoint, Store

_HOMES = {
    "CorruptFile": "store.arrays",
    "DEFAULT_STEPS": "experiment",
    "Checkpoint": "store.store",
    "Database": "store.database",
    "Experiment": "experiment",
    "LEARNERS": "experiment",
    "LoggedRun": "logged_run",
    "NamedArrays": "store.network_file",
    "NetworkFile": "store.network_file",
    "log": "logged_run",
    "PreparedRun": "preparation",
    "Progress": "options",
    "Record": "store.database",
    "Run": "loop",
    "RunHooks": "options",
    "RunOptions": "options",
    "RunRow": "store.database",
    "Series": "store.database",
    "SplitArrays": "split_arrays",
    "Store": "store.store",
    "arrays": "split_arrays",
    "precision_of": "preparation",
    "prepare": "preparation",
    "read_network": "store.network_file",
    "read_network_file": "store.network_file",
    "run": "loop",
    "write_network": "store.network_file",
}

__all__ = [
    "DEFAULT_STEPS",
    "LEARNERS",
    "Checkpoint",
    "CorruptFile",
    "Database",
    "Experiment",
    "LoggedRun",
    "NamedArrays",
    "NetworkFile",
    "PreparedRun",
    "Progress",
    "Record",
    "Run",
    "RunHooks",
    "RunOptions",
    "RunRow",
    "Series",
    "SplitArrays",
    "Store",
    "arrays",
    "log",
    "precision_of",
    "prepare",
    "read_network",
    "read_network_file",
    "run",
    "write_network",
]

__getattr__, __dir__ = _lazy_names(__name__, _HOMES)
