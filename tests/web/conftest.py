"""An application over a small store, and a client that may ask it."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from client import HOST, PORT, TOKEN, Client, fill


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A store of two runs, not to be changed, and their ids."""
    folder = tmp_path_factory.mktemp("web") / "runs"
    return folder, fill(folder)


@pytest.fixture
def folder(filled: tuple[Path, list[str]], tmp_path: Path) -> Path:
    """A copy of that store."""
    shutil.copytree(filled[0], tmp_path / "runs")
    return tmp_path / "runs"


@pytest.fixture
def ids(filled: tuple[Path, list[str]]) -> list[str]:
    """The ids of its runs, the older first."""
    return filled[1]


Visit = Callable[[Callable[[Client], Awaitable[Any]]], Any]


@pytest.fixture(scope="module")
def shared_workers() -> Iterator[dict[str, Any]]:
    """One process that does all jobs of a module's tests, and the event loop that it belongs to."""
    from modgrok.web.workers import Worker

    with asyncio.Runner() as runner:
        worker = Worker("tests")
        yield {"runner": runner, "worker": worker}
        runner.run(worker.close())


@pytest.fixture
def visit(folder: Path, shared_workers: dict[str, Any]) -> Visit:
    """Have a conversation with the application of a store, by default of the copy."""
    from modgrok.web.access import Access
    from modgrok.web.app import create_app

    def talk(conversation: Callable[[Client], Awaitable[Any]], at: Path = folder) -> Any:
        async def whole() -> Any:
            guard = create_app(at, Access(PORT, TOKEN))
            instrument = guard.app.state.instrument  # type: ignore[attr-defined]
            for name in ("tables", "decider", "planner", "drawer"):
                setattr(instrument, name, shared_workers["worker"])
            try:
                return await conversation(Client(guard, {"Host": HOST, "Authorization": f"Bearer {TOKEN}"}))
            finally:
                await instrument.jobs.close()

        return shared_workers["runner"].run(whole())

    return talk
