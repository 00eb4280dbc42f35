"""What stands beside the chance levels: the orbit null in words, and the explained share of networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..display import percent
from ..tasks.null import LEAKAGE

if TYPE_CHECKING:
    from ..runs.store.database import RunRow
    from ..runs.store.store import Checkpoint, Store
    from ..tasks import Split, Task


def leakage_of(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers of `LEAKAGE` of a run's context; null where an older version did not record them."""
    return {name: context.get(name) for name in LEAKAGE}


def leakage_words(numbers: Mapping[str, Any]) -> str:
    """Say the numbers of `LEAKAGE` in one line.

    Example:
        >>> leakage_words({"orbit_accuracy": 0.5, "swap_share": 0.45, "sign_accuracy": 0.8})
        'orbit null 50.00%, with signs 80.00% (45.00% of the test inputs have a permutation in training)'
    """
    if numbers["orbit_accuracy"] is None:
        return "orbit null not recorded"
    share = numbers["swap_share"]
    why = (
        "no permutation of operands keeps the labels"
        if share is None
        else f"{percent(share)} of the test inputs have a permutation in training"
    )
    return (
        f"orbit null {percent(numbers['orbit_accuracy'])}, "
        f"with signs {percent(numbers['sign_accuracy'])} ({why})"
    )


def explained_share_of_last(store: Store, row: RunRow, checkpoints: list[Checkpoint]) -> float | None:
    """Return the explained share of a run's last kept network; None without one, or without a form.

    Raises:
        CorruptFile: the network, or an array that the run names, is damaged.
        InputError: what the run names is missing.
    """
    from ..measures.logits import explained_share_of, has_form
    from ..runs import read_network_file
    from ..runs.assets import stored_experiment
    from ..runs.splits import split_of

    if not checkpoints:
        return None
    if checkpoints[-1].explained_share is not None:
        return checkpoints[-1].explained_share
    experiment = stored_experiment(store, row)
    task = experiment.build_task()
    if not has_form(task):
        return None
    network = read_network_file(checkpoints[-1].path, checkpoints[-1].sha256).network
    return explained_share_of(task, split_of(experiment, task), network)


def explained_shares(task: Task, split: Split | None, networks: list[Any]) -> list[float | None]:
    """Return the explained share of each network; all None, without a pass, where the task has no form."""
    from ..measures.logits import explained_share_of, has_form

    if not has_form(task):
        return [None] * len(networks)
    return [explained_share_of(task, split, network) for network in networks]
