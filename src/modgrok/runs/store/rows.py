"""Rows of a database, checked: the one place where what a store says becomes values.

Owns: which types and ranges the columns of `runs` and `records` have. A store may come from anybody.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Mapping
from functools import cache
from itertools import accumulate
from typing import Any

import numpy as np

from ...io import parse_json
from ...tasks.errors import InputError, shorten
from ...tasks.null import LEAKAGE
from .names import checked_digest, checked_file, checked_id

STATUSES = ("running", "interrupted", "finished", "diverged", "failed")
Check = Callable[[Any], bool]


def _integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _positive(value: Any) -> bool:
    return _integer(value) and value >= 1


def _seconds(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _share_or_none(value: Any) -> bool:
    return value is None or _share(value)


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


COLUMNS: dict[str, tuple[Check, str]] = {
    "experiment": (_text, "text"),
    "expression": (_text, "text"),
    "p": (_positive, "an integer of at least 1"),
    "learner": (_text, "text"),
    "status": (lambda value: value in STATUSES, f"one of {', '.join(STATUSES)}"),
    "step": (_integer, "an integer of at least 0"),
    "budget": (_integer, "an integer of at least 0"),
    "early_stop": (lambda value: value in (0, 1), "0 or 1"),
    "observe_every": (lambda value: value is None or _positive(value), "an integer of at least 1 or null"),
    "memorised_at": (lambda value: value is None or _integer(value), "an integer of at least 0 or null"),
    "grokked_at": (lambda value: value is None or _integer(value), "an integer of at least 0 or null"),
    "seconds": (_seconds, "a number of at least 0"),
    "step_seconds": (_seconds, "a number of at least 0"),
    "timed_steps": (_integer, "an integer of at least 0"),
    "created": (_text, "text"),
    "updated": (_text, "text"),
}
"""Column of `runs` -> what it must be, and the same in words."""
CONTEXT: dict[str, tuple[Check, str]] = {
    "operands": (_names, "a list of names"),
    "inputs": (_integer, "an integer of at least 0"),
    "excluded": (_integer, "an integer of at least 0"),
    "train": (_integer, "an integer of at least 0"),
    "test": (_integer, "an integer of at least 0"),
    "corrupted": (_integer, "an integer of at least 0"),
    "chance": (_share, "a number in 0..1"),
    "majority": (_share, "a number in 0..1"),
    **dict.fromkeys(LEAKAGE, (_share_or_none, "a number in 0..1 or null")),
    "basis": (_text, "text"),
    "command": (_text, "text"),
    "version": (_text, "text"),
    "tasks": (_names, "a list of names"),
    "zero_rows_constant": (lambda value: isinstance(value, bool), "true or false"),
}
"""Key of a run's context -> what it must be where it is there, and the same in words."""
REQUIRED = ("inputs", "train", "test", "chance", "majority", "command")
"""Keys without which nothing can be said of a run."""
DEFAULTS: dict[str, Any] = {
    "excluded": 0,
    "corrupted": 0,
    "basis": "unknown",
    "zero_rows_constant": False,
    **dict.fromkeys(LEAKAGE),
}
"""What other keys mean where a writer left them out."""


def run_values(row: Mapping[str, Any]) -> dict[str, Any]:
    """Read the columns of a run as values of the fields of `RunRow`.

    Arguments:
        row: column of the table `runs` -> what the database holds.

    Raises:
        InputError: run, column, rule and value of the first that breaks one.
    """
    run = checked_id(row["id"])
    try:
        values = {name: _column(name, row[name]) for name in COLUMNS}
        values["early_stop"] = bool(values["early_stop"])
        state = row["state"]
        values["state"] = None if state is None else checked_file(run, state)
        values["state_sha256"] = None if state is None else checked_digest(row["state_sha256"])
        scalars, histograms = _text_of(row, "scalars"), _text_of(row, "histograms")
        return {
            **values,
            "id": run,
            "scalars": scalar_names(scalars),
            "histograms": histogram_bins(histograms),
            "context": context_of(_text_of(row, "context")),
        }
    except InputError as error:
        raise InputError(f"run {run}: {error}") from None


def context_of(text: str) -> dict[str, Any]:
    """Read a run's context.

    Raises:
        InputError: it is no object, lacks a key of `REQUIRED`, or has a value of another kind.
    """
    context: dict[str, Any] = parse_json(text, "context", dict)
    missing = [name for name in REQUIRED if name not in context]
    if missing:
        raise InputError(f"context: must have {', '.join(missing)}, got {shorten(text)}")
    for name, (holds, words) in CONTEXT.items():
        if name in context and not holds(context[name]):
            raise InputError(f"context.{name}: must be {words}, got {shorten(context[name])}")
    return {**DEFAULTS, **context}


@cache
def scalar_names(text: str) -> tuple[str, ...]:
    """Read `runs.scalars`, of which a store holds few different ones."""
    names: list[Any] = parse_json(text, "scalars", list)
    if not _names(names) or len(set(names)) < len(names):
        raise InputError(f"scalars: must be a list of different names, got {shorten(text)}")
    return tuple(names)


@cache
def histogram_bins(text: str) -> tuple[tuple[str, int], ...]:
    """Read `runs.histograms`, of which a store holds few different ones."""
    pairs: list[Any] = parse_json(text, "histograms", list)
    fits = all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) and _integer(pair[1])
        for pair in pairs
    )
    if not fits:
        raise InputError(f"histograms: must be a list of [name, bins], got {shorten(text)}")
    return tuple((name, bins) for name, bins in pairs)


def numbers_of(text: Any, count: int) -> list[float]:
    """Read `records.scalars`: so many numbers, nan for null.

    Raises:
        InputError: it is anything else.
    """
    numbers = parse_json(text, "records.scalars", list) if isinstance(text, str) else None
    if numbers is None or len(numbers) != count or not all(_number_or_null(entry) for entry in numbers):
        raise InputError(f"records.scalars: must be a list of {count} numbers or nulls, got {shorten(text)}")
    try:
        return [math.nan if value is None else float(value) for value in numbers]
    except OverflowError:
        raise InputError(f"records.scalars: must be numbers of float64, got {shorten(text)}") from None


def counts_of(content: Any, bins: tuple[tuple[str, int], ...]) -> dict[str, np.ndarray]:
    """Read `records.histograms`: name -> counts, int64.

    Raises:
        InputError: the blob has another length.
    """
    total = sum(size for _, size in bins)
    if not isinstance(content, bytes) or len(content) != 2 * total:
        got = f"{len(content)} bytes" if isinstance(content, bytes) else shorten(content)
        raise InputError(f"records.histograms: must have {2 * total} bytes, got {got}")
    counts = np.frombuffer(content, dtype="<u2").astype(np.int64)
    ends = accumulate(size for _, size in bins)
    return {name: counts[end - size : end] for (name, size), end in zip(bins, ends, strict=True)}


def milestone_of(row: sqlite3.Row) -> tuple[int, float]:
    """Return step and seconds of a record.

    Raises:
        InputError: the step is no count, or the seconds are no time.
    """
    step, seconds = row["step"], row["seconds"]
    if not _integer(step):
        raise InputError(f"records.step: must be an integer of at least 0, got {shorten(step)}")
    if not _seconds(seconds):
        raise InputError(f"records.seconds: must be a number of at least 0, got {shorten(seconds)}")
    return step, float(seconds)


def readable(text: bytes) -> str:
    """Decode text of a database; bytes that are not UTF-8 are kept apart and shown escaped."""
    return text.decode("utf-8", "surrogateescape")


def _column(name: str, value: Any) -> Any:
    holds, words = COLUMNS[name]
    if not holds(value):
        raise InputError(f"{name}: must be {words}, got {shorten(value)}")
    return value


def _text_of(row: Mapping[str, Any], name: str) -> str:
    if not isinstance(row[name], str):
        raise InputError(f"{name}: must be text, got {shorten(row[name])}")
    return str(row[name])


def _number_or_null(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
