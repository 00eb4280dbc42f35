"""Forward passes in NumPy, for readings: nothing is compiled, however many are tried.

Owns: the logits of an MLP and of a transformer at the last position. The records of `models` compute the
same; tests compare both.
"""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...models.activations import activation
from ...models.transformer import EPSILON, columns


def mlp_logits(network: Any, inputs: np.ndarray) -> np.ndarray:
    """Return the logits of an MLP of any number of hidden layers, shape (n, c).

    Arguments:
        network: an `MLP` with scales 1, or a `DeepMLP`.
        inputs: shape (n, k).
    """
    tables = np.asarray(network.embedding)
    hidden = _phi(network, sum(table[inputs[:, s]] for s, table in enumerate(tables)))
    for layer in getattr(network, "layers", ()):
        hidden = _phi(network, _plus(hidden @ np.asarray(layer.weight).T, layer.bias))
    return _plus(hidden @ np.asarray(network.readout).T, network.readout_bias)


def transformer_logits(network: Any, inputs: np.ndarray) -> np.ndarray:
    """Return the logits of a transformer at the last position, shape (n, c)."""
    n = len(inputs)
    places = columns(network, jnp.asarray(inputs, jnp.int32))
    tokens = np.stack([np.broadcast_to(np.asarray(place), (n,)) for place in places], 1)
    residual = np.asarray(network.embedding)[tokens]
    if network.position is not None:
        residual = residual + np.asarray(network.position)
    for number, block in enumerate(network.blocks):
        last = number == len(network.blocks) - 1
        read = residual if network.post_norm else _normed(block.attention_norm, residual)
        attended = _attended(network, block, read, last=last)
        residual = (residual[:, -1:] if last else residual) + attended
        if network.post_norm:
            residual = _normed(block.attention_norm, residual)
        read = residual if network.post_norm else _normed(block.mlp_norm, residual)
        hidden = _phi(network, _plus(read @ np.asarray(block.mlp_in), block.mlp_in_bias))
        residual = residual + _plus(hidden @ np.asarray(block.mlp_out), block.mlp_out_bias)
        if network.post_norm:
            residual = _normed(block.mlp_norm, residual)
    final = _normed(network.final_norm, residual[:, -1])
    return _plus(final @ np.asarray(network.unembedding), network.unembedding_bias)


def _attended(network: Any, block: Any, read: np.ndarray, *, last: bool) -> np.ndarray:
    """Return what attention adds, at the last position alone in the last layer."""

    def project(weight: Any, bias: Any, rows: np.ndarray) -> np.ndarray:
        heads, d, e = weight.shape
        flat = np.asarray(weight).transpose(1, 0, 2).reshape(d, heads * e)
        return _plus((rows @ flat).reshape(*rows.shape[:2], heads, e), bias).transpose(0, 2, 1, 3)

    q = project(block.query, block.query_bias, read[:, -1:] if last else read)
    k, v = project(block.key, block.key_bias, read), project(block.value, block.value_bias, read)
    scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(q.shape[-1])
    visible = np.ones(scores.shape[-2:], bool)
    if network.causal and not last:
        visible = np.tril(visible)
    scores = np.where(visible, scores, -np.inf)
    pattern = np.exp(scores - scores.max(-1, keepdims=True))
    pattern /= pattern.sum(-1, keepdims=True)
    pattern = np.where(visible, network.softmax_weight * pattern + network.uniform_weight, 0).astype(v.dtype)
    z = (pattern @ v).transpose(0, 2, 1, 3)
    out = np.asarray(block.out)
    return _plus(z.reshape(*z.shape[:2], -1) @ out.reshape(-1, out.shape[-1]), block.out_bias)


def _phi(network: Any, value: np.ndarray) -> np.ndarray:
    return np.asarray(activation(network.activation)(jnp.asarray(value)))


def _plus(value: np.ndarray, bias: Any) -> np.ndarray:
    return value if bias is None else value + np.asarray(bias)


def _normed(norm: Any, residual: np.ndarray) -> np.ndarray:
    if norm is None:
        return residual
    centred = residual - residual.mean(-1, keepdims=True)
    return np.asarray(norm.scale) * centred / np.sqrt(
        (centred**2).mean(-1, keepdims=True) + EPSILON
    ) + np.asarray(norm.shift)
