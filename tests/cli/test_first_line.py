"""The line that `modgrok train` writes before JAX is loaded."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    for terminal in (True, False):
        done, err = at_a_terminal(code, tmp_path) if terminal else elsewhere(code, tmp_path)
        line = "x + y mod 5: loading JAX\r\n" if terminal else ""
        assert (done.returncode, done.stdout, err) == (7, "", line)


def at_a_terminal(code: str, folder: Path) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run code whose stderr is a terminal; return what it wrote there as well."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    with open(theirs, "w") as stderr:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=stderr, text=True, cwd=folder
        )
        err = os.read(ours, 10_000) if select.select([ours], [], [], 0)[0] else b""
    os.close(ours)
    return done, err.decode()


def elsewhere(code: str, folder: Path) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run code whose stderr is a pipe; return what it wrote there as well."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder)
    return done, done.stderr


def test_ctrl_c_while_modules_are_loaded_is_one_line(tmp_path: Path) -> None:
    code = """
import builtins, os, signal, sys
from modgrok.cli import main
load = builtins.__import__
def interrupt(name, *rest):
    if name.partition(".")[0] == MODULE:
        os.kill(os.getpid(), signal.SIGINT)
    return load(name, *rest)
builtins.__import__ = interrupt
sys.argv = ["modgrok", "train", "y + x", "--p", "5"]
main()
"""
    for module in ("cyclopts", "jax"):
        done, err = elsewhere(f"MODULE = {module!r}\n{code}", tmp_path)
        assert (done.returncode, done.stdout, err) == (1, "", "modgrok: interrupted\n")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_of_a_command_is_a_failure_of_one_line(
    monkeypatch: pytest.MonkeyPatch, call: Callable[..., Any]
) -> None:
    """The library that reads the words would end with 130 by itself."""

    def interrupted(*words: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("modgrok.cli.decide.decide_task", interrupted)
    outcome = call("decide", "x + y", "--p=5")
    assert (outcome.code, outcome.out, outcome.err) == (1, "", "modgrok: interrupted\n")


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
