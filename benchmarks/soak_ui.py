"""Leave the page of a sweep open in Chromium while its runs land, and print what grows and what waits.

    python benchmarks/soak_ui.py --minutes 60 --runs 200

The sweep is one of small runs, paused between them so that they spread over the time; the list of runs is
open in a second tab. Every 30 seconds: memory of the server, of its workers and of the sweep's page after a
garbage collection; elements and listeners that the page holds, removed ones included; files that the server
and its workers hold open; requests since the last sample; how long the server takes to answer, the page to
handle a key, and the page to show what the store holds; the longest script of the page, in wall time, and the
processor time of its main thread. Needs the group `browser` and Chromium.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench_ui import Server, children, resident, served

from modgrok.runs import Store
from modgrok.sweeps.execution.driver import run_sweep
from modgrok.sweeps.execution.ensemble import Ensemble
from modgrok.sweeps.execution.events import event_of, run_with_events
from modgrok.sweeps.execution.executor import Event, Job
from modgrok.sweeps.grid.sweep_file import make_sweep

SEEDS = 20
INTERVAL = 30.0
"""Seconds between two samples."""
HEAD = (
    f"{'minute':>6} {'done':>5} {'server':>7} {'workers':>8} {'page':>6} {'nodes':>6} {'listeners':>9} "
    f"{'files':>6} {'req/s':>6} {'answer':>7} {'key':>6} {'behind':>7} {'stall':>6} {'busy':>6}"
)
"""MB, MB, MB, counts, requests per second, milliseconds twice, seconds behind the store, milliseconds of the
longest script, milliseconds of processor time per second."""
WATCH_STALLS = """() => {
  window.longest = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration);
  }).observe({type: "longtask"});
}"""
KEY = """() => new Promise((done) => {
  const began = performance.now();
  document.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight", bubbles: true}));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
})"""


@dataclass(frozen=True)
class Paced:
    """An executor in this process that spreads runs evenly over a time.

    Arguments:
        seconds: for all runs together.
        runs: number of them.
    """

    seconds: float
    runs: int
    began: float = field(default_factory=time.monotonic)

    def run(
        self, ensembles: Sequence[Ensemble], job: Job, stop_requested: Callable[[], bool]
    ) -> Iterator[Event | None]:
        """See `Executor`."""
        done = 0
        with Store(job.folder) as store:
            for ensemble in ensembles:
                for outcome in run_with_events(ensemble, job, store, lambda event: None, stop_requested):
                    done += 1
                    yield event_of(outcome)
                    while time.monotonic() < self.began + self.seconds * done / self.runs:
                        time.sleep(0.5)
                        yield None


def sweep_of(runs: int) -> dict[str, Any]:
    """Return the definition of a sweep over training fractions and seeds."""
    count = max(1, runs // SEEDS)
    return {
        "name": "soak",
        "base": {"expression": "x + y", "p": 7, "width": 16, "steps": 200},
        "axes": {
            "fraction": {"start": 0.4, "stop": 0.9, "num": count},
            "seed": {"start": 0, "stop": SEEDS - 1, "num": SEEDS},
        },
    }


def drive(folder: Path, runs: int, minutes: float) -> None:
    """Run the sweep, over two thirds of the time; the rest shows what grows without it."""
    with Store(folder) as store:
        run_sweep(
            make_sweep(sweep_of(runs)),
            store,
            Paced(40 * minutes, runs),
            Job(folder, "modgrok sweep soak.toml"),
            workers=1,
        )


class Sampler:
    """Takes samples of a server and of a page.

    Arguments:
        server: that the page comes from.
        tab: with the page of the sweep.
    """

    def __init__(self, server: Server, tab: Any) -> None:
        self.server, self.tab = server, tab
        self.requests, self.last = 0, time.monotonic()
        tab.context.on("request", self._count)
        self.inspector = tab.context.new_cdp_session(tab)
        self.inspector.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.spent = 0.0
        tab.evaluate(WATCH_STALLS)

    def _count(self, _: Any) -> None:
        self.requests += 1

    def sample(self) -> dict[str, float]:
        """Measure everything once."""
        done, answer = self._answer()
        behind = self._behind(done)
        key = self.tab.evaluate(KEY)
        stall = self.tab.evaluate("() => { const all = window.longest; window.longest = 0; return all; }")
        self.inspector.send("HeapProfiler.collectGarbage")
        numbers = {
            entry["name"]: entry["value"]
            for entry in self.inspector.send("Performance.getMetrics")["metrics"]
        }
        workers = children(self.server.process.pid)
        now = time.monotonic()
        seconds, spent = now - self.last, numbers["TaskDuration"] - self.spent
        rate, self.requests, self.last, self.spent = self.requests / seconds, 0, now, numbers["TaskDuration"]
        return {
            "done": done,
            "server": resident(self.server.process.pid),
            "workers": sum(map(resident, workers)),
            "page": numbers["JSHeapUsedSize"] / 2**20,
            "nodes": numbers["Nodes"],
            "listeners": numbers["JSEventListeners"],
            "files": sum(map(open_files, (self.server.process.pid, *workers))),
            "rate": rate,
            "answer": 1000 * answer,
            "key": key,
            "behind": behind,
            "stall": stall,
            "busy": 1000 * spent / seconds,
        }

    def _answer(self) -> tuple[int, float]:
        began = time.perf_counter()
        with urllib.request.urlopen(self.server.ask("/sweeps.json")) as reply:
            sweeps = json.load(reply)["sweeps"]
        return sweeps[0]["done"], time.perf_counter() - began

    def _behind(self, done: int) -> float:
        """Return the seconds until the page shows so many runs."""
        began = time.monotonic()
        text = self.tab.locator("main p[role=status]").first
        while int(text.inner_text().replace("running", "").split()[0]) < done:
            self.tab.wait_for_timeout(50)
        return time.monotonic() - began


def open_files(pid: int) -> int:
    """Count the files and pipes that a process holds open."""
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0


def row(minute: float, sample: dict[str, float]) -> str:
    """Format a sample."""
    return (
        f"{minute:6.1f} {sample['done']:5.0f} {sample['server']:7.1f} {sample['workers']:8.1f} "
        f"{sample['page']:6.2f} {sample['nodes']:6.0f} {sample['listeners']:9.0f} {sample['files']:6.0f} "
        f"{sample['rate']:6.2f} {sample['answer']:7.0f} {sample['key']:6.0f} {sample['behind']:7.1f} "
        f"{sample['stall']:6.0f} {sample['busy']:6.1f}"
    )


def soak(minutes: float, runs: int) -> None:
    """Print a sample every 30 seconds."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        store = Path(name) / "runs"
        words = ["--drive", str(store), f"--minutes={minutes}", f"--runs={runs}"]
        sweep = subprocess.Popen([sys.executable, __file__, *words])
        with served(store) as server, sync_playwright() as playwright:
            while not listed(server):
                time.sleep(1)
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=["--no-sandbox", "--enable-precise-memory-info"],
            )
            tab = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            tab.set_default_timeout(120_000)
            tab.on("pageerror", lambda error: print("  a script failed:", error, flush=True))
            tab.goto(f"{server.origin}/sweeps/soak?token={server.token}")
            tab.locator("main h1").wait_for()
            other = tab.context.new_page()
            other.goto(f"{server.origin}/runs")
            tab.wait_for_timeout(5000)
            sampler, began = Sampler(server, tab), time.monotonic()
            print(HEAD, flush=True)
            while (minute := (time.monotonic() - began) / 60) < minutes:
                print(row(minute, sampler.sample()), flush=True)
                tab.wait_for_timeout(1000 * min(INTERVAL, 60 * minutes / 10))
            print(row(minutes, sampler.sample()), flush=True)
            browser.close()
        sweep.terminate()
        sweep.wait(60)


def listed(server: Server) -> bool:
    """Say whether the sweep is in the store."""
    try:
        return b'"soak"' in urllib.request.urlopen(server.ask("/sweeps.json")).read()
    except urllib.error.URLError:
        return False


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--drive", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.drive is None:
        soak(chosen.minutes, chosen.runs)
    else:
        drive(chosen.drive, chosen.runs, chosen.minutes)


if __name__ == "__main__":
    main()
