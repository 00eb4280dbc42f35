"""An application over a small store, and a client that may ask it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from chromium import PATIENCE, chromium
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


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    """Serve the copy of the store as a user would; the first line is the address."""
    log = folder.parent / "stderr"
    with log.open("w") as stderr:
        server = subprocess.Popen(
            [sys.executable, "-c", "from modgrok.cli import main; main()", "ui", "--no-browser", "--port=0"],
            env={**os.environ, "MODGROK_RUNS": str(folder)},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    assert server.stdout is not None
    yield server.stdout.readline().strip()
    server.send_signal(signal.SIGINT)
    assert server.wait(60) == 0
    server.stdout.close()
    assert log.read_text() == ""


@pytest.fixture
def page(address: str) -> Iterator[Any]:
    """A tab, in which no script failed and nothing was asked of another machine."""
    from playwright.sync_api import sync_playwright

    origin = address.partition("/?")[0]
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append("a dialog"))
        page.on(
            "console",
            lambda text: complaints.append(text.text) if "Content Security" in text.text else None,
        )
        page.on(
            "request",
            lambda sent: (
                None if sent.url.startswith((origin, "data:", "blob:")) else complaints.append(sent.url)
            ),
        )
        page.goto(address)
        yield page
        browser.close()
    assert complaints == []
