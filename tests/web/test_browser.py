"""The page in a real Chromium: type, decide, train, slide, compare, filter, drop a file."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.long,
    pytest.mark.needs("starlette", "uvicorn", "playwright"),
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium, such as Debian's package of that name"),
]
PATIENCE = 120_000
"""Milliseconds that a busy machine may take."""
HOSTILE = '"><img src=x onerror=alert(1)>'


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    """Serve the copy of the store as a user would; the first line is the address."""
    server = subprocess.Popen(
        [sys.executable, "-c", "from modgrok.cli import main; main()", "ui", "--no-browser", "--port=0"],
        env={**os.environ, "MODGROK_RUNS": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    yield server.stdout.readline().strip()
    server.send_signal(signal.SIGINT)
    assert server.wait(60) == 0
    server.stdout.close()


@pytest.fixture
def page(address: str) -> Iterator[Any]:
    """A tab, in which no script failed and nothing was asked of another machine."""
    from playwright.sync_api import sync_playwright

    origin = address.partition("/?")[0]
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
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
            lambda asked: (
                None if asked.url.startswith((origin, "data:", "blob:")) else complaints.append(asked.url)
            ),
        )
        page.goto(address)
        yield page
        browser.close()
    assert complaints == []


def test_a_session_at_the_page(page: Any, address: str, folder: Path, ids: list[str]) -> None:
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    origin = address.partition("/?")[0]
    expect(page).to_have_url(re.compile(r"^[^?]*/(\?expression=.*)?$"))  # the token is out of the address
    assert "token" not in page.evaluate("location.href")
    assert page.evaluate("document.cookie") == ""  # scripts cannot read it

    # type, decide
    page.get_by_label("Type a task").fill("y*x + 1")
    page.get_by_label("p", exact=True).fill("7")
    expect(page.locator("h1")).to_have_text("x*y + 1 mod 7")
    expect(page.get_by_text("A product of functions of the operands")).to_be_visible()
    expect(page.locator("canvas.map")).to_have_attribute("aria-label", re.compile("7 by 7 values"))
    expect(page.get_by_text("Checked on all 49 inputs: 0 errors")).to_be_visible()
    page.get_by_label("Type a task").fill("y*x +")
    expect(page.get_by_role("alert").first).to_contain_text("expression")

    # train
    page.get_by_label("Type a task").fill("x + y")
    page.get_by_label("p", exact=True).fill("5")
    page.get_by_text("All settings").click()
    page.get_by_label("width").fill("8")
    page.get_by_label("steps", exact=True).fill("12")
    page.get_by_role("button", name="Train").click()
    expect(page.get_by_text(re.compile("step 12 of 12"))).to_be_visible()
    page.get_by_role("link", name="All of the run").click()

    # slide
    slider = page.get_by_label("Checkpoint")
    slider.wait_for()
    slider.evaluate("element => { element.value = 0; element.dispatchEvent(new Event('input')); }")
    expect(page.get_by_text("step 0", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile("Step 0: "))).to_be_visible()

    # filter and compare
    page.goto(f"{origin}/runs")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_label("conditions").fill("seed=1")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("conditions").fill("")
    expect(page.locator("tbody tr")).to_have_count(3)
    for box in page.locator("tbody input").all()[:2]:
        box.check()
    page.get_by_role("button", name="Compare 2").click()
    expect(page.locator("h1")).to_have_text("2 runs")

    # drop a file
    page.goto(f"{origin}/explain")
    weights = sorted((folder / ids[0]).glob("weights-*.safetensors"))[-1]
    page.locator("input[type=file]").set_input_files(str(weights))
    expect(page.get_by_text(re.compile("A formula in s = x \\+ y"))).to_be_visible()

    # a hostile name is text
    with_name(folder, ids[1])
    page.goto(f"{origin}/runs")
    expect(page.get_by_text(HOSTILE)).to_be_visible()
    assert page.locator("img").count() == 0

    # the same through the socket: no token, another host
    for headers, status in (({}, 401), ({"Host": "evil.example"}, 403)):
        with pytest.raises(urllib.error.HTTPError) as failure:
            urllib.request.urlopen(urllib.request.Request(f"{origin}/runs.json", headers=headers))
        assert failure.value.code == status
        failure.value.close()


def with_name(folder: Path, run: str) -> None:
    """Let a run have a hostile name."""
    import sqlite3

    with sqlite3.connect(folder / "modgrok.sqlite") as connection:
        connection.execute("UPDATE runs SET expression = ? WHERE id = ?", (HOSTILE, run))
    connection.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_window(page: Any, address: str, ids: list[str], width: int) -> None:
    origin = address.partition("/?")[0]
    page.set_viewport_size({"width": width, "height": 800})
    for path in (
        "/",
        "/runs",
        f"/runs/{ids[0]}",
        f"/compare?run={ids[0]}&run={ids[1]}",
        "/sweeps",
        "/claims",
        "/explain",
    ):
        page.goto(origin + path)
        page.locator("main h1").wait_for()
        page.wait_for_load_state("networkidle") if path == "/claims" else page.wait_for_timeout(1500)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
