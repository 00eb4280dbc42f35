"""Lists of sweeps that somebody else has changed: one line says so, wherever they are read."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
FILE = """
name = "tiny"
[base]
expression = "x + y"
p = 5
width = 4
steps = 2
[axes]
seed = [0, 1]
"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a sweep of two runs."""
    from modgrok.cli import main

    folder = tmp_path_factory.mktemp("forged")
    (folder / "tiny.toml").write_text(FILE)
    with pytest.raises(SystemExit) as ended:
        main(["sweep", str(folder / "tiny.toml"), "--runs", str(folder / "runs"), "--workers", "1"])
    assert not ended.value.code
    return folder / "runs"


@pytest.mark.parametrize("axes", ["[[]]", '[["nope"]]', "'seed'", '["seed"]', "[[3]]", "{}", "null", ""])
@pytest.mark.parametrize("command", [["report"], ["export", "--format", "csv"]])
def test_forged_axes_are_named(
    swept: Path, call: Call, tmp_path: Path, axes: str, command: list[str]
) -> None:
    store = tmp_path / "runs"
    shutil.copytree(swept, store)
    with sqlite3.connect(store / "modgrok.sqlite") as connection:
        connection.execute("UPDATE sweeps SET axes = ?", (axes,))
    connection.close()
    outcome = call(
        command[0],
        "tiny",
        *command[1:],
        "-o",
        "out.html" if command == ["report"] else "out",
        f"--runs={store}",
    )
    assert outcome.code == 2
    assert outcome.err.startswith("modgrok: sweep tiny: axes: must be ")
    assert outcome.err.count("\n") == 1
