"""What a transformer computes for every pair of operands: logits, neurons and attention at the last position.

Owns: the evaluation in chunks, so that memory is bounded whatever p is.
"""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from ...models.transformer import Transformer, activations

CHUNK = 2048
"""Pairs evaluated at once."""


@dataclass(frozen=True, eq=False)
class PairActivations:
    """Activations at the last position, one row an input.

    Arguments:
        logits: float64, shape (n, c).
        neurons: of the last layer, after the activation; float32, shape (n, m).
        pattern: attention to each place of the sequence; float32, shape (n, layers, heads, places).
    """

    logits: np.ndarray
    neurons: np.ndarray
    pattern: np.ndarray


def read_pairs(net: Transformer, inputs: np.ndarray) -> PairActivations:
    """Evaluate a transformer on inputs and keep what the measures read.

    Arguments:
        net: the weights.
        inputs: as in `Transformer.__call__`, shape (n, w), n at least 1.
    """
    n, chunk = len(inputs), min(len(inputs), CHUNK)
    padded = np.pad(np.asarray(inputs, np.int32), ((0, -n % chunk), (0, 0)))
    with jax.default_matmul_precision("float32"):
        parts = [
            jax.device_get(_read(net, jnp.asarray(padded[i : i + chunk])))
            for i in range(0, len(padded), chunk)
        ]
    logits, neurons, pattern = (np.concatenate(part)[:n] for part in zip(*parts, strict=True))
    return PairActivations(logits.astype(np.float64), neurons, pattern)


@eqx.filter_jit
def _read(net: Transformer, inputs: Int[Array, "n w"]) -> tuple[Array, Array, Array]:
    values = activations(net, inputs)
    layers = range(len(net.blocks))
    pattern = jnp.stack([values[f"blocks.{i}.attn.hook_pattern"][:, :, -1] for i in layers], axis=1)
    return values["logits"][:, -1], values[f"blocks.{layers[-1]}.mlp.hook_post"][:, -1], pattern
