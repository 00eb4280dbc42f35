"""Runs: the experiment, the one loop, the one store.

Names are loaded when first used: the database of a store is read without JAX.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .experiment import DEFAULT_STEPS, LEARNERS, Experiment
    from .learner import precision_of
    from .loop import Progress, Run, prepare, run
    from .store.arrays import CorruptFile
    from .store.database import Database, Record, RunRow, Series
    from .store.network_file import NetworkFile, read_network, read_network_file, write_network
    from .store.store import Checkpoint, Store

_HOMES = {
    "CorruptFile": "store.arrays",
    "DEFAULT_STEPS": "experiment",
    "Checkpoint": "store.store",
    "Database": "store.database",
    "Experiment": "experiment",
    "LEARNERS": "experiment",
    "NetworkFile": "store.network_file",
    "Progress": "loop",
    "Record": "store.database",
    "Run": "loop",
    "RunRow": "store.database",
    "Series": "store.database",
    "Store": "store.store",
    "precision_of": "learner",
    "prepare": "loop",
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
    "NetworkFile",
    "Progress",
    "Record",
    "Run",
    "RunRow",
    "Series",
    "Store",
    "precision_of",
    "prepare",
    "read_network",
    "read_network_file",
    "run",
    "write_network",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module 'modgrok.runs' has no attribute {name!r}")
