"""The members of named sweeps, in the store.

Owns: the tables `sweeps` and `members`. A sweep names runs; the runs are as any other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ...io import parse_json
from ...tasks.errors import AbsentError, InputError, shorten
from .database import Database, Record, RunRow
from .lock import Lock
from .names import checked_id, checked_sweep, inside

SCHEMA, STEPS_SCHEMA = 2, 5
"""The migrations that made the tables, and the column `steps` of members."""


@dataclass(frozen=True)
class SweepMember:
    """One member of a sweep.

    Arguments:
        run: id; the run may not have begun.
        point: field -> value, as the axes gave it.
        error: why the run failed; None if it did not.
        steps: how far the sweep follows the run at most, >= 0, since others may have gone on; None in lists
            of versions that did not say.
    """

    run: str
    point: dict[str, Any]
    error: str | None = None
    steps: int | None = None


@dataclass(frozen=True)
class Listing:
    """A named sweep.

    Arguments:
        name: of the sweep.
        axes: fields that advance together, in the order of the file.
        command: what ran it last.
        members: in the order of the grid.
    """

    name: str
    axes: tuple[tuple[str, ...], ...]
    command: str
    members: tuple[SweepMember, ...]


def sweep_lock(store: Database, name: str) -> Lock:
    """The lock that says a process is driving this sweep."""
    return Lock(inside(store.folder, "sweeps", f"{checked_sweep(name)}.lock"), "sweep: {} is being run")


def sweep_names(store: Database) -> list[str]:
    """List the sweeps of a store, oldest first; a name that breaks the rule of names is left out."""
    if store.schema_version < SCHEMA:
        return []
    selected = store.select("SELECT name FROM sweeps ORDER BY number")
    return [row["name"] for row in selected if _is_name(row["name"])]


def _is_name(name: object) -> bool:
    try:
        checked_sweep(name)
    except InputError:
        return False
    return True


def write_listing(store: Database, listing: Listing) -> None:
    """Replace a sweep's list of members by another, all or nothing; their runs stay."""
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO sweeps (name, axes, command, created, updated) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET axes = excluded.axes, command = excluded.command, "
            "updated = excluded.updated",
            (listing.name, json.dumps(listing.axes), listing.command, now, now),
        )
        number = connection.execute("SELECT number FROM sweeps WHERE name = ?", (listing.name,)).fetchone()[0]
        connection.execute("DELETE FROM members WHERE sweep = ?", (number,))
        connection.executemany(
            "INSERT INTO members (sweep, place, run, point, error, steps) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (number, place, member.run, json.dumps(member.point), member.error, member.steps)
                for place, member in enumerate(listing.members)
            ],
        )


def set_error(store: Database, name: str, run: str, error: str | None) -> None:
    """Say why a member failed, in the list and, if the run has begun, in its status; None takes it back."""
    with store.transaction() as connection:
        connection.execute(
            "UPDATE members SET error = ? WHERE run = ? "
            "AND sweep = (SELECT number FROM sweeps WHERE name = ?)",
            (error, run, name),
        )
        if error is not None:
            connection.execute(
                "UPDATE runs SET status = 'failed' WHERE id = ? AND status IN ('running', 'interrupted')",
                (run,),
            )


def read_listing(store: Database, name: str) -> Listing:
    """Read a sweep by name.

    Raises:
        AbsentError: no such sweep.
    """
    if name not in sweep_names(store):
        known = ", ".join(sweep_names(store)) or "none"
        raise AbsentError(f"sweep: must be one of those in {store.folder} ({known}), got {shorten(name)}")
    (row,) = store.select("SELECT * FROM sweeps WHERE name = ?", name)
    steps = "steps" if store.schema_version >= STEPS_SCHEMA else "NULL"
    selected = store.select(
        f"SELECT run, point, error, {steps} FROM members WHERE sweep = ? ORDER BY place", row["number"]
    )
    try:
        members = tuple(_member(*entry) for entry in selected)
        axes = parse_json(row["axes"], "axes", list)
        fields = [axis for axis in axes if isinstance(axis, list) and axis]
        if len(fields) < len(axes) or not all(isinstance(name, str) for axis in fields for name in axis):
            raise InputError(f"axes: must be lists of field names, got {shorten(row['axes'])}")
        flat = [field for axis in fields for field in axis]
        unused = next((field for m in members for field in flat if field not in m.point), None)
        if unused is not None:
            raise InputError(f"axes: must be fields of every member's point, got {shorten(unused)}")
        if not isinstance(row["command"], str):
            raise InputError(f"command: must be text, got {shorten(row['command'])}")
    except InputError as error:
        raise InputError(f"sweep {name}: {error}") from None
    return Listing(name, tuple(tuple(axis) for axis in axes), row["command"], members)


def _member(run: object, point: object, error: object, steps: object) -> SweepMember:
    values = parse_json(point, "point", dict) if isinstance(point, str) else None
    plain = values is not None and all(isinstance(v, str | int | float | None) for v in values.values())
    if values is None or not plain or not isinstance(error, str | None):
        raise InputError(f"point: must be an object of plain values, got {shorten(point)}")
    if not (steps is None or (isinstance(steps, int) and steps >= 0)):
        raise InputError(f"steps: must be an integer of at least 0, got {shorten(steps)}")
    return SweepMember(checked_id(run), values, error, steps)


def followed(row: RunRow, steps: int | None) -> RunRow:
    """Return a run as far as a sweep follows it: what came later belongs to others.

    Its time stays that of the whole run.

    Example:
        >>> row = RunRow("0" * 12, "{}", "x", 5, "mlp", step=90, budget=90, memorised_at=10, grokked_at=60)
        >>> at = followed(row, 20)
        >>> at.status, at.step, at.budget, at.memorised_at, at.grokked_at
        ('finished', 20, 20, 10, None)
    """
    if steps is None:
        return row
    status = "finished" if row.step > steps else row.status
    memorised, grokked = (
        at if at is not None and at <= steps else None for at in (row.memorised_at, row.grokked_at)
    )
    return replace(
        row,
        status=status,
        step=min(row.step, steps),
        budget=min(row.budget, steps),
        memorised_at=memorised,
        grokked_at=grokked,
    )


def rows_of_sweep(
    store: Database, name: str, on_damaged: Callable[[InputError], None] | None = None
) -> list[RunRow]:
    """List the runs of a sweep that have begun, in the order of the grid.

    Arguments:
        store: where it is.
        name: of the sweep.
        on_damaged: as in `Database.rows`.

    Raises:
        InputError: no such sweep, or a damaged row.
    """
    if name not in sweep_names(store):
        read_listing(store, name)
    selected = store.select(
        "SELECT runs.* FROM runs JOIN members ON members.run = runs.id JOIN sweeps "
        "ON sweeps.number = members.sweep WHERE sweeps.name = ? ORDER BY members.place",
        name,
    )
    return store.rows_of(selected, on_damaged)


def last_records(store: Database, name: str, rows: Sequence[RunRow]) -> dict[str, Record]:
    """Read the last observation of every run of a sweep, as far as the sweep follows it.

    Arguments:
        store: where it is.
        name: of the sweep.
        rows: its runs, of `rows_of_sweep`.

    Returns:
        run id -> record; runs that were not observed yet are left out.
    """
    known = {row.id: row for row in rows}
    limit = "coalesce(members.steps, newest.step)" if store.schema_version >= STEPS_SCHEMA else "newest.step"
    selected = store.select(
        "SELECT runs.id, records.* FROM members JOIN sweeps ON sweeps.number = members.sweep "
        "JOIN runs ON runs.id = members.run JOIN records ON records.run = runs.number "
        "AND records.step = (SELECT max(step) FROM records AS newest WHERE newest.run = runs.number "
        f"AND newest.step <= {limit}) "
        "WHERE sweeps.name = ?",
        name,
    )
    return {
        entry["id"]: store.record_of(known[entry["id"]], entry) for entry in selected if entry["id"] in known
    }
