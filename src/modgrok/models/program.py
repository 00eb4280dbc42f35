"""Compiled functions that are called again and again with most arguments unchanged.

Owns: how such a call is made cheap. `equinox.filter_jit` takes learner, problem and frames apart at every
call, which takes longer than the step of a small network; here that is done once.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

MOST_PROGRAMS = 128
"""Structures of fixed arguments whose programs are kept."""


class Program:
    """A function (*fixed, *changing) -> arrays, compiled once for each structure and each shape.

    Arguments:
        function: of trees of arrays and static values.

    Example:
        >>> import jax.numpy as jnp
        >>> scaled = Program(lambda factor, values: factor * values)
        >>> scaled.bind(jnp.float32(3.0))(jnp.arange(3.0)).tolist()
        [0.0, 3.0, 6.0]
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self._general = eqx.filter_jit(function)
        self._last: tuple[tuple[Any, ...], Callable[..., Any]] | None = None
        self._programs: weakref.WeakSet[Any] = weakref.WeakSet()

    @property
    def compilations(self) -> int:
        """Number of compiled versions that are kept, over all structures and shapes."""
        general: Any = self._general
        programs: Any = self._programs
        return int(general._cached._cache_size()) + sum(program._cache_size() for program in programs)

    def bind(self, *fixed: Any) -> Callable[..., Any]:
        """Return the function of the changing arguments alone.

        Arguments:
            fixed: what stays the same; the very objects of the last call cost nothing.
        """
        if self._last is None or not _same(self._last[0], fixed):
            self._last = (fixed, self._bound(fixed))
        return self._last[1]

    def _bound(self, fixed: tuple[Any, ...]) -> Callable[..., Any]:
        leaves, structure = jax.tree.flatten(fixed)
        arrays = [leaf for leaf in leaves if eqx.is_array(leaf)]
        static = tuple(_TRACED if eqx.is_array(leaf) else leaf for leaf in leaves)
        program = _program(self.function, structure, static)
        self._programs.add(program)
        plain: list[bool] = []

        def call(*changing: Any) -> Any:
            if not plain:
                plain.append(_is_plain(changing))
            return program(arrays, changing) if plain[0] else self._general(*fixed, *changing)

        return call


_TRACED = object()
"""Stands for an array among the static values of fixed arguments."""


@lru_cache(maxsize=MOST_PROGRAMS)
def _program(function: Callable[..., Any], structure: Any, static: tuple[Any, ...]) -> Callable[..., Any]:
    @jax.jit
    def program(arrays: list[Any], changing: tuple[Any, ...]) -> Any:
        remaining = iter(arrays)
        leaves = [next(remaining) if leaf is _TRACED else leaf for leaf in static]
        return function(*jax.tree.unflatten(structure, leaves), *changing)

    return program


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


def _is_plain(tree: Any) -> bool:
    """Say whether a tree has no static values but those of its structure."""
    return all(
        eqx.is_array_like(leaf) and not isinstance(leaf, bool | int | float) for leaf in jax.tree.leaves(tree)
    )


@partial(jax.tree_util.register_dataclass, data_fields=["words"], meta_fields=["places", "structure"])
@dataclass(frozen=True)
class Packed:
    """A tree of arrays as one vector of words, so that one transfer brings it to the host.

    Arguments:
        words: uint32, shape (w,).
        places: of each leaf: its type, its first word, its number of words, its shape.
        structure: of the tree.
    """

    words: Any
    places: tuple[tuple[np.dtype[Any], int, int, tuple[int, ...]], ...]
    structure: Any


def pack_arrays(tree: Any) -> Packed:
    """Pack a tree of arrays inside a compiled function; `unpack_arrays` gives it back on the host.

    Example:
        >>> import jax.numpy as jnp
        >>> packed = pack_arrays({"a": jnp.arange(2), "b": jnp.float32(0.5)})
        >>> tree = unpack_arrays(packed)
        >>> tree["a"].tolist(), tree["b"].dtype
        ([0, 1], dtype('float32'))
    """
    leaves, structure = jax.tree.flatten(tree)
    words, places, first = [], [], 0
    for leaf in map(jnp.asarray, leaves):
        part = _words(leaf)
        places.append((np.dtype(leaf.dtype), first, part.size, leaf.shape))
        words.append(part)
        first += part.size
    return Packed(jnp.concatenate(words), tuple(places), structure)


def _words(array: Array) -> Array:
    """Return the bits of an array as a vector of uint32; a number of fewer bits takes a word of its own."""
    if array.dtype.itemsize < 4:
        array = array.astype(jnp.uint8) if array.dtype == bool else array
        array = jax.lax.bitcast_convert_type(array, f"uint{8 * array.dtype.itemsize}").astype(jnp.uint32)
    return jax.lax.bitcast_convert_type(array, jnp.uint32).ravel()


def unpack_arrays(packed: Packed) -> Any:
    """Return the tree that `pack_arrays` packed, of NumPy arrays."""
    words = np.asarray(packed.words)
    leaves = []
    for dtype, first, size, shape in packed.places:
        part = words[first : first + size]
        if dtype.itemsize < 4:
            part = part.astype(f"uint{8 * dtype.itemsize}")
        leaves.append(part.view(dtype).reshape(shape))
    return jax.tree.unflatten(packed.structure, leaves)
