"""Trees of arrays as safetensors files: written atomically, with their SHA-256, never pickled."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ...io import InputError, parse_json, read_bytes, shorten, write_atomically
from ...models.codec import stored_name


class CorruptFile(InputError):
    """A stored file whose content is not what was written, or no such file."""


def write_arrays(
    path: Path, arrays: dict[str, np.ndarray], metadata: dict[str, str], *, durable: bool
) -> str:
    """Write a safetensors file under a temporary name, then rename it into place.

    Arguments:
        path: destination; its folder is created.
        arrays: name -> array.
        metadata: strings kept in the file's header.
        durable: wait until the disk has it (survives a power cut, not only a killed process).

    Returns:
        SHA-256 of the file, hexadecimal.
    """
    return write_bytes(path, arrays_bytes(arrays, metadata), durable=durable)


def arrays_bytes(arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    """Return the content of a safetensors file."""
    return save({name: np.asarray(array, order="C") for name, array in arrays.items()}, metadata)


def write_bytes(path: Path, content: bytes, *, durable: bool) -> str:
    """Write a file under a temporary name, then rename it into place; return its SHA-256, hexadecimal.

    Arguments:
        path: destination; its folder is created.
        content: all of it.
        durable: as in `write_arrays`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content, durable=durable)
    return hashlib.sha256(content).hexdigest()


def read_arrays(path: Path, sha256: str | None) -> dict[str, np.ndarray]:
    """Read the arrays of a safetensors file, refusing one whose SHA-256 differs.

    Raises:
        CorruptFile: the file is missing, its hash is wrong, or it holds something else.
    """
    return arrays_of(read_checked(path, sha256), path)


def read_checked(path: Path, sha256: str | None) -> bytes:
    """Read a file, refusing one whose SHA-256 differs; None does not check.

    Raises:
        CorruptFile: the file is missing or its hash is wrong.
    """
    try:
        content = read_bytes(path, "path")
    except InputError as error:
        raise CorruptFile(str(error)) from None
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise CorruptFile(
            f"path: {shorten(path, 120)}: its SHA-256 is not the recorded one; the file is damaged and was "
            "not loaded"
        )
    return content


def arrays_of(content: bytes, path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of a safetensors file's content.

    Raises:
        CorruptFile: it is none, or has a type that NumPy lacks.
    """
    try:
        return load(content)
    except (SafetensorError, KeyError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise CorruptFile(
            f"path: {shorten(path)} is not a valid safetensors file ({shorten(error, 90)})"
        ) from None


def metadata_of(content: bytes, path: Path) -> dict[str, str]:
    """Read the metadata of a safetensors file's content.

    Raises:
        CorruptFile: there is no header, or its metadata are not strings.
    """
    length = int.from_bytes(content[:8], "little")
    try:
        header = parse_json(content[8 : 8 + length], "path", dict)
        metadata = header.get("__metadata__", {})
        if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
            raise InputError("path: metadata must be strings")
    except InputError as error:
        raise CorruptFile(
            f"path: {shorten(path)} must have a safetensors header ({shorten(error)})"
        ) from None
    return metadata


def flatten(tree: Any) -> dict[str, np.ndarray]:
    """Name every array of a tree by its path, such as `weights.embedding`."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(eqx.filter(tree, eqx.is_array))
    return {_path_name(path): np.asarray(leaf) for path, leaf in leaves}


def unflatten(template: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Put named arrays back into a tree of the same structure.

    Raises:
        CorruptFile: names, shapes or types differ from the template's.
    """
    dynamic, static = eqx.partition(template, _is_leaf)
    leaves, structure = jax.tree_util.tree_flatten_with_path(dynamic)
    restored = []
    for path, leaf in leaves:
        name = _path_name(path)
        stored = arrays.get(name)
        if stored is None or stored.shape != leaf.shape or stored.dtype != leaf.dtype:
            raise CorruptFile(f"{name}: stored state does not fit this version's state")
        restored.append(jnp.asarray(stored))
    return eqx.combine(jax.tree_util.tree_unflatten(structure, restored), static)


def _is_leaf(value: Any) -> bool:
    return eqx.is_array(value) or isinstance(value, jax.ShapeDtypeStruct)


def _path_name(path: tuple[Any, ...]) -> str:
    parts = (getattr(entry, "name", None) or getattr(entry, "key", None) or entry.idx for entry in path)
    return ".".join(stored_name(str(part)) for part in parts)
