"""Folders that TransformerLens opens: weights, configuration, model card; written and read.

    DIR/model.safetensors   the state dict by property keys; metadata `modgrok` says task, tokens and notes
    DIR/config.json         what HookedTransformerConfig and TransformerBridgeConfig need
    DIR/README.md           the model card
    DIR/table.npy           the task's table, where it was given directly

Owns: these files. Neither TransformerLens nor PyTorch is imported, but PyTorch for .pt files.
"""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from ..io import atomic_file, parse_json, read_json, read_npy, write_atomically
from ..models.transformer import LAYOUTS, Transformer, length_of
from ..runs import NetworkFile
from ..runs.store.arrays import CorruptFile, arrays_of, metadata_of, read_checked, write_arrays
from ..tasks import InputError, TaskSource, named_task, task_from_table
from ..tasks.errors import shorten
from .bridge import is_bridged, unbridged
from .names import Config, StateDict, config_of, present, state_of
from .nanda import is_transposed, turned
from .rebuild import rebuild

WEIGHTS, CONFIG, CARD, TABLE = "model.safetensors", "config.json", "README.md", "table.npy"
TORCH_SUFFIXES = (".pt", ".pth")
WRAPPERS = ("model", "state_dict", "model_state_dict")
"""Keys under which a .pt file may hold its state dict."""


def write_transformerlens(folder: Path, content: NetworkFile, card: str) -> None:
    """Write a transformer as a folder that TransformerLens opens.

    Arguments:
        folder: created when missing; files of an earlier export are replaced.
        content: a transformer, its task and notes.
        card: the text of README.md.

    Raises:
        InputError: TransformerLens has no such network; see `state_of` and `config_of`.
    """
    net = content.network
    if not isinstance(net, Transformer):
        raise InputError("format: transformerlens takes a transformer, got another kind of network")
    state, config = state_of(net), config_of(net)
    form = {"operands": net.operands, "layout": net.layout, "classes": net.classes, "kept": present(net)}
    source = None if content.source is None else content.source.model_dump(exclude_none=True)
    header = {"network": form, "task": source, "notes": content.notes}
    folder.mkdir(parents=True, exist_ok=True)
    metadata = {"format": "pt", "modgrok": json.dumps(header, sort_keys=True)}
    write_arrays(folder / WEIGHTS, state, metadata, durable=False)
    write_atomically(folder / CONFIG, json.dumps(config, indent=2) + "\n")
    write_atomically(folder / CARD, card)
    if content.table is not None:
        with atomic_file(folder / TABLE) as file:
            np.save(file, np.asarray(content.table, dtype=np.int64))


def from_transformerlens(
    path: str | Path, *, expression: str | None = None, p: int | None = None, layout: str | None = None
) -> NetworkFile:
    """Read a transformer from a state dict of TransformerLens 3 or 4, or of Nanda et al.'s transposed layout.

    Arguments:
        path: a folder with model.safetensors, or a .safetensors, .pt or .pth file; config.json beside it is
            heeded. A .pt file is read by PyTorch, tensors alone.
        expression: the task; None if the file says it, or if it does not matter.
        p: number of classes; None for the columns of W_U, less the token = where it has a column too.
        layout: one of `modgrok.models.transformer.LAYOUTS`; None for what the file says, else `equals`.

    Returns:
        The network with its task and notes. Its logits are TransformerLens's of classes 0..p-1.

    Raises:
        InputError: in one line, what the path does not hold or must not hold.
    """
    found = _found(Path(path))
    form = found.form
    layout = layout or form.get("layout", "equals")
    if layout not in LAYOUTS:
        raise InputError(f"layout: must be one of {', '.join(LAYOUTS)}, got {shorten(layout)}")
    classes = p or form.get("classes") or _classes(found.state, layout)
    source = found.source
    if expression is not None:
        source = named_task(expression, p=classes).source
    operands = _operands(found, layout, source)
    kept = frozenset(form.get("kept", ()))
    net = rebuild(found.state, found.config, operands=operands, layout=layout, classes=classes, kept=kept)
    notes = found.notes or {"imported": str(path)}
    return NetworkFile(net, source, found.table, notes)


def recorded_task(path: Path) -> TaskSource | None:
    """Return the task that modgrok wrote into a folder or file for TransformerLens; None where there is none."""
    file = path / WEIGHTS if path.is_dir() else path
    if file.suffix != ".safetensors" or not file.is_file():
        return None
    _, header = _from_safetensors(file)
    try:
        source = None if header.get("task") is None else TaskSource(**header["task"])
    except (ValidationError, TypeError):
        return None
    return None if source is None or source.table is not None else source


@dataclass(frozen=True, eq=False)
class _Found:
    """What lies at a path: arrays in TransformerLens's layout, and what is known beside them."""

    state: StateDict
    config: Config
    form: dict[str, Any]
    source: TaskSource | None
    notes: dict[str, Any]
    table: np.ndarray | None


def _found(path: Path) -> _Found:
    file = path / WEIGHTS if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"path: must be a file of weights or a folder with {WEIGHTS}, got {shorten(path)}")
    if file.suffix in TORCH_SUFFIXES:
        state = _from_torch(file)
        header: dict[str, Any] = {}
    else:
        state, header = _from_safetensors(file)
    config = _config_beside(file)
    if is_bridged(state):
        state = unbridged(state, config)
    elif is_transposed(state):
        state = turned(state)
    table = file.parent / TABLE
    try:
        task = header.get("task")
        source = None if task is None else TaskSource(**task)
        known = source is not None and source.table is not None and table.is_file()
        return _Found(
            state,
            config,
            dict(header.get("network", {})),
            source,
            dict(header.get("notes", {})),
            read_npy(table, "table") if known else None,
        )
    except (ValidationError, TypeError, ValueError, OSError) as error:
        raise InputError(f"path: {shorten(file)} does not describe its task ({shorten(error)})") from None


def _from_safetensors(file: Path) -> tuple[StateDict, dict[str, Any]]:
    try:
        content = read_checked(file, None)
        state = arrays_of(content, file)
    except CorruptFile as error:
        raise InputError(
            f"path: must be a safetensors file, got {shorten(file)} ({shorten(error)})"
        ) from None
    text = metadata_of(content, file).get("modgrok", "{}")
    header: dict[str, Any] = parse_json(text, "path: its metadata", dict)
    for part in ("network", "notes"):
        if not isinstance(header.get(part, {}), dict):
            raise InputError(f"path: its metadata must be objects, got {shorten(header[part])}")
    return state, header


def _from_torch(file: Path) -> StateDict:
    """Read tensors alone: no code in the file runs."""
    try:
        torch = import_module("torch")
    except ImportError:
        raise InputError(f"path: a {file.suffix} file needs PyTorch, or save it as safetensors") from None
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise InputError(
            f"path: must hold tensors alone (torch.save of a state_dict), got {shorten(file)} "
            f"({type(error).__name__})"
        ) from None
    for wrapper in WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict) or not all(
        isinstance(value, torch.Tensor) for value in content.values()
    ):
        raise InputError(f"path: must hold a state dict, got {shorten(file)}")
    return {
        str(name): value.float().numpy() if value.is_floating_point() else value.numpy()
        for name, value in content.items()
    }


def _config_beside(file: Path) -> Config:
    config = file.parent / CONFIG
    if not config.is_file():
        return {}
    content: Config = read_json(config, f"path: {CONFIG}", dict)
    return content


def _classes(state: StateDict, layout: str) -> int:
    """The columns of W_U; where each token has one, those of the numbers."""
    embedding, unembedding = (state.get(name) for name in ("embed.W_E", "unembed.W_U"))
    if embedding is None or unembedding is None or unembedding.ndim != 2:
        raise InputError("path: must hold embed.W_E and unembed.W_U, got one or none")
    signs = 1 + (layout == "infix-equals")
    return int(min(unembedding.shape[1], len(embedding) - signs))


def _operands(found: _Found, layout: str, source: TaskSource | None) -> int:
    """k as the file or the task says it, else from the length of the sequence."""
    if "operands" in found.form:
        return int(found.form["operands"])
    if source is not None:
        task = source.build(None if found.table is None else task_from_table(found.table))
        return task.k - bool(task.parts)  # the last operand of a mixture is the task
    position = found.state.get("pos_embed.W_pos")
    length = found.config.get("n_ctx") if position is None else len(position)
    for k in range(1, 7):
        if length_of(layout, k) == length:
            return k
    raise InputError(f"layout: must fit the {length} positions of the network, got {layout}")
