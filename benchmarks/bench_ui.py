"""Time the page of `modgrok ui` on a store of 10,000 runs, its memory, and what watching costs a training.

    python benchmarks/bench_ui.py            # lists, filters, memory, watching
    python benchmarks/bench_ui.py --soak 5   # a page in Chromium open for 5 minutes with a sweep behind it

Processor time of the server's process beside wall time, since the machine may be busy. Watching: processor
time of `modgrok train` with nobody looking, then with a stream of its events open, in turns.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "web"))

from client import fill, multiply

RUNS, REPEATS, PAIRS = 10_000, 7, 3
QUERIES = {
    "first rows": {},
    "search=x*y": {"search": "x*y"},
    "fraction=0.5": {"where": "fraction=0.5"},
    "test_accuracy>0.9": {"where": "test_accuracy>0.9"},
    "grokked_at=never": {"where": "grokked_at=never"},
    "sort by test accuracy": {"sort": "-test_accuracy"},
    "sort by a setting": {"sort": "seed"},
    "tag=lecture": {"where": "tag=lecture"},
}
TRAINING = ["train", "x + y", "--p=31", "--fraction=0.6", "--width=200", "--steps=1500", "--no-early-stop"]
SOAK = """
name = "soak"
[base]
expression = "x + y"
p = 5
width = 8
steps = 30
[axes]
seed = {{ start = 0, stop = {last}, num = {count} }}
"""
TICK = os.sysconf("SC_CLK_TCK")


class Server:
    """A server as users start it, and requests to it."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        self.origin, _, self.token = address.partition("/?token=")

    def ask(self, path: str, **query: str) -> urllib.request.Request:
        """Return a request with the token."""
        text = urllib.parse.urlencode(query)
        return urllib.request.Request(
            f"{self.origin}{path}?{text}", headers={"Authorization": f"Bearer {self.token}"}
        )

    def processor(self) -> float:
        """Return the processor time of the server's process so far, seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory(self) -> dict[str, float]:
        """Return the resident memory of the server and of its workers, MB."""
        own = self.process.pid
        held = {"server": resident(own), "workers": 0.0}
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                if f"PPid:\t{own}\n" in status.read_text():
                    held["workers"] += resident(int(status.parent.name))
            except OSError:
                continue
        return held


def resident(pid: int) -> float:
    """Return the resident memory of a process, MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


@contextmanager
def served(store: Path) -> Iterator[Server]:
    """Serve a store."""
    process = subprocess.Popen(
        [sys.executable, "-m", "modgrok", "ui", "--no-browser", "--port=0", f"--runs={store}"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield Server(process, process.stdout.readline().strip())
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def lists(server: Server) -> None:
    """Time the list of runs."""
    print(f"{RUNS:,} runs, median of {REPEATS}: processor time of the server, wall time")
    for name, query in QUERIES.items():
        spent, wall_times = [], []
        for _ in range(REPEATS):
            before, started = server.processor(), time.perf_counter()
            with urllib.request.urlopen(server.ask("/runs.json", **query)) as reply:
                reply.read()
            wall_times.append(time.perf_counter() - started)
            spent.append(server.processor() - before)
        print(f"  {name:24}{statistics.median(spent):6.2f} s  {statistics.median(wall_times):6.2f} s")


def watching(server: Server, store: Path) -> None:
    """Compare trainings that are watched with others."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for pair in range(PAIRS):
        for watched in (False, True):
            seed = 2 * pair + watched
            words = [*TRAINING, f"--seed={seed}", f"--runs={store}", "--json"]
            stop = threading.Event()
            follower = threading.Thread(target=follow, args=(server, seed, stop), daemon=True)
            if watched:
                follower.start()
            before = os.times()
            subprocess.run(
                [sys.executable, "-m", "modgrok", *words], check=True, capture_output=True, text=True
            )
            after = os.times()
            stop.set()
            seconds[watched].append(
                after.children_user + after.children_system - before.children_user - before.children_system
            )
    alone, seen = (statistics.median(seconds[watched]) for watched in (False, True))
    queries = {
        "watched" if watched else "alone": [round(s, 2) for s in all] for watched, all in seconds.items()
    }
    costs = f"{seen / alone - 1:+.1%}"
    print(f"training, processor time: alone {alone:.2f} s, watched {seen:.2f} s ({costs}) {queries}")


def follow(server: Server, seed: int, stop: threading.Event) -> None:
    """Keep a stream of a training's events open, from when its run is in the store."""
    while not stop.is_set():
        query = {"where": f"seed={seed}", "search": "running"}
        with urllib.request.urlopen(server.ask("/runs.json", **query, limit="1")) as reply:
            rows = json.load(reply)["runs"]
        if rows:
            with urllib.request.urlopen(server.ask(f"/runs/{rows[0]['id']}/events")) as stream:
                while not stop.is_set() and stream.readline():
                    pass
            return
        time.sleep(0.5)


def soak(minutes: float, runs: int) -> None:
    """Leave the page of a sweep open while its runs land, and see what grows."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder, store = Path(name), Path(name) / "runs"
        file = folder / "soak.toml"
        file.write_text(SOAK.format(last=runs - 1, count=runs))
        fill(store)
        sweep = subprocess.Popen(
            [sys.executable, "-m", "modgrok", "sweep", str(file), f"--runs={store}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with served(store) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=["--no-sandbox", "--enable-precise-memory-info"],
            )
            tab = browser.new_page()
            tab.set_default_timeout(120_000)
            while "soak" not in urllib.request.urlopen(server.ask("/sweeps.json")).read().decode():
                time.sleep(1)
            tab.goto(f"{server.origin}/sweeps/soak?token={server.token}")
            tab.locator("main h1").wait_for()
            inspector = tab.context.new_cdp_session(tab)
            end = time.monotonic() + 60 * minutes
            while time.monotonic() < end:
                tab.wait_for_timeout(60 * minutes / 8 * 1000)
                inspector.send("HeapProfiler.collectGarbage")
                heap, nodes = tab.evaluate(
                    "[performance.memory.usedJSHeapSize / 2**20, document.querySelectorAll('*').length]"
                )
                held, done = server.memory(), tab.locator("main p[role=status]").first.inner_text()
                print(
                    f"  {done[:44]:46} server {held['server']:5.0f} MB  workers {held['workers']:5.0f} MB  "
                    f"page {heap:5.1f} MB, {nodes} elements",
                    flush=True,
                )
            browser.close()
        sweep.send_signal(signal.SIGINT)
        sweep.wait(120)


def main() -> None:
    """Print everything."""
    if "--soak" in sys.argv:
        soak(float(sys.argv[sys.argv.index("--soak") + 1]), 200)
        return
    with tempfile.TemporaryDirectory() as name:
        store = Path(name) / "runs"
        fill(store)
        multiply(store, RUNS)
        with served(store) as server:
            time.sleep(20)  # the workers have started
            lists(server)
            print("memory, MB:", {part: round(held) for part, held in server.memory().items()})
            watching(server, store)


if __name__ == "__main__":
    main()
