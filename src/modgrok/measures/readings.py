"""What measures can read of a network's weights, by the kind of network.

Owns: the subjects and frames of weights alone. Losses, gradients and solves belong to training, and are
given by the learners' observers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array

from ..algebra import Basis
from ..models.circulant import structure_of
from ..models.networks import network_type
from ..tasks.catalogue import Catalogue
from .catalogue import measures_reading
from .fourier.lens import shared_frames
from .fourier.token_waves import make_token_basis
from .measure import Measure

Readings = dict[str, tuple[Any, Any]]
"""What is read (`Measure.reads`) -> (subject, frame)."""


@dataclass(frozen=True, eq=False)
class Reader:
    """How measures read a kind of network.

    Arguments:
        name: of the kind, in `NETWORKS`.
        read: (network, basis of its task) -> readings.
    """

    name: str
    read: Callable[[Any, Basis], Readings]


def _transformer(network: Any, basis: Basis) -> Readings:
    if basis.group is not None:  # tokens have no order
        return {"weights": (network, None)}
    token_basis = make_token_basis(network.classes)
    return {"weights": (network, None), "transformer_weights": (network, token_basis)}


READERS: Catalogue[Reader] = Catalogue(
    "network",
    (
        Reader(
            "mlp",
            lambda net, basis: {
                "weights": (net, None),
                "two_layer_weights": (net, shared_frames(basis)),
            },
        ),
        Reader(
            "kernel_machine",
            lambda net, basis: {"feature_matrix": (net.feature_matrix, structure_of(basis))},
        ),
        Reader("transformer", _transformer),
    ),
)
"""Kinds of networks with measures of their own; of any other the norm of its weights is measured."""


def measure_weights(network: Any, basis: Basis) -> dict[str, float]:
    """Return every measure of a network's weights by name.

    Arguments:
        network: of a kind in `NETWORKS`; call this inside its precision.
        basis: of its task.

    Example:
        >>> import jax.numpy as jnp
        >>> from modgrok.algebra import natural_basis
        >>> from modgrok.models import MLP
        >>> ones = MLP(jnp.ones((2, 5, 3)), jnp.ones((5, 3)))
        >>> measure_weights(ones, natural_basis(5, 2))["weight_norm"]
        1.0
    """
    kind = network_type(network).name
    if kind in READERS.names:
        readings = READERS.named(kind).read(network, basis)
    else:
        readings = {"weights": (network, None)}
    measures = {reads: measures_reading(reads, frame) for reads, (_, frame) in readings.items()}
    numbers = jax.device_get(_numbers(readings, measures))
    return {name: float(number) for of_one in numbers.values() for name, number in of_one.items()}


@eqx.filter_jit
def _numbers(readings: Readings, measures: dict[str, tuple[Measure, ...]]) -> dict[str, dict[str, Array]]:
    return {
        reads: {measure.name: measure.function(*readings[reads]) for measure in chosen}
        for reads, chosen in measures.items()
    }
