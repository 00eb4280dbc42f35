"""A stored run at a step that it has passed without being observed there.

Owns: training it again in memory as far as that step, and entering what it shows there, as if training had
been asked to end there first. How far a run goes, and when it is observed, is no part of which run it is:
whoever asks what it is at a step is told, whatever others asked of it before.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..measures.logits import recorded_share
from .assets import gather
from .experiment import Experiment
from .history import MILESTONES
from .loop import Run, follow
from .options import RunHooks, RunOptions
from .preparation import precision_of
from .splits import split_of
from .store.database import Record, RunRow
from .store.network_file import NetworkFile
from .store.store import Store, WeightsToKeep


def observe_passed(experiment: Experiment, store: Store, options: RunOptions, hooks: RunHooks) -> Run:
    """Train a stored run again, in memory, and enter its observation at the last step, and its weights there.

    Arguments:
        experiment: of the run.
        store: where it is.
        options: its budget is the step that is asked for, at which the run had not ended early.
        hooks: as for any run.

    Returns:
        The run as it was trained now; interrupted, it has entered nothing.

    Raises:
        BusyError: the run is being trained by another process.
        RuntimeError: it does not reach the step again, by rounding on another device.
    """
    again = follow(gather(experiment, store), None, replace(options, early_stop=False), hooks)
    step = again.row.step
    if again.row.status != "interrupted":
        if step != again.row.budget:
            raise RuntimeError(f"trained again, it ends as {again.row.status} at step {step}")
        with store.lock(experiment.id)(experiment.id):
            row = store.get(experiment.id)
            record = _at_its_time(store, row, again.records[-1])
            store.enter_observation(row.id, record, _weights(experiment, row, again))
    return replace(again, experiment=experiment)


def _at_its_time(store: Store, row: RunRow, record: Record) -> Record:
    """Give a record the time at which the stored run passed its step."""
    known = store.records(row.id)
    steps, seconds = ([getattr(each, name) for each in known] for name in ("step", "seconds"))
    return replace(record, seconds=float(np.interp(record.step, steps, seconds)))


def _weights(experiment: Experiment, row: RunRow, again: Run) -> list[WeightsToKeep]:
    """List the weights at the step that is entered, under every reason to keep them."""
    step, last = again.row.step, again.records[-1].scalars
    earlier = {name: getattr(row, f"{name}_at") for name, _, _ in MILESTONES}
    milestones = [
        name
        for name, scalar, least in MILESTONES
        if last[scalar] >= least and (earlier[name] is None or earlier[name] > step)
    ]
    source = experiment.task
    table = again.task.table if source.table is not None else None
    with precision_of(experiment.learner):
        share = recorded_share(again.task, split_of(experiment, again.task), again.weights)
    content = NetworkFile(again.weights, source, table, {"run": row.id, "step": step})
    return [WeightsToKeep(step, reason, content, share) for reason in ("schedule", *milestones)]
