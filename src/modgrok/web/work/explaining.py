"""What a network's answers amount to: of a stored run, or of a file that was handed over as bytes."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np

from ...interop import checkpoint_at
from ...interop.importing.importer import check_shapes
from ...io import npy_array
from ...measures.logits import Explanation
from ...measures.logits import explain as explained
from ...measures.logits.explanation_json import explanation_json
from ...measures.logits.explanation_sentence import explanation_sentence
from ...reports.report import explanation_panels
from ...runs import CorruptFile, Store, read_network_file
from ...runs.assets import stored_experiment
from ...runs.splits import split_of
from ...runs.store.network_file import network_of_bytes
from ...tasks import InputError, Split, Task, named_task
from ...tasks.errors import shorten
from .drawing import panel_json

ARRAY = b"\x93NUMPY"
"""How a `.npy` begins."""


def explain_run(folder: str, run: str, step: int | None = None, panels: bool = False) -> dict[str, Any]:
    """Explain a checkpoint of a stored run.

    Arguments:
        folder: of the store.
        run: id.
        step: of the checkpoint; None for the last.
        panels: draw the formula as well: the circles of its frequencies, and what it leaves out.
    """
    with Store(Path(folder), read_only=True) as store:
        row = store.get(run)
        checkpoint = checkpoint_at(store.checkpoints(row.id), step)
        experiment = stored_experiment(store, row)
        task = experiment.build_task()
        content = read_network_file(checkpoint.path, checkpoint.sha256)
        split = split_of(experiment, task)
    return {
        **_with_sentences(explained(task, content.network, split=split), "test inputs"),
        **(_panels(task, content.network, split) if panels else {}),
        "run": row.id,
        "step": checkpoint.step,
    }


def explain_file(
    content: str, name: str, expression: str | None = None, p: int | None = None, group: str | None = None
) -> dict[str, Any]:
    """Explain a network or an array of logits that is not in a store.

    Arguments:
        content: of the file, in base64: a `.safetensors` of modgrok, or a `.npy` of logits.
        name: what messages call it.
        expression, p: of the task and its modulus, or
        group: a finite group; a network's file may name its task itself.

    Raises:
        InputError: neither kind of file, or another task's.
    """
    data = base64.b64decode(content, validate=True)
    named = expression is not None or group is not None
    task = named_task(expression, p=p, group=group).task if named else None
    if data.startswith(ARRAY):
        if task is None:
            raise InputError("expression: must be given with logits, got none")
        logits = _array(data, name)
        return {**_with_sentences(explained(task, logits), "inputs"), **_panels(task, logits), "file": name}
    try:
        stored = network_of_bytes(data, Path(name))
    except CorruptFile as error:
        raise InputError(
            f"file: must hold a network of modgrok or logits, got {shorten(error, 200)}"
        ) from None
    task = stored.task() if task is None else task
    network: Any = stored.network
    check_shapes(network, task)
    return {
        **_with_sentences(explained(task, network), "inputs"),
        **_panels(task, network),
        "file": name,
        "step": stored.notes.get("step"),
    }


def _with_sentences(explanation: Explanation, which: str) -> dict[str, Any]:
    """An explanation as plain values, with the sentence that the page says of it and of each of its tasks."""
    values = explanation_json(explanation)
    for part, of_part in zip(explanation.parts, values.get("tasks", ()), strict=True):
        of_part["sentence"] = explanation_sentence(part, which)
    return {**values, "sentence": explanation_sentence(explanation, which)}


def _panels(task: Task, network: Any, split: Split | None = None) -> dict[str, Any]:
    return {"panels": [panel_json(one) for one in explanation_panels(task, network, split)]}


def _array(data: bytes, name: str) -> np.ndarray:
    return npy_array(io.BytesIO(data), len(data), "file", name)
