"""What all pages share: the store, the processes that compute, the jobs, what was drawn already.

Owns: which process does which job, and how long a result is kept.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ..io import is_file, write_atomically
from ..runs.store.database import DATABASE, Database
from ..tasks.errors import InputError, shorten
from .jobs import JobQueue
from .workers import Worker, WorkerError

Value = TypeVar("Value")
MOST_CACHED = 64 * 2**20
"""Bytes of reports that are kept."""
UNWANTED = 5.0
"""Seconds for which a computation goes on that nobody waits for."""


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
class SharedResult:
    """A result that is being computed, and how many requests wait for it.

    Arguments:
        waiting: requests.
        begun: whether it is being computed, and not in the queue of its process.
        task: that computes it.
    """

    waiting: int = 0
    begun: bool = False
    task: asyncio.Task[bytes] = field(init=False)

    def start(self) -> None:
        """Note that the computation has begun."""
        self.begun = True

    def leave(self) -> None:
        """Note that a request waits no longer; a computation that is of no use to anybody is given up.

        One that has begun goes on for a while: ending its process costs the next one an import of JAX.
        """
        self.waiting -= 1
        if self.begun:
            asyncio.get_running_loop().call_later(UNWANTED, self._give_up)
        else:
            self._give_up()

    def _give_up(self) -> None:
        if not self.waiting:
            self.task.cancel()


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
        cache: results of jobs, by what they depend on.
        chosen_tables: digest -> table as `.npy` in base64, of the files that were chosen on the page.
        jobs: what is trained.
        closing: set when the server ends.
    """

    folder: Path
    tables: Worker = field(default_factory=lambda: Worker("tables"))
    decider: Worker = field(default_factory=lambda: Worker("deciding"))
    planner: Worker = field(default_factory=lambda: Worker("planning"))
    drawer: Worker = field(default_factory=lambda: Worker("drawing"))
    charts: Worker = field(default_factory=lambda: Worker("charts"))
    cache: Cache = field(default_factory=Cache)
    chosen_tables: Cache = field(default_factory=Cache)
    jobs: JobQueue = field(init=False)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    _results: dict[Hashable, SharedResult] = field(default_factory=dict)
    _library_turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _table_folder: Path | None = None

    def __post_init__(self) -> None:
        self.jobs = JobQueue(self.folder)

    @property
    def has_store(self) -> bool:
        """Whether there is a store yet."""
        return is_file(self.folder / DATABASE)

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

    async def write(self, work: Callable[[Database], Value]) -> Value:
        """Write tags or notes into the store, in a thread; there must be a store.

        Raises:
            InputError: there is no store, it cannot be written, or what is asked for is not in it.
        """

        def writing() -> Value:
            with Database(self.folder, read_only=True):  # there is a store; it is not made here
                pass
            with Database(self.folder) as store:
                return work(store)

        return await asyncio.to_thread(writing)

    async def shared(self, worker: Worker, key: Hashable, job: str, **arguments: Any) -> bytes:
        """Return the result of a job as JSON, computed once for each key, however many ask for it.

        Arguments:
            worker: that does the job.
            key: what the result depends on.
            job: name.
            **arguments: of the job.
        """
        content = self.cache.get(key)
        if content is not None:
            return content
        result = self._results.get(key)
        if result is None or result.task.cancelling():
            result = self._results[key] = SharedResult()
            result.task = asyncio.create_task(worker.call_json(job, result.start, **arguments))
            result.task.add_done_callback(partial(self._keep, key, result))
        result.waiting += 1
        try:
            return await asyncio.shield(result.task)
        finally:
            result.leave()

    def _keep(self, key: Hashable, result: SharedResult, task: asyncio.Task[bytes]) -> None:
        if self._results.get(key) is result:  # not begun anew since it was given up
            del self._results[key]
        if not task.cancelled() and task.exception() is None:
            self.cache.put(key, task.result())

    async def warm(self) -> None:
        """Start what the first page needs, one process after another: imports take seconds."""
        with contextlib.suppress(WorkerError, OSError):
            await self.tables.call_json("table", expression="x + y", p=2)
            await self.decider.call_json("decide", expression="x + y", p=2)
            await self.chart_library()
            await self.learners()
            await self.drawer.call_json("ready")

    def chosen_table(self, digest: str) -> str:
        """Return a table whose file was chosen on the page, as `.npy` in base64.

        Raises:
            InputError: this server has no such table, or has it no more.
        """
        content = self.chosen_tables.get(digest)
        if content is None:
            raise InputError(
                f"table: must be one whose file was chosen since modgrok ui started, got {shorten(digest)}"
            )
        return content.decode("ascii")

    async def table_file(self, digest: str) -> Path:
        """Write a chosen table into a folder of this server, for the command that trains it."""
        content = base64.b64decode(self.chosen_table(digest))
        if self._table_folder is None:
            self._table_folder = Path(tempfile.mkdtemp(prefix="modgrok-ui-"))
        path = self._table_folder / f"table-{digest[:12]}.npy"
        await asyncio.to_thread(write_atomically, path, content)
        return path

    async def learners(self) -> bytes:
        """Return the learners and the fields of their forms as JSON."""
        return await self.shared(self.planner, "learners", "learners")

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

    async def end_responses(self) -> None:
        """Let the requests that are open be answered at once: streams end, and jobs of the workers fail."""
        self.closing.set()
        for worker in (self.tables, self.decider, self.planner, self.drawer, self.charts):
            await worker.end()

    async def close(self) -> None:
        """End all processes; what trains saves first."""
        await self.end_responses()
        await self.jobs.close()
        self.remove_table_files()

    def remove_table_files(self) -> None:
        """Remove the tables that were written for trainings; their runs hold them."""
        if self._table_folder is not None:
            shutil.rmtree(self._table_folder, ignore_errors=True)
            self._table_folder = None
