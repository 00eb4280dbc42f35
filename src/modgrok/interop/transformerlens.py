"""Folders that TransformerLens opens: weights, configuration, model card; written and read.

    DIR/model.safetensors   the state dict by property keys; metadata `modgrok` says task, tokens and notes
    DIR/config.json         what HookedTransformerConfig and TransformerBridgeConfig need
    DIR/README.md           the model card
    DIR/table.npy           the task's table, where it was given directly

Owns: these files. Neither TransformerLens nor PyTorch is imported.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from ..io import (
    atomic_file,
    is_file,
    is_folder,
    made_folder,
    parse_json,
    read_json,
    read_npy,
    write_atomically,
)
from ..models.activations import activation as activation_named
from ..models.transformer import LAYOUTS, SIGNS, Transformer, length_of
from ..runs import NetworkFile
from ..runs.store.arrays import CorruptFile, arrays_of, metadata_of, read_checked, write_arrays
from ..tasks import InputError, TaskSource, named_task, task_from_table
from ..tasks.errors import shorten
from .bridge import is_bridged, unbridged
from .importing.state import read_state
from .names import Config, StateDict, config_of, present, state_of
from .nanda import is_transposed, to_transformerlens_layout
from .rebuild import rebuild

WEIGHTS, CONFIG, CARD, TABLE = "model.safetensors", "config.json", "README.md", "table.npy"


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
        raise InputError("format: transformerlens must be used with a transformer, got another network")
    state, config = state_of(net), config_of(net)
    form = {"operands": net.operands, "layout": net.layout, "classes": net.classes, "kept": present(net)}
    source = None if content.source is None else content.source.model_dump(exclude_none=True)
    header = {"network": form, "task": source, "notes": content.notes}
    metadata = {"format": "pt", "modgrok": json.dumps(header, sort_keys=True)}
    with made_folder(folder):
        write_arrays(folder / WEIGHTS, state, metadata, durable=False)
        write_atomically(folder / CONFIG, json.dumps(config, indent=2) + "\n")
        write_atomically(folder / CARD, card)
        if content.table is not None:
            with atomic_file(folder / TABLE) as file:
                np.save(file, np.asarray(content.table, dtype=np.int64))


def from_transformerlens(
    path: str | Path,
    *,
    expression: str | None = None,
    p: int | None = None,
    group: str | None = None,
    table: Any = None,
    layout: str | None = None,
    activation: str | None = None,
) -> NetworkFile:
    """Read a transformer from a state dict of TransformerLens 3 or 4, or of Nanda et al.'s transposed layout.

    Rows of W_E, rows of W_pos and columns of W_U must agree with the task and the layout. A network whose
    weights or names are not TransformerLens's is read by `import_network`.

    Arguments:
        path: a folder with model.safetensors, or a .safetensors, .pt or .pth file; config.json beside it is
            heeded. PyTorch is not needed.
        expression, group, table: the task; None if the file says it, or if it does not matter. `table` is an
            array.
        p: number of classes; None for that of the task or the file, else for the rows of W_E less the signs.
        layout: one of `modgrok.models.transformer.LAYOUTS`; None for what the file says or its shapes allow,
            `equals` where they allow several.
        activation: a name in `modgrok.models.activations`; None for what config.json says.

    Returns:
        The network with its task and notes. Its logits are TransformerLens's of classes 0..p-1.

    Raises:
        InputError: in one line, what the path does not hold or must not hold.
    """
    files = _find_files(Path(path))
    form = files.form
    config = files.config if activation is None else {**files.config, "act_fn": activation}
    if activation is not None:
        activation_named(activation)
    layout = layout or form.get("layout")
    if layout is not None and layout not in LAYOUTS:
        raise InputError(f"layout: must be one of {', '.join(LAYOUTS)}, got {shorten(layout)}")
    source, values = files.source, files.table
    if group is not None or table is not None:
        named = named_task(
            expression, p=p, group=group, table=None if table is None else task_from_table(np.asarray(table))
        )
        source, values, p = named.source, None if table is None else named.task.table, named.task.p
    operands = _operands_of(source, form, values)
    if expression is not None and group is None and table is None:
        class_count = p or form.get("classes")
        if class_count is None:
            _, _, class_count = _shapes(files, layout, operands)
        named = named_task(expression, p=class_count)
        source, values, p = named.source, None, class_count
        operands = named.task.k - bool(named.task.parts)
    layout, operands, classes = _shapes(files, layout, operands, p or form.get("classes"))
    trained_parts = frozenset(form.get("kept", ()))
    net = rebuild(
        files.state,
        config,
        operands=operands,
        layout=layout,
        classes=classes,
        keep_zero=trained_parts,
        signs=None if "classes" in form else SIGNS[layout],
    )
    if not config.get("act_fn") and not form:
        raise InputError(
            f"activation: must be given, since no config.json says it, got none for {shorten(path)}"
        )
    notes = files.notes or {"imported": str(path), "made": "elsewhere"}
    return NetworkFile(net, source, values, notes)


@dataclass(frozen=True, eq=False)
class _Files:
    """What lies at a path: arrays in TransformerLens's layout, and what is known beside them."""

    state: StateDict
    config: Config
    form: dict[str, Any]
    source: TaskSource | None
    notes: dict[str, Any]
    table: np.ndarray | None


def _find_files(path: Path) -> _Files:
    file = path / WEIGHTS if is_folder(path) else path
    if not is_file(file):
        raise InputError(f"path: must be a file of weights or a folder with {WEIGHTS}, got {shorten(path)}")
    header: dict[str, Any] = {}
    if file.suffix == ".safetensors":
        state, header = _from_safetensors(file)
    else:
        state = read_state(file).arrays
    config = _config_beside(file)
    if is_bridged(state):
        state = unbridged(state, config)
    elif is_transposed(state):
        state = to_transformerlens_layout(state)
    table = file.parent / TABLE
    try:
        task = header.get("task")
        source = None if task is None else TaskSource(**task)
        known = source is not None and source.table is not None and is_file(table)
        return _Files(
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


def _config_beside(file: Path) -> Config:
    config = file.parent / CONFIG
    if not is_file(config):
        return {}
    content: Config = read_json(config, f"path: {CONFIG}", dict)
    return content


def _operands_of(source: TaskSource | None, form: dict[str, Any], table: np.ndarray | None) -> int | None:
    """Return k as the file or the task says it."""
    if "operands" in form:
        return int(form["operands"])
    if source is None:
        return None
    task = source.build(None if table is None else task_from_table(table))
    return task.k - bool(task.parts)  # the last operand of a mixture is the task


def _shapes(
    files: _Files, layout: str | None, operands: int | None, classes: int | None = None
) -> tuple[str, int, int]:
    """Return layout, k and p, as given or as shapes allow: rows of W_E = p + signs, of W_pos = length."""
    embedding, unembedding = (files.state.get(name) for name in ("embed.W_E", "unembed.W_U"))
    if embedding is None or unembedding is None or unembedding.ndim != 2:
        raise InputError("path: must hold embed.W_E and unembed.W_U, got one or none")
    bias = files.state.get("unembed.b_U")
    if bias is not None and bias.shape != unembedding.shape[1:]:
        raise InputError(f"path: unembed.b_U must have shape {unembedding.shape[1:]}, got {bias.shape}")
    if layout is not None and operands is not None and classes is not None:
        return layout, operands, classes
    position = files.state.get("pos_embed.W_pos")
    length = files.config.get("n_ctx") if position is None else len(position)
    v, c = len(embedding), unembedding.shape[1]
    fitting = []
    for name in LAYOUTS if layout is None else (layout,):
        for k in range(2, 7) if operands is None else (operands,):
            p = v - SIGNS[name] if classes is None else classes
            if c in (p, v) and v == p + SIGNS[name] and length in (None, length_of(name, k)):
                fitting.append((name, k, p))
    if operands is None and length is None:
        raise InputError("expression: must say how many operands a network without positions has, got none")
    if not fitting and layout is not None and classes is None and operands is not None:
        return layout, operands, v - SIGNS[layout]
    if not fitting:
        raise InputError(
            f"layout: must fit the {length} positions, {v} tokens and {c} logits of the network, got "
            + (layout or "no layout")
            + ("" if classes is None else f" with p = {classes}")
        )
    usual = [shape for shape in fitting if shape[0] == "equals"]
    return (usual or fitting)[0]
