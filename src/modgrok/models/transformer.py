"""The transformer on modular arithmetic: its weights, its token sequence and its plain forward pass.

    r_0 = W_E[token] (+ W_pos),   r' = r + attention(r),   r'' = r' + W_out phi(W_in r'),   logits = W_U r''

read at the last position, attention being causal. Owns: the layout of the weights, the tokens of an input,
every named activation. The faster pass that gives the same logits is in `transformer_fast`; where weights
come from is elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ..display import Displayed, Facts, last_axes
from .activations import activation

LAYOUTS = ("infix", "equals", "infix-equals", "two")
"""Token sequences: `infix` is x op y, `equals` is x y op (the operator stands where Nanda's = does),
`infix-equals` is x op y =, and `two` is x y, the operands without any sign."""
SIGNS = {"infix": 1, "equals": 1, "infix-equals": 2, "two": 0}
"""Signs of a layout where there is one task: rows of W_E beyond the numbers."""
EPSILON = 1e-5
"""Added to the variance in layer normalisation."""


class Norm(eqx.Module):
    """Layer normalisation: scale * (r - mean r) / sqrt(var r + 1e-5) + shift, over the last axis."""

    scale: Float[Array, " d"]
    shift: Float[Array, " d"]

    def __call__(self, r: Float[Array, "*n d"]) -> Float[Array, "*n d"]:
        """Normalise the last axis."""
        centred = r - r.mean(-1, keepdims=True)
        return self.scale * centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON) + self.shift


class Block(eqx.Module):
    """One layer: attention, then an MLP, each added to the residual stream. None stands for no bias or norm.

    Arguments:
        query, key, value: shape (heads, d, e) with e the width of a head.
        out: shape (heads, e, d).
        mlp_in, mlp_out: shapes (d, m) and (m, d).
        query_bias, key_bias, value_bias: shape (heads, e).
        out_bias, mlp_in_bias, mlp_out_bias: shapes (d,), (m,), (d,).
        attention_norm, mlp_norm: layer normalisation of what attention and MLP read.
    """

    query: Float[Array, "h d e"]
    key: Float[Array, "h d e"]
    value: Float[Array, "h d e"]
    out: Float[Array, "h e d"]
    mlp_in: Float[Array, "d m"]
    mlp_out: Float[Array, "m d"]
    query_bias: Float[Array, "h e"] | None = None
    key_bias: Float[Array, "h e"] | None = None
    value_bias: Float[Array, "h e"] | None = None
    out_bias: Float[Array, " d"] | None = None
    mlp_in_bias: Float[Array, " m"] | None = None
    mlp_out_bias: Float[Array, " d"] | None = None
    attention_norm: Norm | None = None
    mlp_norm: Norm | None = None


class Transformer(Displayed, eqx.Module):
    """A transformer that reads k operands and answers at the last position.

    Arguments:
        embedding: W_E, shape (v, d): rows 0..p-1 are the numbers, row p + t the operator of task t, the last
            row the sign = of the layout `infix-equals`; p rows in the layout `two`.
        position: W_pos, shape (t, d) with t the length of the sequence; None for no positional embedding.
        blocks: the layers.
        final_norm: layer normalisation of what W_U reads; None for none.
        unembedding: W_U, shape (d, c): column q reads class q.
        unembedding_bias: shape (c,); None for none.
        operands: k.
        layout: one of `LAYOUTS`.
        activation: phi, a name from `modgrok.models.activations`.
        causal: whether a position attends to those up to itself alone, or to all.
        post_norm: whether the norms of a block follow its parts, r' = norm(r + attention(r)), as in the first
            transformers and in Power et al. 2022, or stand before them.
        softmax_weight, uniform_weight: u and w of attention patterns u softmax(scores) + w; 1 and 0, but in
            the networks of Zhong et al. 2023, where they are alpha and 1 - alpha.

    modgrok trains causal networks with norms before the parts and patterns that are softmaxes.
    The papers' W_E, W_pos, W_U are stored with these shapes in TransformerLens too; W_L = W_out W_U.

    Source: Furuta et al. 2024, Sec. 3 (one layer, no biases, norms or positions); Nanda et al. 2023, Sec. 3
    (positions, `equals`).
    """

    embedding: Float[Array, "v d"]
    position: Float[Array, "t d"] | None
    blocks: tuple[Block, ...]
    final_norm: Norm | None
    unembedding: Float[Array, "d c"]
    unembedding_bias: Float[Array, " c"] | None
    operands: int = eqx.field(static=True, default=2)
    layout: str = eqx.field(static=True, default="infix")
    activation: str = eqx.field(static=True, default="relu")
    causal: bool = eqx.field(static=True, default=True)
    post_norm: bool = eqx.field(static=True, default=False)
    softmax_weight: float = eqx.field(static=True, default=1.0)
    uniform_weight: float = eqx.field(static=True, default=0.0)

    def _facts(self) -> Facts:
        block = self.blocks[0] if self.blocks else None
        return {
            "k": self.operands,
            "classes": last_axes(self.unembedding, 2)[1],
            "layers": len(self.blocks),
            "heads": last_axes(getattr(block, "query", None), 3)[0],
            "d_model": last_axes(self.embedding, 2)[1],
            "d_mlp": last_axes(getattr(block, "mlp_in", None), 2)[1],
            "layout": self.layout,
            "activation": self.activation,
            "causal": None if self.causal else False,
            "post_norm": self.post_norm or None,
            "softmax_weight": None if self.softmax_weight == 1 else self.softmax_weight,
            "uniform_weight": self.uniform_weight or None,
        }

    @property
    def classes(self) -> int:
        """c = p, the number of logits."""
        return self.unembedding.shape[1]

    @property
    def neuron_logits(self) -> Float[Array, "m c"]:
        """W_L = W_out W_U of the last layer: what a neuron adds to each logit where no final norm intervenes.

        Source: Furuta et al. 2024, Sec. 3 (the neuron-logit map).
        """
        return self.blocks[-1].mlp_out @ self.unembedding

    def tokens(self, inputs: Int[Array, "n w"]) -> Int[Array, "n t"]:
        """Return the token sequence of each input; see `columns`."""
        n = len(inputs)
        return jnp.stack([jnp.broadcast_to(c, (n,)) for c in columns(self, inputs)], axis=1)

    def __call__(self, inputs: Int[Array, "n w"]) -> Float[Array, "n c"]:
        """Return the logits of each input at the last position, by the plain pass.

        Arguments:
            inputs: operand values, shape (n, k); in mixtures of tasks a last column more holds the task.

        Example:
            >>> qkv, out = (jnp.ones((1, 4, 2)),) * 3, jnp.ones((1, 2, 4))
            >>> block = Block(*qkv, out, jnp.ones((4, 8)), jnp.ones((8, 4)))
            >>> net = Transformer(jnp.ones((10, 4)), None, (block,), None, jnp.ones((4, 5)), None)
            >>> net.tokens(jnp.array([[2, 3]])).tolist(), net(jnp.array([[2, 3]])).shape
            ([[2, 5, 3]], (1, 5))
        """
        return activations(self, inputs)["logits"][:, -1]


def columns(net: Transformer, inputs: Int[Array, "n w"]) -> list[Int[Array, "*n"]]:
    """Return the tokens position by position: shape (n,) where they vary, () where they are constant.

    Arguments:
        net: gives k, the layout and the numbers of the operator tokens.
        inputs: shape (n, k), or (n, k + 1) with the task in the last column.
    """
    k = net.operands
    numbers = [inputs[:, s] for s in range(k)]
    task = inputs[:, k] if inputs.shape[1] > k else jnp.zeros((), inputs.dtype)
    operator = net.classes + task
    if net.layout == "two":
        return numbers
    if net.layout == "equals":
        return [*numbers, operator]
    sequence = [numbers[0]]
    for number in numbers[1:]:
        sequence += [operator, number]
    if net.layout == "infix-equals":
        sequence.append(jnp.asarray(len(net.embedding) - 1, inputs.dtype))
    return sequence


def length_of(layout: str, k: int) -> int:
    """Return the number of tokens of a sequence of k operands.

    Example:
        >>> [length_of(layout, 2) for layout in LAYOUTS]
        [3, 3, 4, 2]
    """
    return {"infix": 2 * k - 1, "equals": k + 1, "infix-equals": 2 * k, "two": k}[layout]


def activations(
    net: Transformer, inputs: Int[Array, "n w"], edit: Callable[[str, Array], Array] | None = None
) -> dict[str, Array]:
    """Return every activation of the plain pass, at every position, under its name in TransformerLens.

    Arguments:
        net: the transformer.
        inputs: as in `Transformer.__call__`.
        edit: (name, value) -> value that takes its place in all that is computed from it, for the patterns of
            attention and the neurons (`attn.hook_pattern` and `mlp.hook_post` of every block); None changes
            nothing.

    Returns:
        `hook_embed`, `hook_pos_embed`, `blocks.L.hook_resid_pre`, `.attn.hook_q` (also k, v, z; shape
        (n, t, heads, e)), `.attn.hook_attn_scores` and `.attn.hook_pattern` (n, heads, query, key),
        `.hook_attn_out`, `.hook_resid_mid`, `.mlp.hook_pre`, `.mlp.hook_post`, `.hook_mlp_out`,
        `.hook_resid_post`, and `logits` (n, t, c).
    """
    values: dict[str, Array] = {}
    residual = values["hook_embed"] = net.embedding[net.tokens(inputs)]
    if net.position is not None:
        values["hook_pos_embed"] = jnp.broadcast_to(net.position, residual.shape)
        residual = residual + net.position
    phi = activation(net.activation)
    for layer, block in enumerate(net.blocks):

        def edited(name: str, value: Array, layer: int = layer) -> Array:
            return value if edit is None else edit(f"blocks.{layer}.{name}", value)

        block_values = {"hook_resid_pre": residual}
        attended = attention(block, residual, net, edited)
        block_values |= {f"attn.{name}": value for name, value in attended.items()}
        block_values["hook_attn_out"] = plus(
            jnp.einsum("nthe,hed->ntd", block_values["attn.hook_z"], block.out), block.out_bias
        )
        residual = residual + block_values["hook_attn_out"]
        if net.post_norm:
            residual = normed(block.attention_norm, residual)
        block_values["hook_resid_mid"] = residual
        read = residual if net.post_norm else normed(block.mlp_norm, residual)
        block_values["mlp.hook_pre"] = plus(read @ block.mlp_in, block.mlp_in_bias)
        block_values["mlp.hook_post"] = edited("mlp.hook_post", phi(block_values["mlp.hook_pre"]))
        block_values["hook_mlp_out"] = plus(block_values["mlp.hook_post"] @ block.mlp_out, block.mlp_out_bias)
        residual = residual + block_values["hook_mlp_out"]
        if net.post_norm:
            residual = normed(block.mlp_norm, residual)
        block_values["hook_resid_post"] = residual
        values |= {f"blocks.{layer}.{name}": value for name, value in block_values.items()}
    values["logits"] = plus(normed(net.final_norm, residual) @ net.unembedding, net.unembedding_bias)
    return values


def attention(
    block: Block,
    residual: Float[Array, "n t d"],
    net: Transformer,
    edited: Callable[[str, Array], Array] = lambda name, value: value,
) -> dict[str, Array]:
    """Return queries, keys, values, scores, pattern (edited) and weighted values of a block's attention."""
    read = residual if net.post_norm else normed(block.attention_norm, residual)

    def project(weight: Array, bias: Array | None) -> Array:
        return plus(jnp.einsum("ntd,hde->nthe", read, weight), bias)

    q = project(block.query, block.query_bias)
    k = project(block.key, block.key_bias)
    v = project(block.value, block.value_bias)
    scores = jnp.einsum("nqhe,nkhe->nhqk", q, k) / math.sqrt(q.shape[-1])
    attended = jnp.ones(scores.shape[-2:], bool)
    if net.causal:
        attended = jnp.tril(attended)
    scores = jnp.where(attended, scores, -jnp.inf)
    pattern = jax.nn.softmax(scores, axis=-1)
    if mixes(net):
        pattern = jnp.where(attended, net.softmax_weight * pattern + net.uniform_weight, 0)
    pattern = edited("attn.hook_pattern", pattern)
    return {
        "hook_q": q,
        "hook_k": k,
        "hook_v": v,
        "hook_attn_scores": scores,
        "hook_pattern": pattern,
        "hook_z": jnp.einsum("nhqk,nkhe->nqhe", pattern, v),
    }


def mixes(net: Transformer) -> bool:
    """Say whether the patterns of attention are other than softmaxes."""
    return (net.softmax_weight, net.uniform_weight) != (1, 0)


def plus(value: Array, bias: Array | None) -> Array:
    """Add a bias where there is one."""
    return value if bias is None else value + bias


def normed(norm: Norm | None, residual: Array) -> Array:
    """Normalise where there is a norm."""
    return residual if norm is None else norm(residual)
