"""The transposed layout of Nanda et al.'s first code, read as TransformerLens's.

    W_E (d, v)   W_Q, W_K, W_V (heads, e, d)   W_O (d, heads * e)   W_in (m, d)   W_out (d, m)   W_U (d, v)

Owns: recognising it and turning it. The names are the same, there is no layer normalisation, attention has no
biases and the MLP has them.

Source: Nanda et al. 2023, Sec. 3, and the code published with it.
"""

from __future__ import annotations

from .names import StateDict


def is_transposed(state: StateDict) -> bool:
    """Say whether W_O is a matrix, as in this layout alone; TransformerLens keeps one matrix per head.

    Example:
        >>> import numpy as np
        >>> is_transposed({"blocks.0.attn.W_O": np.zeros((128, 128))})
        True
    """
    output = state.get("blocks.0.attn.W_O")
    return output is not None and output.ndim == 2


def to_transformerlens_layout(state: StateDict) -> StateDict:
    """Return the same weights in TransformerLens's layout.

    Example:
        >>> import numpy as np
        >>> state = {"blocks.0.attn.W_Q": np.zeros((4, 32, 128)), "blocks.0.attn.W_O": np.zeros((128, 128))}
        >>> {name: value.shape for name, value in to_transformerlens_layout(state).items()}
        {'blocks.0.attn.W_Q': (4, 128, 32), 'blocks.0.attn.W_O': (4, 32, 128)}
    """
    converted = {}
    for name, value in state.items():
        last = name.rpartition(".")[2]
        if last in ("W_Q", "W_K", "W_V") and value.ndim == 3:
            value = value.transpose(0, 2, 1)
        elif last == "W_O" and value.ndim == 2:
            query = state.get(name.replace("W_O", "W_Q"))
            heads = 1 if query is None else query.shape[0]
            value = value.T.reshape(heads, -1, len(value)) if value.shape[1] % heads == 0 else value
        elif last in ("W_E", "W_in", "W_out") and value.ndim == 2:
            value = value.T
        converted[name] = value
    return converted
