"""Sweeps: grids of experiments, ensembles of seeds, what they say together."""

from .critical.regression import CriticalEstimate, RunOutcome, fit_critical, probes_within
from .critical.scaling import Measured, Scaling, fit_scaling
from .critical.statistics import MilestoneStatistics, milestone_statistics, wilson
from .execution.ensemble import Ensemble, Outcome, ensembles_of, run_ensemble
from .forecasting.run_forecast import GrokForecast
from .grid.sweep_file import Member, Sweep, make_sweep, read_sweep

Moment = MilestoneStatistics
"""The former name of `MilestoneStatistics`."""

moment = milestone_statistics
"""The former name of `milestone_statistics`."""

__all__ = [
    "CriticalEstimate",
    "Ensemble",
    "GrokForecast",
    "Measured",
    "Member",
    "MilestoneStatistics",
    "Moment",
    "Outcome",
    "RunOutcome",
    "Scaling",
    "Sweep",
    "ensembles_of",
    "fit_critical",
    "fit_scaling",
    "make_sweep",
    "milestone_statistics",
    "moment",
    "probes_within",
    "read_sweep",
    "run_ensemble",
    "wilson",
]
