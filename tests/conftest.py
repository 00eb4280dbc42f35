"""Shapes and types are checked at run time in the tests: every annotated function of the package.

Also the command line called in process.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the tests' processes share the cores already
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")  # tests compile more than they compute

from jaxtyping import install_import_hook

install_import_hook("modgrok", "beartype.beartype")


@dataclass(frozen=True)
class Result:
    """Exit code and streams of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The last line of stdout."""
        found = json.loads(self.out.strip().splitlines()[-1])
        assert isinstance(found, dict)
        return found


@pytest.fixture(autouse=True)
def compiled_in_full(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compile as users do where a test is marked `long` or `optimised`."""
    if not {"long", "optimised"} & {mark.name for mark in request.node.iter_markers()}:
        yield
        return
    import jax

    before = jax.config.values["jax_disable_most_optimizations"]
    monkeypatch.setenv("JAX_DISABLE_MOST_OPTIMIZATIONS", "0")  # of processes that the test starts
    jax.config.update("jax_disable_most_optimizations", False)
    if before:
        jax.clear_caches()
    yield
    jax.config.update("jax_disable_most_optimizations", before)
    if before:
        jax.clear_caches()


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Call the command line in this process and this test's folder."""
    from modgrok.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "off")  # tests leave the user's cache alone

    def run(*arguments: str) -> Result:
        with pytest.raises(SystemExit) as leaving:
            main(arguments)
        captured = capsys.readouterr()
        return Result(int(leaving.value.code or 0), captured.out, captured.err)

    return run
