"""The list of networks: what a file of weights may hold.

Owns: the list, and finding the entry of a network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
from jax import Array

from ..tasks import InputError
from ..tasks.catalogue import Catalogue
from .deep_mlp import DeepMLP
from .experts import Experts
from .kernel_machine import KernelMachine
from .mlp import MLP
from .operand_gradients import of_added_rows, of_embeddings, of_kernel
from .transformer import Transformer, activations


def logits_alone(network: Any, inputs: Array) -> dict[str, Array]:
    """Return the logits: what every network computes."""
    return {"logits": network(inputs)}


def equal_sizes(network: Any, columns: int) -> tuple[int, ...]:
    """Return p for every operand, where the network has a `modulus`, else its number of classes."""
    return (getattr(network, "modulus", network.classes),) * network.operands


def _token_sizes(network: Any, columns: int) -> tuple[int, ...]:
    """Return p for every operand, and the number of signs where a column is left for the task."""
    signs = len(network.embedding) - network.classes
    return (network.classes,) * network.operands + ((signs,) if columns > network.operands else ())


@dataclass(frozen=True, eq=False)
class NetworkType:
    """A kind of network.

    Arguments:
        name: in files.
        type: its class: an `equinox.Module` that, called with inputs of shape (n, k), returns logits (n,
            c). A file holds its array fields, and its other fields as JSON.
        noun: what it is called in a sentence.
        double_precision: whether its numbers are float64.
        activations: (network, inputs) -> what it computes on the way, by name, `logits` among them.
        sizes: (network, columns of an input) -> number of values of each column, where no task says it.
        operand_gradients: (network of two operands, inputs (n, w), classes (n,)) -> gradients of these
            logits by what stands for each operand, shape (n, 2, d); None where they are not defined.
    """

    name: str
    type: type[eqx.Module]
    noun: str
    double_precision: bool = False
    activations: Callable[[Any, Array], dict[str, Array]] = logits_alone
    sizes: Callable[[Any, int], tuple[int, ...]] = equal_sizes
    operand_gradients: Callable[[Any, Array, Array], Array] | None = None


NETWORKS: Catalogue[NetworkType] = Catalogue(
    "network",
    (
        NetworkType(
            "mlp",
            MLP,
            "two-layer network",
            activations=MLP.activations,
            operand_gradients=of_added_rows,
        ),
        NetworkType(
            "kernel_machine",
            KernelMachine,
            "kernel machine",
            double_precision=True,
            activations=KernelMachine.activations,
            sizes=lambda network, columns: network.sizes,
            operand_gradients=of_kernel,
        ),
        NetworkType(
            "transformer",
            Transformer,
            "transformer",
            activations=activations,
            sizes=_token_sizes,
            operand_gradients=of_embeddings,
        ),
        NetworkType("experts", Experts, "composition of experts", activations=Experts.activations),
        NetworkType(
            "deep_mlp",
            DeepMLP,
            "network of several hidden layers",
            activations=DeepMLP.activations,
            operand_gradients=of_added_rows,
        ),
    ),
)
"""Every kind of network; a new one is stored, loaded and counted by one line here, or by `modgrok.extend`."""


def network_type(network: Any) -> NetworkType:
    """Return the entry of a network's class.

    Raises:
        InputError: it is not in `NETWORKS`.
    """
    for entry in NETWORKS:
        if type(network) is entry.type:
            return entry
    raise InputError(f"network: must be one of {', '.join(NETWORKS.names)}, got {type(network).__name__}")
