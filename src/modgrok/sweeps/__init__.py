"""Sweeps: grids of experiments, ensembles of seeds, what they say together."""

from .critical.statistics import MilestoneStatistics, milestone_statistics, wilson
from .execution.ensemble import Ensemble, Outcome, ensembles_of, run_ensemble
from .grid.sweep_file import Member, Sweep, make_sweep, read_sweep

Moment = MilestoneStatistics
"""The former name of `MilestoneStatistics`."""

moment = milestone_statistics
"""The former name of `milestone_statistics`."""

__all__ = [
    "Ensemble",
    "Member",
    "MilestoneStatistics",
    "Moment",
    "Outcome",
    "Sweep",
    "ensembles_of",
    "make_sweep",
    "milestone_statistics",
    "moment",
    "read_sweep",
    "run_ensemble",
    "wilson",
]
