"""The layers of a transformer as `models.Block` has them: heads apart, every matrix as (in, out).

Owns: the number of heads, the sides of square matrices, and the shapes that are refused.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...models import Block, Norm
from ...tasks import InputError
from .transformer_options import ImportOptions
from .transformer_weights import Weights

MOST_HEADS = 16


def block_choices(
    weights: Weights, d: int, options: ImportOptions
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


def _heads(weights: Weights, d: int, options: ImportOptions) -> list[int]:
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
            if options.heads < 1 or size % options.heads:
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


def _block(
    weights: Weights, layer: int, d: int, heads: int, left: bool | None, options: ImportOptions
) -> Block:
    at = f"blocks.{layer}."
    projections = {letter: _heads_of(weights, at, letter, d, heads, left) for letter in "QKV"}
    e = projections["Q"].shape[2]
    out = _out(weights, at, d, heads, e, left)
    inner = _linear(weights, f"{at}W_in", d, None, left)
    m = inner.shape[1]
    biases = {letter: _head_bias(weights, at, letter, heads, e) for letter in "QKV"}
    return Block(
        single_precision(projections["Q"]),
        single_precision(projections["K"]),
        single_precision(projections["V"]),
        single_precision(out),
        single_precision(inner),
        single_precision(_linear(weights, f"{at}W_out", m, d, left)),
        biases["Q"],
        biases["K"],
        biases["V"],
        vector_of(weights, f"{at}b_O", d),
        vector_of(weights, f"{at}b_in", m),
        vector_of(weights, f"{at}b_out", d),
        norm_of(weights, f"{at}ln1", d, options.bare_norms),
        norm_of(weights, f"{at}ln2", d, options.bare_norms),
    )


def _linear(weights: Weights, role: str, rows: int, columns: int | None, left: bool | None) -> np.ndarray:
    """Return a matrix as (in, out): as its name says, else as its shape does, else as `left` does."""
    value = weights.arrays.get(role)
    if value is None:
        raise InputError(f"map: must name {role}, got none among the keys")
    if value.ndim != 2:
        raise InputError(f"path: {weights.names[role]} must be a matrix, got shape {value.shape}")
    turn = role in weights.transposed
    kind = weights.kinds[role]
    if turn or role in weights.fixed or kind != "bare":
        matrix = value.T if (kind == "torch") is not turn else value
        if not _fits(matrix, rows, columns) and not turn:
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
    return single_precision(value.reshape(heads, e)) if value.any() else None


def vector_of(weights: Weights, role: str, size: int) -> Any:
    """Return a bias; None where there is none, or where it is zero."""
    value = weights.arrays.get(role)
    if value is None:
        return None
    if value.shape != (size,):
        raise InputError(f"path: {weights.names[role]} must have shape ({size},), got {value.shape}")
    return single_precision(value) if value.any() else None


def norm_of(weights: Weights, role: str, d: int, bare: bool) -> Norm | None:
    if bare:
        return Norm(jnp.ones(d), jnp.zeros(d))
    scale = weights.arrays.get(f"{role}.w")
    if scale is None:
        return None
    shift = weights.arrays.get(f"{role}.b")
    if scale.shape != (d,) or (shift is not None and shift.shape != (d,)):
        raise InputError(f"path: {weights.names[f'{role}.w']} must have shape ({d},), got {scale.shape}")
    return Norm(single_precision(scale), jnp.zeros(d) if shift is None else single_precision(shift))


def single_precision(value: Any) -> Any:
    return jnp.asarray(np.ascontiguousarray(value), jnp.float32)
