"""The numbers of a store: opening and migrating the database, reading its rows.

Owns: the connection, the migrations, rows and records as values. It loads no JAX, so that thousands of runs
are listed before JAX could be imported; arrays and every write of a run are the store's.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ...display import Displayed, Facts
from ...tasks.errors import InputError, shorten
from .lock import Lock

DATABASE = "modgrok.sqlite"
Opened = TypeVar("Opened", bound="Database")


@dataclass(frozen=True)
class RunRow:
    """One run as the store knows it; fields as in the table `runs`."""

    id: str
    experiment: str
    expression: str
    p: int
    learner: str
    status: str = "running"
    step: int = 0
    budget: int = 0
    early_stop: bool = True
    observe_every: int | None = None
    memorised_at: int | None = None
    grokked_at: int | None = None
    seconds: float = 0.0
    step_seconds: float = 0.0
    timed_steps: int = 0
    scalars: tuple[str, ...] = ()
    histograms: tuple[tuple[str, int], ...] = ()
    context: dict[str, Any] = field(default_factory=dict)
    state: str | None = None
    state_sha256: str | None = None
    created: str = ""
    updated: str = ""

    @property
    def seconds_per_step(self) -> float | None:
        """Steady-state time of a step; None before any was timed."""
        return self.step_seconds / self.timed_steps if self.timed_steps else None


@dataclass(frozen=True, eq=False)
class Series:
    """Some numbers of a run, observation by observation.

    Arguments:
        steps: ascending, int64, shape (n,).
        values: name -> float64, shape (n,); nan where undefined.
    """

    steps: np.ndarray
    values: dict[str, np.ndarray]


@dataclass(frozen=True)
class Record:
    """What was observed at one step.

    Arguments:
        step: number of updates made.
        seconds: since the run began.
        scalars: name -> number; nan where undefined.
        histograms: name -> counts.
    """

    step: int
    seconds: float
    scalars: dict[str, float]
    histograms: dict[str, np.ndarray]


class Database(Displayed):
    """The numbers of a folder of runs: what ran, how it went, what was observed.

    Arguments:
        folder: created when missing.
        read_only: open an existing store for reading; nothing is written.

    Raises:
        InputError: the path is a file, cannot be written, or was made by a newer version.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise InputError(f"runs: must be a directory, got the file {shorten(self.folder)}")
        if read_only and not (self.folder / DATABASE).is_file():
            where = shorten(self.folder.absolute(), 200)
            raise InputError(
                f"runs: must be a directory with a store, got {where}; "
                "name another with --runs or MODGROK_RUNS"
            )
        try:
            if not read_only:
                self.folder.mkdir(parents=True, exist_ok=True)
            self.connection = self._connect(read_only)
            try:
                if not read_only:
                    self._migrate()
                self._check_version()
            except BaseException:
                self.connection.close()
                raise
        except (OSError, sqlite3.OperationalError) as error:
            raise InputError(f"runs: cannot use {shorten(self.folder)}: {error}") from None
        except sqlite3.DatabaseError as error:
            raise InputError(f"runs: {shorten(self.folder / DATABASE)} is no store ({error})") from None

    def _facts(self) -> Facts:
        return {"folder": str(self.folder)}

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def __enter__(self: Opened) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Opening -----------------------------------------------------------------------------------------------

    def _connect(self, read_only: bool) -> sqlite3.Connection:
        if not read_only:
            return self._opened("mode=rwc", "journal_mode = WAL", "synchronous = FULL")
        try:
            return self._opened("mode=ro", "schema_version")
        except sqlite3.OperationalError:
            if self._writable_or_written():
                raise
        return self._opened("mode=ro&immutable=1", "schema_version")

    def _opened(self, mode: str, *pragmas: str) -> sqlite3.Connection:
        uri = f"{(self.folder / DATABASE).absolute().as_uri()}?{mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=60, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            for pragma in ("foreign_keys = ON", *pragmas):
                connection.execute(f"PRAGMA {pragma}").fetchall()
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _writable_or_written(self) -> bool:
        """Say whether the database may change, or has a journal; else nobody needs its locks."""
        journal = self.folder / f"{DATABASE}-wal"
        return os.access(self.folder, os.W_OK) or (journal.is_file() and journal.stat().st_size > 0)

    def _migrate(self) -> None:
        """Apply the numbered migrations that this store has not seen, each in its own transaction."""
        for number, script in migrations():
            if number <= self.schema_version:
                continue
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                if number > self.schema_version:
                    for statement in script.split(";\n"):
                        if statement.strip():
                            self.connection.execute(statement)
                    self.connection.execute(f"PRAGMA user_version = {number}")
                self.connection.execute("COMMIT")
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise

    def _check_version(self) -> None:
        known = migrations()[-1][0]
        if self.schema_version > known:
            raise InputError(
                f"runs: {shorten(self.folder)} was written by a newer modgrok "
                f"(schema {self.schema_version}, this one knows {known})"
            )

    @property
    def schema_version(self) -> int:
        """Number of the last migration applied."""
        return int(self.connection.execute("PRAGMA user_version").fetchone()[0])

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write to the database, all or nothing."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    # Reading -----------------------------------------------------------------------------------------------

    def rows(self) -> list[RunRow]:
        """List all runs, oldest first. A run whose process is gone reads `interrupted`, not `running`."""
        found = self.connection.execute("SELECT * FROM runs ORDER BY number").fetchall()
        return [self.row_of(row) for row in found]

    def find(self, run: str) -> RunRow | None:
        """Return the run of that exact id, or None."""
        row = self.connection.execute("SELECT * FROM runs WHERE id = ?", (run,)).fetchone()
        return None if row is None else self.row_of(row)

    def get(self, run: str) -> RunRow:
        """Return the run whose id is, or uniquely begins with, `run`; `latest` is the last one updated.

        Raises:
            InputError: no such run, or several.
        """
        if run == "latest":
            found = self.connection.execute("SELECT * FROM runs ORDER BY updated DESC LIMIT 1").fetchall()
        elif re.fullmatch(r"[0-9a-f]{1,12}", run):
            execute = self.connection.execute  # a whole id by the index, the beginning of one by all rows
            found = execute("SELECT * FROM runs WHERE id = ?", (run,)).fetchall()
            found = found or execute("SELECT * FROM runs WHERE id LIKE ?", (f"{run}%",)).fetchall()
        else:
            found = []
        if len(found) != 1:
            how = "names no run" if not found else f"names {len(found)} runs"
            raise InputError(f"run: {how} in {self.folder.absolute()}, got {shorten(run)}")
        return self.row_of(found[0])

    def row_of(self, row: sqlite3.Row) -> RunRow:
        """Read a row of the table `runs`."""
        values = {name: row[name] for name in RunRow.__dataclass_fields__}
        values["early_stop"] = bool(values["early_stop"])
        values["scalars"] = _names(values["scalars"])
        values["histograms"] = _bins(values["histograms"])
        values["context"] = json.loads(values["context"])
        found = RunRow(**values)
        if found.status == "running" and not self.lock(found.id).held():
            return replace(found, status="interrupted")
        return found

    def record_of(self, row: RunRow, found: sqlite3.Row) -> Record:
        """Read a row of the table `records`, of a run."""
        values = [float("nan") if value is None else float(value) for value in json.loads(found["scalars"])]
        counts = np.frombuffer(found["histograms"], dtype="<u2").astype(np.int64)
        ends = accumulate(bins for _, bins in row.histograms)
        parts = {
            name: counts[end - bins : end] for (name, bins), end in zip(row.histograms, ends, strict=True)
        }
        return Record(found["step"], found["seconds"], dict(zip(row.scalars, values, strict=True)), parts)

    def records(self, run: str) -> list[Record]:
        """List the observations of a run, by step."""
        row = self.get(run)
        found = self.connection.execute(
            "SELECT records.* FROM records JOIN runs ON runs.number = records.run "
            "WHERE runs.id = ? ORDER BY records.step",
            (row.id,),
        )
        return [self.record_of(row, entry) for entry in found]

    def series(self, row: RunRow, names: Sequence[str]) -> Series:
        """Read a few numbers of all observations of a run: all rows are parsed at once."""
        found = self.connection.execute(
            "SELECT records.step, records.scalars FROM records JOIN runs ON runs.number = records.run "
            "WHERE runs.id = ? ORDER BY records.step",
            (row.id,),
        ).fetchall()
        table = json.loads(f"[{','.join(entry['scalars'] for entry in found)}]")
        values = np.array(table, dtype=np.float64).reshape(len(found), len(row.scalars))
        columns = {name: values[:, row.scalars.index(name)] for name in names}
        return Series(np.array([entry["step"] for entry in found], dtype=np.int64), columns)

    def ever(self, row: RunRow, scalar: str, least: float) -> bool:
        """Say whether a number of a run was at least so large at some observation."""
        found = self.connection.execute(
            "SELECT EXISTS (SELECT 1 FROM records JOIN runs ON runs.number = records.run "
            "WHERE runs.id = ? AND json_extract(records.scalars, ?) >= ?)",
            (row.id, f"$[{row.scalars.index(scalar)}]", least),
        )
        return bool(found.fetchone()[0])

    def lock(self, run: str) -> Lock:
        """The lock that says a process is training this run."""
        return Lock(self.folder / run / "lock")


def migrations() -> list[tuple[int, str]]:
    """List the numbered SQL scripts, ascending."""
    folder = resources.files("modgrok.runs") / "migrations"
    scripts = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name
    )
    return [(int(script.name[:4]), script.read_text(encoding="utf-8")) for script in scripts]


@cache
def _names(scalars: str) -> tuple[str, ...]:
    """Read `runs.scalars`, of which a store holds few different ones."""
    return tuple(json.loads(scalars))


@cache
def _bins(histograms: str) -> tuple[tuple[str, int], ...]:
    return tuple((name, bins) for name, bins in json.loads(histograms))
