"""The state dict of TransformerLens 4's bridge, read as property keys: matrices of linear maps, heads in one.

    q, k, v.weight (heads * e, d)   o.weight (d, heads * e)   in.weight (m, d)   out.weight (d, m)

Owns: recognising it and turning it. Each `weight` is transposed where it is a linear map's.
"""

from __future__ import annotations

import re

from ..tasks import InputError
from .names import Config, StateDict

OUTER = {"embed.weight": "embed.W_E", "pos_embed.weight": "pos_embed.W_pos", "unembed.bias": "unembed.b_U"}
HEADS = re.compile(r"(blocks\.\d+\.attn\.)([qkvo])\.(weight|bias)")
MLP = re.compile(r"(blocks\.\d+\.mlp\.)(in|out)\.(weight|bias)")
NORM = re.compile(r"((?:blocks\.\d+\.ln[12])|ln_final)\.(weight|bias)")


def is_bridged(state: StateDict) -> bool:
    """Say whether the keys are the bridge's.

    Example:
        >>> import numpy as np
        >>> is_bridged({"embed.weight": np.zeros((6, 4))})
        True
    """
    return "embed.weight" in state and "embed.W_E" not in state


def unbridged(state: StateDict, config: Config) -> StateDict:
    """Return the same weights by property keys.

    Arguments:
        state: from `TransformerBridge.state_dict()`.
        config: must say `n_heads`, for the matrices do not.

    Raises:
        InputError: it does not, or it does not divide their width.

    Example:
        >>> import numpy as np
        >>> state = {"blocks.0.attn.q.weight": np.zeros((6, 8)), "blocks.0.attn.o.weight": np.zeros((8, 6))}
        >>> {name: value.shape for name, value in unbridged(state, {"n_heads": 2}).items()}
        {'blocks.0.attn.W_Q': (2, 8, 3), 'blocks.0.attn.W_O': (2, 3, 8)}
    """
    heads = config.get("n_heads")
    if not isinstance(heads, int) or heads < 1:
        raise InputError(
            f"path: must have n_heads in a config.json beside the weights of a TransformerBridge, got {heads}"
        )
    converted: StateDict = {}
    for name, value in state.items():
        if match := HEADS.fullmatch(name):
            at, letter, kind = match.groups()
            flat = value.T if letter == "o" else value
            if letter != "o" or kind == "weight":
                if len(flat) % heads:
                    raise InputError(f"path: n_heads in config.json must divide {len(flat)}, got {heads}")
                flat = flat.reshape(heads, -1, *flat.shape[1:])
            if letter != "o" and kind == "weight":
                flat = flat.transpose(0, 2, 1)
            converted[f"{at}{'W' if kind == 'weight' else 'b'}_{letter.upper()}"] = flat
        elif match := MLP.fullmatch(name):
            at, side, kind = match.groups()
            converted[f"{at}{'W' if kind == 'weight' else 'b'}_{side}"] = value.T
        elif match := NORM.fullmatch(name):
            at, kind = match.groups()
            converted[f"{at}.{kind[0]}"] = value
        elif name == "unembed.weight":
            converted["unembed.W_U"] = value.T
        else:
            converted[OUTER.get(name, name)] = value
    return converted
