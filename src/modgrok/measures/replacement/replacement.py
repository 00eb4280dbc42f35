"""How well a network answers when its weights are replaced by the waves in them.

Owns: the list of kinds of networks that can be replaced, and what is measured of each replacement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from ...algebra import Basis
from ...models.networks import network_type
from ...tasks import InputError, Split, Task
from ...tasks.catalogue import Catalogue
from ...tasks.split import held_out
from ..circuit.restricted_loss import cross_entropy_of
from ..fourier.task_basis import basis_of_task
from ..logits.explanation import explain
from ..logits.index_means import centred
from ..logits.rows import rows_of_network
from .kernel_machine import circulant_machine
from .mlp import wave_network
from .replaced_network import ReplacedNetwork
from .transformer import key_transformer


@dataclass(frozen=True, eq=False)
class Replacer:
    """How the weights of a kind of network are replaced.

    Arguments:
        name: of the kind, in `NETWORKS`.
        replace: (network, basis of its task, frequencies, inputs of the domain) -> stages. The last of them
            has a network, which can be written.
    """

    name: str
    replace: Callable[[Any, Basis, Sequence[int], np.ndarray], list[ReplacedNetwork]]


REPLACERS: Catalogue[Replacer] = Catalogue(
    "network",
    (
        Replacer("mlp", wave_network),
        Replacer("transformer", key_transformer),
        Replacer("kernel_machine", circulant_machine),
    ),
)
"""Kinds of networks whose weights can be replaced by waves."""


@dataclass(frozen=True, eq=False)
class Replacement:
    """A network with replaced weights or activations, and how well it answers.

    Arguments:
        part: what was replaced last; `none` for the network itself.
        network: of the same kind; it can be measured, explained and written like any other. None if
            activations are replaced, which no weights give.
        accuracy: on the test inputs; without a split on all inputs.
        accuracy_all: on all inputs, which is what `measure` gives of the network's file.
        loss: mean cross-entropy over these inputs.
        explained_variance: 1 - |L - L'|^2 / |L|^2 over all inputs, with L the logits of the network, centred
            over classes, and L' those of the replacement; 1 if they are equal, below 0 if worse than none.
        notes: numbers about the replacement; see the replacers.
    """

    part: str
    network: Any
    accuracy: float
    accuracy_all: float
    loss: float
    explained_variance: float
    notes: dict[str, float]


def replace_weights(
    task: Task, network: Any, *, split: Split | None = None, frequencies: Sequence[int] | None = None
) -> tuple[Replacement, ...]:
    """Replace a network's weights by waves, one part after the other, and measure each result.

    Arguments:
        task: of the network, of two operands or more; neither a mixture nor that of a group without waves.
        network: a two-layer network, transformer or kernel machine.
        split: which inputs train; accuracy and loss are then of the test inputs.
        frequencies: that transformers and kernel machines keep; those of `explain` if None, or none where the
            task has no form.

    Returns:
        The network itself, then each replacement.

    Raises:
        InputError: a mixture, a group that is not cyclic, a network of another kind, or a frequency out of
            range.

    Example:
        >>> from modgrok.analytic import construct
        >>> from modgrok.decide import decide_table
        >>> from modgrok.tasks import task_from_expression
        >>> task = task_from_expression("x + y", 7)
        >>> network = construct(task.table, 7, decide_table(task.table, 7).witness).network
        >>> [(r.part, r.accuracy, round(r.explained_variance, 3)) for r in replace_weights(task, network)]
        [('none', 1.0, 1.0), ('neurons', 1.0, 1.0)]
    """
    if task.parts:
        raise InputError(f"task: must be one task, got a mixture of {len(task.parts)}")
    entry = network_type(network)
    basis = basis_of_task(task)
    if basis.group is not None:
        raise InputError(f"task: must be one of a cyclic group, got {task.name}, whose weights have no waves")
    replacer = REPLACERS.named(entry.name)
    with jax.enable_x64(entry.double_precision):
        chosen = _frequencies(task, network, split, basis, frequencies)
        inputs = np.asarray(task.inputs(), np.int32)
        stages = [ReplacedNetwork("none", network), *replacer.replace(network, basis, chosen, inputs)]
        return _measured(task, stages, split)


def _frequencies(
    task: Task, network: Any, split: Split | None, basis: Basis, requested: Sequence[int] | None
) -> list[int]:
    if requested is None:
        explanation = explain(task, network, split=split)
        known = explanation.frequencies is not None and explanation.order == basis.order
        return [int(k) for k in explanation.frequencies or ()] if known else []
    for k in requested:
        if not 1 <= k <= basis.order // 2:
            raise InputError(f"frequencies: must be in 1..{basis.order // 2}, got {k}")
    return list(requested)


def _measured(task: Task, stages: Sequence[ReplacedNetwork], split: Split | None) -> tuple[Replacement, ...]:
    labels = task.labels().astype(np.int64)
    tests = held_out(task, split)
    whole: np.ndarray | None = None
    results = []
    for stage in stages:
        known = stage.logits
        logits = rows_of_network(task, stage.network)(0, task.size) if known is None else known
        logits = logits.astype(np.float64)
        right = logits.argmax(axis=1) == labels
        values = centred(logits)
        whole = values if whole is None else whole
        total = float((whole**2).sum())
        results.append(
            Replacement(
                stage.part,
                stage.network,
                accuracy=float(right[tests].mean()),
                accuracy_all=float(right.mean()),
                loss=float(cross_entropy_of(logits[tests], labels[tests]).mean()),
                explained_variance=1 - float(((values - whole) ** 2).sum()) / total if total > 0 else 0.0,
                notes=stage.notes,
            )
        )
    return tuple(results)
