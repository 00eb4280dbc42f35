"""The one place on disk: SQLite for numbers, safetensors for arrays.

Owns: the folder layout, the migrations, every write. A commit is one SQLite transaction that moves a run
from one state file to the next together with the records in between, so that a process killed at any
moment leaves a store from which the run resumes where its records end.

    DIR/modgrok.sqlite              runs, records, checkpoints, sweeps (WAL: readers never wait for a writer)
    DIR/<run>/state-<step>.safetensors        the state to resume from; one at a time
    DIR/<run>/weights-<step>.safetensors      kept weights
    DIR/tables/<digest>.npy                   tables given directly
    DIR/metrics/<digest>.safetensors          initial feature matrices given by users
    DIR/donors/<digest>.safetensors           networks that parts of others are taken from
    DIR/sweeps/<name>.lock          held by the process that drives a sweep
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ...io import remove_temporaries
from ...tasks import InputError
from ...tasks.errors import shorten
from .arrays import read_arrays, write_arrays
from .database import Database, Record, RunRow
from .names import checked_digest, checked_file, checked_id, inside
from .network_file import Network, StoredWeights, read_network_file, write_network

REASONS = ("schedule", "memorised", "grokked", "final")
"""Why weights are kept."""
SHARED = ("tables", "metrics", "donors")
"""Folders of arrays that several runs may use, each file named by a digest."""
ABANDONED_AFTER = 3600.0
"""Seconds after which a temporary file in a shared folder has no process any more that writes it."""


class StoreWriteError(OSError):
    """A store that could not be written: its disk is full or gone, or its rights have changed."""

    def __str__(self) -> str:
        return f"runs: cannot write to {shorten(self.filename or 'the store')} ({self.strerror})"


@dataclass(frozen=True)
class Checkpoint:
    """Kept weights of a run.

    Arguments:
        run: its id.
        step: number of updates made.
        reasons: why they are kept, names in `REASONS`.
        path: of the file.
        sha256: of its content.
        bytes: its size.
        explained_share: of their test inputs; None where it was not counted.
    """

    run: str
    step: int
    reasons: tuple[str, ...]
    path: Path
    sha256: str
    bytes: int
    explained_share: float | None = None

    def load(self) -> Network:
        """Read the network or kernel machine, refusing a damaged file, and one of named arrays."""
        return read_network_file(self.path, self.sha256).network

    def arrays(self) -> dict[str, np.ndarray]:
        """Read the weights by name, refusing a damaged file."""
        return read_arrays(self.path, self.sha256)


@dataclass(frozen=True, eq=False)
class WeightsToKeep:
    """Weights of a run that are to be kept.

    Arguments:
        step: number of updates made.
        reason: name in `REASONS`.
        content: of the file.
        explained_share: of the test inputs, if counted.
    """

    step: int
    reason: str
    content: StoredWeights
    explained_share: float | None = None


class Store(Database):
    """A folder of runs, with their arrays.

    Arguments:
        folder: created when missing.
        read_only: open an existing store for reading; nothing is written.

    Raises:
        InputError: the path is a file, cannot be written, or was made by a newer version.
    """

    # Reading -----------------------------------------------------------------------------------------------

    def checkpoints(self, run: str) -> list[Checkpoint]:
        """List the kept weights of a run, by step."""
        row = self.get(run)
        selected = self.select(
            "SELECT checkpoints.*, group_concat(reason) AS reasons FROM checkpoints "
            "JOIN runs ON runs.number = checkpoints.run WHERE runs.id = ? "
            "GROUP BY checkpoints.step ORDER BY checkpoints.step",
            row.id,
        )
        return [self._checkpoint(row.id, entry) for entry in selected]

    def _checkpoint(self, run: str, entry: sqlite3.Row) -> Checkpoint:
        step, size, reasons = entry["step"], entry["bytes"], entry["reasons"]
        counts = isinstance(step, int) and step >= 0 and isinstance(size, int) and size >= 0
        if not counts or not isinstance(reasons, str) or not set(reasons.split(",")) <= set(REASONS):
            raise InputError(
                f"run {run}: checkpoints: must have steps, sizes and reasons, got {shorten(tuple(entry))}"
            )
        path = inside(self.folder, checked_file(run, entry["file"]))
        digest, names = checked_digest(entry["sha256"]), tuple(sorted(reasons.split(",")))
        # a store that is only read may be of a version without this column
        share = entry["explained_share"] if "explained_share" in entry.keys() else None  # noqa: SIM118
        if share is not None and not (isinstance(share, float) and 0 <= share <= 1):
            raise InputError(
                f"run {run}: explained_share: must be a number in 0..1 or null, got {shorten(share)}"
            )
        return Checkpoint(run, step, names, path, digest, size, share)

    def state(self, row: RunRow) -> dict[str, np.ndarray]:
        """Read the arrays of the state from which a run resumes."""
        assert row.state is not None
        return read_arrays(inside(self.folder, checked_file(row.id, row.state)), row.state_sha256)

    # Writing -----------------------------------------------------------------------------------------------

    def start_run(self, row: RunRow) -> None:
        """Enter a run, or take up an existing one with a new budget; what it recorded stays."""
        now = _now()
        with self.writing() as connection:
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
        self._clear(row.id)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Write to the database and to files, all or nothing.

        Raises:
            StoreWriteError: the disk is full or gone.
        """
        with self.storing(), self.transaction() as connection:
            yield connection

    @contextlib.contextmanager
    def storing(self) -> Iterator[None]:
        """Name the store where its disk fails.

        Raises:
            StoreWriteError: a file or the database cannot be written.
        """
        try:
            yield
        except StoreWriteError:
            raise
        except OSError as error:
            name = None if error.filename is None else str(error.filename)
            raise StoreWriteError(error.errno, error.strerror or str(error), name) from error
        except sqlite3.OperationalError as error:
            raise StoreWriteError(0, str(error), str(self.folder)) from error

    def _clear(self, run: str) -> None:
        """Delete what killed processes left: temporary files, and states that no row names.

        A run's folder is this process's alone while it holds the run's lock; shared folders are not, and only
        files that nobody has written for an hour go.
        """
        folder = inside(self.folder, checked_id(run))
        remove_temporaries(folder)
        for name in SHARED:
            remove_temporaries(inside(self.folder, name), older_than=ABANDONED_AFTER)
        remove_temporaries(self.folder, older_than=ABANDONED_AFTER)
        selected = self.select("SELECT state FROM runs WHERE id = ?", run)
        for path in folder.glob("state-*.safetensors"):
            if selected and f"{run}/{path.name}" != selected[0]["state"]:
                with contextlib.suppress(OSError):
                    path.unlink()

    def commit(
        self,
        row: RunRow,
        records: list[Record],
        state: dict[str, np.ndarray] | None,
        weights: Sequence[WeightsToKeep] = (),
    ) -> RunRow:
        """Record observations, keep weights and move the run to a new state, all or nothing.

        Arguments:
            row: the run's fields as they are after the commit.
            records: observed since the last commit.
            state: arrays of the state at `row.step`; None keeps the stored one.
            weights: to be kept. Final ones replace earlier final ones.

        Returns:
            The row with the new state's file.
        """
        previous = row.state
        durable = {item.step for item in weights if item.reason != "schedule"}
        contents = {item.step: item.content for item in weights}
        files = {
            step: self._write_weights(row.id, step, content, durable=step in durable)
            for step, content in contents.items()
        }  # before the transaction that names them
        if state is not None:
            name = f"{checked_id(row.id)}/state-{row.step}.safetensors"
            with self.storing():
                sha256 = write_arrays(inside(self.folder, name), state, {}, durable=True)
            row = replace(row, state=name, state_sha256=sha256)
        dropped: set[str] = set()
        with self.writing() as connection:
            number = _number(connection, row.id)
            connection.executemany(
                "INSERT OR REPLACE INTO records (run, step, seconds, scalars, histograms) "
                "VALUES (?, ?, ?, ?, ?)",
                [(number, *_record_row(row, record)) for record in records],
            )
            for item in weights:
                dropped |= _enter_weights(connection, number, item, files[item.step])
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
            self._unlink(row.id, previous)
        for file in dropped:
            self._unlink(row.id, file)
        return row

    def enter_observation(self, run: str, record: Record, weights: Sequence[WeightsToKeep]) -> None:
        """Enter an observation of a run's past, as if its training had stopped there for a moment.

        Arguments:
            run: its id; its lock is held.
            record: before the run's own step; a step that was observed stays as it is.
            weights: at that step. Those kept as a milestone's take the place of later ones, and the run has
                reached the milestone there.
        """
        row = self.get(run)
        reached = [item.reason for item in weights if item.reason in ("memorised", "grokked")]
        file = self._write_weights(row.id, record.step, weights[0].content, durable=bool(reached))
        dropped: set[str] = set()
        with self.writing() as connection:
            number = _number(connection, row.id)
            connection.execute(
                "INSERT OR IGNORE INTO records (run, step, seconds, scalars, histograms) "
                "VALUES (?, ?, ?, ?, ?)",
                (number, *_record_row(row, record)),
            )
            for reason in reached:
                deleted = connection.execute(
                    "DELETE FROM checkpoints WHERE run = ? AND reason = ? AND step > ? RETURNING file",
                    (number, reason, record.step),
                ).fetchall()
                dropped |= {entry[0] for entry in deleted}
                connection.execute(f"UPDATE runs SET {reason}_at = ? WHERE id = ?", (record.step, row.id))
            for item in weights:
                dropped |= _enter_weights(connection, number, item, file)
            connection.execute("UPDATE runs SET updated = ? WHERE id = ?", (_now(), row.id))
            retained = connection.execute("SELECT file FROM checkpoints WHERE run = ?", (number,)).fetchall()
        for name in dropped - {entry[0] for entry in retained}:
            self._unlink(row.id, name)

    def keep_weights(
        self, run: str, step: int, reason: str, content: StoredWeights, explained_share: float | None = None
    ) -> None:
        """Keep the weights of a run at a step. The final ones replace earlier final ones.

        Arguments:
            run: its id.
            step, reason, content, explained_share: see `WeightsToKeep`.
        """
        item = WeightsToKeep(step, reason, content, explained_share)
        file = self._write_weights(run, step, content, durable=reason != "schedule")
        with self.writing() as connection:
            dropped = _enter_weights(connection, _number(connection, run), item, file)
        for name in dropped:
            self._unlink(run, name)

    def note_weights(
        self, run: str, step: int, reasons: Sequence[str], explained_share: float | None
    ) -> None:
        """Add reasons to keep weights that are kept already, and what was found to be explained of them.

        Arguments:
            run: its id.
            step, reasons, explained_share: see `WeightsToKeep`; None leaves the share as it is.
        """
        if reasons:  # weights of a milestone are on the disk before their row, unlike scheduled ones
            with (
                self.storing(),
                inside(self.folder, f"{checked_id(run)}/weights-{step}.safetensors").open("rb+") as file,
            ):
                os.fsync(file.fileno())
        with self.writing() as connection:
            number = _number(connection, run)
            connection.executemany(
                "INSERT OR REPLACE INTO checkpoints (run, step, reason, file, sha256, bytes, "
                "explained_share) SELECT run, step, ?, file, sha256, bytes, explained_share FROM checkpoints "
                "WHERE run = ? AND step = ? AND reason = 'schedule'",
                [(reason, number, step) for reason in reasons],
            )
            connection.execute(
                "UPDATE checkpoints SET explained_share = coalesce(?, explained_share) "
                "WHERE run = ? AND step = ?",
                (explained_share, number, step),
            )

    def _write_weights(self, run: str, step: int, content: StoredWeights, *, durable: bool) -> _WrittenFile:
        name = f"{checked_id(run)}/weights-{step}.safetensors"
        with self.storing():
            path = inside(self.folder, name)
            sha256 = write_network(path, content, durable=durable)
            return _WrittenFile(name, sha256, path.stat().st_size)

    def drop_from(self, run: str, step: int, *, kept_anew: Collection[int] = ()) -> None:
        """Delete the records and kept weights of a run from a step on, whose training goes on from before.

        Arguments:
            run: its id.
            step: the first that goes.
            kept_anew: steps whose weights stay, since they were kept after the training that is dropped;
                milestones that it reached there go.
        """
        marks = ", ".join("?" * len(kept_anew))
        with self.writing() as connection:
            number = _number(connection, run)
            connection.execute("DELETE FROM records WHERE run = ? AND step >= ?", (number, step))
            deleted = connection.execute(
                "DELETE FROM checkpoints WHERE run = ? AND step >= ? "
                f"AND NOT (reason = 'schedule' AND step IN ({marks})) RETURNING file",
                (number, step, *kept_anew),
            ).fetchall()
            retained = connection.execute("SELECT file FROM checkpoints WHERE run = ?", (number,)).fetchall()
        for file in {entry[0] for entry in deleted} - {entry[0] for entry in retained}:
            self._unlink(run, file)

    def _unlink(self, run: str, file: str) -> None:
        """Delete a file of a run, if there is one."""
        with self.storing():
            inside(self.folder, checked_file(run, file)).unlink(missing_ok=True)

    def removable(self, run: str) -> RunRow:
        """Return a run's row, or what can be said of it where the row is damaged.

        Raises:
            InputError: no such run.
        """
        entry = self.entry(run)
        checked_id(entry["id"])
        try:
            return self.row_of(entry)
        except InputError:
            return RunRow(entry["id"], "", str(entry["expression"]), 0, str(entry["learner"]), "failed")

    def remove(self, run: str) -> RunRow:
        """Delete a run with its records and files.

        Raises:
            InputError: no such run, or a process is training it.
        """
        row = self.removable(run)
        folder = inside(self.folder, row.id)
        lock = self.lock(row.id)
        if lock.held():
            raise InputError(f"run: {row.id} is being trained by another process; stop it first")
        with lock.while_removed(row.id):  # nobody begins to train it while it goes
            try:
                self._delete(row.id)
            except StoreWriteError:  # a full disk takes no deletion before files have gone
                shutil.rmtree(folder, ignore_errors=True)
                self._delete(row.id)
            shutil.rmtree(folder, ignore_errors=True)
        return row

    def discard_unbegun(self, run: str) -> None:
        """Delete the folder of a run that was refused before it had a row; its lock is held."""
        folder = inside(self.folder, run)
        with contextlib.suppress(OSError):
            names = {path.name for path in folder.iterdir()}
            if self.find(run) is None and names <= {self.lock(run).path.name}:
                shutil.rmtree(folder, ignore_errors=True)

    def _delete(self, run: str) -> None:
        with self.writing() as connection:
            connection.execute("DELETE FROM runs WHERE id = ?", (run,))


@dataclass(frozen=True)
class _WrittenFile:
    """A file of weights: its name relative to the store, its SHA-256, its size."""

    name: str
    sha256: str
    bytes: int


def _number(connection: sqlite3.Connection, run: str) -> int:
    """Return the internal key of a run.

    Raises:
        InputError: there is none; another process has removed it.
    """
    entry = connection.execute("SELECT number FROM runs WHERE id = ?", (run,)).fetchone()
    if entry is None:
        raise InputError(f"run: must be in the store, got {run}, which another process has removed")
    return int(entry[0])


def _enter_weights(
    connection: sqlite3.Connection, number: int, item: WeightsToKeep, file: _WrittenFile
) -> set[str]:
    """Enter a file of weights; return the files that no row names any more."""
    dropped: set[str] = set()
    if item.reason == "final":
        deleted = connection.execute(
            "DELETE FROM checkpoints WHERE run = ? AND reason = 'final' AND step != ? RETURNING file",
            (number, item.step),
        ).fetchall()
        dropped = {entry[0] for entry in deleted}
    connection.execute(
        "INSERT OR REPLACE INTO checkpoints (run, step, reason, file, sha256, bytes, explained_share) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (number, item.step, item.reason, file.name, file.sha256, file.bytes, item.explained_share),
    )
    connection.execute(  # other reasons to keep the same step's weights name the same file
        "UPDATE checkpoints SET sha256 = ?, bytes = ? WHERE run = ? AND file = ?",
        (file.sha256, file.bytes, number, file.name),
    )
    retained = connection.execute("SELECT file FROM checkpoints WHERE run = ?", (number,)).fetchall()
    return dropped - {entry[0] for entry in retained}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _record_row(row: RunRow, record: Record) -> tuple[int, float, str, bytes]:
    numbers = [_json_number(record.scalars.get(name, math.nan)) for name in row.scalars]
    counts = [
        np.minimum(_histogram(record, name, bins), 65_535).astype("<u2") for name, bins in row.histograms
    ]
    data = b"".join(array.tobytes() for array in counts)
    return record.step, round(record.seconds, 4), "[" + ",".join(numbers) + "]", data


def _histogram(record: Record, name: str, bins: int) -> np.ndarray:
    """Return a histogram; zeros where this version counts in other bins than the one that began the run."""
    counts = record.histograms.get(name)
    return np.zeros(bins, np.int64) if counts is None or len(counts) != bins else np.asarray(counts)


def _json_number(value: float) -> str:
    """Print a number so that reading gives the same bits; null for nan and infinities, which JSON lacks."""
    if not math.isfinite(value):
        return "null"
    return repr(int(value)) if value.is_integer() and abs(value) < 1e9 else repr(value)
