"""Weights of another program as the content of a checkpoint: a network where its kind is named, else arrays.

Owns: reading mappings of arrays of any framework, and putting them into the fields of a network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import equinox as eqx
import numpy as np

from ..io import numpy_array, visible
from ..models.codec import pack, unpack
from ..models.networks import NETWORKS, network_type
from ..tasks import InputError, Task, TaskSource
from ..tasks.errors import shorten
from .store.network_check import check_network
from .store.network_file import UNREADABLE, NamedArrays, NetworkFile, StoredWeights


def external_weights(
    weights: Any,
    kind: str | None,
    names: Mapping[str, str] | None,
    fields: Mapping[str, Any],
    task: Task,
    source: TaskSource,
    table: np.ndarray | None,
    notes: dict[str, Any],
) -> StoredWeights:
    """Return the content of a checkpoint.

    Arguments:
        weights: name -> array, nested or not; or a network.
        kind: name in `NETWORKS`; None for named arrays.
        names: field -> name of the array; see `LoggedRun.keep`.
        fields: fields that are no arrays.
        task: that the network must fit.
        source: where the task comes from.
        table: of a task given directly.
        notes: kept with the weights.

    Raises:
        InputError: arrays that cannot be read, or do not make a network of this kind for this task.
    """
    if isinstance(weights, eqx.Module):
        network_type(weights)
        return NetworkFile(_fitting(weights, task), source, table, notes)
    if not isinstance(weights, Mapping):
        kinds = "a mapping from names to arrays, or a network of modgrok"
        raise InputError(f"weights: must be {kinds}, got {type(weights).__name__}")
    arrays = dict(_arrays(weights))
    if kind is None:
        if names is not None or fields:
            raise InputError("kind: must be given with names and fields of a network, got none")
        if not arrays:
            raise InputError("weights: must hold at least one array, got none")
        return NamedArrays(arrays, source, notes)
    entry = NETWORKS.named(kind)
    if "activation" in entry.type.__dataclass_fields__ and "activation" not in fields:
        raise InputError(f"activation: must be given with weights of a {entry.noun}, got none")
    chosen = arrays if names is None else {field: _chosen(arrays, name) for field, name in names.items()}
    try:
        network = unpack(chosen, {**fields, "kind": entry.name})
        check_network(network)
    except UNREADABLE as error:
        missing = f"no {error}" if isinstance(error, KeyError) else shorten(error, 120)
        raise InputError(f"weights: must be those of a {entry.noun}, got others ({missing})") from None
    unused = sorted(set(chosen) - set(pack(network)[0]))
    if unused:
        names_of_unused = visible(", ".join(unused))[:120]
        words = f"weights: must be those of a {entry.noun} alone, got {names_of_unused} as well"
        raise InputError(f"{words}; names= can leave arrays out")
    return NetworkFile(_fitting(network, task), source, table, notes)


def _fitting(network: Any, task: Task) -> Any:
    """Refuse a network of another number of operands or classes."""
    sizes, expected = (int(network.operands), int(network.classes)), (task.k - bool(task.parts), task.p)
    if sizes[0] not in (task.k, expected[0]) or sizes[1] != expected[1]:
        raise InputError(
            f"weights: must be of a network with {expected[0]} operands and {expected[1]} classes, "
            f"got {sizes[0]} and {sizes[1]}"
        )
    return network


def _arrays(weights: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Yield every array with its name, dots between the names of nested mappings."""
    for key, value in weights.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _arrays(value, f"{name}.")
        elif value is not None:
            yield name, numpy_array(value, f"weights.{visible(name)[:60]}")


def _chosen(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    if name in arrays:
        return arrays[name]
    plain = name.removesuffix(".T")
    if plain not in arrays:
        known = visible(", ".join(sorted(arrays)))[:200]
        raise InputError(f"names: must be among {known}, got {shorten(name)}")
    return np.ascontiguousarray(np.swapaxes(arrays[plain], -1, -2))
