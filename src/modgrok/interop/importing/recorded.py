"""What modgrok wrote beside weights, its own and those for other tools.

Owns: reading it from the metadata of a safetensors file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ...io import is_folder, parse_json
from ...tasks import InputError, TaskSource
from .state import WEIGHTS, metadata_text


def recorded_form(path: Path) -> dict[str, Any]:
    """Return what the metadata say of the network, such as its layout; nothing where there is nothing."""
    form = _header(path).get("network", {})
    return form if isinstance(form, dict) else {}


def recorded_task(path: Path) -> TaskSource | None:
    """Return the task that a folder or file names; None for none, or where its table lies apart."""
    task = _header(path).get("task")
    try:
        source = None if task is None else TaskSource(**task)
    except (ValidationError, TypeError):
        return None
    return None if source is None or source.table is not None else source


def _header(path: Path) -> dict[str, Any]:
    text = metadata_text(path / WEIGHTS if is_folder(path) else path)
    try:
        header: dict[str, Any] = {} if text is None else parse_json(text, "path: its metadata", dict)
    except InputError:
        return {}
    return header
