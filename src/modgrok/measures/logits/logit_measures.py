"""Every number that logits, and hidden values where there are some, allow: for any network."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...algebra import Basis
from ...analytic.verify import margins
from ...io import numpy_array
from ...tasks import InputError, Split, Task
from ...tasks.errors import NotFiniteError
from ...tasks.split import held_out
from ..circuit.distance_irrelevance import distance_irrelevance
from ..circuit.key_frequencies import ablation_loss_increase, key_frequencies, neuron_key_frequencies
from ..circuit.logit_parts import SumLogits
from ..circuit.neuron_frequencies import frequency_shares, single_frequency_share
from ..circuit.pair_grid import PairGrid, pair_grid
from ..circuit.restricted_loss import cross_entropy_of, restricted_losses
from ..fourier.task_basis import basis_of_task
from .explanation import explain
from .hidden_rank import effective_rank
from .rows import Rows, chunks, rows_of_array, rows_of_network
from .task_index import task_index

Numbers = dict[str, Any]
MOST_RECORDED = 2**22
"""Logits of a task up to which the explained share of every kept network is counted while a run goes on."""


def measure_logits(task: Task, logits: Any, hidden: Any = None, *, split: Split | None = None) -> Numbers:
    """Measure a network by its logits, and by its hidden values where they are given.

    Arguments:
        task: any task.
        logits: over the domain, shape (n, p) in the order of `task.inputs()`, or over all inputs; an array of
            NumPy, JAX, PyTorch (on any device), or any other with `__array__` or `__dlpack__`.
        hidden: activations of some layer in the same order, shape (n, h).
        split: which inputs train; accuracy, margin and explained share are then of the test inputs.

    Returns:
        By name: `accuracy`, `formula_accuracy`, `explained_share`, `explained_share_train`, `frequencies`,
        `order` as `explain` gives them; `loss`, the mean cross-entropy, and `margin`, the mean of the label's
        logit less the largest other one. For one task of two operands that is defined for all pairs of its
        basis also `key_frequencies` by ablated loss (`loss_frequencies`), `restricted_loss` and
        `excluded_loss` of these, `distance_irrelevance`, and with hidden values `neuron_frequencies` and
        `single_frequency_share`. With hidden values, `hidden_rank`: the effective rank (sum v)^2 / sum v^2 of
        their covariance's eigenvalues v.

        The losses of a recorded run take the formula's frequencies instead (`logit_numbers`), which are known
        without an ablation of each frequency; they are near these, and not the same.

    Raises:
        InputError: another shape, or a number that is not finite.

    Example:
        >>> from modgrok.tasks import task_from_expression
        >>> task = task_from_expression("x*y", 7)
        >>> result = measure_logits(task, 5.0 * np.eye(7)[task.labels()])
        >>> result["accuracy"], result["explained_share"], result["order"], result["margin"]
        (1.0, 1.0, 6, 5.0)
    """
    rows = rows_of_array(task, logits)
    explanation = explain(task, logits, split=split)
    tests = held_out(task, split)
    labels = task.labels().astype(np.int64)
    losses, gaps = np.zeros(task.size), margins_of(task, rows)
    for start, stop in chunks(task.size):
        values = rows(start, stop).astype(np.float64)
        losses[start:stop] = cross_entropy_of(values, labels[start:stop])
    numbers: Numbers = {
        "accuracy": explanation.accuracy,
        "loss": float(losses[tests].mean()),
        "margin": float(gaps[tests].mean()),
        "formula_accuracy": explanation.formula_accuracy,
        "explained_share": explanation.explained_share,
        "explained_share_train": explanation.explained_share_train,
        "frequencies": None if explanation.frequencies is None else list(explanation.frequencies),
        "order": explanation.order,
    }
    activations = None if hidden is None else hidden_array(task, hidden)
    grid = grid_of(task, basis_of_task(task)) if task.k == 2 and task.is_plain else None
    if grid is not None:
        at = places_of(task, grid)
        sums = SumLogits(_rows_at(rows, at), grid)
        key = key_frequencies(ablation_loss_increase(sums))
        losses_of_parts = restricted_losses(sums, key)
        numbers["key_frequencies"] = key
        numbers |= {name: losses_of_parts[name] for name in ("restricted_loss", "excluded_loss")}
        numbers["distance_irrelevance"] = distance_irrelevance(sums.logits, grid)
        if activations is not None:
            shares = frequency_shares(activations[at], grid)
            numbers["neuron_frequencies"] = neuron_key_frequencies(shares)
            numbers["single_frequency_share"] = single_frequency_share(shares)
    if activations is not None:
        numbers["hidden_rank"] = effective_rank(activations)
    return numbers


def loss_frequencies(task: Task, logits: Any) -> dict[int, float] | None:
    """Return the key frequencies of a network by ablated loss, and what taking each out adds to the loss.

    The loss is the mean cross-entropy over all pairs. These are the frequencies that a network uses at all;
    those of `explain` are the few that suffice.

    Arguments:
        task: two operands, in the Fourier basis of a cyclic group.
        logits: a network, or an array as in `measure_logits`.

    Returns:
        Frequency -> rise of the loss, largest first; None for other tasks.

    Raises:
        InputError: logits of another shape, or a number that is not finite.

    Example:
        >>> from modgrok.tasks import task_from_expression
        >>> task = task_from_expression("x + y", 7)
        >>> waves = np.cos(2 * np.pi * 2 * (np.arange(7)[:, None] - np.arange(7)) / 7)
        >>> list(loss_frequencies(task, 9 * waves[task.labels()]))
        [2]

    Source: Furuta et al. 2024, App. E.
    """
    grid = grid_of(task, basis_of_task(task)) if task.k == 2 and task.is_plain else None
    if grid is None:
        return None
    rows = rows_of_network(task, logits) if callable(logits) else rows_of_array(task, logits)
    loss_increases = ablation_loss_increase(SumLogits(_rows_at(rows, places_of(task, grid)), grid))
    chosen = sorted(key_frequencies(loss_increases), key=lambda k: -loss_increases[k - 1])
    return {k: float(loss_increases[k - 1]) for k in chosen}


def explained_share_of(task: Task, split: Split | None, network: Any) -> float | None:
    """Return the explained share of a network's test inputs: the number that a run records.

    Arguments:
        task: any task.
        split: which inputs train; None counts all inputs.
        network: inputs int32 (n, k) -> logits (n, p), such as a learner's weights.

    Returns:
        In [0, test accuracy]; None for tasks without a known form, and for logits that are not finite.

    Cost: one pass of the network over the domain and, at p = 97 with two operands, about 0.2 s.

    Example:
        >>> from modgrok.analytic import construct
        >>> from modgrok.decide import decide_table
        >>> from modgrok.tasks import task_from_expression
        >>> task = task_from_expression("x + y", 7)
        >>> network = construct(task.table, 7, decide_table(task.table, 7).witness).network
        >>> explained_share_of(task, None, network)
        1.0
    """
    try:
        return explain(task, network, split=split).explained_share
    except NotFiniteError:
        return None


def has_form(task: Task) -> bool:
    """Say whether a task, or each task of a mixture, has a known form, so that formulas are in one number."""
    return all(task_index(part) is not None for part in task.parts or (task,))


def recorded_share(task: Task, split: Split, network: Any) -> float | None:
    """Return the explained share that a run records with kept weights.

    Arguments:
        task: any task.
        split: which inputs train.
        network: as in `explained_share_of`.

    Returns:
        That of `explained_share_of`; None also for tasks of more than `MOST_RECORDED` logits, which `explain`
        takes seconds for.
    """
    if task.size * task.p > MOST_RECORDED or not has_form(task):
        return None
    return explained_share_of(task, split, network)


def margins_of(task: Task, rows: Rows) -> np.ndarray:
    """Return the label's logit less the largest other one, for each input of the domain."""
    labels = task.labels().astype(np.int64)
    parts = [
        margins(rows(start, stop).astype(np.float64), labels[start:stop]) for start, stop in chunks(task.size)
    ]
    return np.concatenate(parts)


def hidden_array(task: Task, hidden: Any) -> np.ndarray:
    """Return hidden values over the domain as float64, shape (n, h).

    Raises:
        InputError: another shape, or a number that is not finite.
    """
    values = numpy_array(hidden, "hidden")
    if values.ndim != 2 or len(values) != task.size or not values.size or values.dtype.kind not in "fiu":
        raise InputError(
            f"hidden: must be real numbers of shape ({task.size}, h), h at least 1, got {values.dtype} "
            f"{values.shape}"
        )
    if not np.isfinite(values).all():
        raise NotFiniteError(f"hidden: must be finite, got {values[~np.isfinite(values)].flat[0]}")
    return values.astype(np.float64)


def grid_of(task: Task, basis: Basis) -> PairGrid | None:
    """Return the pairs of a task's basis; None where some of them are outside the domain, or it has none."""
    if task.k != 2 or not task.is_plain or basis.group is not None:
        return None
    grid = pair_grid(basis, task.table)
    return grid if grid.order > 1 and (grid.targets >= 0).all() else None


def places_of(task: Task, grid: PairGrid) -> np.ndarray:
    """Return the row of each pair of the grid among the inputs of the domain."""
    return np.searchsorted(task.domain, np.ravel_multi_index(tuple(grid.inputs.T), task.table.shape))


def _rows_at(rows: Any, at: np.ndarray) -> np.ndarray:
    return np.asarray(rows(0, int(at.max()) + 1)[at], dtype=np.float64)
