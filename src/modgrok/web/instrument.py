"""What all pages share: the store, the processes that compute, the jobs, what was drawn already.

Owns: which process does which job, and how long a result is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..runs.store.database import DATABASE, Database
from .jobs import JobQueue
from .workers import Worker, WorkerError

Value = TypeVar("Value")
MOST_CACHED = 64 * 2**20
"""Bytes of reports that are kept."""


@dataclass
class Cache:
    """Results by what they were made of, the least recently used dropped first.

    Arguments:
        most: bytes that are kept.
    """

    most: int = MOST_CACHED
    _entries: OrderedDict[Hashable, bytes] = field(default_factory=OrderedDict)
    _size: int = 0

    def get(self, key: Hashable) -> bytes | None:
        """Return the result of a key; None if it is not kept."""
        content = self._entries.get(key)
        if content is not None:
            self._entries.move_to_end(key)
        return content

    def put(self, key: Hashable, content: bytes) -> None:
        """Keep a result."""
        self._size += len(content) - len(self._entries.pop(key, b""))
        self._entries[key] = content
        while self._size > self.most:
            _, dropped = self._entries.popitem(last=False)
            self._size -= len(dropped)


@dataclass
class Instrument:
    """The parts of a server.

    Arguments:
        folder: of the store; it may not exist yet.
        tables: tabulates while one types; never has to wait for a decision.
        decider: decides; ended when nobody waits for the verdict any more.
        planner: reads forms, and answers what needs JAX and is short.
        drawer: draws reports, constructs and explains.
        charts: hands over the library of charts once, and is ended then.
        jobs: what is trained.
    """

    folder: Path
    tables: Worker = field(default_factory=lambda: Worker("tables"))
    decider: Worker = field(default_factory=lambda: Worker("deciding"))
    planner: Worker = field(default_factory=lambda: Worker("planning"))
    drawer: Worker = field(default_factory=lambda: Worker("drawing"))
    charts: Worker = field(default_factory=lambda: Worker("charts"))
    cache: Cache = field(default_factory=Cache)
    jobs: JobQueue = field(init=False)
    _library_turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.jobs = JobQueue(self.folder)

    @property
    def has_store(self) -> bool:
        """Whether there is a store yet."""
        return (self.folder / DATABASE).is_file()

    async def read(self, work: Callable[[Database], Value]) -> Value:
        """Read the store in a thread.

        Arguments:
            work: what is read.

        Raises:
            InputError: there is no store, or what is asked for is not in it.
        """

        def reading() -> Value:
            with Database(self.folder, read_only=True) as store:
                return work(store)

        return await asyncio.to_thread(reading)

    async def drawn(self, key: Hashable, job: str, **arguments: Any) -> bytes:
        """Return the result of a job of the drawer as JSON, computed once for each key."""
        content = self.cache.get(key)
        if content is None:
            content = await self.drawer.call_json(job, **arguments)
            self.cache.put(key, content)
        return content

    async def warm(self) -> None:
        """Start what the first page needs, one process after another: imports take seconds."""
        with contextlib.suppress(WorkerError, OSError):
            await self.tables.call_json("table", expression="x + y", p=2)
            await self.decider.call_json("decide", expression="x + y", p=2)
            await self.chart_library()
            await self.learners()

    async def learners(self) -> bytes:
        """Return the learners and the fields of their forms as JSON."""
        content = self.cache.get("learners")
        if content is None:
            content = await self.planner.call_json("learners")
            self.cache.put("learners", content)
        return content

    async def chart_library(self) -> bytes:
        """Return the script that draws charts, compressed by gzip."""
        async with self._library_turn:
            content = self.cache.get("charts")
            if content is None:
                text = await self.charts.call("chart_library")
                await self.charts.close()
                content = gzip.compress(text.encode(), mtime=0)
                self.cache.put("charts", content)
        return content

    async def close(self) -> None:
        """End all processes; what trains saves first."""
        await self.jobs.close()
        for worker in (self.tables, self.decider, self.planner, self.drawer, self.charts):
            await worker.close()
