"""Processes that compute for pages, seen from the server: called, waited for, cancelled.

Owns: starting and ending them. A process does one job at a time; cancelling a job ends its process, and the
next call starts another.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from typing import Any

from .work.process import ERRORS, RESULT

MOST_ANSWER = 2**28
"""Bytes of the longest answer that is read."""
COMMAND = (sys.executable, "-m", "modgrok.web.work.process")


class WorkerError(RuntimeError):
    """A job that failed for another reason than its input."""


class Worker:
    """One process, started when first needed.

    Arguments:
        name: what it is for, in messages.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.ended = False
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def call(self, job: str, **arguments: Any) -> Any:
        """Do a job, and read its result; as `call_json`."""
        return json.loads(await self.call_json(job, **arguments))

    async def call_json(
        self, job: str, began: Callable[[], None] | None = None, /, **arguments: Any
    ) -> bytes:
        """Do a job; wait for those that were asked for earlier.

        Arguments:
            job: name.
            began: called when it is this job's turn.
            **arguments: of the job.

        Returns:
            The result as JSON.

        Raises:
            InputError: as the job raises it.
            WorkerError: the job failed otherwise, or its process ended.
        """
        async with self._turn:
            if began is not None:
                began()
            try:
                line = await self._exchange({"job": job, "arguments": arguments})
            except BaseException:  # cancelled, or the pipe broke: what the process does is of no use
                await self.close()
                raise
        if line.startswith(RESULT):
            return line[len(RESULT) : -2]
        failure = json.loads(line)
        raise ERRORS.get(failure["kind"], WorkerError)(failure["error"])

    async def _exchange(self, request: dict[str, Any]) -> bytes:
        process = await self.start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            await process.stdin.drain()
            line = await process.stdout.readline()
        except (ConnectionError, ValueError):
            line = b""
        if not line.endswith(b"\n"):
            await self.close()
            raise WorkerError(f"the process for {self.name} ended; try again")
        return line

    async def start(self) -> asyncio.subprocess.Process:
        """Return the process, started if there is none.

        Raises:
            WorkerError: the server ends.
        """
        if self.ended:
            raise WorkerError("modgrok ui has been ended")
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *COMMAND,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=MOST_ANSWER,
                process_group=0,  # Ctrl-C in the terminal is the server's
            )
        process = self._process
        if self.ended:  # while the process started
            await self.close()
        return process

    async def end(self) -> None:
        """End the process for good: whoever waits for a job is told so."""
        self.ended = True
        await self.close()

    async def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
