"""Take a picture of every page of `modgrok ui`: `python tools/make_ui_pictures.py STORE FOLDER [NAME]`.

At 1,280 and 390 pixels, in the light and in the dark, whole; those of docs/images/ui-*.png, of one window, go
into the folder `docs` beside them. NAME chooses the pages whose names contain it; `documented` takes those of
docs/images alone. Needs the group `browser` and Chromium.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

SIZES = {"wide": (1280, 900), "phone": (390, 844)}
DOCUMENTED = {
    ("playground", "wide", "light"),
    ("run-0", "wide", "light"),
    ("compare", "wide", "dark"),
    ("sweep-fractions", "wide", "light"),
    ("explain", "wide", "light"),
    ("runs", "wide", "light"),
    ("claims", "wide", "dark"),
    ("run-0", "phone", "dark"),
}
"""Pictures of the documentation."""
DOCUMENTED_ALONE = "documented"
BUSY = """document.querySelectorAll(".busy:not([hidden])").length
  || document.getElementById("status").textContent.length"""
MOST = 6000
"""Pixels of the tallest picture."""
PATIENCE = 120_000
"""Milliseconds that a page may take."""


@contextmanager
def served(store: Path) -> Iterator[str]:
    """Serve a store; yield the address with its token."""
    server = subprocess.Popen(
        [sys.executable, "-m", "modgrok", "ui", "--no-browser", "--port=0"],
        env={**os.environ, "MODGROK_RUNS": str(store)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)


def pages(tab: Any, origin: str) -> dict[str, str]:
    """Name the pages of a store: file -> address."""
    runs = [run["id"] for run in tab.request.get(f"{origin}/runs.json?limit=4").json()["runs"]]
    sweeps = [sweep["name"] for sweep in tab.request.get(f"{origin}/sweeps.json").json()["sweeps"]]
    named = {"playground": "/", "runs": "/runs", "sweeps": "/sweeps", "claims": "/claims"}
    named |= {f"run-{at}": f"/runs/{run}" for at, run in enumerate(runs[:3])}
    named["explain"] = f"/explain?run={runs[0]}"
    named["compare"] = "/compare?" + "&".join(f"run={run}" for run in runs[:3])
    return named | {f"sweep-{name}": f"/sweeps/{name}" for name in sweeps[:1]}


class Quiet:
    """Knows which requests of a tab are open, but for the one that is sent again and again."""

    def __init__(self, tab: Any) -> None:
        self.tab, self.open = tab, set[Any]()
        tab.on("request", lambda request: self.open.add(request))
        tab.on("requestfinished", lambda request: self.open.discard(request))
        tab.on("requestfailed", lambda request: self.open.discard(request))

    def wait(self) -> None:
        """Wait until nothing is being computed for the page and its charts are drawn."""
        self.tab.locator("main h1").wait_for()
        still = 0
        for _ in range(240):
            pending = [request for request in self.open if "training.json" not in request.url]
            still = 0 if pending or self.tab.evaluate(BUSY) else still + 1
            if still == 5:
                return
            self.tab.wait_for_timeout(500)


def picture_of_window(tab: Any, quiet: Quiet, path: Path, name: str) -> None:
    """Take what a window shows; of a run, with the slider in the middle; of an explanation, its circles."""
    if name.startswith("run-"):
        slider = tab.get_by_label("Checkpoint")
        slider.focus()
        for _ in range(4):
            tab.keyboard.press("ArrowLeft")
        quiet.wait()
        tab.evaluate("scrollTo(0, document.getElementById('panel-features').offsetTop - 12)")
    if name == "explain":
        tab.evaluate("scrollTo(0, document.querySelector('main h2').offsetTop - 12)")
    path.parent.mkdir(exist_ok=True)
    tab.screenshot(path=path)


def main(store: Path, folder: Path, chosen: str = "") -> None:
    """Take the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with served(store) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        origin = address.partition("/?")[0]
        for scheme in ("light", "dark"):
            context = browser.new_context(color_scheme=scheme)
            tab = context.new_page()
            quiet = Quiet(tab)
            tab.set_default_timeout(PATIENCE)
            tab.goto(address)
            named = pages(tab, origin)
            for name, path in named.items():
                if chosen not in (name, DOCUMENTED_ALONE) and chosen not in name:
                    continue
                for size, (width, height) in SIZES.items():
                    if chosen == DOCUMENTED_ALONE and (name, size, scheme) not in DOCUMENTED:
                        continue
                    tab.set_viewport_size({"width": width, "height": height})
                    tab.goto(origin + path)
                    quiet.wait()
                    if (name, size, scheme) in DOCUMENTED:
                        file = f"ui-{name.split('-')[0]}{'' if size == 'wide' else '-phone'}.png"
                        picture_of_window(tab, quiet, folder / "docs" / file, name)
                    tall = tab.evaluate("document.documentElement.scrollHeight")
                    tab.set_viewport_size({"width": width, "height": min(max(height, tall), MOST)})
                    tab.wait_for_timeout(300)
                    tab.screenshot(path=folder / f"{name}-{size}-{scheme}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
