"""Readings of a transformer's weights: its sequence of tokens, its heads, which matrices are turned.

Owns: laying every weight out as `models.Transformer` has it, and what the weights leave open.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...models import Block, Norm, Transformer
from ...models.transformer import LAYOUTS, SIGNS, length_of
from ...tasks import InputError, Task
from .forward import transformer_logits
from .keys import kind_of
from .readings import Reading

ACTIVATIONS = ("relu", "gelu", "silu")
"""Activations that are tried where none is given; the first is the convention."""
MOST_HEADS = 16
SEQUENCES = {"infix": "x op y", "equals": "x y op", "infix-equals": "x op y =", "two": "x y"}
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Options:
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


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of a transformer by role.

    Arguments:
        arrays: by role; see `keys.transformer_roles`.
        kinds: role -> how it lies, as in `keys.kind_of`.
        transposed: roles whose matrices the user transposed.
        fixed: roles that the user named.
        names: role -> name in the file.
    """

    arrays: dict[str, np.ndarray]
    kinds: dict[str, str]
    transposed: frozenset[str]
    fixed: frozenset[str]
    names: dict[str, str]

    @property
    def layers(self) -> int:
        """Number of layers."""
        numbers = [int(role.split(".")[1]) for role in self.arrays if role.startswith("blocks.")]
        return 1 + max(numbers, default=-1)


def weights_of(
    arrays: Arrays, roles: Mapping[str, str], transposed: frozenset[str], fixed: frozenset[str]
) -> Weights:
    """Gather weights by role."""
    return Weights(
        {role: arrays[name] for role, name in roles.items()},
        {role: kind_of(name) for role, name in roles.items()},
        frozenset(role for role, name in roles.items() if name in transposed),
        frozenset(role for role, name in roles.items() if name in fixed),
        dict(roles),
    )


def transformer_readings(weights: Weights, task: Task, options: Options) -> list[Reading]:
    """Return every reading of a transformer's weights whose shapes fit the task.

    Raises:
        InputError: none does, with the first reason.
    """
    p, k = task.p, len(task.operands)
    d = _width(weights, p)
    embedding = _embedding(weights, p, d)
    unembedding = _unembedding(weights, embedding, p, d)
    position = _position(weights, d)
    orders = list(_orders(embedding, position, p, k, options))
    blocks = list(_block_choices(weights, d, options))
    norms = any(".ln" in role for role in weights.arrays) or options.bare_norms
    posts = (options.post_norm,) if options.post_norm is not None else (False, True) if norms else (False,)
    causals = (
        (options.causal,) if options.causal is not None else (True, False) if weights.layers > 1 else (True,)
    )
    final = _norm(weights, "ln_final", d, options.bare_norms)
    bias = _vector(weights, "b_U", unembedding.shape[1])
    readings = []
    for order, (blocked, block_choices, block_usual), post, causal, phi, mix in itertools.product(
        orders, blocks, posts, causals, options_activations(options), _mixes(options.mix, position, orders, k)
    ):
        columns = order.tokens[:p] if unembedding.shape[1] == len(embedding) else np.arange(p)
        choices = {
            "layout": order.layout,
            "tokens": order.description,
            **block_choices,
            "norms": "after each part" if post else "before each part",
            "mask": "causal" if causal else "none",
            "activation": phi,
            "attention": mix.description,
        }
        usual = {"tokens"} if order.usual else set()
        usual |= {"activation"} if phi == ACTIVATIONS[0] or options.activation else set()
        usual |= block_usual | ({"attention"} if mix.usual else set())

        def build(
            order: _Order = order, blocked: tuple[Block, ...] = blocked, phi: str = phi,
            causal: bool = causal, post: bool = post, mix: _Mix = mix, columns: np.ndarray = columns,
        ) -> Transformer:  # fmt: skip
            return Transformer(
                _single(embedding[order.tokens]),
                None if position is None else _single(position[: length_of(order.layout, k)]),
                blocked,
                final,
                _single(unembedding[:, columns]),
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


def options_activations(options: Options) -> tuple[str, ...]:
    """Return the activations to try."""
    return (options.activation,) if options.activation else ACTIVATIONS


@dataclass(frozen=True)
class _Mix:
    softmax: float
    uniform: float
    description: str
    usual: bool = True


def _mixes(mix: float | None, position: Any, orders: list[_Order], k: int) -> list[_Mix]:
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


@dataclass(frozen=True, eq=False)
class _Order:
    """A sequence of tokens: which row of W_E is which number and sign."""

    layout: str
    tokens: np.ndarray
    description: str
    usual: bool


def _orders(
    embedding: np.ndarray, position: np.ndarray | None, p: int, k: int, options: Options
) -> Iterator[_Order]:
    v, length = len(embedding), None if position is None else len(position)
    layouts = [name for name in LAYOUTS if options.layout in (None, name)]
    extra = options.tokens is not None  # then other tokens may be in the vocabulary
    fitting = [
        name
        for name in layouts
        if length in (None, length_of(name, k)) and (v >= p + SIGNS[name] if extra else v == p + SIGNS[name])
    ]
    if not fitting:
        if v == 2 * p:
            raise InputError(
                f"path: must have one vocabulary, got {v} = 2 x {p} rows of W_E, one for each operand"
            )
        needs = "; ".join(
            f"{name} {length_of(name, k)} positions and {p + SIGNS[name]} tokens" for name in layouts
        )
        have = "no positions" if length is None else f"{length} positions"
        rows = {p + SIGNS[name] for name in layouts}
        argument = "p" if v not in rows else "layout"
        raise InputError(
            f"{argument}: must fit W_E and W_pos ({needs}, for {k} operands and p = {p}), got {have} and {v} "
            "tokens"
        )
    for layout in fitting:
        yield from _token_orders(layout, v, p, options, explicit=options.layout is not None)


def _token_orders(layout: str, v: int, p: int, options: Options, *, explicit: bool) -> Iterator[_Order]:
    signs = SIGNS[layout]
    if options.tokens is not None and (
        len(options.tokens) != signs
        or len(set(options.tokens)) != signs
        or not all(0 <= token < v for token in options.tokens)
    ):
        raise InputError(
            f"tokens: must be {signs} different numbers below {v} for the layout {layout}, got "
            f"{','.join(map(str, options.tokens)) or 'none'}"
        )
    for start in range(v - p + 1):
        numbers = list(range(start, start + p))
        rest = [token for token in range(v) if token not in numbers]
        chosen = [options.tokens] if options.tokens is not None else itertools.permutations(rest, signs)
        for sign in chosen:
            if set(sign) & set(numbers):
                continue
            usual = start == 0 and list(sign) == list(range(p, p + signs))
            if options.tokens is not None:
                usual = start == 0
            elif signs > 1 and not explicit:
                usual = False
            words = [
                f"numbers from {start}",
                *(f"{name} {n}" for name, n in zip(("op", "="), sign, strict=False)),
            ]
            yield _Order(layout, np.array([*numbers, *sign]), ", ".join(words), usual)


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
            f"path: {weights.names['W_E']} must have {d} columns as the residual stream, got {value.shape}"
        )
    if len(rows) < p:
        raise InputError(f"p: must leave a row of W_E to each number, got {p} with {len(rows)} rows")
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
            f"path: {weights.names['W_U']} must have {d} rows as the residual stream, got {value.shape}"
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


def _block_choices(
    weights: Weights, d: int, options: Options
) -> Iterator[tuple[tuple[Block, ...], dict[str, str], set[str]]]:
    """Yield all layers, for every number of heads and way to lie."""
    if weights.layers == 0:
        raise InputError(
            "map: must name the attention's weights, W_Q, W_K, W_V and W_O, got none among the keys"
        )
    counts = _heads(weights, d, options)
    sides: list[bool | None] = [True, False] if _open_sides(weights, d) else [None]
    for heads, left in itertools.product(counts, sides):
        choices = {"heads": str(heads)}
        if left is not None:
            choices["orientation"] = "matrices times columns" if left else "rows times matrices"
        yield (
            tuple(_block(weights, layer, d, heads, left, options) for layer in range(weights.layers)),
            choices,
            set(),
        )


def _heads(weights: Weights, d: int, options: Options) -> list[int]:
    lists = [role for role in weights.arrays if role.startswith("blocks.0.head.") and role.endswith("W_Q")]
    query = weights.arrays.get("blocks.0.W_Q")
    fused = weights.arrays.get("blocks.0.W_QKV")
    if lists:
        known = len(lists)
    elif query is not None and query.ndim == 3:
        known = len(query)
    elif query is not None or fused is not None:
        size = _projected(query, d) if query is not None else _projected(fused, d) // 3
        if options.heads is not None:
            if size % options.heads or options.heads < 1:
                raise InputError(f"heads: must divide the width of attention, {size}, got {options.heads}")
            return [options.heads]
        return [n for n in range(1, MOST_HEADS + 1) if size % n == 0]
    else:
        raise InputError("map: must name W_Q, or W_Q, W_K and W_V in one, got none among the keys")
    if options.heads not in (None, known):
        raise InputError(f"heads: must be {known} as in the weights, got {options.heads}")
    return [known]


def _projected(value: Any, d: int) -> int:
    """Return the side of a matrix that is not the residual stream's."""
    return int(value.size // d)


def _open_sides(weights: Weights, d: int) -> bool:
    """Say whether square matrices may lie either way: no name, shape or user says how."""
    for role, value in weights.arrays.items():
        last = role.rpartition(".")[2]
        if last not in ("W_Q", "W_K", "W_V", "W_O", "W_in", "W_out") or weights.kinds[role] != "bare":
            continue
        if role in weights.transposed or role in weights.fixed or value.ndim != 2 or value.shape != (d, d):
            continue
        query = weights.arrays.get(role[: -len(last)] + "W_Q")
        if last == "W_O" and query is not None and query.ndim == 3 and query.shape[1] != query.shape[2]:
            continue  # the layout of Nanda et al. or TransformerLens, whose W_Q says which
        return True
    return False


def _block(weights: Weights, layer: int, d: int, heads: int, left: bool | None, options: Options) -> Block:
    at = f"blocks.{layer}."
    projections = {letter: _heads_of(weights, at, letter, d, heads, left) for letter in "QKV"}
    e = projections["Q"].shape[2]
    out = _out(weights, at, d, heads, e, left)
    inner = _linear(weights, f"{at}W_in", d, None, left)
    m = inner.shape[1]
    biases = {letter: _head_bias(weights, at, letter, heads, e) for letter in "QKV"}
    return Block(
        _single(projections["Q"]),
        _single(projections["K"]),
        _single(projections["V"]),
        _single(out),
        _single(inner),
        _single(_linear(weights, f"{at}W_out", m, d, left)),
        biases["Q"],
        biases["K"],
        biases["V"],
        _vector(weights, f"{at}b_O", d),
        _vector(weights, f"{at}b_in", m),
        _vector(weights, f"{at}b_out", d),
        _norm(weights, f"{at}ln1", d, options.bare_norms),
        _norm(weights, f"{at}ln2", d, options.bare_norms),
    )


def _linear(weights: Weights, role: str, rows: int, columns: int | None, left: bool | None) -> np.ndarray:
    """Return a matrix as (in, out): as its name says, else as its shape does, else as `left` does."""
    value = weights.arrays.get(role)
    if value is None:
        raise InputError(f"map: must name {role}, got none among the keys")
    if value.ndim != 2:
        raise InputError(f"path: {weights.names[role]} must be a matrix, got shape {value.shape}")
    transpose = role in weights.transposed
    kind = weights.kinds[role]
    if transpose or role in weights.fixed or kind != "bare":
        matrix = value.T if (kind == "torch") is not transpose else value
        if not _fits(matrix, rows, columns) and not transpose:
            matrix = matrix.T
    else:
        straight, across = _fits(value, rows, columns), _fits(value.T, rows, columns)
        matrix = value.T if (across and (left if straight else True)) else value
    if not _fits(matrix, rows, columns):
        expected = f"({rows}, {'any' if columns is None else columns})"
        raise InputError(
            f"path: {weights.names[role]} must have shape {expected} or its transpose, got {value.shape}"
        )
    return matrix


def _fits(matrix: np.ndarray, rows: int, columns: int | None) -> bool:
    return matrix.shape[0] == rows and columns in (None, matrix.shape[1])


def _heads_of(weights: Weights, at: str, letter: str, d: int, heads: int, left: bool | None) -> np.ndarray:
    """Return W_Q, W_K or W_V, shape (heads, d, e)."""
    role = f"{at}W_{letter}"
    if f"{at}head.0.W_{letter}" in weights.arrays:
        each = [_linear(weights, f"{at}head.{h}.W_{letter}", d, None, left) for h in range(heads)]
        return np.stack(each)
    if f"{at}W_QKV" in weights.arrays:
        matrix = _linear(weights, f"{at}W_QKV", d, None, left)
        if matrix.shape[1] % (3 * heads):
            raise InputError(f"heads: must divide a third of {matrix.shape[1]}, got {heads}")
        matrix = np.split(matrix, 3, axis=1)["QKV".index(letter)]
    else:
        value = weights.arrays.get(role)
        if value is not None and value.ndim == 3:
            return _three(value, role, weights, d)
        matrix = _linear(weights, role, d, None, left)
    if matrix.shape[1] % heads:
        raise InputError(f"heads: must divide {matrix.shape[1]}, got {heads}")
    return matrix.reshape(d, heads, -1).transpose(1, 0, 2)


def _three(value: np.ndarray, role: str, weights: Weights, d: int) -> np.ndarray:
    """Return one matrix for each head as (heads, d, e), from TransformerLens's layout or Nanda et al.'s."""
    at = role[: role.rindex(".") + 1]
    out = weights.arrays.get(f"{at}W_O")
    transposed = value.shape[1] != d or (value.shape[2] == d and out is not None and out.ndim == 2)
    if role in weights.transposed:
        transposed = True
    weight = value.transpose(0, 2, 1) if transposed else value
    if weight.shape[1] != d:
        raise InputError(f"path: {weights.names[role]} must have shape (heads, {d}, any), got {value.shape}")
    return weight


def _out(weights: Weights, at: str, d: int, heads: int, e: int, left: bool | None) -> np.ndarray:
    """Return W_O, shape (heads, e, d)."""
    role = f"{at}W_O"
    value = weights.arrays.get(role)
    if value is not None and value.ndim == 3:
        weight = value.transpose(0, 2, 1) if role in weights.transposed or value.shape[2] != d else value
        if weight.shape != (heads, e, d):
            raise InputError(
                f"path: {weights.names[role]} must have shape {(heads, e, d)}, got {value.shape}"
            )
        return weight
    query = weights.arrays.get(f"{at}W_Q")
    if left is None and query is not None and query.ndim == 3:
        left = True  # a matrix beside one W_Q a head: the layout of Nanda et al., W_O (d, heads e)
    return _linear(weights, role, heads * e, d, left).reshape(heads, e, d)


def _head_bias(weights: Weights, at: str, letter: str, heads: int, e: int) -> Any:
    """Return b_Q, b_K or b_V, shape (heads, e); None where there is none."""
    each = [weights.arrays.get(f"{at}head.{h}.b_{letter}") for h in range(heads)]
    if each[0] is not None:
        value = np.stack([part for part in each if part is not None])
    elif f"{at}b_QKV" in weights.arrays:
        value = np.split(weights.arrays[f"{at}b_QKV"], 3)["QKV".index(letter)]
    elif f"{at}b_{letter}" in weights.arrays:
        value = weights.arrays[f"{at}b_{letter}"]
    else:
        return None
    if value.size != heads * e:
        raise InputError(f"path: b_{letter} must have {heads * e} numbers, got shape {value.shape}")
    return _single(value.reshape(heads, e)) if value.any() else None


def _vector(weights: Weights, role: str, size: int) -> Any:
    """Return a bias; None where there is none, or where it is zero."""
    value = weights.arrays.get(role)
    if value is None:
        return None
    if value.shape != (size,):
        raise InputError(f"path: {weights.names[role]} must have shape ({size},), got {value.shape}")
    return _single(value) if value.any() else None


def _norm(weights: Weights, role: str, d: int, bare: bool) -> Norm | None:
    if bare:
        return Norm(jnp.ones(d), jnp.zeros(d))
    scale = weights.arrays.get(f"{role}.w")
    if scale is None:
        return None
    shift = weights.arrays.get(f"{role}.b")
    if scale.shape != (d,) or (shift is not None and shift.shape != (d,)):
        raise InputError(f"path: {weights.names[f'{role}.w']} must have shape ({d},), got {scale.shape}")
    return Norm(_single(scale), jnp.zeros(d) if shift is None else _single(shift))


def _single(value: Any) -> Any:
    return jnp.asarray(np.ascontiguousarray(value), jnp.float32)


def with_config(options: Options, config: Mapping[str, Any]) -> Options:
    """Fill in what a user did not say from settings that were saved with the weights.

    Example:
        >>> with_config(Options(), {"n_heads": 4, "act_fn": "ReLU", "attn_coeff": 0.5}).mix
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
