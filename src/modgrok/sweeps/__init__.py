"""Sweeps: grids of experiments, ensembles of seeds, what they say together.

Names that need JAX are loaded when first used: what a sweep of a store says is computed without it.
"""

from typing import TYPE_CHECKING

from ..lazy import lazy_names as _lazy_names
from .critical.statistics import MilestoneStatistics, milestone_statistics, wilson

if TYPE_CHECKING:
    from .critical.probe_scaling import ProbeScaling, fit_probe_scaling
    from .critical.regression import CriticalEstimate, RunOutcome, fit_critical, probes_within
    from .critical.scaling import Measured, PowerLaw, Scaling, fit_scaling
    from .execution.ensemble import Ensemble, Outcome, ensembles_of, run_ensemble
    from .forecasting.run_forecast import GrokForecast
    from .grid.sweep_file import Member, Sweep, make_sweep, read_sweep

Moment = MilestoneStatistics
"""The former name of `MilestoneStatistics`."""

moment = milestone_statistics
"""The former name of `milestone_statistics`."""

_HOMES = {
    "CriticalEstimate": "critical.regression",
    "RunOutcome": "critical.regression",
    "fit_critical": "critical.regression",
    "probes_within": "critical.regression",
    "ProbeScaling": "critical.probe_scaling",
    "fit_probe_scaling": "critical.probe_scaling",
    "Measured": "critical.scaling",
    "PowerLaw": "critical.scaling",
    "Scaling": "critical.scaling",
    "fit_scaling": "critical.scaling",
    "GrokForecast": "forecasting.run_forecast",
    "Ensemble": "execution.ensemble",
    "Member": "grid.sweep_file",
    "Outcome": "execution.ensemble",
    "Sweep": "grid.sweep_file",
    "ensembles_of": "execution.ensemble",
    "make_sweep": "grid.sweep_file",
    "read_sweep": "grid.sweep_file",
    "run_ensemble": "execution.ensemble",
}

__all__ = [
    "CriticalEstimate",
    "Ensemble",
    "GrokForecast",
    "Measured",
    "Member",
    "MilestoneStatistics",
    "Moment",
    "Outcome",
    "PowerLaw",
    "ProbeScaling",
    "RunOutcome",
    "Scaling",
    "Sweep",
    "ensembles_of",
    "fit_critical",
    "fit_probe_scaling",
    "fit_scaling",
    "make_sweep",
    "milestone_statistics",
    "moment",
    "probes_within",
    "read_sweep",
    "run_ensemble",
    "wilson",
]

__getattr__, __dir__ = _lazy_names(__name__, _HOMES, __all__)
