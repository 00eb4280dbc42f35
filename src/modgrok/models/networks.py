"""The list of networks: what a file of weights may hold.

Owns: the list, and finding the entry of a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import equinox as eqx

from ..tasks import InputError
from ..tasks.catalogue import Catalogue
from .experts import Experts
from .kernel_machine import KernelMachine
from .mlp import MLP
from .transformer import Transformer


@dataclass(frozen=True, eq=False)
class NetworkType:
    """A kind of network.

    Arguments:
        name: in files.
        type: its class: an `equinox.Module` that, called with inputs of shape (n, k), returns logits (n,
            c). A file holds its array fields, and its other fields as JSON.
        noun: what it is called in a sentence.
        double_precision: whether its numbers are float64.
    """

    name: str
    type: type[eqx.Module]
    noun: str
    double_precision: bool = False


NETWORKS: Catalogue[NetworkType] = Catalogue(
    "network",
    (
        NetworkType("mlp", MLP, "two-layer network"),
        NetworkType("kernel_machine", KernelMachine, "kernel machine", double_precision=True),
        NetworkType("transformer", Transformer, "transformer"),
        NetworkType("experts", Experts, "composition of experts"),
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
