"""Stores that somebody else has changed, and what must survive them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from modgrok.runs import Experiment

EXPERIMENT = Experiment.of("x + y", p=5, width=8)
OTHER = Experiment.of("x*y", p=5, width=8)


def forge(folder: Path, statement: str, *values: Any) -> None:
    """Change a store behind its back."""
    with sqlite3.connect(folder / "modgrok.sqlite") as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(statement, values)
    connection.close()


def victim_of(folder: Path) -> Path:
    """Make a file outside the store."""
    victim = folder.parent / "victim"
    victim.mkdir()
    (victim / "precious").write_text("precious")
    return victim
