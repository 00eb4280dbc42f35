"""What a user, or settings saved with the weights, say of a transformer.

Owns: the options, and the names that settings have in public code.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np

from ...io.whole_numbers import whole_number
from ...models.activations import activation as activation_named
from ...models.activations import is_activation
from ...models.transformer import LAYOUTS
from ...tasks import InputError
from ...tasks.errors import shorten

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


def checked_options(
    layout: Any, heads: Any, activation: Any, tokens: Any, causal: Any, post_norm: Any, mix: Any
) -> ImportOptions:
    """Return what a user says, each of its kind.

    Raises:
        InputError: naming the one that is not.

    Example:
        >>> checked_options(None, "4", None, None, None, None, None)
        Traceback (most recent call last):
        modgrok.io.errors.InputError: heads: must be an integer, got '4'
    """
    if layout is not None and layout not in LAYOUTS:
        raise InputError(f"layout: must be one of {', '.join(LAYOUTS)}, got {shorten(layout)}")
    if activation is not None:
        if not isinstance(activation, str):
            raise InputError(f"activation: must be a name, got {shorten(activation)}")
        activation_named(activation)
    if tokens is not None:
        if isinstance(tokens, str | bytes) or not isinstance(tokens, Iterable):
            raise InputError(f"tokens: must be a sequence of integers, got {shorten(tokens)}")
        tokens = tuple(whole_number("tokens", token, 0) for token in tokens)
    for name, value in (("causal", causal), ("post_norm", post_norm)):
        if not isinstance(value, bool | np.bool_ | None):
            raise InputError(f"{name}: must be true or false, got {shorten(value)}")
    causal, post_norm = (None if value is None else bool(value) for value in (causal, post_norm))
    if mix is not None:
        share = math.nan if isinstance(mix, bool | np.bool_) or not isinstance(mix, Real) else float(mix)
        if not 0 <= share <= 1:
            raise InputError(f"mix: must be in 0..1, got {shorten(mix)}")
        mix = share
    count = None if heads is None else whole_number("heads", heads, 1)
    return ImportOptions(layout, count, activation, tokens, causal, post_norm, mix)


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
    phi = _activation_in(config) if options.activation is None else None
    mix = _of(config, float, "attn_coeff", "attention_rate")
    return replace(
        options,
        heads=heads if options.heads is None else options.heads,
        activation=options.activation or phi,
        mix=mix if options.mix is None else options.mix,
        causal=config["attention_dir"] == "causal"
        if options.causal is None and "attention_dir" in config and "d_vocab" in config
        else options.causal,
        bare_norms=options.bare_norms or config.get("normalization_type") == "LNPre",
    )


def stated_by(explicit: ImportOptions, filled: ImportOptions) -> dict[str, str]:
    """Return option -> value, of those that settings decided, which a user did not state."""
    names = ("heads", "activation", "mix", "causal")
    return {
        name: str(getattr(filled, name))
        for name in names
        if getattr(filled, name) is not None and getattr(explicit, name) is None
    }


def _activation_in(config: Mapping[str, Any]) -> str | None:
    """Return the activation that settings name.

    Raises:
        InputError: modgrok has none of that name.
    """
    word = _of(config, str, "act_fn", "act_type", "activation")
    if word is None:
        return None
    usual = {"square": "power2", "quadratic": "power2", "x^2": "power2", "swish": "silu"}
    name: str = usual.get(word.lower(), word.lower())
    if not is_activation(name):
        raise InputError(
            "activation: must be given, since the settings beside the weights name one that modgrok lacks, "
            f"got {shorten(word)}"
        )
    return name


def _of(config: Mapping[str, Any], kind: type, *names: str) -> Any:
    for name in names:
        value = config.get(name)
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, kind) or (kind is float and isinstance(value, int)):
            return value
    return None
