"""Rebuild a transformer from a state dict of TransformerLens.

Owns: what must hold for the two forward passes to agree, and saying in one line what does not.
"""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np
from jax import Array

from ..models.transformer import SIGNS, Block, Norm, Transformer, length_of
from ..tasks import InputError
from ..tasks.errors import shorten
from .names import BLOCK_NAMES, FIXED, Config, StateDict, bias_shapes

BUFFERS = (".attn.mask", ".attn.IGNORE")
"""Ends of the keys of what is no weight."""


def rebuild(
    state: StateDict,
    config: Config,
    *,
    operands: int,
    layout: str,
    classes: int,
    keep_zero: frozenset[str] = frozenset(),
    signs: int | None = None,
) -> Transformer:
    """Rebuild a transformer from TransformerLens's property keys.

    Arguments:
        state: arrays by key; the buffers `mask` and `IGNORE` may be among them.
        config: options beside them; a missing one has the value that `FIXED` lists first, or relu.
        operands: k.
        layout: the token sequence the network was trained on.
        classes: p; columns of W_U beyond it are dropped (Nanda et al. 2023 give = a logit that no label has).
        keep_zero: keys of biases and positions to keep even when all zero; others are then read as absent,
            which gives the same function.
        signs: exact number of rows of W_E beyond the numbers; None for at least those of the layout.

    Raises:
        InputError: an option under which TransformerLens computes something else, a key too many or too few,
            a shape that does not fit, a number that is not finite.
    """
    check_options(config)
    reader = _Reader(state, config.get("normalization_type") == "LNPre", keep_zero)
    embedding = reader.take("embed.W_E", None, None)
    d, length = embedding.shape[1], length_of(layout, operands)
    position = reader.optional("pos_embed.W_pos", None, d)
    if position is not None and len(position) != length:
        rule = f"must have {length} rows, positions of {operands} operands in the layout {layout}"
        raise InputError(f"path: pos_embed.W_pos {rule}, got {len(position)}")
    blocks = tuple(_block(reader, layer, d) for layer in range(reader.layers))
    final = reader.norm("ln_final", d)
    unembedding = reader.take("unembed.W_U", d, None)
    bias = reader.optional("unembed.b_U", unembedding.shape[1])
    reader.check_empty()
    v, c = len(embedding), unembedding.shape[1]
    fits = v >= classes + SIGNS[layout] if signs is None else v == classes + signs and c in (classes, v)
    if not 1 < classes <= c or not fits:
        raise InputError(
            f"p: must leave a logit for each class and a token for each sign of {layout}, got {classes} with "
            f"{c} logits and {v} tokens"
        )
    return Transformer(
        embedding,
        position,
        blocks,
        final,
        unembedding[:, :classes],
        None if bias is None else bias[:classes],
        operands,
        layout,
        config.get("act_fn") or "relu",
        config.get("attention_dir") != "bidirectional",
    )


def check_options(config: Config) -> None:
    """Refuse a configuration under which TransformerLens computes something else.

    Raises:
        InputError: naming the option.
    """
    for name, allowed in FIXED:
        if name in config and config[name] not in allowed:
            values = ", ".join(str(value) for value in allowed)
            raise InputError(
                f"path: {name} in config.json must be one of {values}, got {shorten(config[name])}"
            )
    scale, width = config.get("attn_scale"), config.get("d_head")
    usual = (None, -1, math.sqrt(width)) if isinstance(width, int) and width > 0 else (None, -1)
    if not any(scale == value or (scale and value and math.isclose(scale, value)) for value in usual):
        raise InputError(f"path: attn_scale in config.json must be the square root of d_head, got {scale}")


class _Reader:
    """Takes arrays out of a state dict, each with the shape it must have; None stands for any length."""

    def __init__(self, state: StateDict, bare_norms: bool, keep_zero: frozenset[str]) -> None:
        self.left = {name: value for name, value in state.items() if not name.endswith(BUFFERS)}
        self.bare_norms = bare_norms
        self.keep_zero = keep_zero

    @property
    def layers(self) -> int:
        """Number of layers that have a W_Q."""
        count = 0
        while f"blocks.{count}.attn.W_Q" in self.left:
            count += 1
        if count == 0:
            raise InputError("path: must hold blocks.0.attn.W_Q, got none")
        return count

    def take(self, name: str, *shape: int | None) -> Array:
        """Return a weight that must be there."""
        if name not in self.left:
            raise InputError(f"path: must hold {name}, got none")
        value = self.left.pop(name)
        if value.ndim != len(shape) or any(
            expected not in (None, got) for expected, got in zip(shape, value.shape, strict=True)
        ):
            rule = f"must have shape {shape}".replace("None", "any")
            raise InputError(f"path: {name} {rule}, got {value.shape}")
        if not np.issubdtype(value.dtype, np.floating) or value.size == 0 or not np.isfinite(value).all():
            raise InputError(f"path: {name} must hold finite numbers, got {value.dtype} that are not")
        return jnp.asarray(value, dtype=jnp.float32)

    def optional(self, name: str, *shape: int | None) -> Array | None:
        """Return a weight that may be missing; None if it is, or if it is zero and need not be kept."""
        if name not in self.left:
            return None
        value = self.take(name, *shape)
        return value if name in self.keep_zero or bool(value.any()) else None

    def norm(self, name: str, d: int) -> Norm | None:
        """Return a layer normalisation; None where there is none."""
        if self.bare_norms:
            return Norm(jnp.ones(d), jnp.zeros(d))
        if f"{name}.w" not in self.left:
            return None
        return Norm(self.take(f"{name}.w", d), self.take(f"{name}.b", d))

    def check_empty(self) -> None:
        """Refuse what a transformer has no place for."""
        if self.left:
            raise InputError(f"path: must hold only a transformer's weights, got {shorten(min(self.left))}")


def _block(reader: _Reader, layer: int, d: int) -> Block:
    """Rebuild a layer; W_Q and W_in say how many heads and neurons there are, and how wide a head is."""
    at, names = f"blocks.{layer}.", dict(BLOCK_NAMES)
    query = reader.take(f"{at}attn.W_Q", None, d, None)
    mlp_in = reader.take(f"{at}mlp.W_in", d, None)
    (heads, _, e), m = query.shape, mlp_in.shape[1]
    shapes = bias_shapes(query.shape, m)

    def bias(field: str) -> Array | None:
        return reader.optional(at + names[field], *shapes[field])

    return Block(
        query,
        reader.take(f"{at}attn.W_K", heads, d, e),
        reader.take(f"{at}attn.W_V", heads, d, e),
        reader.take(f"{at}attn.W_O", heads, e, d),
        mlp_in,
        reader.take(f"{at}mlp.W_out", m, d),
        bias("query_bias"),
        bias("key_bias"),
        bias("value_bias"),
        bias("out_bias"),
        bias("mlp_in_bias"),
        bias("mlp_out_bias"),
        reader.norm(f"{at}ln1", d),
        reader.norm(f"{at}ln2", d),
    )
