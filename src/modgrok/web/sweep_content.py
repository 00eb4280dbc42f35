"""One sweep as its page shows it: members, the cells of its map, critical fractions, how far it is.

Owns: which axes a map has when none are named. The statistics are those of reports (`sweeps`); what is read
needs no JAX, so that the server answers while runs land.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..io import visible
from ..runs.store.database import Database
from ..runs.store.sweep_index import followed, last_records, read_listing, rows_of_sweep, sweep_lock
from ..sweeps.critical.probes import ENDED, count_probes, outcomes_of
from ..sweeps.tables.grid_cells import Coordinate, Row, coordinates, grid_cells
from ..tasks.errors import InputError, shorten

ACCURACIES = ("train_accuracy", "test_accuracy")
VALUES = ("grokked_at", "memorised_at", "test_accuracy", "train_accuracy", "seconds")
"""What a map may show."""
NO_AXIS = "none"
"""Says that a map has one axis."""


def sweep_content(store: Database, name: str, across: str = "", up: str = "") -> dict[str, Any]:
    """Return a sweep with its members, those that have not begun among them.

    Arguments:
        store: where it is.
        name: of the sweep.
        across, up: axes of the map; empty for those chosen here, `up` may be `none`.

    Raises:
        InputError: no such sweep or axis.
    """
    sweep = read_listing(store, name)
    damaged: list[str] = []
    rows = rows_of_sweep(store, name, lambda error: damaged.append(visible(str(error))))
    known, last = {row.id: row for row in rows}, last_records(store, name, rows)
    members: list[Row] = []
    for member in sweep.members:
        row, record = known.get(member.run), last.get(member.run)
        row = None if row is None else followed(row, member.steps)
        numbers = {} if record is None else {key: finite(record.scalars.get(key)) for key in ACCURACIES}
        members.append(
            {
                "run": member.run,
                "point": member.point,
                "error": member.error,
                "status": "waiting" if row is None else row.status,
                "expression": None if row is None else row.expression,
                "p": None if row is None else row.p,
                "step": None if row is None else row.step,
                "memorised_at": None if row is None else row.memorised_at,
                "grokked_at": None if row is None else row.grokked_at,
                "seconds": None if row is None else row.seconds,
                **numbers,
            }
        )
    points = [member["point"] for member in members]
    fields = list(dict.fromkeys(field for point in points for field in point))
    values = {field: coordinates([{field: point.get(field)} for point in points], field) for field in fields}
    varied = [field for field in fields if len(values[field]) > 1]
    map_pair = map_axes(fields, varied, across, up)
    return {
        "name": sweep.name,
        "axes": sweep.axes,
        "values": values,
        "command": sweep.command,
        "running": sweep_lock(store, name).held(),
        **progress(members),
        "across": map_pair[0],
        "up": map_pair[1],
        "cells": cells(members, *map_pair),
        "critical_fractions": critical_fractions(members, fields) if "fraction" in varied else [],
        "members": members,
        "damaged": damaged,
    }


def finite(value: float | None) -> float | None:
    """Return a number, None for nan and infinities."""
    return value if value is not None and math.isfinite(value) else None


def map_axes(axes: Sequence[str], varied: Sequence[str], across: str, up: str) -> tuple[str, str]:
    """Choose the axes of a map: the first ones that vary, the seed last.

    Raises:
        InputError: an axis that the sweep does not have.

    Example:
        >>> map_axes(["p", "fraction", "seed"], ["fraction", "seed"], "", "")
        ('fraction', 'seed')
        >>> map_axes(["p", "fraction", "seed"], ["fraction", "seed"], "p", "none")
        ('p', 'none')
    """
    for name, axis, allowed in (("across", across, axes), ("up", up, [*axes, NO_AXIS])):
        if axis and axis not in allowed:
            raise InputError(f"{name}: must be one of {', '.join(allowed)}, got {shorten(axis)}")
    free = [axis for axis in varied if axis != "seed"]
    second = [*free[1:], *(axis for axis in varied if free and axis == "seed"), NO_AXIS]
    return across or [*free, *axes, ""][0], up or second[0]


def progress(members: Sequence[Row]) -> dict[str, Any]:
    """Count members by how far they are, and estimate the seconds of computation that are left.

    A member that has ended took as long as one that has not begun will take; None before the first has.

    Example:
        >>> ended = {"status": "finished", "error": None, "grokked_at": 4, "seconds": 3.0}
        >>> progress([ended, {**ended, "status": "waiting", "grokked_at": None, "seconds": None}])
        {'total': 2, 'done': 1, 'failed': 0, 'grokked': 1, 'seconds_left': 3.0}
    """
    failed = sum(member["error"] is not None for member in members)
    ended = [member for member in members if member["error"] is None and member["status"] in ENDED]
    waiting = len(members) - failed - len(ended)
    mean = sum(member["seconds"] or 0.0 for member in ended) / len(ended) if ended else None
    return {
        "total": len(members),
        "done": len(ended),
        "failed": failed,
        "grokked": sum(member["grokked_at"] is not None for member in members),
        "seconds_left": None if mean is None else mean * waiting,
    }


def cells(members: Sequence[Row], across: str, up: str) -> list[dict[str, Any]]:
    """List the cells of a map in the order of the grid: its coordinates, runs, and the median of each value.

    Medians are those of a report: a run that did not grok counts as later than all that did.
    """
    second = None if up == NO_AXIS else up
    rows = [row_of(member, across, second) for member in members]
    runs: dict[tuple[Coordinate, Coordinate], list[Row]] = {}
    for row in rows:
        runs.setdefault((row["x"], row["y"]), []).append(row)
    medians = {
        value: {(cell.x, cell.y): cell.value for cell in grid_cells(rows, "x", "y", value)}
        for value in VALUES
    }
    return [
        {
            "x": x,
            "y": y,
            "runs": [row["run"] for row in own],
            "done": sum(row["status"] in ENDED for row in own),
            **{value: medians[value][x, y] for value in VALUES},
        }
        for (x, y), own in runs.items()
    ]


def row_of(member: Row, across: str, up: str | None) -> Row:
    """Return a member as a row of a table of runs, with its coordinates."""
    status = "absent" if member["status"] == "waiting" else member["status"]
    point = member["point"]
    return {
        **{value: member.get(value) for value in VALUES},
        "run": member["run"],
        "status": status if member["error"] is None else "failed",
        "x": point.get(across),
        "y": "" if up is None else point.get(up),
    }


def critical_fractions(members: Sequence[Row], axes: Sequence[str]) -> list[dict[str, Any]]:
    """Estimate the critical fraction at each point of the other axes, from the runs that have ended.

    Returns:
        For each point: `point`, `place` (`inside`, `below` or `above` the fractions tried; None before all
        seeds of a fraction have ended), the bracket from `low` to `high`, the ends that are sure for the
        population of seeds (`sure_low`, `sure_high`), and `probes` with `fraction`, `grokked` and `seeds`.
    """
    rows = [
        {**{axis: member["point"].get(axis) for axis in axes}, **member}
        for member in members
        if isinstance(member["point"].get("fraction"), int | float)
    ]
    brackets = []
    for at in count_probes(outcomes_of(rows, axes)):
        known = at.critical
        low, high = (None, None) if known is None else known.bracket
        sure_low, sure_high = (None, None) if known is None else known.sure
        brackets.append(
            {
                "point": at.point,
                "place": None if known is None else known.place,
                "low": low,
                "high": high,
                "sure_low": sure_low,
                "sure_high": sure_high,
                "probes": [
                    {"fraction": probe.fraction, "grokked": probe.grokked, "seeds": probe.of}
                    for probe in (() if known is None else known.probes)
                ],
            }
        )
    return brackets
