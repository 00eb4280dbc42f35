"""Readings of a transformer's weights: its sequence of tokens, its heads, its masks and norms.

Owns: the combinations of what the weights leave open, and laying out what is outside the layers.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...models import Block, Transformer
from ...models.transformer import length_of
from ...tasks import InputError, Task
from .forward import transformer_logits
from .readings import Reading
from .token_orders import TokenOrder, token_orders
from .transformer_blocks import block_choices, norm_of, single_precision, vector_of
from .transformer_options import ACTIVATIONS, ImportOptions, activations_of
from .transformer_weights import Weights


def transformer_readings(weights: Weights, task: Task, options: ImportOptions) -> list[Reading]:
    """Return every reading of a transformer's weights whose shapes fit the task.

    Raises:
        InputError: none does, with the first reason.
    """
    p, k = task.p, len(task.operands)
    d = _width(weights, p)
    embedding = _embedding(weights, p, d)
    unembedding = _unembedding(weights, embedding, p, d)
    position = _position(weights, d)
    orders = list(token_orders(embedding, position, unembedding.shape[1], p, k, options))
    blocks = list(block_choices(weights, d, options))
    norms = any(".ln" in role for role in weights.arrays) or options.bare_norms
    posts = (options.post_norm,) if options.post_norm is not None else (False, True) if norms else (False,)
    causals = (
        (options.causal,) if options.causal is not None else (True, False) if weights.layers > 1 else (True,)
    )
    final = norm_of(weights, "ln_final", d, options.bare_norms)
    bias = vector_of(weights, "b_U", unembedding.shape[1])
    readings = []
    for order, (blocked, of_blocks, block_usual), post, causal, phi, mix in itertools.product(
        orders, blocks, posts, causals, activations_of(options), _mixes(options.mix, position, orders, k)
    ):
        columns = order.tokens[:p] if unembedding.shape[1] == len(embedding) else np.arange(p)
        choices = {
            "layout": order.layout,
            "tokens": order.description,
            **of_blocks,
            "norms": "after each part" if post else "before each part",
            "mask": "causal" if causal else "none",
            "activation": phi,
            "attention": mix.description,
        }
        usual = {"tokens"} if order.usual else set()
        usual |= {"activation"} if phi == ACTIVATIONS[0] or options.activation else set()
        usual |= block_usual | ({"attention"} if mix.usual else set())

        def build(
            order: TokenOrder = order, blocked: tuple[Block, ...] = blocked, phi: str = phi,
            causal: bool = causal, post: bool = post, mix: _Mix = mix, columns: np.ndarray = columns,
        ) -> Transformer:  # fmt: skip
            return Transformer(
                single_precision(embedding[order.tokens]),
                None if position is None else single_precision(position[: length_of(order.layout, k)]),
                blocked,
                final,
                single_precision(unembedding[:, columns]),
                None if bias is None else bias[columns],
                k,
                order.layout,
                phi,
                causal,
                post,
                mix.softmax,
                mix.uniform,
            )

        readings.append(Reading(build, transformer_logits, choices, frozenset(usual)))
    return readings


@dataclass(frozen=True)
class _Mix:
    softmax: float
    uniform: float
    description: str
    usual: bool = True


def _mixes(mix: float | None, position: Any, orders: list[TokenOrder], k: int) -> list[_Mix]:
    """Return what a weight of the softmax may mean: the rest is added to every place, or shared."""
    if mix is None or mix == 1:
        return [_Mix(1.0, 0.0, "softmax")]
    lengths = sorted({length_of(order.layout, k) for order in orders})
    added = _Mix(mix, 1 - mix, f"{mix:g} softmax + {1 - mix:g} at every place")
    return [
        added,
        *(
            _Mix(mix, (1 - mix) / t, f"{mix:g} softmax + {1 - mix:g}/{t} at every place", False)
            for t in lengths
        ),
    ]


def _width(weights: Weights, p: int) -> int:
    """Return d, from a weight whose axes are known."""
    for role, value in weights.arrays.items():
        if role in ("W_pos", "ln_final.w") or role.endswith((".ln1.w", ".ln2.w", ".b_O", ".b_out")):
            return int(value.shape[-1])
    embedding, unembedding = weights.arrays.get("W_E"), weights.arrays.get("W_U")
    if embedding is None:
        raise InputError("map: must name the embedding, W_E, got none among the keys")
    if unembedding is not None:
        shared = [n for n in embedding.shape if n in unembedding.shape and n < p]
        if len(set(shared)) == 1:
            return int(shared[0])
    rows = embedding.T if "W_E" in weights.transposed else embedding
    if weights.kinds["W_E"] != "bare" or not p <= rows.shape[1] <= p + 8:
        return int(rows.shape[1])
    return int(rows.shape[0])


def _embedding(weights: Weights, p: int, d: int) -> np.ndarray:
    """Return W_E, shape (v, d)."""
    value = weights.arrays.get("W_E")
    if value is None:
        raise InputError("map: must name the embedding, W_E, got none among the keys")
    rows = value.T if "W_E" in weights.transposed else value
    if rows.shape[1] != d and "W_E" not in weights.transposed:
        rows = rows.T
    if rows.shape[1] != d:
        raise InputError(
            f"path: {weights.names['W_E']} must have {d} columns, as the residual stream, got {value.shape}"
        )
    if len(rows) < p:
        raise InputError(f"p: must leave a row of W_E for each number, got {p} with {len(rows)} rows")
    return rows


def _unembedding(weights: Weights, embedding: np.ndarray, p: int, d: int) -> np.ndarray:
    """Return W_U, shape (d, c), with c = p or one for each token; W_E's transpose where there is none."""
    value = weights.arrays.get("W_U")
    if value is None:
        return embedding.T
    columns = value.T if (weights.kinds["W_U"] == "torch") is not ("W_U" in weights.transposed) else value
    if columns.shape[0] != d and "W_U" not in weights.transposed:
        columns = columns.T
    if columns.shape[0] != d:
        raise InputError(
            f"path: {weights.names['W_U']} must have {d} rows, as the residual stream, got {value.shape}"
        )
    if columns.shape[1] not in (p, len(embedding)):
        raise InputError(f"p: must be the number of logits, {columns.shape[1]}, got {p}")
    return columns


def _position(weights: Weights, d: int) -> np.ndarray | None:
    value = weights.arrays.get("W_pos")
    if value is None:
        return None
    rows = value[0] if value.ndim == 3 and len(value) == 1 else value
    rows = rows.T if "W_pos" in weights.transposed else rows
    if rows.ndim != 2 or rows.shape[1] != d:
        raise InputError(
            f"path: {weights.names['W_pos']} must have shape (positions, {d}), got {value.shape}"
        )
    return rows
