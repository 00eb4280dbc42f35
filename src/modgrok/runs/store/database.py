"""The numbers of a store: opening and migrating the database, reading its rows.

Owns: the connection, the migrations, rows and records as values. It loads no JAX, so that thousands of runs
are listed before JAX could be imported; arrays and every write of a run are the store's.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ...display import Displayed, Facts
from ...io import is_file, is_folder, made_folder, new_file, path_exists
from ...io.weights_path import LOCK
from ...tasks.errors import AbsentError, InputError, shorten
from .lock import Lock, check_locks
from .names import checked_id, inside
from .rows import counts_of, milestone_of, numbers_of, readable, run_values

DATABASE = "modgrok.sqlite"
JOURNALS = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite keeps beside a database."""
READ_TIMEOUT = 5.0
"""Seconds that a reader waits for a lock; beside a write-ahead log it never has to."""
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
        """Steady-state time of a step; None before any took a time that could be measured."""
        return self.step_seconds / self.timed_steps if self.timed_steps and self.step_seconds else None


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
        try:
            self._check_folder(read_only)
            with contextlib.nullcontext() if read_only else made_folder(self.folder):
                if not read_only:
                    check_locks(self.folder)
                    self._make()
                self.connection = self._connect(read_only)
            try:
                if not read_only:
                    self._migrate()
                self._check_version()
                self._check_schema()
            except BaseException:
                self.connection.close()
                raise
        except (OSError, sqlite3.OperationalError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise InputError(f"runs: cannot use {shorten(self.folder)}: {reason}") from None
        except sqlite3.DatabaseError as error:
            raise InputError(f"runs: {shorten(self.folder / DATABASE)} is not a store ({error})") from None

    def _facts(self) -> Facts:
        return {"folder": str(self.folder)}

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def __enter__(self: Opened) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_folder(self, read_only: bool) -> None:
        if path_exists(self.folder) and not is_folder(self.folder):
            raise InputError(f"runs: must be a directory, got the file {shorten(self.folder)}")
        if read_only and not is_file(self.folder / DATABASE):
            where = shorten(self.folder.absolute(), 200)
            raise AbsentError(
                f"runs: must be a directory with a store, got {where}; "
                "name another with --runs or MODGROK_RUNS"
            )
        for ending in ("", *JOURNALS):
            path = inside(self.folder, DATABASE + ending)
            if path_exists(path) and not is_file(path):
                raise InputError(f"runs: must hold regular files, got {shorten(path)}")
            if not ending and is_file(path) and path.stat().st_size == 0:
                raise InputError(f"runs: {shorten(path)} is damaged: it is empty; remove it to begin anew")

    # Opening -----------------------------------------------------------------------------------------------

    def _make(self) -> None:
        """Make the database where there is none: with all its tables, or not at all."""
        path = self.folder / DATABASE
        if path_exists(path):
            return
        with new_file(path) as temporary, contextlib.closing(sqlite3.connect(temporary)) as connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.executescript(
                "".join(f"{script};\nPRAGMA user_version = {number};\n" for number, script in migrations())
            )

    def _connect(self, read_only: bool) -> sqlite3.Connection:
        if not read_only:
            return self._opened("mode=rwc", "journal_mode = WAL", "synchronous = FULL")
        try:
            return self._opened("mode=ro", "schema_version", timeout=READ_TIMEOUT)
        except sqlite3.OperationalError:
            if self._is_written():
                check_locks(self.folder)
                raise
            with contextlib.suppress(OSError):  # of a folder that cannot be written, or is full
                check_locks(self.folder)
        return self._opened("mode=ro&immutable=1", "schema_version")

    def _opened(self, mode: str, *pragmas: str, timeout: float = 60) -> sqlite3.Connection:
        uri = f"{(self.folder / DATABASE).absolute().as_uri()}?{mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.text_factory = readable
        try:
            for pragma in ("trusted_schema = OFF", "foreign_keys = ON", *pragmas):
                connection.execute(f"PRAGMA {pragma}").fetchall()
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _is_written(self) -> bool:
        """Say whether somebody is writing, or left a journal; else it can be read without locks."""
        paths = (self.folder / f"{DATABASE}{ending}" for ending in ("-wal", "-journal"))
        return any(is_file(path) and path.stat().st_size > 0 for path in paths)

    def _migrate(self) -> None:
        """Apply the numbered migrations that this store has not seen, each in its own transaction."""
        for number, script in migrations():
            if number <= self.schema_version:
                continue
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                if number > self.schema_version:
                    for statement in statements(script):
                        self.connection.execute(statement)
                    self.connection.execute(f"PRAGMA user_version = {number}")
                self.connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # a full disk has ended the transaction already
                    self.connection.execute("ROLLBACK")
                raise

    def _check_version(self) -> None:
        known = migrations()[-1][0]
        if self.schema_version > known:
            raise InputError(
                f"runs: {shorten(self.folder)} was written by a newer modgrok "
                f"(schema {self.schema_version}, this one knows {known})"
            )

    def _check_schema(self) -> None:
        """Refuse tables that are not as the migrations make them: views in their place, triggers on them."""
        version, present = -1, set[tuple[str, str, str, str | None]]()
        while version != self.schema_version:  # another process may migrate the store meanwhile
            version = self.schema_version
            selected = self.select("SELECT type, name, tbl_name, sql FROM sqlite_schema")
            present = {(row[0], row[1], row[2], row[3]) for row in selected}
        expected = schema(version)
        tables = {table for _, _, table, _ in expected}
        for entry in sorted(present ^ expected, key=str):
            kind, name, table, _ = entry
            if {name, table} & tables:
                how = "" if entry in present else ", missing or changed"
                raise InputError(
                    f"runs: {shorten(self.folder / DATABASE)} must have the tables of a store, "
                    f"got the {kind} {shorten(name)}{how}"
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

    def select(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """Read rows.

        Raises:
            InputError: the database is damaged, or lacks what is asked for.
        """
        try:
            return self.connection.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise InputError(f"runs: cannot read {shorten(self.folder / DATABASE)} ({error})") from None

    def rows(self, on_damaged: Callable[[InputError], None] | None = None) -> list[RunRow]:
        """List all runs, oldest first. A run whose process is gone reads `interrupted`, not `running`.

        Arguments:
            on_damaged: called with the error of each row that breaks a rule, which is then left out.

        Raises:
            InputError: a row breaks a rule, and nobody is to be called.
        """
        return self.rows_of(self.select("SELECT * FROM runs ORDER BY number"), on_damaged)

    def rows_of(
        self, selected: Sequence[sqlite3.Row], on_damaged: Callable[[InputError], None] | None = None
    ) -> list[RunRow]:
        """Read rows of the table `runs`; as `rows`."""
        rows = []
        for entry in selected:
            try:
                rows.append(self.row_of(entry))
            except InputError as error:
                if on_damaged is None:
                    raise
                on_damaged(error)
        return rows

    def find(self, run: str) -> RunRow | None:
        """Return the run of that exact id, or None."""
        selected = self.select("SELECT * FROM runs WHERE id = ?", run)
        return self.row_of(selected[0]) if selected else None

    def get(self, run: str) -> RunRow:
        """Return the run whose id is, or uniquely begins with, `run`; `latest` is the last one updated.

        Raises:
            AbsentError: no such run.
            InputError: several, or its row breaks a rule.
        """
        return self.row_of(self.entry(run))

    def entry(self, run: str) -> sqlite3.Row:
        """Return the row that `get` reads, unchecked."""
        if run == "latest":
            selected = self.select("SELECT * FROM runs ORDER BY updated DESC LIMIT 1")
        elif re.fullmatch(r"[0-9a-f]{1,12}", run):
            # a whole id by the index, the beginning of one by all rows
            selected = self.select("SELECT * FROM runs WHERE id = ?", run)
            selected = selected or self.select("SELECT * FROM runs WHERE id LIKE ?", f"{run}%")
        else:
            selected = []
        if len(selected) != 1:
            how = "does not name a run" if not selected else f"names {len(selected)} runs"
            error = InputError if selected else AbsentError
            raise error(f"run: {how} in {self.folder.absolute()}, got {shorten(run)}")
        return selected[0]

    def row_of(self, row: sqlite3.Row) -> RunRow:
        """Read a row of the table `runs`.

        Raises:
            InputError: run, column, rule and value of the first that breaks one.
        """
        selected = RunRow(**run_values({name: row[name] for name in row.keys()}))  # noqa: SIM118
        if selected.status == "running" and not self.lock(selected.id).held():
            return replace(selected, status="interrupted")
        return selected

    def record_of(self, row: RunRow, selected: sqlite3.Row) -> Record:
        """Read a row of the table `records`, of a run.

        Raises:
            InputError: it breaks a rule.
        """
        try:
            step, seconds = milestone_of(selected)
            values = numbers_of(selected["scalars"], len(row.scalars))
            counts = counts_of(selected["histograms"], row.histograms)
        except InputError as error:
            raise InputError(f"run {row.id}: {error}") from None
        return Record(step, seconds, dict(zip(row.scalars, values, strict=True)), counts)

    def records(self, run: str) -> list[Record]:
        """List the observations of a run, by step."""
        row = self.get(run)
        selected = self.select(
            "SELECT records.* FROM records JOIN runs ON runs.number = records.run "
            "WHERE runs.id = ? ORDER BY records.step",
            row.id,
        )
        return [self.record_of(row, entry) for entry in selected]

    def series(self, row: RunRow, names: Sequence[str]) -> Series:
        """Read a few numbers of all observations of a run: all rows are parsed at once.

        Raises:
            InputError: the run records no such number, or its records are damaged.
        """
        places = [self._place(row, name) for name in names]
        selected = self.select(
            "SELECT records.step, records.scalars FROM records JOIN runs ON runs.number = records.run "
            "WHERE runs.id = ? ORDER BY records.step",
            row.id,
        )
        try:
            table = json.loads(f"[{','.join(entry['scalars'] for entry in selected)}]")
            values = np.array(table, dtype=np.float64).reshape(len(selected), len(row.scalars))
            steps = np.array([entry["step"] for entry in selected], dtype=np.int64)
        except (ValueError, TypeError, OverflowError, RecursionError):
            for entry in selected:  # the one that is damaged says so
                numbers_of(entry["scalars"], len(row.scalars))
            raise InputError(f"run {row.id}: records: must be lists of numbers, got others") from None
        return Series(steps, {name: values[:, at] for name, at in zip(names, places, strict=True)})

    def has_reached(self, row: RunRow, scalar: str, least: float, end: int) -> bool:
        """Say whether a number of a run was at least so large at some observation up to a step."""
        selected = self.select(
            "SELECT EXISTS (SELECT 1 FROM records JOIN runs ON runs.number = records.run "
            "WHERE runs.id = ? AND json_extract(records.scalars, ?) >= ? AND records.step <= ?)",
            row.id,
            f"$[{self._place(row, scalar)}]",
            least,
            end,
        )
        return bool(selected[0][0])

    def _place(self, row: RunRow, scalar: str) -> int:
        if scalar not in row.scalars:
            raise InputError(f"run {row.id}: scalars: must hold {scalar}, got {shorten(row.scalars)}")
        return row.scalars.index(scalar)

    def lock(self, run: str) -> Lock:
        """The lock that says a process is training this run."""
        return Lock(inside(self.folder, checked_id(run), LOCK))


def statements(script: str) -> list[str]:
    """Split a migration into its statements."""
    return [statement for statement in script.split(";\n") if statement.strip()]


@cache
def schema(version: int) -> frozenset[tuple[str, str, str, str | None]]:
    """Return what `sqlite_schema` holds of a store: type, name, table, and the statement that made it.

    Arguments:
        version: number of the last migration applied.
    """
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        for number, script in migrations():
            for statement in statements(script) if number <= version else ():
                connection.execute(statement)
        selected = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    return frozenset(selected)


def migrations() -> list[tuple[int, str]]:
    """List the numbered SQL scripts, ascending."""
    folder = resources.files("modgrok.runs") / "migrations"
    scripts = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name
    )
    return [(int(script.name[:4]), script.read_text(encoding="utf-8")) for script in scripts]
