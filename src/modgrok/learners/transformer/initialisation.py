"""Initial weights of a transformer, by named scheme.

    scheme       W_E              W_pos          W_Q, W_K, W_V, W_O, W_in, W_out    W_U
    furuta2024   N, 1/sqrt(v)     N, 1/sqrt(d)   N, 1/sqrt(d)                       N, 1/sqrt(d)
    nanda2023    N, 1/sqrt(d)     N, 1/sqrt(d)   N, 1/sqrt(d)                       N, 1/sqrt(v)
    pytorch      N, 1             N, 1           U, +-1/sqrt(fan in)                U, +-1/sqrt(fan in)

with d the width of the residual stream, v the size of the vocabulary, N normal with that standard deviation
and U uniform. Biases are zero but in `pytorch`, where they follow U. The first two are read from the released
code of their papers; the text of Furuta et al. says 1/sqrt(d_out), which for W_out and W_O is the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ...models.transformer import Block, Norm, Transformer, length_of
from .settings import TransformerSettings

EXTRA_TOKENS = 5
"""Least number of tokens beside the numbers: the papers' = + - * /."""

Draw = Callable[[str, tuple[int, ...], int], Array]
"""Name of the weight, shape, fan in -> array."""


def vocabulary_of(p: int, tasks: int) -> int:
    """Return v: p numbers, an operator for each task, and the sign =; at least p + 5.

    Example:
        >>> vocabulary_of(97, 1), vocabulary_of(97, 8)
        (102, 106)
    """
    return p + max(EXTRA_TOKENS, tasks + 1)


def initial_transformer(
    settings: TransformerSettings, key: PRNGKeyArray, p: int, k: int, tasks: int, scale: Float[Array, ""]
) -> Transformer:
    """Draw the weights of resolved settings.

    Arguments:
        settings: see `TransformerSettings`.
        key: of the draw; each weight has its own stream, so options do not change one another's weights.
        p: modulus.
        k: number of operands.
        tasks: number of tasks of a mixture, 1 for a single task.
        scale: factor on all weights.
    """
    d, m, h = settings.d_model, settings.d_mlp, settings.heads
    e = settings.head_width
    v = vocabulary_of(p, tasks)
    draw = _draw(settings, key, v, scale)

    def bias(name: str, shape: tuple[int, ...], fan_in: int, among: tuple[str, ...]) -> Array | None:
        return draw(name, shape, fan_in) if settings.biases in among else None

    def norm() -> Norm | None:
        return Norm(jnp.ones(d, jnp.float32), jnp.zeros(d, jnp.float32)) if settings.layer_norm else None

    def block(i: int) -> Block:
        return Block(
            query=draw(f"{i}.query", (h, d, e), d),
            key=draw(f"{i}.key", (h, d, e), d),
            value=draw(f"{i}.value", (h, d, e), d),
            out=draw(f"{i}.out", (h, e, d), h * e),
            mlp_in=draw(f"{i}.mlp_in", (d, m), d),
            mlp_out=draw(f"{i}.mlp_out", (m, d), m),
            query_bias=bias(f"{i}.query_bias", (h, e), d, ("all",)),
            key_bias=bias(f"{i}.key_bias", (h, e), d, ("all",)),
            value_bias=bias(f"{i}.value_bias", (h, e), d, ("all",)),
            out_bias=bias(f"{i}.out_bias", (d,), h * e, ("all",)),
            mlp_in_bias=bias(f"{i}.mlp_in_bias", (m,), d, ("mlp", "all")),
            mlp_out_bias=bias(f"{i}.mlp_out_bias", (d,), m, ("mlp", "all")),
            attention_norm=norm(),
            mlp_norm=norm(),
        )

    length = length_of(settings.layout, k)
    return Transformer(
        draw("embedding", (v, d), v),
        draw("position", (length, d), length) if settings.positional_embedding else None,
        tuple(block(i) for i in range(settings.layers)),
        norm(),
        draw("unembedding", (d, p), d),
        bias("unembedding_bias", (p,), d, ("all",)),
        k,
        settings.layout,
        settings.activation,
    )


def _draw(settings: TransformerSettings, key: PRNGKeyArray, v: int, scale: Array) -> Draw:
    """Return the scheme's rule for one weight."""
    deviations = {
        "furuta2024": {"embedding": v, "other": settings.d_model},
        "nanda2023": {"unembedding": v, "other": settings.d_model},
    }

    def draw(name: str, shape: tuple[int, ...], fan_in: int) -> Array:
        own = jax.random.fold_in(key, _number(name))
        if settings.initialisation == "pytorch" and name not in ("embedding", "position"):
            return scale / math.sqrt(fan_in) * jax.random.uniform(own, shape, jnp.float32, -1, 1)
        if name.endswith("bias"):
            return jnp.zeros(shape, jnp.float32)
        variances = deviations.get(settings.initialisation, {"other": 1})
        deviation = scale / math.sqrt(variances.get(name, variances["other"]))
        return deviation * jax.random.normal(own, shape, jnp.float32)

    return draw


def _number(name: str) -> int:
    """Turn a weight's name into 31 bits that do not depend on the process."""
    return int.from_bytes(name.encode(), "big") % (2**31 - 1)
