"""The contract of everything that runs ensembles: ensembles in, events out.

Owns: the job, the events, and both as lines of JSON between processes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from ...runs import Experiment
from ...runs.options import CheckpointPolicy, ObservationSchedule
from ..grid.sweep_file import Member
from .ensemble import Ensemble


@dataclass(frozen=True)
class Job:
    """What the ensembles of a sweep have in common.

    Arguments:
        folder: of the store.
        command: recorded with every run.
        weights: which weights of a run are kept; see `modgrok.runs.run`.
        schedule: how runs without `observe_every` are observed; see `RunOptions`.
    """

    folder: Path
    command: str = ""
    weights: CheckpointPolicy = "final"
    schedule: ObservationSchedule = "cost"


@dataclass(frozen=True)
class Event:
    """What happened to one run.

    Arguments:
        run: id.
        step: updates made.
        end: the step at which it will stop, as far as known.
        status: as in the store: `running` while it goes on; `failed` with an error; else how it ended.
        memorised_at, grokked_at: None if not yet, or never.
        error: why it failed.
        busy: whether it failed because another process trains the run: no failure that lasts.
    """

    run: str
    step: int = 0
    end: int = 0
    status: str = "running"
    memorised_at: int | None = None
    grokked_at: int | None = None
    error: str | None = None
    busy: bool = False


class CannotStore(RuntimeError):
    """What was recorded could not be written: the disk is full, say. No run is at fault."""


@runtime_checkable
class Executor(Protocol):
    """Runs ensembles, wherever it does."""

    def run(
        self, ensembles: Sequence[Ensemble], job: Job, stop_requested: Callable[[], bool]
    ) -> Iterator[Event | None]:
        """Run all ensembles, and tell what happens.

        Arguments:
            ensembles: in the order in which they should begin.
            job: where to store.
            stop_requested: asked often; true interrupts the runs at hand, and ends.

        Yields:
            events, with a last one of another status than `running` for every run that ended; None when
            nothing happened for a while.

        Raises:
            CannotStore: results cannot be written; runs that had not ended are as they were stored last.
        """
        ...


def pack_ensemble(ensemble: Ensemble, job: Job) -> str:
    """Write an ensemble and its job as one line of JSON."""
    members = [
        {
            "experiment": json.loads(member.experiment.canonical_json()),
            "steps": member.steps,
            "observe_every": member.observe_every,
            "early_stop": member.early_stop,
            "pad_to_fraction": member.pad_to_fraction,
        }
        for member in ensemble.members
    ]
    return json.dumps({"members": members, "job": {**asdict(job), "folder": str(job.folder)}})


def unpack_ensemble(content: dict[str, Any]) -> tuple[Ensemble, Job]:
    """Read what `pack_ensemble` wrote."""
    members = tuple(
        Member(
            Experiment.model_validate(entry["experiment"]),
            entry["steps"],
            entry["observe_every"],
            entry["early_stop"],
            pad_to_fraction=entry["pad_to_fraction"],
        )
        for entry in content["members"]
    )
    return Ensemble(members), Job(**{**content["job"], "folder": Path(content["job"]["folder"])})
