"""The table of `modgrok runs list`: one line per run, with the settings in which the runs differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ...display import percent
from ...runs.run_settings import shared_differences
from ...runs.store.database import RunRow
from ...runs.store.labels import Labels

Fields = dict[str, Any]
FIRST = ("fraction", "lr", "seed")
"""Settings that come first among those that differ."""
WIDEST = 32
"""Characters of a cell."""
NUMBERS = frozenset(("p", "step", "memorised", "grokked", "train", "test", "age"))
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def differing(rows: Sequence[RunRow], settings: Sequence[Fields], *, shared: bool = False) -> list[str]:
    """List the settings that take more than one value, the usual ones first.

    Arguments:
        rows, settings: of the runs.
        shared: whether a setting that all learners have counts where each holds it fixed; otherwise only the
            first ones do, since the others say no more than the learner.
    """
    groups: dict[str, list[Fields]] = {}
    for row, own in zip(rows, settings, strict=True):
        groups.setdefault(row.learner, []).append(own)
    shared_names = shared_differences(settings)
    names = [
        name
        for name in dict.fromkeys(name for group in groups.values() for own in group for name in own)
        if any(len({str(own.get(name)) for own in group}) > 1 for group in groups.values())
        or ((shared or name in FIRST) and name in shared_names)
    ]
    return [name for name in FIRST if name in names] + [name for name in names if name not in FIRST]


def age(updated: str, now: datetime) -> str:
    """Say how long ago a run was updated.

    Example:
        >>> age("2026-01-01T00:00:00+00:00", datetime(2026, 1, 1, 2, 5, tzinfo=UTC))
        '2 h'
    """
    try:
        seconds = (now - datetime.fromisoformat(updated)).total_seconds()
    except (ValueError, TypeError):
        return "–"
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= size), (1, "s"))
    return f"{max(int(seconds // size), 0)} {unit}"


def table(
    rows: Sequence[RunRow],
    settings: Sequence[Fields],
    last: Mapping[str, Mapping[str, float]],
    width: int | None,
    labels: Mapping[str, Labels] | None = None,
    *,
    shared: bool = False,
) -> list[str]:
    """Lay runs out as lines, below a line of names.

    Arguments:
        rows: the runs, in order.
        settings: of each.
        last: last observations by run id.
        width: characters of a line; settings that do not fit are named in a last line. None for any number.
        labels: by run id; tags are a last column where a run has any.
        shared: as in `differing`.
    """
    names = differing(rows, settings, shared=shared)
    tags = {run: " ".join(own.tags) for run, own in (labels or {}).items() if own.tags}
    lines = _lines(rows, settings, last, names, tags)
    hidden: list[str] = []
    while names and width is not None and max(map(len, lines)) > width:
        hidden.insert(0, names.pop())
        lines = _lines(rows, settings, last, names, tags)
    if hidden:
        lines.append(f"also different, and shown by --json: {', '.join(hidden)}")
    return lines


def _lines(
    rows: Sequence[RunRow],
    settings: Sequence[Fields],
    last: Mapping[str, Mapping[str, float]],
    names: Sequence[str],
    tags: Mapping[str, str],
) -> list[str]:
    now = datetime.now(UTC)
    head = ["run", "task", "p", "learner", *names, "status", "step", "grokked", "test", "age"]
    tagged = any(row.id in tags for row in rows)
    head += ["tags"] if tagged else []
    cells = [
        [
            row.id,
            _cut(row.expression),
            str(row.p),
            row.learner,
            *(_cell_text(own.get(name, "")) for name in names),
            row.status,
            f"{row.step:,}",
            "never" if row.grokked_at is None else f"{row.grokked_at:,}",
            percent(last[row.id].get("test_accuracy")),
            age(row.updated, now),
            *([_cut(tags.get(row.id, ""))] if tagged else []),
        ]
        for row, own in zip(rows, settings, strict=True)
    ]
    columns = [
        _aligned(column, right=column[0] in NUMBERS or (column[0] in names and _numeric(settings, column[0])))
        for column in zip(head, *cells, strict=True)
    ]
    return ["  ".join(line).rstrip() for line in zip(*columns, strict=True)]


def _aligned(column: Sequence[str], *, right: bool) -> list[str]:
    size = max(map(len, column))
    return [cell.rjust(size) if right else cell.ljust(size) for cell in column]


def _numeric(settings: Sequence[Fields], name: str) -> bool:
    return all(isinstance(own.get(name, 0), int | float | None) for own in settings)


def _cell_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:g}" if math.isfinite(value) else "–"
    return _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 3] + "..."
