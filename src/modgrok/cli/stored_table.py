"""The table of a run whose task was given directly."""

from __future__ import annotations

from ..runs import Experiment, Store
from ..tasks import Task, task_from_table


def stored_table(store: Store, experiment: Experiment) -> Task | None:
    """Return the table of a run; None if its task has a name."""
    digest = experiment.task.table
    return None if digest is None else task_from_table(store.table(digest))
