"""A run taken from one store to another: all that is kept of it, as plain values.

Owns: which columns and files a run is. The receiving store holds afterwards what the sending one held: the
same records to the bit, the same weights, the same state to resume from.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...io import is_file
from ...tasks.errors import BusyError, InputError, shorten
from .arrays import write_bytes
from .names import checked_digest, checked_file, checked_id, inside
from .rows import counts_of, numbers_of, run_values
from .store import Store

TABLES = ("records", "checkpoints")
"""Tables whose rows belong to a run by its number."""
ASIDE, NEW = ".aside", ".new"
"""Endings of a file that is about to be replaced, and of one that is about to replace it."""


@dataclass(frozen=True)
class RunBundle:
    """A run as plain values.

    Arguments:
        row: column of the table `runs` -> value, but for the number, which is the store's own.
        rows: table -> its rows that belong to the run, each column -> value, without the number.
        files: name relative to the store -> content.
    """

    row: dict[str, Any]
    rows: dict[str, tuple[dict[str, Any], ...]]
    files: dict[str, bytes]

    @property
    def run(self) -> str:
        """Run id."""
        return str(self.row["id"])


def pack_run(store: Store, run: str) -> RunBundle | None:
    """Read all that a store keeps of a run; None if it has not begun.

    Arguments:
        store: any.
        run: whole id.
    """
    selected = store.select("SELECT * FROM runs WHERE id = ?", checked_id(run))
    if not selected:
        return None
    row = dict(selected[0])
    number = row.pop("number")
    rows = {table: tuple(_rows(store.connection, table, number)) for table in TABLES}
    files = {name: inside(store.folder, name).read_bytes() for name in sorted(_files(store, run))}
    return RunBundle(row, rows, files)


def unpack_run(store: Store, bundle: RunBundle) -> None:
    """Write a run into a store, all or nothing; what the store kept of it before is replaced.

    Arguments:
        store: where to.
        bundle: what `pack_run` read; checked as a row of a store is.

    Raises:
        BusyError: another process is training this run, or has trained it further.
        InputError: the bundle breaks a rule of names, columns or
            hashes.
    """
    _check(store, bundle)
    run = bundle.run
    with store.lock(run)(run):
        if _last_step(store, run) > bundle.row["step"]:
            raise BusyError(f"run: {run} has meanwhile been trained further by another process")
        earlier = _files(store, run)
        _recover(store, run)
        staged = {inside(store.folder, name): content for name, content in bundle.files.items()}
        with _replaced(store, staged):
            _write_rows(store, bundle)
        for name in earlier - set(bundle.files):
            inside(store.folder, name).unlink(missing_ok=True)


def _last_step(store: Store, run: str) -> int:
    """Return the step of a stored run; -1 if there is none, or its row is damaged."""
    try:
        row = store.find(run)
    except InputError:
        return -1
    return -1 if row is None else row.step


def _write_rows(store: Store, bundle: RunBundle) -> None:
    with store.writing() as connection:
        changed = ", ".join(f"{name} = excluded.{name}" for name in bundle.row if name != "id")
        _insert(connection, "runs", bundle.row, f" ON CONFLICT (id) DO UPDATE SET {changed}")
        number = connection.execute("SELECT number FROM runs WHERE id = ?", (bundle.run,)).fetchone()[0]
        for table in TABLES:
            connection.execute(f"DELETE FROM {table} WHERE run = ?", (number,))
            for row in bundle.rows[table]:
                _insert(connection, table, {"run": number, **row})


@contextlib.contextmanager
def _replaced(store: Store, contents: Mapping[Path, bytes]) -> Iterator[None]:
    """Put files in place while rows are written; if that fails, what was there before returns.

    All content is on the disk before any file is replaced, so that files and rows disagree only between a few
    renames and the commit. A process that is killed there leaves what it set aside to `_recover`.
    """
    new = [(path, path.with_name(path.name + NEW)) for path in contents]
    old = [(path, path.with_name(path.name + ASIDE)) for path in contents]
    placed: list[Path] = []
    try:
        with store.storing():
            for path, staged in new:
                write_bytes(staged, contents[path], durable=True)
            for path, aside in old:
                if is_file(path):
                    path.replace(aside)
            for path, staged in new:
                staged.replace(path)
                placed.append(path)
        yield
    except BaseException:
        for _, staged in new:
            staged.unlink(missing_ok=True)
        for path in placed:
            path.unlink(missing_ok=True)
        for path, aside in old:
            if is_file(aside):
                aside.replace(path)
        raise
    for _, aside in old:
        aside.unlink(missing_ok=True)


def _recover(store: Store, run: str) -> None:
    """Return files that a killed process had set aside, where its rows were not written; its lock is held."""
    folder = inside(store.folder, run)
    hashes = {Path(name).name: value for name, value in _hashes(store, run).items()}
    for aside in folder.glob(f"*{ASIDE}"):
        name = aside.name.removesuffix(ASIDE)
        if hashlib.sha256(aside.read_bytes()).hexdigest() == hashes.get(name):
            aside.replace(folder / name)
        else:
            aside.unlink(missing_ok=True)
    for staged in folder.glob(f"*{NEW}"):
        staged.unlink(missing_ok=True)


def _check(store: Store, bundle: RunBundle) -> None:
    """Refuse what a store's own rows could not hold: other columns, other names of files, other content.

    Raises:
        InputError: see `unpack_run`.
    """
    _check_columns(store, "runs", bundle.row, ("number",))
    values = run_values(bundle.row)
    run = str(values["id"])
    if set(bundle.rows) != set(TABLES):
        raise InputError(f"bundle: must have rows of {', '.join(TABLES)}, got {shorten(list(bundle.rows))}")
    hashes = {values["state"]: values["state_sha256"]} if values["state"] is not None else {}
    for table in TABLES:
        for row in bundle.rows[table]:
            _check_columns(store, table, row, ("run",))
    for row in bundle.rows["records"]:
        numbers_of(row["scalars"], len(values["scalars"]))
        counts_of(row["histograms"], values["histograms"])
    for row in bundle.rows["checkpoints"]:
        hashes[checked_file(run, row["file"])] = checked_digest(row["sha256"])
    if set(bundle.files) != set(hashes):
        raise InputError(f"bundle: must have the files of its rows, got {shorten(sorted(bundle.files))}")
    for name, content in bundle.files.items():
        if hashlib.sha256(content).hexdigest() != hashes[checked_file(run, name)]:
            raise InputError(f"bundle: the SHA-256 of {name} must be the recorded one, got another")


def _check_columns(store: Store, table: str, row: dict[str, Any], internal: tuple[str, ...]) -> None:
    """Refuse rows with other columns than a table has; their names become part of statements."""
    known = {entry["name"] for entry in store.select(f"PRAGMA table_info({table})")} - set(internal)
    if set(row) != known:
        odd = sorted(set(row) ^ known)
        raise InputError(f"bundle: must have the columns of {table}, got a difference in {shorten(odd)}")


def _files(store: Store, run: str) -> set[str]:
    """Name the files of a run that a store tells of."""
    return set(_hashes(store, run))


def _hashes(store: Store, run: str) -> dict[str, str]:
    """Return the files of a run that a store tells of, with their recorded SHA-256."""
    selected = store.select(
        "SELECT state, state_sha256 FROM runs WHERE id = ? AND state IS NOT NULL UNION SELECT file, sha256 "
        "FROM checkpoints JOIN runs ON runs.number = checkpoints.run WHERE runs.id = ?",
        run,
        run,
    )
    return {checked_file(run, row[0]): row[1] for row in selected}


def _rows(connection: sqlite3.Connection, table: str, number: int) -> list[dict[str, Any]]:
    selected = connection.execute(f"SELECT * FROM {table} WHERE run = ? ORDER BY step", (number,))
    return [{name: row[name] for name in row.keys() if name != "run"} for row in selected]  # noqa: SIM118


def _insert(connection: sqlite3.Connection, table: str, row: dict[str, Any], rest: str = "") -> None:
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks}){rest}", tuple(row.values()))
