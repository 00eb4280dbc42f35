"""A stored run at a step that it has passed without being observed there.

Owns: training it again in memory as far as that step, and entering what it shows on the way. How far a run
goes, and when it is observed, is no part of which run it is: whoever asks what it is at a step is told the
same, whatever others asked of it before.
"""

from __future__ import annotations

from dataclasses import replace

from .assets import gather
from .experiment import Experiment
from .loop import Run, follow
from .options import RunHooks, RunOptions
from .store.store import Store


def observe_passed(experiment: Experiment, store: Store, options: RunOptions, hooks: RunHooks) -> Run:
    """Train a stored run again, in memory, and enter those of its observations that the store lacks.

    Arguments:
        experiment: of the run.
        store: where it is.
        options: its budget is the step that is asked for.
        hooks: as for any run.

    Returns:
        The run as it was trained now; interrupted, it has entered nothing.

    Raises:
        InputError: the run is being trained by another process.
    """
    with store.lock(experiment.id)(experiment.id):
        again = follow(gather(experiment, store), None, options, hooks)
        if again.row.status != "interrupted":
            store.enter_records(experiment.id, again.records, again.row.memorised_at, again.row.grokked_at)
    return replace(again, experiment=experiment)
