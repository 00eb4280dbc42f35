"""Sweeps: grids of experiments, ensembles of seeds, what they say together."""

from .critical.statistics import Moment, moment, wilson
from .execution.ensemble import Ensemble, Outcome, ensembles_of, run_ensemble
from .grid.sweep_file import Member, Sweep, make_sweep, read_sweep

__all__ = [
    "Ensemble",
    "Member",
    "Moment",
    "Outcome",
    "Sweep",
    "ensembles_of",
    "make_sweep",
    "moment",
    "read_sweep",
    "run_ensemble",
    "wilson",
]
