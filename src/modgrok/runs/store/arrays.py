"""Trees of arrays as safetensors files: written atomically, with their SHA-256, never pickled."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from safetensors.numpy import load, save


class CorruptFile(RuntimeError):
    """A stored file whose content is not what was written."""


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
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return hashlib.sha256(content).hexdigest()


def read_arrays(path: Path, sha256: str | None) -> dict[str, np.ndarray]:
    """Read a safetensors file, refusing one whose SHA-256 differs.

    Raises:
        CorruptFile: the file is missing or its hash is wrong.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorruptFile(f"{path}: cannot be read ({error.strerror})") from None
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise CorruptFile(
            f"{path}: its SHA-256 is not the recorded one; the file is damaged and was not loaded"
        )
    return load(content)


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
    return ".".join(str(part) for part in parts)
