"""Whether arrays from a file are a network: types, shapes that fit each other, settings that mean something.

Owns: this check. The forward pass is traced, not computed, so that it costs no memory whatever the sizes.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

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
        with jax.enable_x64(any(leaf.dtype == np.float64 for leaf in _arrays(network))):
            logits = eqx.filter_eval_shape(network, jax.ShapeDtypeStruct((1, k), jnp.int32))
    except Exception as error:  # whatever tracing raises says that the parts do not fit
        reason = shorten(str(error).split("\n")[0] or type(error).__name__, 120)
        raise InputError(
            f"weights: must be those of one network, got parts that do not fit together ({reason})"
        ) from None
    if logits.shape != (1, classes):
        raise InputError(f"weights: must give {classes} logits, got shape {logits.shape}")


def _arrays(network: Any) -> list[Any]:
    return [leaf for leaf in jax.tree.leaves(network) if eqx.is_array(leaf)]
