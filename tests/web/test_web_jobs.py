"""Jobs of the server: trainings, drawings and decisions that are waited for, shared, given up or stopped."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from client import Client

from modgrok.runs import Store
from modgrok.tasks import InputError

pytestmark = pytest.mark.needs("starlette", "uvicorn")


def test_a_decision_that_nobody_waits_for_is_ended(visit: Any) -> None:
    """Its process is ended with it; the next decision starts another."""
    from starlette.requests import ClientDisconnect

    from modgrok.web.requests import while_wanted
    from modgrok.web.workers import Worker

    class Left:
        async def is_disconnected(self) -> bool:
            return True

    async def talk(client: Client) -> None:
        worker = Worker("deciding")

        async def search() -> bytes:
            process = await worker.start()
            process.send_signal(signal.SIGSTOP)  # it will never answer
            return await worker.call_json("decide", expression="x + y", p=5)

        with pytest.raises(ClientDisconnect):
            await while_wanted(Left(), search)  # type: ignore[arg-type]
        assert worker._process is None
        assert (await worker.call("decide", expression="x + y", p=5))["form"] == "additive"
        await worker.close()

    visit(talk)


class HeldWorker:
    """Stands for a process that another job occupies until it is released."""

    def __init__(self) -> None:
        self.turn, self.finish, self.calls = asyncio.Event(), asyncio.Event(), 0

    async def call_json(self, job: str, began: Any) -> bytes:
        self.calls += 1
        await self.turn.wait()
        began()
        await self.finish.wait()
        return b"[]"


def test_a_drawing_is_shared_and_leaves_the_queue_when_nobody_waits(tmp_path: Path) -> None:
    from modgrok.web.instrument import Instrument

    async def whole() -> None:
        instrument, worker = Instrument(tmp_path), HeldWorker()

        def ask(key: str) -> asyncio.Task[bytes]:
            return asyncio.create_task(instrument.shared(worker, key, "construct"))  # type: ignore[arg-type]

        first, second = ask("a"), ask("a")
        await asyncio.sleep(0)
        first.cancel()  # the other still waits
        await asyncio.wait({first})
        left = ask("b")
        await asyncio.sleep(0)
        left.cancel()  # nobody waits, and its turn has not come
        await asyncio.wait({left})
        worker.turn.set()
        await asyncio.sleep(0.01)
        unwanted = ask("c")
        await asyncio.sleep(0.01)
        unwanted.cancel()  # nobody waits, but it has begun: its result is of use later
        worker.finish.set()
        assert await second == b"[]"
        assert worker.calls == 3
        await asyncio.sleep(0.01)
        assert [instrument.cache.get(key) for key in "abc"] == [b"[]", None, b"[]"]

    asyncio.run(whole())


def test_a_training_is_a_command_whose_records_arrive(visit: Any, folder: Path) -> None:
    """Form, job, stream of records, end; then the same once more with another seed is another run."""
    form = {
        "learner": "mlp",
        "expression": "y+x",
        "p": 5,
        "steps": "12",
        "options": {"width": "8", "seed": "7"},
    }

    async def talk(client: Client) -> dict[str, Any]:
        reply = await client.post("/training", form)
        assert reply.status == 202, reply.body
        job = reply.json
        again = (await client.post("/training", form)).json
        assert again["number"] == job["number"]  # the same run is not queued twice
        words = client.app.app.state.instrument.jobs.jobs[0].words
        assert words == ("train", "x + y", "--p=5", "--learner=mlp", "--steps=12", "--seed=7", "--width=8")
        stream = (await client.get(f"/runs/{job['run']}/events")).body.decode()
        events = [part.split("\n") for part in stream.strip().split("\n\n")]
        names = [lines[0].removeprefix("event: ") for lines in events]
        assert names[-1] == "end"
        records = [
            record
            for name, lines in zip(names, events, strict=True)
            if name == "records"
            for record in json.loads(lines[1].removeprefix("data: "))
        ]
        assert [records[0]["step"], records[-1]["step"]] == [0, 12]
        ended = json.loads(events[-1][1].removeprefix("data: "))
        assert ended["run"]["status"] == "finished"
        assert (await client.get("/training.json")).json["jobs"][0]["state"] == "finished"
        return job

    job = visit(talk)
    with Store(folder, read_only=True) as store:
        row = store.get(job["run"])
        assert (row.expression, row.budget, json.loads(row.experiment)["seed"]) == ("x + y", 12, 7)


def test_one_training_at_a_time(folder: Path, ids: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A second job waits; one that waits is taken back, one that runs is asked to save and end."""
    program = "import signal, sys, time; signal.signal(2, lambda *_: sys.exit(0)); time.sleep(60)"
    monkeypatch.setattr("modgrok.web.jobs.PROGRAM", (sys.executable, "-c", program))

    async def talk() -> None:
        from modgrok.web.jobs import JobQueue

        queue = JobQueue(folder)
        first, second, third = (queue.add(("train",), name, run=name) for name in ("a", "b", "c"))
        assert queue.add(("train",), "b", run="b") is second
        while queue._process is None:
            await asyncio.sleep(0.01)
        assert [job.state for job in queue.jobs] == ["running", "waiting", "waiting"]
        queue.stop(second.number)
        await asyncio.sleep(0.5)  # so that the program can take a signal
        queue.stop(first.number)
        while third.state == "waiting":
            await asyncio.sleep(0.01)
        assert [job.state for job in queue.jobs] == ["stopped", "stopped", "running"]
        while queue._process is None:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)
        await queue.close()
        assert third.state == "stopped"
        assert queue._process is None

    asyncio.run(talk())


def test_a_job_stopped_while_its_process_is_made_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modgrok.web.jobs import JobQueue

    monkeypatch.setattr("modgrok.web.jobs.PROGRAM", (sys.executable, "-c", "import time; time.sleep(60)"))

    async def talk() -> None:
        queue = JobQueue(tmp_path)
        job = queue.add(("train",), "a", run="a")
        while job.state == "waiting":
            await asyncio.sleep(0)
        assert queue._process is None
        queue.stop(job.number)
        assert queue._driver is not None
        await asyncio.wait_for(queue._driver, 20)
        assert job.state == "stopped"

    asyncio.run(talk())


def test_jobs_that_wait_are_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from modgrok.web import jobs

    async def nothing(queue: jobs.JobQueue) -> None:
        pass

    monkeypatch.setattr(jobs.JobQueue, "_drive", nothing)
    monkeypatch.setattr(jobs, "MOST_JOBS", 3)

    async def talk() -> None:
        queue = jobs.JobQueue(tmp_path)
        first = queue.add(("train",), "first")
        for number in range(9):
            queue.add(("train",), f"{number}").state = "finished"
        assert first in queue.jobs
        assert [job.title for job in queue.jobs] == ["first", "6", "7", "8"]

    asyncio.run(talk())


def test_a_drawing_that_was_given_up_is_begun_anew(tmp_path: Path) -> None:
    """Its process takes time to end; who asks meanwhile does not wait for what was cancelled."""
    from modgrok.web.instrument import Instrument

    class SlowToEnd:
        calls = 0

        async def call_json(self, job: str, on_start: Any, **arguments: Any) -> bytes:
            self.calls += 1
            call = self.calls
            try:
                await asyncio.sleep(0.05 if call > 1 else 60)
            except asyncio.CancelledError:
                await asyncio.sleep(0.1)  # until the process is gone
                raise
            return str(call).encode()

    async def whole() -> None:
        instrument, worker = Instrument(tmp_path), SlowToEnd()

        def ask() -> asyncio.Task[bytes]:
            return asyncio.create_task(instrument.shared(worker, "a", "construct"))  # type: ignore[arg-type]

        first = ask()
        await asyncio.sleep(0.01)
        first.cancel()
        await asyncio.wait({first})
        await asyncio.sleep(0.01)
        assert await ask() == b"2"
        await asyncio.sleep(0.2)
        assert instrument.cache.get("a") == b"2"
        assert not instrument._results

    asyncio.run(whole())


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="the system has no SIGHUP")
@pytest.mark.parametrize("as_nohup", [False, True])
def test_a_closed_terminal_ends_the_server_as_ctrl_c_does(tmp_path: Path, as_nohup: bool) -> None:
    command = (sys.executable, "-m", "modgrok", "ui", "--no-browser", "--port=0")
    with subprocess.Popen(
        [*(("nohup",) if as_nohup else ()), *command, f"--runs={tmp_path / 'runs'}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        assert "token=" in server.stdout.readline()
        server.send_signal(signal.SIGHUP)
        if as_nohup:
            with pytest.raises(subprocess.TimeoutExpired):
                server.wait(2)
            server.send_signal(signal.SIGINT)
        assert (server.wait(60), server.stderr.read()) == (0, "")


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_a_host_that_is_not_this_machine_is_named(host: str) -> None:
    from modgrok.web.server import listen

    with pytest.raises(InputError, match=f"^host: must be an address of this machine, got '{host}' "):
        listen(host, 0)
