"""The one place on disk: SQLite for numbers, safetensors for arrays.

Owns: the folder layout, the migrations, every write. A commit is one SQLite transaction that moves a run
from one state file to the next together with the records in between, so that a process killed at any
moment leaves a store from which the run resumes where its records end.

    DIR/modgrok.sqlite              runs, records, checkpoints, sweeps (WAL: readers never wait for a writer)
    DIR/<run>/state-<step>.safetensors        the state to resume from; one at a time
    DIR/<run>/weights-<step>.safetensors      kept weights
    DIR/tables/<digest>.npy         tables given directly
    DIR/metrics/<digest>.safetensors          initial feature matrices handed in
    DIR/donors/<digest>.safetensors           weights that parts of a transformer were taken from
    DIR/sweeps/<name>.lock          held by the process that drives a sweep
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from ..tasks import InputError, Task
from ..tasks.errors import shorten
from .arrays import read_arrays, write_arrays
from .lock import Lock
from .network_file import Network, NetworkFile, read_network_file, write_network

DATABASE = "modgrok.sqlite"


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


@dataclass(frozen=True)
class Checkpoint:
    """Kept weights of a run."""

    run: str
    step: int
    reasons: tuple[str, ...]
    path: Path
    sha256: str
    bytes: int

    def load(self) -> Network:
        """Read the network or kernel machine, refusing a damaged file."""
        return read_network_file(self.path, self.sha256).network


class Store:
    """A folder of runs.

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
            raise InputError(f"runs: must be a directory with a store, got {shorten(self.folder)}")
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

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def __enter__(self) -> Store:
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
            raise InputError(f"run: {how} in {self.folder}, got {shorten(run)}")
        return self.row_of(found[0])

    def row_of(self, row: sqlite3.Row) -> RunRow:
        """Read a row of the table `runs`."""
        values = {name: row[name] for name in RunRow.__dataclass_fields__}
        values["early_stop"] = bool(values["early_stop"])
        values["scalars"] = tuple(json.loads(values["scalars"]))
        values["histograms"] = tuple((name, bins) for name, bins in json.loads(values["histograms"]))
        values["context"] = json.loads(values["context"])
        found = RunRow(**values)
        if found.status == "running" and not self.lock(found.id).held():
            return replace(found, status="interrupted")
        return found

    def records(self, run: str) -> list[Record]:
        """List the observations of a run, by step."""
        row = self.get(run)
        found = self.connection.execute(
            "SELECT records.step, records.seconds, records.scalars, records.histograms FROM records "
            "JOIN runs ON runs.number = records.run WHERE runs.id = ? ORDER BY records.step",
            (row.id,),
        )
        return [_record(row, *entry) for entry in found]

    def checkpoints(self, run: str) -> list[Checkpoint]:
        """List the kept weights of a run, by step."""
        row = self.get(run)
        found = self.connection.execute(
            "SELECT checkpoints.step, group_concat(reason) AS reasons, file, sha256, bytes FROM checkpoints "
            "JOIN runs ON runs.number = checkpoints.run WHERE runs.id = ? "
            "GROUP BY checkpoints.step ORDER BY checkpoints.step",
            (row.id,),
        )
        return [
            Checkpoint(
                row.id,
                entry["step"],
                tuple(sorted(entry["reasons"].split(","))),
                self.folder / entry["file"],
                entry["sha256"],
                entry["bytes"],
            )
            for entry in found
        ]

    def state(self, row: RunRow) -> dict[str, np.ndarray]:
        """Read the arrays of the state from which a run resumes."""
        assert row.state is not None
        return read_arrays(self.folder / row.state, row.state_sha256)

    def table(self, digest: str) -> np.ndarray:
        """Read a table given directly, by its digest."""
        path = self.folder / "tables" / f"{digest}.npy"
        if not path.is_file():
            raise InputError(f"table: {shorten(digest)} is not in {self.folder}")
        return np.load(path, allow_pickle=False)

    # Writing -----------------------------------------------------------------------------------------------

    def lock(self, run: str) -> Lock:
        """The lock that says a process is training this run."""
        return Lock(self.folder / run / "lock")

    def begin(self, row: RunRow) -> None:
        """Enter a run, or take up an existing one with a new budget; what it recorded stays."""
        now = _now()
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO runs (id, experiment, expression, p, learner, created, updated, status, step, "
                "budget, early_stop, observe_every, seconds, step_seconds, timed_steps, scalars, histograms, "
                "context) VALUES (?, ?, ?, ?, ?, ?, ?, 'running', 0, ?, ?, ?, 0, 0, 0, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET status = 'running', updated = excluded.updated, "
                "budget = excluded.budget, early_stop = excluded.early_stop, "
                "observe_every = excluded.observe_every, context = excluded.context",
                (
                    row.id,
                    row.experiment,
                    row.expression,
                    row.p,
                    row.learner,
                    now,
                    now,
                    row.budget,
                    row.early_stop,
                    row.observe_every,
                    json.dumps(row.scalars),
                    json.dumps(row.histograms),
                    json.dumps(row.context),
                ),
            )

    def commit(self, row: RunRow, records: list[Record], state: dict[str, np.ndarray] | None) -> RunRow:
        """Record observations and move the run to a new state, all or nothing.

        Arguments:
            row: the run's fields as they are after the commit.
            records: observed since the last commit.
            state: arrays of the state at `row.step`; None keeps the stored one.

        Returns:
            The row with the new state's file.
        """
        previous = row.state
        if state is not None:
            name = f"{row.id}/state-{row.step}.safetensors"
            sha256 = write_arrays(self.folder / name, state, {}, durable=True)
            row = replace(row, state=name, state_sha256=sha256)
        with self.transaction() as connection:
            number = connection.execute("SELECT number FROM runs WHERE id = ?", (row.id,)).fetchone()[0]
            connection.executemany(
                "INSERT OR REPLACE INTO records (run, step, seconds, scalars, histograms) "
                "VALUES (?, ?, ?, ?, ?)",
                [(number, *_packed(row, record)) for record in records],
            )
            connection.execute(
                "UPDATE runs SET updated = ?, status = ?, step = ?, memorised_at = ?, grokked_at = ?, "
                "seconds = ?, step_seconds = ?, timed_steps = ?, state = ?, state_sha256 = ? WHERE id = ?",
                (
                    _now(),
                    row.status,
                    row.step,
                    row.memorised_at,
                    row.grokked_at,
                    row.seconds,
                    row.step_seconds,
                    row.timed_steps,
                    row.state,
                    row.state_sha256,
                    row.id,
                ),
            )
        if previous is not None and previous != row.state:
            (self.folder / previous).unlink(missing_ok=True)
        return row

    def keep_weights(self, run: str, step: int, reason: str, content: NetworkFile) -> None:
        """Keep the weights of a run at a step. The final ones replace earlier final ones."""
        name = f"{run}/weights-{step}.safetensors"
        sha256 = write_network(self.folder / name, content, durable=reason != "schedule")
        size = (self.folder / name).stat().st_size
        with self.transaction() as connection:
            number = connection.execute("SELECT number FROM runs WHERE id = ?", (run,)).fetchone()[0]
            dropped: list[str] = []
            if reason == "final":
                dropped = [
                    entry[0]
                    for entry in connection.execute(
                        "DELETE FROM checkpoints WHERE run = ? AND reason = 'final' AND step != ? "
                        "RETURNING file",
                        (number, step),
                    ).fetchall()
                ]
            connection.execute(
                "INSERT OR REPLACE INTO checkpoints (run, step, reason, file, sha256, bytes) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (number, step, reason, name, sha256, size),
            )
            kept = {
                entry[0]
                for entry in connection.execute("SELECT file FROM checkpoints WHERE run = ?", (number,))
            }
        for file in set(dropped) - kept:
            (self.folder / file).unlink(missing_ok=True)

    def keep_table(self, task: Task) -> None:
        """Keep a table given directly, so that its runs can be resumed without the original file."""
        path = self.folder / "tables" / f"{task.digest}.npy"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(".tmp")
            with temporary.open("wb") as file:
                np.save(file, task.table, allow_pickle=False)
            temporary.replace(path)

    def keep_metric(self, digest: str, metric: np.ndarray) -> None:
        """Keep an initial M handed in, so that its runs can be resumed without the original file."""
        path = self.folder / "metrics" / f"{digest}.safetensors"
        if not path.is_file():
            write_arrays(path, {"metric": metric}, {}, durable=True)

    def metric(self, digest: str) -> np.ndarray | None:
        """Read an initial M handed in earlier, or None."""
        path = self.folder / "metrics" / f"{digest}.safetensors"
        return read_arrays(path, None)["metric"] if path.is_file() else None

    def donor_path(self, digest: str) -> Path:
        """Return where weights that another run's parts were taken from are kept."""
        return self.folder / "donors" / f"{digest}.safetensors"

    def remove(self, run: str) -> RunRow:
        """Delete a run with its records and files.

        Raises:
            InputError: no such run, or a process is training it.
        """
        row = self.get(run)
        if self.lock(row.id).held():
            raise InputError(f"run: {row.id} is being trained by another process; stop it first")
        with self.transaction() as connection:
            connection.execute("DELETE FROM runs WHERE id = ?", (row.id,))
        shutil.rmtree(self.folder / row.id, ignore_errors=True)
        return row


def migrations() -> list[tuple[int, str]]:
    """List the numbered SQL scripts, ascending."""
    folder = resources.files("modgrok.runs") / "migrations"
    scripts = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda e: e.name
    )
    return [(int(script.name[:4]), script.read_text(encoding="utf-8")) for script in scripts]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _packed(row: RunRow, record: Record) -> tuple[int, float, str, bytes]:
    numbers = [_json_number(record.scalars[name]) for name in row.scalars]
    counts = [np.minimum(record.histograms[name], 65_535).astype("<u2") for name, _ in row.histograms]
    packed = b"".join(array.tobytes() for array in counts)
    return record.step, round(record.seconds, 4), "[" + ",".join(numbers) + "]", packed


def _json_number(value: float) -> str:
    """Print a number so that reading gives the same bits; null for nan and infinities, which JSON lacks."""
    if not math.isfinite(value):
        return "null"
    return repr(int(value)) if value.is_integer() and abs(value) < 1e9 else repr(value)


def _record(row: RunRow, step: int, seconds: float, scalars: str, histograms: bytes) -> Record:
    values = [float("nan") if value is None else float(value) for value in json.loads(scalars)]
    counts = np.frombuffer(histograms, dtype="<u2").astype(np.int64)
    edges = np.cumsum([0, *(bins for _, bins in row.histograms)])
    parts = {
        name: counts[start:end]
        for (name, _), start, end in zip(row.histograms, edges[:-1], edges[1:], strict=True)
    }
    return Record(step, seconds, dict(zip(row.scalars, values, strict=True)), parts)
