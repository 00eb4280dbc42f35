"""The same transformer under TransformerLens's names: its state dict and its configuration.

Owns: the correspondence of names, and writing it. Weights agree in shape and orientation, so that no number
changes. What TransformerLens always has and a network may lack is written as zeros: biases, and the
positional embedding. The way back is in `rebuild`, files are in `transformerlens`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import Array

from ..models.transformer import EPSILON, Norm, Transformer, length_of, mixes
from ..tasks import InputError

StateDict = dict[str, np.ndarray]
Config = dict[str, Any]
Shapes = dict[str, tuple[int, ...]]

OUTER_NAMES: tuple[tuple[str, str], ...] = (
    ("embedding", "embed.W_E"),
    ("position", "pos_embed.W_pos"),
    ("unembedding", "unembed.W_U"),
    ("unembedding_bias", "unembed.b_U"),
)
"""Field of `Transformer` and TransformerLens's name."""
BLOCK_NAMES: tuple[tuple[str, str], ...] = (
    ("query", "attn.W_Q"),
    ("key", "attn.W_K"),
    ("value", "attn.W_V"),
    ("out", "attn.W_O"),
    ("query_bias", "attn.b_Q"),
    ("key_bias", "attn.b_K"),
    ("value_bias", "attn.b_V"),
    ("out_bias", "attn.b_O"),
    ("mlp_in", "mlp.W_in"),
    ("mlp_in_bias", "mlp.b_in"),
    ("mlp_out", "mlp.W_out"),
    ("mlp_out_bias", "mlp.b_out"),
)
"""Field of `Block` and TransformerLens's name under `blocks.L.`."""
NORM_NAMES = (("attention_norm", "ln1"), ("mlp_norm", "ln2"))
"""Field of `Block` and TransformerLens's name under `blocks.L.`; each holds `w` and `b`."""
ACTIVATION_NAMES = ("relu", "gelu", "silu")
"""The activations that both have, under the same name; gelu is the exact one."""
FIXED: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("attn_only", (False,)),
    ("gated_mlp", (False,)),
    ("parallel_attn_mlp", (False,)),
    ("attention_dir", ("causal", "bidirectional")),
    ("positional_embedding_type", ("standard",)),
    ("normalization_type", (None, "LN", "LNPre")),
    ("use_attn_scale", (True,)),
    ("final_rms", (False,)),
    ("n_key_value_heads", (None,)),
    ("attn_scores_soft_cap", (-1.0, None)),
    ("output_logits_soft_cap", (-1.0, None)),
    ("eps", (EPSILON,)),
    ("act_fn", ACTIVATION_NAMES),
)
"""Options of TransformerLens, and the values under which its forward pass is the one of `Transformer`."""


def state_of(net: Transformer) -> StateDict:
    """Return the weights by TransformerLens's property keys, float32, complete for strict loading.

    The buffers `attn.mask`, the causal mask of shape (t, t), and `attn.IGNORE`, minus infinity, are included.

    Raises:
        InputError: some norms are there and others are not, norms follow the parts, or attention patterns are
            other than softmaxes.

    Example:
        >>> import jax.numpy as jnp
        >>> from modgrok.models.transformer import Block
        >>> qkv, out = (jnp.ones((1, 4, 2)),) * 3, jnp.ones((1, 2, 4))
        >>> block = Block(*qkv, out, jnp.ones((4, 8)), jnp.ones((8, 4)))
        >>> state = state_of(Transformer(jnp.ones((6, 4)), None, (block,), None, jnp.ones((4, 5)), None))
        >>> state["embed.W_E"].shape, state["blocks.0.attn.W_Q"].shape, state["unembed.b_U"].tolist()
        ((6, 4), (1, 4, 2), [0.0, 0.0, 0.0, 0.0, 0.0])
    """
    normed = _has_norms(net)
    if net.post_norm:
        raise InputError(
            "format: TransformerLens has norms before the parts of a block, got norms after them"
        )
    if mixes(net):
        raise InputError("format: TransformerLens has only softmax attention patterns, got others")
    d, t = net.embedding.shape[1], length_of(net.layout, net.operands)
    shapes: Shapes = {"position": (t, d), "unembedding_bias": (net.classes,)}
    state = {name: _array(getattr(net, field), shapes.get(field)) for field, name in OUTER_NAMES}
    for layer, block in enumerate(net.blocks):
        shapes = bias_shapes(block.query.shape, block.mlp_in.shape[1])
        for field, name in BLOCK_NAMES:
            state[f"blocks.{layer}.{name}"] = _array(getattr(block, field), shapes.get(field))
        visible = np.ones((t, t), dtype=bool)
        state[f"blocks.{layer}.attn.mask"] = np.tril(visible) if net.causal else visible
        state[f"blocks.{layer}.attn.IGNORE"] = np.array(-np.inf, dtype=np.float32)
        if normed:
            for field, name in NORM_NAMES:
                state |= _norm_state(f"blocks.{layer}.{name}", getattr(block, field))
    if normed and net.final_norm is not None:
        state |= _norm_state("ln_final", net.final_norm)
    return state


def config_of(net: Transformer) -> Config:
    """Return what `HookedTransformerConfig` and `TransformerBridgeConfig` need to build the same network.

    `dtype` is left at its default, float32, for JSON has no name for it. `seed` stays empty, for a seed here
    would reset the reader's random numbers while nothing is drawn.

    Raises:
        InputError: TransformerLens has no such activation.
    """
    if net.activation not in ACTIVATION_NAMES:
        known = ", ".join(ACTIVATION_NAMES)
        raise InputError(f"format: TransformerLens has the activations {known}, got {net.activation}")
    heads, d, e = net.blocks[0].query.shape
    return {
        "n_layers": len(net.blocks),
        "d_model": d,
        "n_ctx": length_of(net.layout, net.operands),
        "d_head": e,
        "n_heads": heads,
        "d_mlp": net.blocks[0].mlp_in.shape[1],
        "d_vocab": len(net.embedding),
        "d_vocab_out": net.classes,
        "act_fn": net.activation,
        "normalization_type": "LN" if _has_norms(net) else None,
        "eps": EPSILON,
        "positional_embedding_type": "standard",
        "attn_only": False,
        "attention_dir": "causal" if net.causal else "bidirectional",
        "use_attn_scale": True,
        "init_weights": False,
        "seed": None,
        "model_name": "modgrok",
    }


def _has_norms(net: Transformer) -> bool:
    norms = [net.final_norm, *(getattr(block, field) for block in net.blocks for field, _ in NORM_NAMES)]
    present = [norm is not None for norm in norms]
    if any(present) and not all(present):
        raise InputError(
            "format: TransformerLens has a norm before every part of a block or before none, got some"
        )
    return all(present)


def bias_shapes(query: tuple[int, ...], m: int) -> Shapes:
    """Return the shape of every bias of a layer, by its field in `Block`, from W_Q's shape and m."""
    heads, d, e = query
    shapes: Shapes = {"out_bias": (d,), "mlp_in_bias": (m,), "mlp_out_bias": (d,)}
    return shapes | dict.fromkeys(("query_bias", "key_bias", "value_bias"), (heads, e))


def present(net: Transformer) -> list[str]:
    """Return the keys of biases and positions that the network has, be they zeros or not."""
    names = [name for field, name in OUTER_NAMES if getattr(net, field) is not None]
    for layer, block in enumerate(net.blocks):
        names += [
            f"blocks.{layer}.{name}" for field, name in BLOCK_NAMES if getattr(block, field) is not None
        ]
    return names


def _norm_state(name: str, norm: Norm) -> StateDict:
    return {f"{name}.w": _array(norm.scale), f"{name}.b": _array(norm.shift)}


def _array(value: Array | None, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """As float32; zeros of that shape where there is nothing."""
    if value is None:
        assert shape is not None
        return np.zeros(shape, dtype=np.float32)
    return np.asarray(value, dtype=np.float32)
