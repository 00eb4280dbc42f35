"""Weights by name, from any file that holds some: safetensors, npz, a folder of npy, torch.save.

Owns: finding the state dict in what was saved beside it, and telling weights from buffers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, deserialize

from ...io import InputError, is_file, is_folder, read_json, read_npy, read_npz, shorten
from ...io.framework_array import read_array
from ...io.torch_file import TORCH_SUFFIXES, read_torch
from ...io.weights_path import WEIGHTS_SUFFIXES
from ...io.whole_numbers import digits
from ...runs.store.arrays import CorruptFile, metadata_of, read_checked

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
WRAPPERS = (
    "state_dict", "model_state_dict", "model_state", "model", "net", "network", "params", "weights", "module",
)  # fmt: skip
"""Names under which training code keeps a state dict, in the order in which they are looked for."""
SETTINGS = ("config", "args", "hparams", "hyper_parameters", "cfg", "settings")
"""Names under which training code keeps its settings."""
TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?", "C64": "<c8",
}  # fmt: skip
"""Type in a safetensors file -> NumPy's."""
BUFFERS = ("mask", "attn_mask", "causal_mask", "ignore", "tril", "masked_bias", "position_ids", "inv_freq")
"""Last parts of the names of what is no weight."""


@dataclass(frozen=True, eq=False)
class SavedWeights:
    """Weights by the names that the file gives them.

    Arguments:
        arrays: real numbers, at least one axis each, in the order of the file.
        ignored: names of what else the file holds: buffers, optimisers, curves.
        wrapper: name under which the state dict was; empty where it is the whole file.
        config: settings that were saved beside it.
        odd_types: a sentence on each array that is named like a weight and is no floating-point one.
    """

    arrays: dict[str, np.ndarray]
    ignored: tuple[str, ...] = ()
    wrapper: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    odd_types: tuple[str, ...] = ()


def read_state(source: str | Path | Mapping[str, Any], key: str | None = None) -> SavedWeights:
    """Read weights.

    Arguments:
        source: a file, a folder with model.safetensors or .npy files, or the state dict itself, with arrays
            of any framework.
        key: dotted name of the state dict in what was saved; None for the usual ones.

    Raises:
        InputError: there is none.
    """
    if isinstance(source, Mapping):
        return _state(_arrays_in(source), key, "state dict", {})
    if not isinstance(source, str | os.PathLike):
        raise InputError(
            "source: must be a file, a folder or a state dict, such as model.state_dict(), got "
            f"{type(source).__name__}"
        )
    path = Path(source)
    if is_folder(path) and is_file(path / WEIGHTS):
        path = path / WEIGHTS
    if is_folder(path):
        files = sorted(path.glob("*.npy"))
        if not files:
            raise InputError(
                f"path: must be a file of weights or a folder with {WEIGHTS}, got {shorten(path)}"
            )
        return _state({file.stem: read_npy(file, "path") for file in files}, key, str(path), {})
    if not is_file(path):
        raise InputError(f"path: must be a file of weights or a folder with {WEIGHTS}, got {shorten(path)}")
    config = path.parent / CONFIG
    known = read_json(config, f"path: {CONFIG}", dict) if is_file(config) else {}
    return _state(_content(path), key, str(path), known)


def metadata_text(path: Path) -> str | None:
    """Return what modgrok wrote into a safetensors file's metadata; None where there is none."""
    if path.suffix != ".safetensors" or not is_file(path):
        return None
    try:
        return metadata_of(read_checked(path, None), path).get("modgrok")
    except CorruptFile:
        return None


def _content(path: Path) -> Any:
    if path.suffix in TORCH_SUFFIXES:
        return _with_text_keys(read_torch(path))
    if path.suffix == ".safetensors":
        return _safetensors(path)
    if path.suffix == ".npz":
        return {name.replace("/", "."): value for name, value in read_npz(path, "path").items()}
    if path.suffix == ".npy":
        raise InputError(
            f"path: must be an .npz for a network, since an .npy holds only one array, got {shorten(path)}"
        )
    raise InputError(f"path: must end in {', '.join(WEIGHTS_SUFFIXES)}, got {shorten(path.name)}")


def _safetensors(path: Path) -> dict[str, np.ndarray]:
    """Read arrays, those of bfloat16 as float32.

    Raises:
        InputError: it is none, or holds numbers of 8 bits.
    """
    try:
        parts = deserialize(read_checked(path, None))
        return {name: _tensor(part) for name, part in parts}
    except KeyError as error:
        raise InputError(
            f"path: must hold numbers of types that NumPy has, or of bfloat16, got {shorten(error)} in "
            f"{shorten(path)}"
        ) from None
    except (CorruptFile, SafetensorError, ValueError, TypeError, OverflowError, MemoryError):
        raise InputError(
            f"path: must be a safetensors file, got {shorten(path)}, which is damaged or not one"
        ) from None


def _tensor(part: Mapping[str, Any]) -> np.ndarray:
    if part["dtype"] == "BF16":
        halves = np.frombuffer(part["data"], dtype="<u2").astype(np.uint32)
        return (halves << 16).view(np.float32).reshape(part["shape"])
    return np.frombuffer(part["data"], dtype=TYPES[part["dtype"]]).reshape(part["shape"])


def _with_text_keys(value: Any) -> Any:
    """Return a nested mapping whose keys are text: training code keeps networks by their step."""
    if isinstance(value, Mapping):
        return {str(name): _with_text_keys(item) for name, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


def _arrays_in(value: Any) -> Any:
    """Return a nested mapping with NumPy arrays in place of those of other frameworks."""
    if isinstance(value, Mapping):
        return {str(name): _arrays_in(item) for name, item in value.items()}
    if hasattr(value, "__array__") or hasattr(value, "__dlpack__"):
        try:
            return read_array(value)
        except (TypeError, RuntimeError, ValueError, BufferError, AttributeError) as error:
            raise InputError(
                f"state: arrays must be readable by NumPy, on the CPU, got {shorten(error, 120)}"
            ) from None
    return value


def _state(content: Any, key: str | None, name: str, config: dict[str, Any]) -> SavedWeights:
    if not isinstance(content, Mapping):
        raise InputError(f"path: must hold a state dict, got a {type(content).__name__} in {shorten(name)}")
    wrapper, state_dict, beside = _unwrapped(content, key)
    arrays: dict[str, np.ndarray] = {}
    ignored = list(beside)
    odd_types: list[str] = []
    for label, value in _leaves(state_dict):
        if (
            (
                not isinstance(value, np.ndarray)
                or value.ndim == 0
                or not (value.dtype.kind == "f" or _bfloat(value))
            )
            or label.rpartition(".")[2].lower() in BUFFERS
            or value.ndim > 3
        ):
            ignored.append(label)
            numbers = isinstance(value, np.ndarray) and value.ndim > 0 and value.dtype.kind in "iuc"
            if numbers and label.rpartition(".")[2] in ("weight", "bias"):
                odd_types.append(f"{label} is of type {value.dtype} and was left out.")
        else:
            arrays[label] = value.astype(np.float32) if _bfloat(value) else value
    if not any(value.ndim > 1 for value in arrays.values()):
        kinds = {
            str(value.dtype)
            for _, value in _leaves(state_dict)
            if isinstance(value, np.ndarray) and value.ndim > 1 and value.dtype.kind in "iuc"
        }
        others = f" but arrays of {', '.join(sorted(kinds))}" if kinds else ""
        raise InputError(
            f"path: must hold matrices of floating-point weights, got none{others} in {shorten(name)}"
        )
    for label, value in arrays.items():
        if value.size == 0:
            raise InputError(f"path: {shorten(label)} must not be empty, got shape {value.shape}")
        if not np.isfinite(value).all():
            raise InputError(f"path: {shorten(label)} must hold finite numbers, got others")
        largest = float(np.abs(value).max())
        if largest > float(np.finfo(np.float32).max):
            raise InputError(f"path: {shorten(label)} must hold numbers of float32, got {largest:.3g}")
    settings: dict[str, Any] = {}
    for place in SETTINGS:
        if isinstance(content.get(place), Mapping):
            settings |= content[place]
    return SavedWeights(arrays, tuple(ignored), wrapper, {**settings, **config}, tuple(odd_types))


def _bfloat(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.name == "bfloat16"


def _unwrapped(content: Mapping[str, Any], key: str | None) -> tuple[str, Mapping[str, Any], list[str]]:
    """Return the name of the state dict in what was saved, itself, and the names beside it."""
    if key is not None:
        state_dict: Any = content
        for part in key.split("."):
            if isinstance(state_dict, list | tuple):
                place = digits(part.removeprefix("-"))
                known = place is not None and (place < len(state_dict) or part == f"-{len(state_dict)}")
                state_dict = state_dict[int(part)] if known else None
            else:
                state_dict = state_dict.get(part) if isinstance(state_dict, Mapping) else None
        if not isinstance(state_dict, Mapping):
            raise InputError(
                f"key: must name a state dict in the file, one of {_key_list(content)}, got {shorten(key)}"
            )
        return key, state_dict, []
    wrapper: list[str] = []
    beside: list[str] = []
    inner = content
    while True:
        names = [name for name in WRAPPERS if isinstance(inner.get(name), Mapping)]
        others = [name for name, value in inner.items() if isinstance(value, Mapping)]
        if names:
            chosen = names[0]
        elif len(others) == 1 and not any(_is_weight(value) for value in inner.values()):
            chosen = others[0]
        else:
            break
        beside += [".".join([*wrapper, str(name)]) for name in inner if name != chosen]
        wrapper.append(chosen)
        inner = inner[chosen]
    named = {str(name): _leaf_names(value) for name, value in inner.items() if isinstance(value, Mapping)}
    alike = [name for name, leaves in named.items() if leaves and list(named.values()).count(leaves) > 1]
    if alike and not any(_is_weight(value) for value in inner.values()):
        raise InputError(
            f"key: must name one of the state dicts in the file, {', '.join(map(shorten, alike[:8]))}, got "
            "none"
        )
    if not any(_is_weight(value) for _, value in _leaves(inner)):
        lists = [str(name) for name, value in inner.items() if _holds_states(value)]
        if lists:
            raise InputError(
                f"key: must name one of the state dicts in the list {lists[0]}, such as {lists[0]}.-1, got "
                "none"
            )
    return ".".join(wrapper), inner, beside


def _leaf_names(value: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of weights in a state dict, none of one that holds others."""
    if any(isinstance(item, Mapping) for item in value.values()):
        return ()
    return tuple(sorted(name for name, item in value.items() if _is_weight(item) and item.ndim > 1))


def _holds_states(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and isinstance(value[0], Mapping)


def _is_weight(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim > 0


def _leaves(value: Mapping[str, Any], prefix: str = "", depth: int = 8) -> Iterator[tuple[str, Any]]:
    """Yield what a nested mapping holds, by dotted names."""
    for name, item in value.items():
        if isinstance(item, Mapping) and depth:
            yield from _leaves(item, f"{prefix}{name}.", depth - 1)
        else:
            yield f"{prefix}{name}", item


def _key_list(content: Mapping[str, Any]) -> str:
    return ", ".join(shorten(str(name)) for name in list(content)[:8])
