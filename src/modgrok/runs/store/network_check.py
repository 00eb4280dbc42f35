"""Whether arrays from a file are a network: types, shapes that fit each other, settings that mean something.

Owns: this check. The forward pass is traced, not computed, so that it costs no memory whatever the sizes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ...models.activations import ACTIVATIONS
from ...tasks.errors import InputError, shorten

MOST_OPERANDS = 64
"""More columns of an input are no task's."""


def check_network(network: Any) -> None:
    """Trace a network's forward pass on one input.

    Arguments:
        network: any record of weights with `operands`, `classes` and a call on inputs (n, k).

    Raises:
        InputError: arrays are no numbers, a setting is of another kind, or the shapes do not fit.
    """
    for leaf in jax.tree.leaves(network):
        if eqx.is_array(leaf) and leaf.dtype.kind not in "fi":
            raise InputError(f"weights: must be real numbers, got type {leaf.dtype}")
        if eqx.is_array(leaf) and 0 in leaf.shape:
            raise InputError(f"weights: must not be empty, got shape {leaf.shape}")
    try:
        k, classes = int(network.operands), int(network.classes)
        if not 1 <= k <= MOST_OPERANDS:
            raise ValueError(f"{k} operands")
        shape = _traced_once(network, k)
    except Exception as error:  # whatever tracing raises says that the parts do not fit
        reason = shorten(str(error).split("\n")[0] or type(error).__name__, 120)
        raise InputError(
            f"weights: must be those of one network, got parts that do not fit together ({reason})"
        ) from None
    if shape != (1, classes):
        raise InputError(f"weights: must give {classes} logits, got shape {shape}")


def _traced_once(network: Any, k: int) -> tuple[int, ...]:
    """Return the shape of the logits of one input, traced once for networks that differ in numbers alone."""
    leaves, structure = jax.tree.flatten(network)
    if not all(eqx.is_array(leaf) for leaf in leaves):
        return _traced(network, k)
    try:
        hash(structure)  # settings of another kind, which tracing names
    except TypeError:
        return _traced(network, k)
    kinds = tuple((leaf.shape, np.dtype(leaf.dtype)) for leaf in leaves)
    return _traced_kind(structure, kinds, k, ACTIVATIONS.names)


@lru_cache(maxsize=64)
def _traced_kind(structure: Any, kinds: tuple[Any, ...], k: int, known: tuple[str, ...]) -> tuple[int, ...]:
    """Trace a network without numbers; `known` are the activations, which can be added to."""
    leaves = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in kinds]
    return _traced(jax.tree.unflatten(structure, leaves), k)


def _traced(network: Any, k: int) -> tuple[int, ...]:
    with jax.enable_x64(any(leaf.dtype == np.float64 for leaf in jax.tree.leaves(network) if _typed(leaf))):
        logits = eqx.filter_eval_shape(network, jax.ShapeDtypeStruct((1, k), jnp.int32))
    return tuple(logits.shape)


def _typed(leaf: Any) -> bool:
    return hasattr(leaf, "dtype")
