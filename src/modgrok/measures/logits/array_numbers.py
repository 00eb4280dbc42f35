"""The numbers that arrays of a network allow, whoever trained it: what `modgrok.log` records.

Owns: which of the measures are read from logits, from hidden values and from an embedding, each as one float.
Losses and accuracies of the groups of inputs are counted elsewhere (`measures.accuracy`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array

from ...algebra import Basis
from ...io import numpy_array
from ...tasks import InputError, Split, Task
from ...tasks.errors import NotFiniteError
from ...tasks.split import held_out
from ..catalogue import measures_reading
from ..circuit.distance_irrelevance import distance_irrelevance
from ..circuit.frequency_use import frequency_use
from ..circuit.logit_parts import SumLogits
from ..circuit.neuron_frequencies import frequency_shares, shares_of_sums, single_frequency_share
from ..circuit.restricted_loss import COMBINATIONS, combination_losses, mean_loss
from ..fourier.token_waves import TokenFourierBasis, make_token_basis
from ..fourier.transformer_measures import EMBEDDING_MEASURES, TokenEmbedding
from .explanation import explain
from .hidden_rank import effective_rank, rank_of_squares
from .logit_measures import grid_of, hidden_array, margins_of, places_of
from .rows import rows_of_array

Numbers = dict[str, float]
LOGIT_CIRCUIT = (*(name for name, _ in COMBINATIONS), "excluded_loss_train", "distance_irrelevance")
"""Measures of a transformer's circuit that its logits determine."""
HIDDEN_CIRCUIT = ("single_frequency_share",)
"""Those that its hidden values determine."""


def array_measure_names(task: Task, basis: Basis) -> tuple[str, ...]:
    """Return the names of all numbers that arrays of a network on this task can give, in order.

    Arguments:
        task: any.
        basis: of the task.

    Example:
        >>> from modgrok.measures import basis_of_task
        >>> from modgrok.tasks import task_from_expression
        >>> task = task_from_expression("x + y", 5)
        >>> names = array_measure_names(task, basis_of_task(task))
        >>> names[:3], "restricted_loss" in names, names[-1]
        (('margin', 'formula_accuracy', 'explained_share'), True, 'gini_embedding_log')
    """
    circuit = (*LOGIT_CIRCUIT, *HIDDEN_CIRCUIT) if grid_of(task, basis) is not None else ()
    token_basis = make_token_basis(task.p)
    return (
        *(measure.name for measure in measures_reading("logits")),
        *(measure.name for measure in measures_reading("hidden")),
        *circuit,
        *(measure.name for measure in EMBEDDING_MEASURES if measure.defined(token_basis)),
    )


def logit_numbers(
    task: Task,
    basis: Basis,
    split: Split | None,
    logits: Any,
    names: Sequence[str] | None = None,
    key_frequencies: Sequence[int] | None = None,
) -> Numbers:
    """Return every number that logits give.

    Arguments:
        task: any.
        basis: of the task.
        split: which inputs train; None counts all as test inputs.
        logits: over the domain, shape (n, p) in the order of `task.inputs()`, or over all inputs.
        names: the losses of `LOGIT_CIRCUIT` that are wanted, each of which takes a pass over all logits; None
            for all.
        key_frequencies: of these losses; None takes the formula's (`explain`), as a run that is recorded on
            the way has to.

    Returns:
        Name -> number: the measures that read `logits`, and those of `LOGIT_CIRCUIT`; nan where the task does
        not define it, and, of these losses, where the formula that gives their frequencies has none.

    Raises:
        InputError: another shape, or a number that is not finite.
    """
    rows = rows_of_array(task, logits)
    explanation = explain(task, logits, split=split)
    tests = held_out(task, split)
    frequencies = explanation.frequencies
    values = {
        "margin": float(margins_of(task, rows)[tests].mean()) if tests.any() else math.nan,
        "formula_accuracy": explanation.formula_accuracy,
        "explained_share": explanation.explained_share,
        "explained_share_train": explanation.explained_share_train,
        "formula_frequencies": None if frequencies is None else float(len(frequencies)),
    }
    numbers = {m.name: _number(m.function(values, None)) for m in measures_reading("logits")}
    grid = grid_of(task, basis)
    if grid is not None:
        at = places_of(task, grid)
        sums = SumLogits(np.asarray(rows(0, task.size), dtype=np.float64)[at], grid)
        key = key_frequencies
        if key is None and explanation.order == grid.order:
            key = [int(frequency) for frequency in frequencies or ()] or None
        numbers |= _losses(sums, key, ~tests[at], LOGIT_CIRCUIT if names is None else names)
        numbers["distance_irrelevance"] = distance_irrelevance(sums.logits, grid)
    return numbers


def _losses(sums: SumLogits, key: Sequence[int] | None, train: np.ndarray, names: Sequence[str]) -> Numbers:
    if key is None:
        return {name: math.nan for name in LOGIT_CIRCUIT if name in names}
    combinations = {"excluded_loss" if name == "excluded_loss_train" else name for name in names}
    losses = combination_losses(sums, list(key), list(combinations))
    answered = sums.grid.targets >= 0
    numbers = {name: mean_loss(values, answered) for name, values in losses.items()}
    if "excluded_loss_train" in names:
        numbers["excluded_loss_train"] = mean_loss(losses["excluded_loss"], answered & train)
    return numbers


def circuit_of_arrays(
    task: Task, basis: Basis, logits: Any, hidden: Any = None, *, shares: np.ndarray | None = None
) -> dict[str, Any] | None:
    """Return which frequencies a network uses; see `frequency_use`.

    Arguments:
        task: any.
        basis: of the task.
        logits: as in `logit_numbers`.
        hidden: as in `hidden_numbers`; None for a network without neurons, or with their shares known.
        shares: as in `hidden_numbers`.

    Returns:
        What `frequency_use` returns, with the name of the task and of its basis and its order; None for tasks
        other than those of two operands that are defined for all pairs of their basis.

    Raises:
        InputError: another shape, or a number that is not finite.
    """
    grid = grid_of(task, basis)
    if grid is None:
        return None
    at = places_of(task, grid)
    values = np.asarray(rows_of_array(task, logits)(0, task.size), dtype=np.float64)
    if shares is None and hidden is not None:
        shares = frequency_shares(hidden_array(task, hidden)[at], grid)
    use = frequency_use(SumLogits(values[at], grid), shares)
    return {"task": task.name, "basis": grid.name, "order": grid.order, **use}


def shares_of_tables(task: Task, basis: Basis, tables: Any) -> np.ndarray | None:
    """Return the frequency shares of neurons that add a table of each operand, such as preactivations.

    Arguments:
        task: any.
        basis: of the task.
        tables: value of each operand -> what the neurons add, shape (k, p, h).

    Returns:
        Shape (h, n//2), as `frequency_shares`; None for tasks other than those of two operands that are
        defined for all pairs of their basis.
    """
    grid = grid_of(task, basis)
    if grid is None:
        return None
    pairs = zip(np.asarray(tables), grid.tokens, strict=True)
    first, second = (table[tokens] for table, tokens in pairs)
    return shares_of_sums(first, second, grid)


def hidden_numbers(
    task: Task, basis: Basis, hidden: Any, neurons: Any = None, *, shares: np.ndarray | None = None
) -> Numbers:
    """Return every number that hidden values give.

    Arguments:
        task: any.
        basis: of the task.
        hidden: activations of some layer over the domain, shape (n, h).
        neurons: values of the same shape whose frequencies are counted, such as those before a power, which
            has twice the frequency of its argument; None takes `hidden`.
        shares: of these neurons (`shares_of_tables`), where they are known; `neurons` are then not read.

    Returns:
        Name -> number: the measures that read `hidden`, and those of `HIDDEN_CIRCUIT` where they are defined.

    Raises:
        InputError: another shape, or a number that is not finite.
    """
    values = hidden_array(task, hidden)
    if shares is None and (grid := grid_of(task, basis)) is not None:
        activity = values if neurons is None else hidden_array(task, neurons)
        shares = frequency_shares(activity[places_of(task, grid)], grid)
    return _hidden_numbers(effective_rank(values), shares)


def numbers_of_squares(task: Task, tables: Any, shares: np.ndarray | None) -> Numbers | None:
    """Return `hidden_numbers` of a layer (u(x) + v(y))^2, which its values need not be computed for.

    Arguments:
        task: any.
        tables: u and v at all values of each operand, shape (k, p, h).
        shares: of u(x) + v(y) (`shares_of_tables`).

    Returns:
        Name -> number; None where the domain is not all pairs of some values of two operands.
    """
    operands = [np.unique(values) for values in task.inputs().T]
    if len(operands) != 2 or len(operands[0]) * len(operands[1]) != task.size:
        return None
    first, second = operands
    u, v = np.asarray(tables).astype(np.float64)
    return _hidden_numbers(rank_of_squares(u[first], v[second]), shares)


def _hidden_numbers(rank: float, shares: np.ndarray | None) -> Numbers:
    numbers = {m.name: _number(m.function({"hidden_rank": rank}, None)) for m in measures_reading("hidden")}
    if shares is not None:
        numbers["single_frequency_share"] = single_frequency_share(shares)
    return numbers


def embedding_numbers(task: Task, embedding: Any) -> Numbers:
    """Return every number that the embedding of the operands gives.

    Arguments:
        task: any.
        embedding: row v embeds the value v; shape (m, d) with m at least p; rows from p on are not read.

    Returns:
        Name -> number: the measures of W_E.

    Raises:
        InputError: another shape, or a number that is not finite.
    """
    values = numpy_array(embedding, "embedding")
    if values.ndim != 2 or len(values) < task.p:
        raise InputError(f"embedding: must have at least {task.p} rows and 2 axes, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise NotFiniteError(f"embedding: must be finite, got {values[~np.isfinite(values)].flat[0]}")
    numbers = jax.device_get(
        _embedding_numbers(TokenEmbedding.of(values[: task.p]), make_token_basis(task.p))
    )
    return {name: float(number) for name, number in numbers.items()}


@eqx.filter_jit
def _embedding_numbers(subject: TokenEmbedding, token_basis: TokenFourierBasis) -> dict[str, Array]:
    defined = [measure for measure in EMBEDDING_MEASURES if measure.defined(token_basis)]
    return {measure.name: measure.function(subject, token_basis) for measure in defined}


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
