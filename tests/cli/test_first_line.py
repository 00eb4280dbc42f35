"""The line that `modgrok train` writes before JAX is loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from modgrok.cli.first_line import first_line


def test_the_task_is_announced_before_jax_is_loaded(tmp_path: Path) -> None:
    code = """
import builtins, sys
from modgrok.cli import main
load = builtins.__import__
def refuse(name, *rest):
    if name.partition(".")[0] in ("jax", "jaxlib", "equinox", "optax"):
        sys.exit(7)
    return load(name, *rest)
builtins.__import__ = refuse
main(["train", "y + x", "--p", "5"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "x + y mod 5: loading JAX\n")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--p", "5"],
        ["x + y"],
        ["x + y", "--p"],
        ["x + y", "--p", "1"],
        ["x + y", "--p", "five"],
        ["x + y", "--p", "²"],
        ["x +", "--p", "5"],
        ["x + y; ", "--p", "5"],
        ["x + y", "--p", "5", "--help"],
        ["--group", "S5"],
    ],
)
def test_nothing_is_said_of_a_task_that_cannot_be_read(words: list[str]) -> None:
    assert first_line(words) is None


def test_options_may_stand_in_any_order() -> None:
    assert first_line(["x*y", "--seed", "1", "--p=7"]) == "x*y mod 7: loading JAX"
    assert first_line(["x + y; x - y", "--p", "7"]) == "x + y; x - y mod 7: loading JAX"
