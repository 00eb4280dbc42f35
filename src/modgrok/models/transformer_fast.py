"""The same logits for less: one-layer attention from tables with a row for each token.

Only the last position answers, and in the first layer queries, keys and values depend on one token each. So
scores are entries of tables (last token x other token), the MLP runs once for each input instead of once for
each token, and W_out W_U is one small product in place of two large ones. Owns: that pass, and when it holds.

Operations of matrix products for n inputs, forward, d = 128, m = 512, p classes, t tokens: plain
2n t (4d^2 + 2dm) + 2ndp; here 2n (d^2 + dm + (m + d) p).
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from .activations import activation
from .transformer import Block, Transformer, columns, mixes, normed, plus


def covers(net: Transformer) -> bool:
    """Say whether the fast pass gives this network's logits: it has one layer, with norms before its parts.

    The last position sees all others, so that it does not matter whether attention is causal.
    """
    return len(net.blocks) == 1 and not net.post_norm


def fast_logits(net: Transformer, inputs: Int[Array, "n w"]) -> Float[Array, "n c"]:
    """Return the logits of each input at the last position, equal to the plain pass up to rounding.

    Arguments:
        net: one layer; see `covers`.
        inputs: as in `Transformer.__call__`.
    """
    block = net.blocks[0]
    last, z = jax.checkpoint(_attended)(net, inputs)
    middle = last + plus(z @ block.out.reshape(-1, block.out.shape[-1]), block.out_bias)
    hidden = plus(normed(block.mlp_norm, middle) @ block.mlp_in, block.mlp_in_bias)
    hidden = activation(net.activation)(hidden)
    if net.final_norm is not None:
        residual = plus(middle + hidden @ block.mlp_out, block.mlp_out_bias)
        return plus(net.final_norm(residual) @ net.unembedding, net.unembedding_bias)
    logits = middle @ net.unembedding + hidden @ net.neuron_logits
    if block.mlp_out_bias is not None:
        logits = logits + block.mlp_out_bias @ net.unembedding
    return plus(logits, net.unembedding_bias)


def best_logits(net: Transformer, inputs: Int[Array, "n w"]) -> Float[Array, "n c"]:
    """Return the logits by the fast pass where it holds, by the plain one elsewhere."""
    return fast_logits(net, inputs) if covers(net) else net(inputs)


def _attended(net: Transformer, inputs: Array) -> tuple[Array, Array]:
    """Return the last position's residual and its weighted values, shapes (n, d) and (n, heads * e)."""
    block, n = net.blocks[0], len(inputs)
    tables = [_Table(net, place, column) for place, column in enumerate(columns(net, inputs))]
    final = tables[-1]
    queries = final.project(block.query, block.query_bias) / math.sqrt(block.query.shape[-1])
    scores = jnp.stack([_scores(queries, final, table, block, n) for table in tables])
    pattern = jax.nn.softmax(scores, axis=0)
    if mixes(net):
        pattern = net.softmax_weight * pattern + net.uniform_weight
    parts = [
        weight[..., None] * table.rows(table.project(block.value, block.value_bias))
        for weight, table in zip(pattern, tables, strict=True)
    ]
    z = sum(parts[1:], start=parts[0])
    return jnp.broadcast_to(final.rows(final.residual), (n, final.residual.shape[-1])), z.reshape(n, -1)


class _Table:
    """The tokens that may stand at one place, with the residual stream of each there."""

    def __init__(self, net: Transformer, place: int, column: Array) -> None:
        varies = column.ndim > 0
        residual = net.embedding if varies else net.embedding[column][None]
        if net.position is not None:
            residual = residual + net.position[place]
        self.residual = residual
        self.read = normed(net.blocks[0].attention_norm, residual)
        self.index = column if varies else None

    def project(self, weight: Array, bias: Array | None) -> Array:
        """Return queries, keys or values of every token, shape (v, heads, e)."""
        return plus(jnp.einsum("vd,hde->vhe", self.read, weight), bias)

    def rows(self, table: Array) -> Array:
        """Return each input's row of a table over the tokens, shape (n, …); (1, …) where it is constant."""
        return table if self.index is None else table.at[self.index].get(mode="promise_in_bounds")


def _scores(queries: Array, final: _Table, table: _Table, block: Block, n: int) -> Array:
    """Return the score of one place for each input, shape (n, heads): entries of one table of products."""
    keys = table.project(block.key, block.key_bias)
    if table is final:
        scores = final.rows((queries * keys).sum(-1))
    else:
        every = jnp.einsum("qhe,khe->qkh", queries, keys)
        rows = 0 if final.index is None else final.index
        first = 0 if table.index is None else table.index
        flat = every.reshape(-1, every.shape[-1])
        scores = flat.at[rows * every.shape[1] + first].get(mode="promise_in_bounds")
    return jnp.broadcast_to(scores, (n, queries.shape[1]))
