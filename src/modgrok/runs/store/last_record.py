"""The last observation of every run of a store, read in one query."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

from .database import Database, RunRow


def last_scalars(store: Database, rows: Iterable[RunRow]) -> dict[str, dict[str, float]]:
    """Return the numbers of the last observation of runs: run id -> name -> number, nan where undefined.

    Runs without an observation, or with one that cannot be read, have none.
    """
    selected = store.connection.execute(
        "SELECT id, (SELECT scalars FROM records WHERE records.run = runs.number ORDER BY step DESC LIMIT 1) "
        "AS scalars FROM runs"
    )
    texts = {entry["id"]: entry["scalars"] for entry in selected}
    return {row.id: _numbers(row.scalars, texts.get(row.id)) for row in rows}


def _numbers(names: tuple[str, ...], text: object) -> dict[str, float]:
    try:
        values = json.loads(text) if isinstance(text, str) else []
    except (ValueError, RecursionError):
        return {}
    if not isinstance(values, list) or len(values) != len(names):
        return {}
    return {
        name: float(value) if isinstance(value, int | float) else math.nan
        for name, value in zip(names, values, strict=True)
    }
