"""The task that modgrok wrote beside weights for other tools.

Owns: reading it from the metadata of a safetensors file.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from ...io import parse_json
from ...tasks import InputError, TaskSource
from .state import WEIGHTS, metadata_text


def recorded_task(path: Path) -> TaskSource | None:
    """Return the task that a folder or file names; None where there is none, or where its table lies apart."""
    text = metadata_text(path / WEIGHTS if path.is_dir() else path)
    if text is None:
        return None
    try:
        task = parse_json(text, "path: its metadata", dict).get("task")
        source = None if task is None else TaskSource(**task)
    except (ValidationError, TypeError, InputError):
        return None
    return None if source is None or source.table is not None else source
