"""What is being trained: one command at a time, the others wait.

Owns: the list of jobs, the process of the present one, stopping it. A job is a command line of modgrok, run
as anybody would run it: what it writes to the store stays valid without the page.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..io import visible
from ..tasks.errors import InputError

MOST_JOBS = 200
"""Jobs that are waiting, and jobs that are remembered."""
GRACE = 20.0
"""Seconds that a job has to save when the server ends."""
PROGRAM = (sys.executable, "-m", "modgrok")
ENDED = ("finished", "stopped", "failed")


@dataclass
class QueuedJob:
    """One command.

    Arguments:
        number: counts the jobs of this server from 1.
        words: of the command line, without the program.
        title: what it does, for a reader.
        run: the run that it trains, or None.
        claim: the claim that it tests, or None.
        state: `waiting`, `running`, `finished`, `stopped` or `failed`.
        message: the last line of stderr of a command that failed.
    """

    number: int
    words: tuple[str, ...]
    title: str
    run: str | None = None
    claim: str | None = None
    state: str = "waiting"
    message: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the job as plain values."""
        return {
            "number": self.number,
            "title": self.title,
            "run": self.run,
            "claim": self.claim,
            "state": self.state,
            "message": self.message,
        }


@dataclass
class JobQueue:
    """The jobs of this server, in the order in which they were asked for.

    Arguments:
        folder: of the store, given to every command.
        jobs: those that wait or run, and the last that ended.
    """

    folder: Path
    jobs: list[QueuedJob] = field(default_factory=list)
    _process: asyncio.subprocess.Process | None = None
    _driver: asyncio.Task[None] | None = None
    _count: int = 0

    def add(
        self, words: tuple[str, ...], title: str, *, run: str | None = None, claim: str | None = None
    ) -> QueuedJob:
        """Add a job; one that already waits or runs for the same run or claim is returned instead.

        Raises:
            InputError: too many jobs wait.
        """
        subject = run or claim
        for job in self.jobs:
            if subject is not None and subject in (job.run, job.claim) and job.state not in ENDED:
                return job
        if sum(job.state == "waiting" for job in self.jobs) >= MOST_JOBS:
            raise InputError(f"training: must have at most {MOST_JOBS} waiting runs, got one more")
        self._count += 1
        job = QueuedJob(self._count, words, title, run, claim)
        ended = [one for one in self.jobs if one.state in ENDED]
        dropped = {one.number for one in ended[: max(0, len(self.jobs) - MOST_JOBS)]}
        self.jobs = [*(one for one in self.jobs if one.number not in dropped), job]
        if self._driver is None or self._driver.done():
            self._driver = asyncio.create_task(self._drive())
        return job

    def stop(self, number: int) -> QueuedJob:
        """Take back a job that waits; let one that runs save and end.

        Raises:
            InputError: no such job.
        """
        job = next((job for job in self.jobs if job.number == number), None)
        if job is None:
            raise InputError(f"number: must be that of a job, got {number}")
        if job.state == "waiting":
            job.state = "stopped"
        elif job.state == "running":
            job.state = "stopped"
            self._signal(signal.SIGINT)
        return job

    async def close(self) -> None:
        """Take back what waits, and let what runs save and end."""
        for job in self.jobs:
            if job.state not in ENDED:
                self.stop(job.number)
        if self._driver is not None:
            with contextlib.suppress(asyncio.TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(self._driver, GRACE)
        self._signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

    async def _drive(self) -> None:
        while True:
            job = next((job for job in self.jobs if job.state == "waiting"), None)
            if job is None:
                return
            await self._work(job)

    async def _work(self, job: QueuedJob) -> None:
        job.state = "running"
        try:
            self._process = await asyncio.create_subprocess_exec(
                *PROGRAM,
                *job.words,
                f"--runs={self.folder}",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                process_group=0,  # Ctrl-C in the terminal is the server's
            )
        except OSError as error:
            job.state, job.message = "failed", str(error.strerror)
            return
        if job.state == "stopped":  # while its process was made: there is nothing to save
            self._signal(signal.SIGTERM)
        last = await self._last_line()
        code = await self._process.wait()
        self._process = None
        if job.state == "running":
            job.state = "finished" if code == 0 else "failed"
            job.message = "" if code == 0 else last or f"exit code {code}"

    async def _last_line(self) -> str:
        """Read stderr to its end; return its last line."""
        assert self._process is not None
        assert self._process.stderr is not None
        tail: deque[bytes] = deque(maxlen=8)
        while part := await self._process.stderr.read(4096):
            tail.append(part)
        lines = b"".join(tail).decode("utf-8", "replace").strip().splitlines()
        return visible(lines[-1])[:400] if lines else ""

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)
