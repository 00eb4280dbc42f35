"""Tags and notes: words that people give to runs, beside what was measured.

Owns: the tables `tags` and `notes`, and what a tag may be. Neither is part of an experiment: a run's id, its
numbers and its files stay as they are.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...io import visible
from ...tasks.errors import InputError, shorten
from .database import Database

SCHEMA = 4
"""The migration that made the tables; an older store that is only read has none."""
MOST_TAGS = 20
"""Tags of one run."""
MOST_TAG = 40
"""Characters of a tag."""
MOST_NOTE = 2000
"""Characters of a note."""


@dataclass(frozen=True)
class Labels:
    """What people wrote about a run.

    Arguments:
        tags: sorted.
        note: empty where there is none.
    """

    tags: tuple[str, ...] = ()
    note: str = ""


def read_labels(store: Database, runs: Iterable[str] | None = None) -> dict[str, Labels]:
    """Return the labels of runs by id; a run without any is left out.

    Arguments:
        store: where they are.
        runs: whole ids; None for all.
    """
    if store.schema_version < SCHEMA:
        return {}
    where = "" if runs is None else " WHERE runs.id IN (SELECT value FROM json_each(?))"
    values = () if runs is None else (json.dumps(list(runs)),)
    tags: dict[str, list[str]] = {}
    for entry in store.select(
        f"SELECT runs.id, tags.tag FROM tags JOIN runs ON runs.number = tags.run{where} ORDER BY tags.tag",
        *values,
    ):
        tags.setdefault(entry["id"], []).append(str(entry["tag"]))
    notes = {
        entry["id"]: str(entry["note"])
        for entry in store.select(
            f"SELECT runs.id, notes.note FROM notes JOIN runs ON runs.number = notes.run{where}", *values
        )
    }
    labelled = tags.keys() | notes.keys()
    return {run: Labels(tuple(tags.get(run, ())), notes.get(run, "")) for run in labelled}


def tag_run(store: Database, run: str, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Labels:
    """Add tags to a run and remove others.

    Arguments:
        store: open for writing.
        run: id, the beginning of one, or `latest`.
        add: tags of at most 40 letters, digits, `.`, `-` and `_`; those it has already stay.
        remove: tags; those it does not have are none the less gone.

    Returns:
        The labels that the run has then.

    Raises:
        InputError: no such run, a tag that breaks the rule, or more than 20 tags.
    """
    row = store.entry(run)
    own, added = str(row["id"]), [checked_tag(tag) for tag in add]
    with _writing(store) as connection:
        for tag in remove:
            connection.execute("DELETE FROM tags WHERE run = ? AND tag = ?", (row["number"], tag))
        for tag in added:
            connection.execute("INSERT OR IGNORE INTO tags VALUES (?, ?)", (row["number"], tag))
        count = connection.execute("SELECT count(*) FROM tags WHERE run = ?", (row["number"],)).fetchone()[0]
        if count > MOST_TAGS:
            raise InputError(f"tag: must be at most {MOST_TAGS} per run, got {count}")
    return read_labels(store, [own]).get(own, Labels())


def note_run(store: Database, run: str, note: str) -> Labels:
    """Write the note of a run; an empty one removes it.

    Arguments:
        store: open for writing.
        run: id, the beginning of one, or `latest`.
        note: at most 2000 characters.

    Returns:
        The labels that the run has then.

    Raises:
        InputError: no such run, or a note that is too long.
    """
    row, text = store.entry(run), note.strip()
    if len(text) > MOST_NOTE:
        raise InputError(f"note: must have at most {MOST_NOTE} characters, got {len(text)}")
    text = "\n".join(visible(line) for line in text.splitlines())
    with _writing(store) as connection:
        connection.execute("DELETE FROM notes WHERE run = ?", (row["number"],))
        if text:
            connection.execute("INSERT INTO notes VALUES (?, ?)", (row["number"], text))
    return read_labels(store, [str(row["id"])]).get(str(row["id"]), Labels())


@contextlib.contextmanager
def _writing(store: Database) -> Iterator[sqlite3.Connection]:
    try:
        with store.transaction() as connection:
            yield connection
    except sqlite3.Error as error:  # a full disk, or another writer that holds the database for long
        raise InputError(f"runs: cannot write {shorten(store.folder)} ({error})") from None


def checked_tag(tag: str) -> str:
    """Return a tag.

    Raises:
        InputError: it is empty, too long, or has other characters than letters, digits, `.`, `-` and `_`.

    Example:
        >>> checked_tag("figure-3")
        'figure-3'
    """
    if not re.fullmatch(rf"[\w.-]{{1,{MOST_TAG}}}", tag) or tag.startswith("-"):
        raise InputError(
            f"tag: must have 1 to {MOST_TAG} letters, digits, '.', '-' or '_', got {shorten(tag)}"
        )
    return tag
