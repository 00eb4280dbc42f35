"""Runs: the experiment, the one loop, the one store."""

from .arrays import CorruptFile, read_network
from .experiment import LEARNERS, Experiment
from .loop import DEFAULT_STEPS, Progress, Run, prepare, run
from .store import Checkpoint, Record, RunRow, Store

__all__ = [
    "DEFAULT_STEPS",
    "LEARNERS",
    "Checkpoint",
    "CorruptFile",
    "Experiment",
    "Progress",
    "Record",
    "Run",
    "RunRow",
    "Store",
    "prepare",
    "read_network",
    "run",
]
