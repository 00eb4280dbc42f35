"""What a user, or settings saved with the weights, say of a transformer.

Owns: the options, and the names that settings have in public code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

ACTIVATIONS = ("relu", "gelu", "silu")
"""Activations that are tried where none is given; the first is the convention."""


@dataclass(frozen=True)
class ImportOptions:
    """What a user or a configuration says of a transformer; None where nothing is said.

    Arguments:
        layout: one of `LAYOUTS`.
        heads: number of heads.
        activation: its name.
        tokens: numbers of the signs, in the order of the sequence.
        causal: whether attention is causal.
        post_norm: whether norms follow the parts of a block.
        mix: weight of the softmax in the attention pattern; the rest is uniform.
        bare_norms: whether norms have no parameters.
    """

    layout: str | None = None
    heads: int | None = None
    activation: str | None = None
    tokens: tuple[int, ...] | None = None
    causal: bool | None = None
    post_norm: bool | None = None
    mix: float | None = None
    bare_norms: bool = False


def activations_of(options: ImportOptions) -> tuple[str, ...]:
    """Return the activations to try."""
    return (options.activation,) if options.activation else ACTIVATIONS


def with_config(options: ImportOptions, config: Mapping[str, Any]) -> ImportOptions:
    """Fill in what a user did not say from settings that were saved with the weights.

    Example:
        >>> with_config(ImportOptions(), {"n_heads": 4, "act_fn": "ReLU", "attn_coeff": 0.5}).mix
        0.5
    """
    heads = _of(config, int, "n_heads", "num_heads", "heads")
    phi = _of(config, str, "act_fn", "act_type", "activation")
    mix = _of(config, float, "attn_coeff", "attention_rate")
    named = (
        None
        if phi is None
        else {"ReLU": "relu", "GeLU": "gelu", "GELU": "gelu", "SiLU": "silu"}.get(phi, phi)
    )
    return replace(
        options,
        heads=options.heads or heads,
        activation=options.activation or named,
        mix=mix if options.mix is None else options.mix,
        causal=config["attention_dir"] == "causal"
        if options.causal is None and "attention_dir" in config and "d_vocab" in config
        else options.causal,
        bare_norms=options.bare_norms or config.get("normalization_type") == "LNPre",
    )


def _of(config: Mapping[str, Any], kind: type, *names: str) -> Any:
    for name in names:
        value = config.get(name)
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, kind) or (kind is float and isinstance(value, int)):
            return value
    return None
