"""The local executor: worker processes on this machine that share its cores.

Owns: starting workers with their share of the threads, handing ensembles out, replacing workers that die.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...io.cache_folder import compilation_cache_settings
from ...threads import cores, thread_limits
from .ensemble import Ensemble
from .executor import CannotStore, Event, Job, pack_ensemble
from .retries import Assignment, RetryPolicy

POLL_INTERVAL = 0.2
"""Seconds after which the driver looks up, even if nothing happened."""


@dataclass
class _Worker:
    """A process, and what it was assigned."""

    process: subprocess.Popen[str]
    assignment: Assignment | None = None

    def send(self, line: str) -> None:
        assert self.process.stdin is not None
        with suppress(OSError):  # a worker that is gone is noticed by its silence
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()


@dataclass(frozen=True)
class LocalExecutor:
    """Worker processes on this machine.

    Arguments:
        workers: how many at most; each gets its share of the cores' threads.
        cache: folder of compiled steps, which workers share; None for JAX's own setting.
    """

    workers: int
    cache: Path | None = None

    def run(
        self, ensembles: Sequence[Ensemble], job: Job, stop_requested: Callable[[], bool]
    ) -> Iterator[Event | None]:
        """See `Executor`. A worker that dies is replaced, and its unfinished runs are run again."""
        yield from _Pool(self, deque(ensembles), job).run(stop_requested)

    def environment(self, workers: int) -> dict[str, str]:
        """Return the variables of a worker of so many."""
        root = str(Path(__file__).parents[2])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        variables = {**os.environ, **thread_limits(max(1, cores() // workers), os.environ)}
        variables["PYTHONPATH"] = os.pathsep.join(paths)
        if self.cache is not None and not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
            settings = compilation_cache_settings(self.cache)
            variables |= {name.upper(): str(value) for name, value in settings.items()}
        return variables


@dataclass
class _Pool:
    """The mutable middle of `LocalExecutor.run`."""

    executor: LocalExecutor
    waiting: deque[Ensemble]
    job: Job
    lines: queue.Queue[tuple[_Worker, dict[str, Any] | None]] = field(default_factory=queue.Queue)
    busy: list[_Worker] = field(default_factory=list)
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)

    def run(self, stop_requested: Callable[[], bool]) -> Iterator[Event | None]:
        count = min(self.executor.workers, len(self.waiting))
        environment = self.executor.environment(max(count, 1))
        stopping = False
        try:
            for _ in range(count):
                self._start_worker(environment)
            while self.busy:
                if stop_requested() and not stopping:
                    stopping = True
                    self.waiting.clear()
                    for worker in self.busy:
                        worker.send('{"stop": true}')
                try:
                    worker, content = self.lines.get(timeout=POLL_INTERVAL)
                except queue.Empty:
                    yield None
                    continue
                yield from self._hear(worker, content, environment, stopping)
        finally:
            for worker in self.busy:
                worker.process.kill()
                worker.process.wait()

    def _hear(
        self, worker: _Worker, content: dict[str, Any] | None, environment: dict[str, str], stopping: bool
    ) -> Iterator[Event]:
        if content is None:
            yield from self._handle_exit(worker, stopping)
            if self.waiting:
                self._start_worker(environment)
        elif "idle" in content:
            self._assign(worker)
        elif "broken" in content:
            raise (CannotStore if content.get("stores", True) else RuntimeError)(content["broken"])
        else:
            event = Event(**content)
            if worker.assignment is not None:
                worker.assignment.hear(event)
            yield event

    def _start_worker(self, environment: dict[str, str]) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "modgrok.sweeps.execution.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment,
            start_new_session=True,  # Ctrl-C is the driver's to handle
        )
        worker = _Worker(process)
        self.busy.append(worker)
        threading.Thread(target=self._read, args=(worker,), daemon=True).start()
        self._assign(worker)

    def _read(self, worker: _Worker) -> None:
        assert worker.process.stdout is not None
        with worker.process.stdout as stdout, suppress(ValueError):
            for line in stdout:
                self.lines.put((worker, json.loads(line)))
        self.lines.put((worker, None))

    def _assign(self, worker: _Worker) -> None:
        worker.assignment = Assignment(self.waiting.popleft()) if self.waiting else None
        order = (
            '{"end": true}'
            if worker.assignment is None
            else pack_ensemble(worker.assignment.ensemble, self.job)
        )
        worker.send(order)

    def _handle_exit(self, worker: _Worker, stopping: bool) -> Iterator[Event]:
        """Take the runs of a worker that ended back, but for one that took too many workers with it."""
        self.busy.remove(worker)
        code = worker.process.wait()
        if worker.process.stdin is not None:
            with suppress(OSError):
                worker.process.stdin.close()
        if worker.assignment is None or stopping or not len(worker.assignment.left()):
            return
        exit_text = f"signal {-code}" if code < 0 else f"code {code}"
        again, failed = self.retry_policy.record_failure(worker.assignment, exit_text)
        if failed is not None:
            yield failed
        if len(again):
            self.waiting.appendleft(again)
