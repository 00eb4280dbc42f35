"""Runs: the experiment, the one loop, the one store."""

from .arrays import CorruptFile
from .experiment import DEFAULT_STEPS, LEARNERS, Experiment
from .learner import precision_of
from .loop import Progress, Run, prepare, run
from .network_file import NetworkFile, read_network, read_network_file, write_network
from .store import Checkpoint, Record, RunRow, Store

__all__ = [
    "DEFAULT_STEPS",
    "LEARNERS",
    "Checkpoint",
    "CorruptFile",
    "Experiment",
    "NetworkFile",
    "Progress",
    "Record",
    "Run",
    "RunRow",
    "Store",
    "precision_of",
    "prepare",
    "read_network",
    "read_network_file",
    "run",
    "write_network",
]
