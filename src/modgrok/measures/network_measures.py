"""Every measure of one network that is not a transformer: weights, features, hidden layer, logits, margin.

Owns: which of them a network and its task have, and in which precision each is taken. Transformers have
measures of their own, see `fourier.transformer_measures` and `circuit`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, Int

from ..algebra import Basis
from ..analytic import verify
from ..analytic.verify import margins
from ..models import MLP, DeepMLP
from ..models.circulant import structure_of
from ..models.kernel_machine import KernelMachine
from ..models.networks import network_type
from ..models.on_device import on_device
from ..tasks import InputError, Split, Task
from ..tasks.errors import NotFiniteError, shorten
from .circuit.gradient_symmetricity import gradient_symmetricity, has_operand_gradients, random_triples
from .features.alignment import agop_alignment
from .features.features import class_values, network_values
from .fourier.task_basis import basis_of_task
from .logits import has_form
from .logits.array_numbers import (
    LOGIT_CIRCUIT,
    array_measure_names,
    circuit_of_arrays,
    hidden_numbers,
    logit_numbers,
    numbers_of_squares,
    shares_of_tables,
)
from .logits.rows import rows_of_network
from .readings import measure_weights

LOGIT_VALUES = ("formula_accuracy", "explained_share_train", "formula_frequencies", *LOGIT_CIRCUIT)
"""What is measured of a network's logits, where its task defines it."""
HIDDEN_VALUES = ("single_frequency_share", "hidden_rank")
"""The same of the last hidden layer of an MLP, of two layers or more."""


class HiddenLayer(NamedTuple):
    """What is measured of a hidden layer.

    Arguments:
        numbers: by name; empty where its values are not finite.
        neurons: what enters its activation over the domain, shape (n, h); None with `shares`.
        shares: of each frequency in that, shape (h, n//2), where they are known without it.
    """

    numbers: Mapping[str, float]
    neurons: np.ndarray | None
    shares: np.ndarray | None


@dataclass(frozen=True, eq=False)
class NetworkMeasures:
    """Every measure of a network.

    Arguments:
        values: name -> number; nan where one that the task defines cannot be taken, as of logits that are
            not finite. `least_margin` is taken over all inputs, `accuracy` counted over them; `orientation`,
            of an MLP, a word.
        explained_share: see `measures.logits`; None where the task has no form, or logits are not finite.
        logits: over the domain, shape (n, p); None where some are not finite.
        hidden: of the last hidden layer of an MLP; None for other networks.
        circuit: the frequencies that the network uses, where they were not given; see
            `logits.array_numbers.circuit_of_arrays`.
    """

    values: Mapping[str, Any]
    explained_share: float | None
    logits: np.ndarray | None
    hidden: HiddenLayer | None
    circuit: Mapping[str, Any] | None = None

    @property
    def key_frequencies(self) -> tuple[int, ...] | None:
        """Those of the circuit, by ablated loss."""
        return None if self.circuit is None else tuple(self.circuit["key_frequencies"])


def measure_network(
    net: Any,
    task: Task,
    *,
    split: Split | None = None,
    last: Any = None,
    basis: Basis | None = None,
    key_frequencies: Sequence[int] | None = None,
) -> NetworkMeasures:
    """Take every measure of a two-layer or deeper MLP, a kernel machine, or a network of an extension.

    Arguments:
        net: the network; its classes are those of the task.
        task: any; measures that it does not define are left out.
        split: its training inputs are those of `explained_share_train`; without one, explained shares count
            all inputs.
        last: a kernel machine, the last of its run, with which the feature matrix is compared.
        basis: of the task; its own if None.
        key_frequencies: of restricted, excluded and all other losses of parts of the logits; None takes those
            of this network by ablated loss. Along a run they are those of its last network.

    Example:
        >>> from modgrok.analytic import construct
        >>> from modgrok.decide import decide_table
        >>> from modgrok.tasks import task_from_expression
        >>> task = task_from_expression("x + y", 7)
        >>> network = construct(task.table, 7, decide_table(task.table, 7).witness).network
        >>> measured = measure_network(network, task)
        >>> measured.values["accuracy"], measured.explained_share, measured.values["least_margin"] > 0
        (1.0, 1.0, True)
    """
    basis = basis_of_task(task) if basis is None else basis
    names = array_measure_names(task, basis)
    logits = _logits(net, task)
    with jax.enable_x64(network_type(net).double_precision):
        values: dict[str, Any] = dict(measure_weights(net, basis))
        if isinstance(net, KernelMachine) and isinstance(last, KernelMachine):
            values["alignment_with_last"] = float(agop_alignment(net.feature_matrix, last.feature_matrix))
        symmetricity = _symmetricity(net, task)
    values |= _margin(net, task, logits)
    with jax.enable_x64(True):
        if isinstance(net, MLP) and basis.group is None:
            values |= network_values(net, task.inputs(), structure_of(basis))
        hidden = None if logits is None else _hidden_layer(net, task, basis)
        circuit = None
        if logits is not None and key_frequencies is None:
            circuit = _circuit(task, basis, logits, hidden)
            key_frequencies = () if circuit is None else circuit["key_frequencies"]
        values |= _logit_values(task, basis, split, logits, names, key_frequencies)
        values |= _hidden_values(net, hidden, names) | symmetricity
    share: float | None = values.pop("explained_share")
    if logits is None or not has_form(task):
        share = None
    return NetworkMeasures(values, share, logits, hidden, circuit)


def measure_classes(
    net: Any, task: Task, *, centred: bool = True, basis: Basis | None = None
) -> dict[str, Any]:
    """Measure the average gradient outer product of each class.

    Arguments:
        net: a two-layer network or a kernel machine.
        task: of a cyclic group.
        centred: whether the AGOP is; see `models.kernels.moments.agop`.
        basis: of the task; its own if None.

    Returns:
        name -> values, one a class; `orientation` -> its name.

    Raises:
        InputError: another kind of network, or the task of another group.
    """
    basis = basis_of_task(task) if basis is None else basis
    if not isinstance(net, MLP | KernelMachine):
        noun = network_type(net).noun
        raise InputError(
            f"per_class: must be used with a two-layer network or a kernel machine, got a {noun}"
        )
    if basis.group is not None:
        raise InputError(f"per_class: must be used with the task of a cyclic group, got {shorten(task.name)}")
    with jax.enable_x64(True):
        entries = class_values(net, task.inputs(), structure_of(basis), centred=centred)
    return {**entries.numbers, "orientation": entries.orientation}


def network_circuit(
    measured: NetworkMeasures, task: Task, basis: Basis | None = None
) -> dict[str, Any] | None:
    """Return the circuit that logits and neurons show; see `logits.array_numbers.circuit_of_arrays`.

    Arguments:
        measured: the network's measures.
        task: its task.
        basis: of the task; its own if None.
    """
    if measured.logits is None:
        return None
    if measured.circuit is not None:
        return dict(measured.circuit)
    return _circuit(task, basis_of_task(task) if basis is None else basis, measured.logits, measured.hidden)


def _circuit(
    task: Task, basis: Basis, logits: np.ndarray, hidden: HiddenLayer | None
) -> dict[str, Any] | None:
    if hidden is None:
        return circuit_of_arrays(task, basis, logits)
    return circuit_of_arrays(task, basis, logits, hidden.neurons, shares=hidden.shares)


def _logits(net: Any, task: Task) -> np.ndarray | None:
    try:
        return rows_of_network(task, net)(0, task.size)
    except NotFiniteError:
        return None


def _margin(net: Any, task: Task, logits: np.ndarray | None) -> dict[str, float]:
    """Return the least margin over all inputs, and the share of those with a positive one."""
    if logits is None:
        report = verify(net, task.table, task.p)
        return {"least_margin": report.margin, "accuracy": report.accuracy}
    gaps = margins(logits, task.labels())
    return {"least_margin": float(gaps.min()), "accuracy": int(np.count_nonzero(gaps > 0)) / task.size}


def _logit_values(
    task: Task,
    basis: Basis,
    split: Split | None,
    logits: np.ndarray | None,
    names: Sequence[str],
    key_frequencies: Sequence[int] | None,
) -> dict[str, float]:
    """Return what logits say, of the names that the task has; see `array_numbers`."""
    names = ["explained_share", *(name for name in names if name in LOGIT_VALUES)]
    numbers = {} if logits is None else logit_numbers(task, basis, split, logits, names, key_frequencies)
    return {name: numbers.get(name, math.nan) for name in names}


def _symmetricity(net: Any, task: Task) -> dict[str, float]:
    """Return the gradient symmetricity of a task of two operands; inside the network's precision."""
    if not task.is_plain or not has_operand_gradients(net):
        return {}
    return {"gradient_symmetricity": float(gradient_symmetricity(net, on_device(random_triples(task.p))))}


def _hidden_layer(net: Any, task: Task, basis: Basis) -> HiddenLayer | None:
    """Measure the last hidden layer of an MLP over the domain; None for other networks."""
    if not isinstance(net, MLP | DeepMLP):
        return None
    shares = shares_of_tables(task, basis, net.embedding) if isinstance(net, MLP) else None
    if isinstance(net, MLP) and net.activation == "power2":
        numbers = numbers_of_squares(task, net.embedding, shares)
        if numbers is not None:
            return HiddenLayer(numbers, None, shares)
    inputs, before = on_device(task.inputs()), None
    if shares is not None:
        hidden = np.asarray(_last_hidden(net, inputs))
    else:
        hidden, before = (np.asarray(values) for values in _hidden(net, inputs))
    try:
        numbers = hidden_numbers(task, basis, hidden, before, shares=shares)
    except NotFiniteError:
        numbers = {}
    return HiddenLayer(numbers, before, shares)


def _hidden_values(net: Any, hidden: HiddenLayer | None, names: Sequence[str]) -> dict[str, float]:
    """Return what the hidden layer of an MLP says, of the names that the task has."""
    if not isinstance(net, MLP | DeepMLP):
        return {}
    numbers = {} if hidden is None else hidden.numbers
    return {name: numbers.get(name, math.nan) for name in names if name in HIDDEN_VALUES}


@eqx.filter_jit
def _last_hidden(net: Any, inputs: Int[Array, "n k"]) -> Float[Array, "n h"]:
    return net.features(inputs)


@eqx.filter_jit
def _hidden(net: MLP | DeepMLP, inputs: Int[Array, "n k"]) -> tuple[Float[Array, "n h"], Float[Array, "n h"]]:
    values = net.activations(inputs)
    hidden, before = (
        [name for name in values if name.startswith(word)][-1] for word in ("features", "preactivations")
    )
    return values[hidden], values[before]
