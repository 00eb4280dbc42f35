"""Readings of an MLP's weights: which are embeddings, how operands are joined, where the activations are.

    tables U_s (p, d)  ->  joined (side by side, or added)  ->  linear maps  ->  logits

with activations between some of the linear maps. Owns: the folding of all that is linear before the first
activation into one table for each operand, and of what is linear behind it into one matrix.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...models import MLP, DeepMLP, Dense
from ...models.transformer import LAYOUTS, SIGNS, length_of
from ...tasks import InputError, Task
from ...tasks.errors import shorten
from .forward import mlp_logits
from .keys import EMBED, UNEMBED, kind_of, natural, stem
from .readings import Reading

OPERANDS = "xyzwuv"
"""Letters of operands in the names of roles."""
ORDINALS = (("x", "y", "z", "w"), ("a", "b", "c", "d"), ("left", "right"), ("l", "r"),
            ("first", "second", "third"),
            ("one", "two", "three"))  # fmt: skip
"""Endings of names that tell operands apart."""
ENDING = re.compile(
    r"^(?P<base>.*?)[._]?(?P<ending>x|y|z|w|a|b|c|d|left|right|l|r|first|second|third|one|two|three|\d+)$"
)
MOST_LAYERS = 6
ACTIVATIONS = ("relu", "gelu", "silu", "power2")
"""Activations that are tried where none is given; the first is the convention."""


@dataclass(frozen=True, eq=False)
class Linear:
    """A linear map z -> A z + b.

    Arguments:
        weight: A, shape (out, in), float64.
        bias: b, shape (out,); zeros for none.
    """

    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True, eq=False)
class Parts:
    """What a file holds, by what it is.

    Arguments:
        tables: embeddings, (rows, d): none, one for all operands, or one for each.
        maps: (name, bias) of linear maps of one operand each; none or k.
        chain: (name, bias) of the other linear maps, in order.
        used: role -> name.
    """

    tables: list[str]
    maps: list[tuple[str, str | None]]
    chain: list[tuple[str, str | None]]
    used: dict[str, str]


def mlp_parts(
    arrays: Mapping[str, np.ndarray], chosen_roles: Mapping[str, str], task: Task
) -> tuple[Parts, list[str]]:
    """Sort the weights of an MLP.

    Arguments:
        arrays: by name.
        chosen_roles: role -> name, from the user.
        task: says p and the number of operands.

    Returns:
        (parts, names without a role).
    """
    p, k = task.p, len(task.operands) if not task.parts else task.k - 1
    assigned = set(chosen_roles.values())
    matrices = sorted((n for n, v in arrays.items() if v.ndim == 2 and n not in assigned), key=natural)
    biases = {stem(n): n for n, v in arrays.items() if v.ndim == 1 and n not in assigned}
    roles = dict(chosen_roles)
    free = list(matrices)
    tables: list[str] = []
    if "W_E" in roles:
        tables = [roles["W_E"]]
    letters = [f"W_{letter}" for letter in OPERANDS[:k]]
    maps: list[str] = []
    if all(letter in roles for letter in letters):
        named = [roles[letter] for letter in letters]
        if tables or any(p not in arrays[name].shape for name in named):
            maps = named
        elif all(_is_table(name, arrays[name], p) for name in named):
            tables = named
        else:
            maps = named
    deeper = [f"W_1{letter}" for letter in OPERANDS[:k]]
    if all(letter in roles for letter in deeper):
        maps = [roles[letter] for letter in deeper]
    if not tables:
        embeddings = [name for name in free if _is_embedding(name, arrays[name], p)]
        if len(embeddings) in (1, k):
            tables = embeddings if len(embeddings) == 1 else _ordered(embeddings)
            free = [name for name in free if name not in tables]
    if not maps:
        pairs = _operand_groups([n for n in free if not UNEMBED.search(n.lower())], arrays, k)
        if len(pairs) == 1:
            maps = pairs[0]
            free = [name for name in free if name not in maps]
            if not tables and all(
                _is_table(name, arrays[name], p) and kind_of(name) != "torch" for name in maps
            ):
                tables, maps = maps, []
    numbered = [roles[f"W_{number}"] for number in range(1, MOST_LAYERS + 1) if f"W_{number}" in roles]
    last = [roles["W_U"]] if "W_U" in roles else []
    free = sorted(free, key=lambda name: (bool(UNEMBED.search(name.lower())), natural(name)))
    chain = [*numbered, *free, *last]

    def bias(name: str) -> str | None:
        role = next((role for role, chosen in roles.items() if chosen == name), "")
        if role.replace("W", "b", 1) in roles and role.startswith("W"):
            return roles[role.replace("W", "b", 1)]
        return biases.pop(stem(name), None)

    used = dict(zip(["W_E"] if len(tables) == 1 else letters, tables, strict=False))
    map_roles = letters if not tables else deeper
    parts = Parts(tables, [(name, bias(name)) for name in maps], [(name, bias(name)) for name in chain], used)
    used |= {role: name for role, (name, _) in zip(map_roles, parts.maps, strict=False)}
    used |= {role.replace("W", "b"): b for role, (_, b) in zip(map_roles, parts.maps, strict=False) if b}
    for number, (name, bias_name) in enumerate(parts.chain, start=1):
        used[f"W_{number}"] = name
        if bias_name:
            used[f"b_{number}"] = bias_name
    unknown = [n for n in arrays if n not in set(used.values())]
    return parts, unknown


def mlp_readings(
    arrays: Mapping[str, np.ndarray],
    transposed: frozenset[str],
    fixed: frozenset[str],
    parts: Parts,
    task: Task,
    activation: str | None,
    layout: str | None,
) -> list[Reading]:
    """Return every reading of an MLP's weights whose shapes fit the task.

    Arguments:
        arrays: by name.
        transposed: names of matrices that the user transposed.
        fixed: names whose role the user gave: they lie as the roles say, unless turned.
        parts: see `mlp_parts`.
        task: says p and the number of operands.
        activation: None tries `ACTIVATIONS`.
        layout: of the tokens of an embedded sequence; None for the operands alone, or what fits.

    Raises:
        InputError: no reading fits.
    """
    p, k = task.p, len(task.operands)
    if len(parts.chain) > MOST_LAYERS:
        raise InputError(f"path: must be an MLP of at most {MOST_LAYERS} linear maps, got {len(parts.chain)}")
    phis = (activation,) if activation else ACTIVATIONS
    readings: list[Reading] = []
    reasons: list[str] = []
    for order in _orders(parts.chain):
        for sides in itertools.product(
            *[_orientations(name, arrays, transposed, fixed) for name, _ in order]
        ):
            lying = ", ".join(
                f"{name}{'' if left else '.T'}" for (name, _), left in zip(order, sides, strict=True)
            )
            try:
                layers = [
                    _layer(arrays, name, bias, left) for (name, bias), left in zip(order, sides, strict=True)
                ]
                for first_layer in _first_layers(arrays, transposed, parts, layers, p, k, layout):
                    _check_chain(first_layer.layers, first_layer.width, p, first_layer.rows)
                    readings += _placed(first_layer, phis, lying, task)
            except InputError as error:
                reasons.append(str(error))
        if readings:
            break  # the order of names fits; other orders are tried only where it does not
    if not readings:
        raise InputError(reasons[0] if reasons else "path: must hold an MLP's weights, got none")
    return readings


@dataclass(frozen=True, eq=False)
class _FirstLayer:
    """Operands joined: one table for each, and the linear maps behind their sum."""

    tables: list[np.ndarray]
    layers: list[Linear]
    act_first: tuple[bool, ...]
    layout: str
    rows: int

    @property
    def width(self) -> int:
        return self.tables[0].shape[1]


def _first_layers(
    arrays: Mapping[str, np.ndarray],
    transposed: frozenset[str],
    parts: Parts,
    layers: list[Linear],
    p: int,
    k: int,
    layout: str | None,
) -> Iterator[_FirstLayer]:
    """Yield the ways in which the operands' tables are made and joined."""
    tables = [_table(arrays[name], name in transposed, p, name) for name in parts.tables]
    tables = tables * k if len(tables) == 1 else tables
    if parts.maps:
        each = []
        for s, (name, bias) in enumerate(parts.maps):
            weight = np.asarray(arrays[name], np.float64)
            weight = weight.T if name in transposed else weight
            inner = tables[s].shape[1] if tables else p
            if weight.shape[1] != inner:
                weight = weight.T
            if weight.shape[1] != inner:
                raise InputError(
                    f"path: {shorten(name)} must have {inner} columns or rows, got shape {weight.shape}"
                )
            rows = weight.T if not tables else tables[s] @ weight.T
            each.append(rows + _bias(arrays, bias, weight.shape[0]))
        yield _FirstLayer([rows[:p] for rows in each], layers, (True, False), "added", p)
        return
    if not layers:
        raise InputError("path: must hold the matrix of the logits, got none")
    first, rest = layers[0], layers[1:]
    columns = first.weight.shape[1]
    if not tables:
        if columns == k * p:
            sides = np.split(first.weight, k, axis=1)
            yield _FirstLayer([side.T + first.bias / k for side in sides], rest, (True,), "side by side", p)
        elif columns == p:
            yield _FirstLayer([first.weight.T + first.bias / k] * k, rest, (True,), "added", p)
        else:
            raise InputError(
                f"p: must fit the first matrix, whose {columns} columns are not {k} x {p} one-hot values, "
                f"got {p}"
            )
        return
    d, count = tables[0].shape[1], len(tables[0])
    if columns == d and count == p:
        yield _FirstLayer(tables, layers, (False, True) if rest else (True,), "added", p)
    matches = columns == d and count == p
    for name in LAYOUTS if layout is None else (layout,):
        length = length_of(name, k)
        if columns != length * d or count != p + SIGNS[name]:
            continue
        matches = True
        sides = np.split(first.weight, length, axis=1)
        yield _FirstLayer(_sequence(tables, sides, first.bias, name, p, k), rest, (True,), name, count)
    if not matches:
        raise InputError(
            f"p: must fit {count} rows of the embedding and a first matrix of {d} columns for added "
            f"embeddings or {k * d} for those of all operands, got p = {p} and {columns} columns"
        )


def _sequence(
    tables: list[np.ndarray], sides: list[np.ndarray], bias: np.ndarray, layout: str, p: int, k: int
) -> list[np.ndarray]:
    """Return the tables of a sequence of tokens side by side: signs are constant and go to the bias."""
    places = {"infix": range(0, 2 * k, 2), "infix-equals": range(0, 2 * k, 2)}.get(layout, range(k))
    constant = np.array(bias)
    for place, side in enumerate(sides):
        if place not in places:
            sign = p + SIGNS[layout] - 1 if place == len(sides) - 1 else p
            constant = constant + tables[0][sign] @ side.T
    return [tables[s][:p] @ sides[place].T + constant / k for s, place in enumerate(places)]


def _check_chain(layers: Sequence[Linear], width: int, p: int, rows: int) -> None:
    """Refuse matrices that do not follow each other, and logits that are neither p nor one for each token."""
    for layer in layers:
        if layer.weight.shape[1] != width:
            raise InputError(
                f"path: must be a chain of matrices, got one with {layer.weight.shape[1]} columns after "
                f"{width} units"
            )
        width = layer.weight.shape[0]
    if width not in (p, rows):
        raise InputError(f"p: must be the number of logits, {width}, got {p}")


def _placed(first_layer: _FirstLayer, phis: Sequence[str], lying: str, task: Task) -> Iterator[Reading]:
    """Yield the readings of joined operands: where the activations are, and which."""
    m = len(first_layer.layers)
    if m == 0:
        raise InputError("path: must have a hidden layer, got one linear map")
    usual = (first_layer.act_first[0], *[True] * (m - 1))
    if not any(usual):
        usual = (True,) * m
    firsts = set(first_layer.act_first)
    for flags in itertools.product(*[(True, False)] * m):
        if not any(flags) or flags[0] not in firsts:
            continue
        for each in (False, True):
            if each and (flags[0] or first_layer.layout != "added" or not first_layer.layers[0].bias.any()):
                continue
            for phi in phis:
                conventional = {"joined"} if not each and flags == usual else set()
                conventional |= {"activation"} if phi == phis[0] else set()
                conventional |= {"activations behind"} if flags == usual else set()
                choices = {
                    "joined": first_layer.layout + (", each mapped" if each else ""),
                    "activations behind": " ".join(str(i) for i, flag in enumerate(flags) if flag),
                    "activation": phi,
                    "orientation": lying,
                }
                yield Reading(
                    _builder(first_layer, flags, phi, task.p, each),
                    mlp_logits,
                    choices,
                    frozenset(conventional),
                )


def _builder(first_layer: _FirstLayer, flags: Sequence[bool], phi: str, p: int, each: bool) -> Any:
    def build() -> MLP | DeepMLP:
        k = len(first_layer.tables)
        tables = list(first_layer.tables)
        segments: list[Linear] = []
        for number, (layer, active) in enumerate(zip(first_layer.layers, flags, strict=True)):
            if active:
                segments.append(layer)
            elif not segments:
                share = 1 if each and number == 0 else k
                tables = [rows @ layer.weight.T + layer.bias / share for rows in tables]
            else:
                last = segments[-1]
                segments[-1] = Linear(layer.weight @ last.weight, layer.weight @ last.bias + layer.bias)
        embedding = _single(np.stack(tables))
        *hidden, readout = segments
        weight, bias = _single(readout.weight[:p]), _bias_or_none(readout.bias[:p])
        if not hidden:
            return MLP(embedding, weight, phi, readout_bias=bias)
        layers = tuple(Dense(_single(layer.weight), _bias_or_none(layer.bias)) for layer in hidden)
        return DeepMLP(embedding, layers, weight, bias, phi)

    return build


def _single(value: np.ndarray) -> Any:
    return jnp.asarray(value, jnp.float32)


def _bias_or_none(bias: np.ndarray) -> Any:
    return _single(bias) if bias.any() else None


def _orders(chain: list[tuple[str, str | None]]) -> Iterator[Sequence[tuple[str, str | None]]]:
    """Yield the order of names, then every other."""
    yield chain
    if len(chain) <= 4:
        yield from (order for order in itertools.permutations(chain) if list(order) != chain)


def _orientations(
    name: str, arrays: Mapping[str, np.ndarray], transposed: frozenset[str], fixed: frozenset[str]
) -> tuple[bool, ...]:
    """Return whether a matrix may lie as (out, in), or as (in, out): one of them where the name says it."""
    kind = kind_of(name)
    left = (kind != "flax") is (name not in transposed)
    square = arrays[name].shape[0] == arrays[name].shape[1]
    if kind != "bare" or name in transposed or (name in fixed and square):
        return (left,)
    return (True, False)


def _layer(arrays: Mapping[str, np.ndarray], name: str, bias: str | None, left: bool) -> Linear:
    weight = np.asarray(arrays[name], np.float64)
    weight = weight if left else weight.T
    return Linear(weight, _bias(arrays, bias, len(weight)))


def _bias(arrays: Mapping[str, np.ndarray], name: str | None, size: int) -> np.ndarray:
    if name is None:
        return np.zeros(size)
    bias = np.asarray(arrays[name], np.float64)
    if bias.shape != (size,):
        raise InputError(f"path: {shorten(name)} must have shape ({size},), got {bias.shape}")
    return bias


def _is_table(name: str, value: np.ndarray, p: int) -> bool:
    return value.shape[0] >= p and (value.shape[0] == p or value.shape[1] != p)


def _is_embedding(name: str, value: np.ndarray, p: int) -> bool:
    short = name.lower()
    return bool(EMBED.search(short)) and not UNEMBED.search(short) and max(value.shape) >= p


def _table(value: np.ndarray, turn: bool, p: int, name: str) -> np.ndarray:
    """Return an embedding as (token, d)."""
    rows = np.asarray(value, np.float64)
    rows = rows.T if turn else rows
    if rows.shape[0] != p and rows.shape[1] == p and not turn:
        rows = rows.T
    if rows.shape[0] not in (p, p + 1, p + 2):
        raise InputError(f"p: must be the number of rows of {shorten(name)}, {rows.shape[0]}, got {p}")
    return rows


def _operand_groups(names: list[str], arrays: Mapping[str, np.ndarray], k: int) -> list[list[str]]:
    """Return groups of k matrices of one shape whose names differ in what tells operands apart."""
    groups: dict[tuple[str, tuple[int, ...]], list[str]] = {}
    for name in names:
        match = ENDING.match(_short(name))
        if match and not match["ending"].isdigit():
            groups.setdefault((match["base"], arrays[name].shape), []).append(name)
    return [_ordered(group) for group in groups.values() if len(group) == k > 1]


def _short(name: str) -> str:
    at, _, last = name.lower().rpartition(".")
    return at if last in ("weight", "kernel", "embedding") else name.lower()


def _ordered(names: list[str]) -> list[str]:
    """Put the weights of operands into the order of the operands."""

    def place(name: str) -> tuple[int, list[tuple[int, int | str]]]:
        match = ENDING.match(_short(name))
        ending = match["ending"] if match else ""
        return next((words.index(ending) for words in ORDINALS if ending in words), 0), natural(name)

    return sorted(names, key=place)
