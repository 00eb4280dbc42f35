"""`modgrok measure --prune`: accuracies as the neurons of a run's last network are removed by IPR."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...display import percent
from ...measures import basis_of_task, make_fourier_frames
from ...measures.corruption.pruning import Direction, Pruning, pruning_curves
from ...models import MLP
from ...runs import NetworkFile
from ...tasks import InputError, Split, Task
from ...training.problem import make_problem
from ..shared.output import say

PRINTED_KINDS = ("train", "test", "clean", "corrupted")
"""Groups that are printed; JSON has all."""
PRINTED_ROWS = 11
"""Rows of a printed curve: none removed, a tenth, ..., all."""
Curves = dict[Direction, Pruning]


def prune_last(content: NetworkFile, task: Task, split: Split) -> Curves:
    """Prune the network of a stored run, after every neuron.

    Raises:
        InputError: it is no two-layer network.
    """
    if not isinstance(content.network, MLP):
        raise InputError("prune: must be used with a run of two-layer networks, got one of another learner")
    frames = make_fourier_frames(basis_of_task(task))
    return pruning_curves(content.network, frames, make_problem(task, split))


def print_pruning(curves: Curves) -> None:
    """Say the accuracies after each tenth of the neurons."""
    for direction, curve in curves.items():
        say(f"accuracy after removing neurons, IPR {direction.replace('-', ' ')}")
        accuracies = {name: values for name, values in curve.accuracies().items() if name in PRINTED_KINDS}
        say(f"{'removed':>9}" + "".join(f"{name:>11}" for name in accuracies))
        for at in np.linspace(0, len(curve.stops) - 1, PRINTED_ROWS).round().astype(int):
            numbers = "".join(f"{percent(float(values[at])):>11}" for values in accuracies.values())
            say(f"{curve.stops[at]:>9,}{numbers}")


def pruning_json(curves: Curves, step: int | None) -> dict[str, Any]:
    """List the accuracies of each direction after 0, 1, ... removed neurons."""
    result = {direction.replace("-", "_"): curve.accuracies() for direction, curve in curves.items()}
    return {"step": step, **result}
