"""Time the page of `modgrok ui` on a store of 10,000 runs, its memory, and what watching costs a training.

    python benchmarks/bench_ui.py

Processor time of the server's process beside wall time, since the machine may be busy. Watching: processor
time of `modgrok train` with nobody looking, then with a stream of its events open, in turns.
"""

from __future__ import annotations

import json
import os
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

RUNS, REPEATS, PAIRS, TABLES = 10_000, 7, 3, 30
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
        return spent_by(self.process.pid)

    def processor_with_workers(self) -> float:
        """Return the processor time of the server and its workers so far, seconds."""
        return self.processor() + sum(map(spent_by, children(self.process.pid)))

    def memory(self) -> dict[str, float]:
        """Return the resident memory of the server and of its workers, MB."""
        own = self.process.pid
        return {"server": resident(own), "workers": sum(map(resident, children(own)))}


def spent_by(pid: int) -> float:
    """Return the processor time of a process so far, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def children(pid: int) -> list[int]:
    """List the processes that a process started."""
    pids = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if f"PPid:\t{pid}\n" in status.read_text():
                pids.append(int(status.parent.name))
        except OSError:
            continue
    return pids


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


def tables(server: Server) -> None:
    """Time the table of a task, which a page asks for at every key: 97 by 97 values of another task."""
    times, before = [], server.processor_with_workers()
    for at in range(TABLES):
        started = time.perf_counter()
        with urllib.request.urlopen(
            server.ask("/table.json", expression=f"x^2 + {at + 1}x*y + y^3", p="97")
        ) as reply:
            reply.read()
        times.append(time.perf_counter() - started)
    spent = (server.processor_with_workers() - before) / TABLES
    print(
        f"table at p = 97: {1000 * spent:.0f} ms of processor time, {1000 * statistics.median(times):.0f} ms"
    )


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


def main() -> None:
    """Print everything."""
    with tempfile.TemporaryDirectory() as name:
        store = Path(name) / "runs"
        fill(store)
        multiply(store, RUNS)
        with served(store) as server:
            time.sleep(20)  # the workers have started
            lists(server)
            tables(server)
            print("memory, MB:", {part: round(held) for part, held in server.memory().items()})
            watching(server, store)


if __name__ == "__main__":
    main()
