"""The last observation of runs, read in one query."""

from __future__ import annotations

from collections.abc import Iterable

from ...tasks.errors import InputError
from .database import Database, RunRow
from .rows import numbers_of

LAST = "(SELECT scalars FROM records WHERE records.run = runs.number ORDER BY step DESC LIMIT 1)"
"""The numbers of the last observation, in a statement about `runs`."""


def last_scalars(store: Database, rows: Iterable[RunRow]) -> dict[str, dict[str, float]]:
    """Return the numbers of the last observation of runs: run id -> name -> number, nan where undefined.

    Runs without an observation, or with one that cannot be read, have none.
    """
    texts = dict(map(tuple, store.select(f"SELECT id, {LAST} FROM runs")))
    return {row.id: last_numbers(row, texts.get(row.id)) for row in rows}


def last_numbers(row: RunRow, text: object) -> dict[str, float]:
    """Return a run's last numbers by name; none where what is stored breaks a rule.

    Arguments:
        row: of the run.
        text: what `LAST` selects.
    """
    try:
        values = numbers_of(text, len(row.scalars))
    except InputError:
        return {}
    return dict(zip(row.scalars, values, strict=True))
