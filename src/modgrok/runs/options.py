"""How a run is followed: two records in place of many parameters.

Owns: what may be asked for beside the experiment itself, and what is called on the way. Neither changes the
numbers of a run, only how far it goes and what is kept of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from ..io.whole_numbers import whole_number
from ..tasks import InputError
from ..tasks.errors import shorten
from .store.database import Record, RunRow

MOST_STEPS = 2**31 - 1
"""Steps are counted in int32 on the device."""
CheckpointPolicy = Literal["schedule", "final", "observations"]
"""Which weights of a run are kept."""
ObservationSchedule = Literal["cost", "dense"]
"""How observations are spaced where no distance is given."""
Stepping = Literal["sequence", "stack"]
"""How the members of an ensemble are advanced: one after another, or all at once by one compiled step."""

POLICIES: dict[str, tuple[str, ...]] = {
    "weights": get_args(CheckpointPolicy),
    "schedule": get_args(ObservationSchedule),
    "stepping": get_args(Stepping),
}
"""Field -> its values."""


@dataclass(frozen=True)
class RunOptions:
    """How far a run is followed, and what is kept.

    Arguments:
        steps: budget, >= 1; the learner's default if None.
        observe_every: steps between observations, >= 1; None leaves them to the schedule.
        schedule: `cost`, so often that observations take about a tenth of the run's time by a count of
            operations, and later about every twentieth part of the steps so far; `dense`, every step at first
            whatever that costs, as in the runs of claims.
        early_stop: stop at 1.5 times the step since which the run holds 99%; None is the learner's default.
        weights: which are kept: `schedule`, the first, those past each power of two, those at memorising and
            grokking, and the last; `final`, the last; `observations`, those of every observation.
        pad_to_fraction: fraction to whose number of training inputs the run's own are padded and masked, so
            that runs of several fractions share a compiled step; None pads nothing.
        command: recorded with the run, for its report.
        ensemble: number of runs of the ensemble that this one belongs to; recorded with the run when above 1.
        stepping: how that ensemble is advanced; recorded beside its number of runs.

    Integers of NumPy are taken, and kept as plain ones.

    Raises:
        InputError: a value of another kind, a number out of its range, or an unknown policy.
    """

    steps: int | None = None
    observe_every: int | None = None
    early_stop: bool | None = None
    weights: CheckpointPolicy = "schedule"
    pad_to_fraction: float | None = None
    command: str = ""
    ensemble: int = 1
    schedule: ObservationSchedule = "cost"
    stepping: Stepping = "sequence"

    def __post_init__(self) -> None:
        for name, most in (("steps", MOST_STEPS), ("observe_every", None)):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, whole_number(name, value, 1, most))
        object.__setattr__(self, "ensemble", whole_number("ensemble", self.ensemble, 1))
        for name, policies in POLICIES.items():
            if getattr(self, name) not in policies:
                value = shorten(getattr(self, name))
                raise InputError(f"{name}: must be one of {', '.join(policies)}, got {value}")
        if self.early_stop is not None:
            if not isinstance(self.early_stop, bool | np.bool_):
                raise InputError(f"early_stop: must be true or false, got {shorten(self.early_stop)}")
            object.__setattr__(self, "early_stop", bool(self.early_stop))
        pad = self.pad_to_fraction
        if pad is not None and (isinstance(pad, str) or not 0 < pad <= 1):
            raise InputError(f"pad_to_fraction: must be above 0 and at most 1, got {shorten(pad)}")


@dataclass(frozen=True, eq=False)
class Progress:
    """What an observer of a running loop sees.

    Arguments:
        row: the run so far.
        record: the newest observation.
        steps_per_second: over the last segment; nan before the first.
        end: the step at which the run will stop, as far as known.
    """

    row: RunRow
    record: Record
    steps_per_second: float
    end: int


@dataclass(frozen=True, eq=False)
class RunHooks:
    """What is called while a run is followed.

    Arguments:
        on_observation: called after every observation.
        stop_requested: asked after every segment; true saves and ends with status `interrupted`.
    """

    on_observation: Callable[[Progress], None] = lambda progress: None
    stop_requested: Callable[[], bool] = lambda: False
