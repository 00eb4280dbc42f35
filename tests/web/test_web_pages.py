"""What the addresses answer, and what nothing from outside can make them do."""

from __future__ import annotations

import asyncio
import io
import json
import math
import shutil
import signal
import sqlite3
import sys
import time
import urllib.parse
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from client import Client, multiply

from modgrok.learners.base.settings import option_fields
from modgrok.learners.catalogue import LEARNERS
from modgrok.papers.book.committed import committed_verdicts
from modgrok.papers.claims.budget import BUDGETS
from modgrok.papers.claims.catalogue import choose_claims
from modgrok.runs import Experiment, Store
from modgrok.runs.store.sweep_index import Listing, SweepMember, write_listing
from modgrok.sweeps.tables.grid_cells import grid_cells
from modgrok.sweeps.tables.summary import critical_rows
from modgrok.sweeps.tables.table import sweep_table
from modgrok.tasks import read_table

pytestmark = pytest.mark.needs("starlette", "uvicorn")

HOSTILE = '"><img src=x onerror=alert(1)>\x1b[2J\u202e'


def forge(folder: Path, statement: str, *values: Any) -> None:
    with sqlite3.connect(folder / "modgrok.sqlite") as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(statement, values)
    connection.close()


# Reading -------------------------------------------------------------------------------------------------


def test_every_page_is_the_same_document(visit: Any, ids: list[str]) -> None:
    async def talk(client: Client) -> None:
        first = await client.get("/")
        for address in (
            "/runs",
            f"/runs/{ids[0]}",
            "/compare",
            "/sweeps",
            "/sweeps/s",
            "/claims",
            "/explain",
        ):
            reply = await client.get(address)
            assert (reply.status, reply.body) == (200, first.body)
        assert (await client.get("/elsewhere")).status == 404

    visit(talk)


def test_runs_and_one_run(visit: Any, ids: list[str]) -> None:
    async def talk(client: Client) -> None:
        result = (await client.get("/runs.json")).json
        assert [run["id"] for run in result["runs"]] == ids[::-1]
        assert (result["total"], result["damaged"]) == (2, [])
        one = (await client.get(f"/runs/{ids[0][:6]}.json")).json
        assert (one["id"], one["expression"], one["p"], one["status"]) == (ids[0], "x + y", 5, "finished")
        assert [record["step"] for record in one["records"]][-1] == 6
        assert one["steps"][0] == 0
        assert one["settings"]["width"] == 8
        assert result["runs"][1] == {name: one[name] for name in result["runs"][1]}

    visit(talk)


def test_a_run_that_is_not_there(visit: Any) -> None:
    async def talk(client: Client) -> None:
        for name in ("0123456789ab", "..", "%2e%2e", "latest'--", HOSTILE):
            for rest in (".json", "/report.json", "/explain.json", "/panels/accuracy.svg"):
                reply = await client.get(f"/runs/{name}{rest}")
                assert reply.status in (400, 404), name
                assert "\x1b" not in reply.json["error"]

    visit(talk)


def test_without_a_store_there_are_no_runs_yet(visit: Any, tmp_path: Path) -> None:
    async def talk(client: Client) -> None:
        assert (await client.get("/runs.json")).json == {"runs": [], "total": 0, "damaged": []}
        assert (await client.get("/sweeps.json")).json == {"sweeps": []}
        reply = await client.get("/runs/latest.json")
        assert (reply.status, "must be a directory with a store" in reply.json["error"]) == (404, True)

    visit(talk, tmp_path / "absent")
    assert not (tmp_path / "absent").exists()


def test_what_is_absent_is_told_by_the_error_and_not_by_its_words(visit: Any) -> None:
    words = "does not name a run"

    async def talk(client: Client) -> None:
        reply = await client.get("/table.json?" + urllib.parse.urlencode({"group": words}))
        assert (reply.status, words in reply.json["error"]) == (400, True)
        assert (await client.get("/explain.json?run=000000000000")).status == 404

    visit(talk)


def test_a_store_that_is_removed_gives_a_clear_answer(visit: Any, folder: Path, ids: list[str]) -> None:
    async def talk(client: Client) -> None:
        assert (await client.get(f"/runs/{ids[0]}.json")).status == 200
        shutil.rmtree(folder)
        reply = await client.get(f"/runs/{ids[0]}.json")
        assert (reply.status, reply.json["error"].startswith("runs: must be")) == (404, True)

    visit(talk)


def test_a_full_disk_is_named(visit: Any, ids: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from modgrok.web.instrument import Instrument

    async def full(instrument: Instrument, work: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Instrument, "write", full)

    async def talk(client: Client) -> None:
        reply = await client.post("/runs/labels", {"runs": [ids[0]], "add": ["t"]})
        message = "the store cannot be used (database or disk is full); see its disk"
        assert (reply.status, reply.json) == (500, {"error": message})
        assert (await client.get("/runs.json")).status == 200

    visit(talk)


def test_settings_that_differ(visit: Any, ids: list[str]) -> None:
    async def talk(client: Client) -> None:
        result = (await client.get(f"/compare.json?run={ids[0]}&run={ids[1]}&run={ids[0]}")).json
        assert [run["id"] for run in result["runs"]] == ids
        assert result["differences"] == {"expression": ["x + y", "x*y"], "seed": [0, 1]}
        assert (await client.get("/compare.json")).status == 400
        assert (await client.get("/compare.json?" + "run=a&" * 21)).status == 400

    visit(talk)


@pytest.mark.long  # the browser's session draws them by default
def test_panels_of_a_run_and_of_a_checkpoint(visit: Any, ids: list[str]) -> None:
    async def talk(client: Client) -> None:
        report = (await client.get(f"/runs/{ids[0]}/report.json")).json
        keys = [panel["key"] for panel in report["panels"]]
        assert {"accuracy", "loss", "features", "logit"} <= set(keys)
        assert report["steps"][-1] == 6
        own = (await client.get(f"/runs/{ids[0]}/checkpoints/6.json")).json
        panel_keys = {panel["key"] for panel in own["panels"]}
        assert {"features", "phases", "unit", "logit"} == panel_keys
        assert panel_keys <= set(keys)
        for panel in own["panels"]:
            assert len(panel["groups"]) == 1  # one step alone
        assert (await client.get(f"/runs/{ids[0]}/checkpoints/5000.json")).status == 400
        assert (await client.get(f"/runs/{ids[0]}/panels/nothing.svg?step=6")).status == 400
        assert (await client.get(f"/runs/{ids[0]}/panels/accuracy.exe")).status == 400

    visit(talk)


@pytest.mark.long
def test_pictures_of_panels(visit: Any, ids: list[str]) -> None:
    async def talk(client: Client) -> None:
        svg = await client.get(f"/runs/{ids[0]}/panels/features.svg?step=6")
        assert (svg.headers["content-type"], svg.body[:4]) == ("image/svg+xml", b"<svg")
        assert "attachment" in svg.headers["content-disposition"]
        png = await client.get(f"/runs/{ids[0]}/panels/accuracy.png")
        assert png.body.startswith(b"\x89PNG")

    visit(talk)


# The playground ------------------------------------------------------------------------------------------


def test_table_and_verdict(visit: Any, call: Any) -> None:
    async def talk(client: Client) -> tuple[dict[str, Any], dict[str, Any]]:
        table = (await client.get("/table.json?expression=y*x%2B1&p=7")).json
        verdict = (await client.get("/decide.json?expression=y*x%2B1&p=7")).json
        group = (await client.get("/table.json?group=S3")).json
        assert (group["title"], len(group["rows"])) == ("S3 on 0..5", 6)
        for query in (
            "expression=x%2B&p=7",
            "expression=x%2By",
            "expression=x&p=seven",
            "p=7",
            "expression=x&p=1",
        ):
            for twin in ("table", "decide"):
                reply = await client.get(f"/{twin}.json?{query}")
                assert reply.status == 400
                assert ": " in reply.json["error"]
        assert (await client.get("/decide.json?expression=x&p=7&seconds=0")).status == 400
        prediction = (await client.get("/decide.json?group=S3")).json["prediction"]
        assert prediction == call("decide", "--group=S3", "--json").json["prediction"]
        assert prediction.endswith("reads them beyond what they say.")
        return table, verdict

    table, verdict = visit(talk)
    assert (table["expression"], table["p"], table["inputs"]) == ("x*y + 1", 7, 49)
    assert table["rows"] == [[(x * y + 1) % 7 for y in range(7)] for x in range(7)]
    (g1, g2), h = verdict["g"], verdict["h"]
    assert verdict["form"] == "multiplicative"
    assert all(h[g1[x] * g2[y] % 7] == (x * y + 1) % 7 for x in range(7) for y in range(7))
    text = call("decide", "y*x + 1", "--p", "7", "--json").json
    assert {**text, "seconds": 0} == {**{name: verdict[name] for name in text}, "seconds": 0}


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


# Bounds --------------------------------------------------------------------------------------------------


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


def test_no_path_of_a_request_reaches_the_disk(visit: Any, folder: Path) -> None:
    secret = folder.parent / "secret.json"
    secret.write_text("precious")

    async def talk(client: Client) -> None:
        for name in (
            "../secret",
            "..%2fsecret",
            "....//secret",
            "/etc/passwd",
            str(secret),
            "%00",
            "page.html",
        ):
            for address in (
                f"/static/{name}",
                f"/runs/{name}.json",
                f"/sweeps/{name}.json",
                f"/sweeps/{name}/report.json",
            ):
                reply = await client.get(address)
                assert reply.status in (400, 404), address
                assert b"precious" not in reply.body
                assert b"root:" not in reply.body

    visit(talk)


def test_bodies_that_are_too_large(visit: Any) -> None:
    async def talk(client: Client) -> None:
        assert (await client.post("/training", b"{" + b" " * 70_000)).status == 413
        large = b"\0" * (64 * 2**20 + 1)
        for headers in ({}, {"Content-Length": "3"}):
            reply = await client.post("/explain?name=x", large, **headers)
            assert (reply.status, "at most 67108864 bytes" in reply.json["error"]) == (413, True)

    visit(talk)


@pytest.mark.parametrize(
    ("address", "body", "word"),
    [
        ("/training", b"[", "body"),
        ("/training", b"[" * 60_000, "body"),
        ("/training", b"[]", "body"),
        ("/training", b'{"learner": "nobody", "expression": "x", "p": 5}', "learner"),
        ("/training", b'{"learner": "mlp", "expression": "x + y", "p": "five"}', "p"),
        ("/training", b'{"learner": "mlp", "expression": "x + y", "p": 5, "options": {"lr": "fast"}}', "lr"),
        (
            "/training",
            b'{"learner": "mlp", "expression": "x + y", "p": 5, "options": {"width": "-1"}}',
            "width",
        ),
        (
            "/training",
            b'{"learner": "mlp", "expression": "x + y", "p": 5, "options": {"--runs": "/"}}',
            "field",
        ),
        ("/training", b'{"learner": "mlp", "expression": "x + y", "p": 5, "options": 3}', "options"),
        (
            "/training",
            b'{"learner": "mlp", "expression": "--help", "p": 5, "options": {"loss": "x"}}',
            "expression",
        ),
        ("/training", b'{"resume": "../x"}', "run"),
        ("/training", b'{"repeat": "latest", "seed": -1}', "seed"),
        ("/claims/test", b'{"claim": "--list"}', "claim"),
        ("/claims/test", b'{"claim": "gromov2023/fig1", "budget": "--help"}', "budget"),
        ("/training/stop", b'{"number": true}', "number"),
    ],
)
def test_forms_that_are_refused_start_nothing(visit: Any, address: str, body: bytes, word: str) -> None:
    async def talk(client: Client) -> None:
        reply = await client.post(address, body)
        assert reply.status == (404 if word == "run" else 400)
        assert reply.json["error"].partition(":")[0] == word
        assert client.app.app.state.instrument.jobs.jobs == []

    visit(talk)


def test_forged_rows_are_told_and_leave_the_others(visit: Any, folder: Path, ids: list[str]) -> None:
    forge(folder, "UPDATE runs SET status = ? WHERE id = ?", HOSTILE, ids[0])
    forge(folder, "UPDATE runs SET expression = ? WHERE id = ?", HOSTILE, ids[1])
    forge(folder, "UPDATE runs SET experiment = ? WHERE id = ?", "[" * 5000, ids[1])
    forge(folder, "UPDATE records SET scalars = ? WHERE step = 3", "[1e999, {}]")

    async def talk(client: Client) -> None:
        reply = await client.get("/runs.json?sort=test_accuracy&where=p=5")
        assert reply.status == 200
        assert [run["id"] for run in reply.json["runs"]] == [ids[1]]
        (error,) = reply.json["damaged"]
        assert error.startswith(f"run {ids[0]}: status: must be one of")
        assert "\x1b" not in error
        reply = await client.get("/runs.json?where=width=8")
        assert (reply.status, reply.json["runs"], len(reply.json["damaged"])) == (200, [], 1)
        one = (await client.get(f"/runs/{ids[1]}.json")).json
        assert one["expression"] == HOSTILE  # escaped where it is shown: the page makes text nodes alone
        assert 3 not in [record["step"] for record in one["records"]]
        assert (await client.get(f"/runs/{ids[0]}.json")).status == 400
        assert (await client.get(f"/runs/{ids[1]}/report.json")).status == 400

    visit(talk)


def test_ids_of_rows_that_are_paths(visit: Any, folder: Path, ids: list[str]) -> None:
    forge(folder, "UPDATE runs SET id = '../secret', updated = 'z' WHERE id = ?", ids[0])

    async def talk(client: Client) -> None:
        assert "id: must be 12 hexadecimal digits" in (await client.get("/runs/latest.json")).json["error"]
        assert [run["id"] for run in (await client.get("/runs.json")).json["runs"]] == [ids[1]]

    visit(talk)


# Many runs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.long)])
def test_thousands_of_runs_are_searched_quickly(visit: Any, folder: Path, count: int) -> None:
    """First rows under 0.5 s and any filter under 0.3 s on a quiet machine; here processor time counts."""
    multiply(folder, count)
    queries = {
        "": count + 2,
        "search=x*y": count + 1,
        "search=x%20trans": count // 2,
        "where=fraction=0.5": count // 5 + 2,
        "where=grokked_at=never&where=learner=mlp": math.ceil(count / 6) + 2,
        "where=test_accuracy<=1": count + 2,
        f"where=seed>={count - 10}&sort=-seed": 10,
        f"where=status=finished&sort=test_accuracy&offset={count - 1000}": count + 2,
    }

    async def talk(client: Client) -> dict[str, float]:
        sessions = {}
        for query, total in queries.items():
            times = []
            for _ in range(3):  # what else the machine does only lengthens them
                started = time.process_time()
                reply = await client.get(f"/runs.json?{query.replace('<', '%3C').replace('>', '%3E')}")
                times.append(time.process_time() - started)
                assert (query, reply.json.get("total"), reply.json["damaged"]) == (query, total, [])
            sessions[query] = min(times)
        return sessions

    sessions = visit(talk)
    assert max(sessions.values()) < 0.3, sessions


# Files ---------------------------------------------------------------------------------------------------


def test_a_file_is_explained_in_memory(visit: Any, call: Any, folder: Path, ids: list[str]) -> None:
    weight_files = sorted((folder / ids[0]).glob("weights-*.safetensors"))
    logits = np.zeros((25, 5), np.float32)
    x, y = np.divmod(np.arange(25), 5)
    logits[np.arange(25), (x + y) % 5] = 1
    array, pickled = io.BytesIO(), io.BytesIO()
    np.save(array, logits)
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)

    async def talk(client: Client) -> None:
        stored = (await client.get(f"/runs/{ids[0]}/explain.json")).json
        assert (await client.get(f"/explain.json?run={ids[0]}")).json == stored
        dropped = await client.post("/explain?name=w.safetensors", weight_files[-1].read_bytes())
        assert dropped.json["step"] == stored["step"] == 6
        assert dropped.json["index"] == stored["index"] == "x + y"
        command = call("explain", ids[0], f"--runs={folder}", "--json").json
        for name in set(command) - {"seconds"}:
            assert command[name] == stored[name], name
        exact = await client.post("/explain?name=l.npy&expression=x%2By&p=5", array.getvalue())
        assert (exact.json["accuracy"], exact.json["explained_share"]) == (1, 1)
        assert [panel["key"] for panel in exact.json["panels"]] == ["circles"]  # nothing is left out
        assert "panels" not in stored
        with_panels = (await client.get(f"/runs/{ids[0]}/explain.json?panels=1")).json
        keys = [panel["key"] for panel in with_panels["panels"]]
        assert keys == [panel["key"] for panel in dropped.json["panels"]]
        for key in keys:  # at a step, too, each has its picture
            assert (await client.get(f"/runs/{ids[0]}/panels/{key}.svg?step=6")).status == 200
        for content, query in (
            (array.getvalue(), "name=l.npy"),
            (pickled.getvalue(), "name=l.npy&expression=x%2By&p=5"),
            (array.getvalue()[:90], "name=l.npy&expression=x%2By&p=5"),
            (weight_files[-1].read_bytes()[:200], "name=w"),
            (weight_files[-1].read_bytes(), "name=w&expression=x&p=5"),
            (b"", "name=../../x"),
            (b"PK\x03\x04", "name=x"),
        ):
            reply = await client.post(f"/explain?{query}", content)
            assert reply.status == 400, query
            assert "Traceback" not in reply.json["error"]

    def files() -> set[Path]:
        return {path for path in folder.parent.rglob("*") if not path.name.endswith(("-shm", "-wal"))}

    before = files()
    visit(talk)
    assert files() == before


# Training ------------------------------------------------------------------------------------------------


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


def test_forms_come_from_the_declarations(visit: Any) -> None:
    """Every option of every learner is in its form."""

    async def talk(client: Client) -> list[dict[str, Any]]:
        return (await client.get("/learners.json")).json

    for form_fields, known in zip(visit(talk), LEARNERS, strict=True):
        names = [field["name"] for field in form_fields["fields"]]
        assert names[4:] == list(option_fields(known.settings))
        assert form_fields["steps"] == known.default_steps


def test_claims_and_budgets(visit: Any) -> None:
    async def talk(client: Client) -> None:
        result = (await client.get("/claims.json?budget=tiny")).json
        assert result["budget"] == "tiny"
        ids = [claim["id"] for claim in result["claims"]]
        assert ids == [claim.id for claim in choose_claims([])]
        assert all(claim["verdict"] is None and claim["expected"] for claim in result["claims"])
        assert {claim["id"]: claim["book"]["verdict"] for claim in result["claims"]} == {
            name: committed_verdicts().get(name, {}).get("verdict") for name in ids
        }
        assert (await client.get("/claims.json?budget=huge")).status == 400
        from modgrok.web.pages.claims import BUDGETS as OFFERED

        assert set(OFFERED) == set(BUDGETS)

    visit(talk)


def test_sweeps_show_members_that_have_not_begun(visit: Any, folder: Path, ids: list[str]) -> None:
    members = (SweepMember(ids[0], {"seed": 0}), SweepMember("0" * 12, {"seed": 1}))
    with Store(folder) as store:
        write_listing(store, Listing("two", (("seed",),), "modgrok sweep two.toml", members))

    async def talk(client: Client) -> None:
        (sweep,) = (await client.get("/sweeps.json")).json["sweeps"]
        assert {**sweep, "updated": 0} == {
            "name": "two", "total": 2, "done": 1, "failed": 0, "grokked": sweep["grokked"], "updated": 0,
            "running": False,
        }  # fmt: skip
        one = (await client.get("/sweeps/two.json")).json
        assert [member["status"] for member in one["members"]] == ["finished", "waiting"]
        assert one["axes"] == [["seed"]]
        assert (one["across"], one["up"], one["seconds_left"]) == (
            "seed",
            "none",
            one["members"][0]["seconds"],
        )
        assert [(cell["x"], cell["done"]) for cell in one["cells"]] == [(0, 1), (1, 0)]
        assert (await client.get("/sweeps/three.json")).status == 404

    visit(talk)


def test_what_a_sweep_says_is_what_its_report_and_its_tables_say(visit: Any, folder: Path) -> None:
    """Medians of cells and critical fractions of the JSON, beside those of `export` and of reports."""
    multiply(folder, 40)
    places = [{"fraction": 0.3 + at % 5 / 10, "seed": at // 5} for at in range(40)]
    with Store(folder) as store:
        members = tuple(SweepMember(f"{at:012x}", place) for at, place in enumerate(places))
        write_listing(
            store, Listing("forty", (("fraction",), ("seed",)), "modgrok sweep forty.toml", members)
        )
        table = sweep_table(store, "forty")

    async def talk(client: Client) -> None:
        one = (await client.get("/sweeps/forty.json?across=fraction&up=none")).json
        for value in ("grokked_at", "memorised_at", "test_accuracy", "train_accuracy", "seconds"):
            medians = [cell.value for cell in grid_cells(table.runs, "fraction", None, value)]
            assert [cell[value] for cell in one["cells"]] == pytest.approx(medians), value
        (bracket,), (known,) = one["critical_fractions"], critical_rows(table)
        keys = ("place", "low", "high", "sure_low", "sure_high")
        assert [bracket[key] for key in keys] == [known[key] for key in keys]
        at_ends = {probe["fraction"]: probe["grokked"] for probe in bracket["probes"]}
        assert (at_ends.get(known["low"]), at_ends.get(known["high"])) == (
            known["low_grokked"],
            known["high_grokked"],
        )
        assert one["values"] == {"fraction": [0.3, 0.4, 0.5, 0.6, 0.7], "seed": list(range(8))}
        chosen = (await client.get("/sweeps/forty.json?across=seed&up=fraction")).json
        assert [(cell["x"], cell["y"]) for cell in chosen["cells"][:2]] == [(0, 0.3), (0, 0.4)]
        for query in ("across=width", "up=width", "across=none"):
            reply = await client.get(f"/sweeps/forty.json?{query}")
            assert (reply.status, reply.json["error"].split(":")[0]) == (400, query.split("=")[0])

    visit(talk)


def test_a_table_in_a_file_is_a_task(visit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is chosen on the page is decided, constructed and trained as an expression is."""
    from modgrok.web.jobs import JobQueue

    async def nothing(jobs: JobQueue) -> None:
        pass

    monkeypatch.setattr(JobQueue, "_drive", nothing)
    rows = [[x * y % 5 for y in range(5)] for x in range(5)]
    array = io.BytesIO()
    np.save(array, np.array(rows))
    csv = "\n".join(",".join(map(str, row)) for row in rows).encode()

    async def talk(client: Client) -> None:
        described = (await client.post("/table?name=t.npy", array.getvalue())).json
        assert described == (await client.post("/table?name=t.csv", csv)).json
        assert (described["p"], described["title"]) == (5, f"table:{described['table'][:12]} on 0..4")
        query = f"table={described['table']}"
        assert (await client.get(f"/table.json?{query}")).json["rows"] == rows
        assert (await client.get(f"/decide.json?{query}")).json["form"] == "multiplicative"
        assert (await client.get(f"/construct.json?{query}")).json["errors"] == 0
        assert (await client.get(f"/leakage.json?{query}")).json["train"] == 12
        assert not (await client.get(f"/critical-fractions.json?{query}")).json["known"]
        for body in (b"", b"0,1\n1,2", b"\x93NUMPY", b"0,1", b"a,b"):
            reply = await client.post("/table?name=t.csv", body)
            assert (reply.status, reply.json["error"].split(":")[0]) == (400, "table")
        for address in (f"/table.json?table={'0' * 64}", f"/table.json?{query}&expression=x&p=5"):
            assert (await client.get(address)).status == 400
        form = {"learner": "mlp", "options": {"width": "8"}, "steps": "2", "table": described["table"]}
        job = (await client.post("/training", form)).json
        instrument = client.app.app.state.instrument
        (option,) = [word for word in instrument.jobs.jobs[0].words if word.startswith("--table=")]
        task = read_table(Path(option.removeprefix("--table=")))
        assert job["run"] == Experiment.of(table=task, width=8).id
        instrument.remove_table_files()
        assert not Path(option.removeprefix("--table=")).exists()

    visit(talk)


def test_known_critical_fractions(visit: Any) -> None:
    async def talk(client: Client) -> None:
        own = (await client.get("/critical-fractions.json?expression=y%2Bx&p=97")).json
        assert (own["title"], own["known"]) == ("x + y mod 97", True)
        searched = [one for one in own["critical_fractions"] if one["source"] == "atlas/critical_adamw.toml"]
        assert [(one["low"], one["high"]) for one in searched if one["p"] == 97] == [(0.15, 0.2)]
        other = (await client.get("/critical-fractions.json?group=S3")).json
        assert (other["known"], other["critical_fractions"]) == (False, own["critical_fractions"])
        assert (await client.get("/critical-fractions.json?expression=y%2B&p=97")).status == 400

    visit(talk)


def test_the_exact_network_and_the_leakage(visit: Any) -> None:
    async def talk(client: Client) -> None:
        built = (await client.get("/construct.json?expression=x%2By&p=7")).json
        assert (built["errors"], built["inputs"], built["accuracy"]) == (0, 49, 1)
        assert {panel["key"] for panel in built["panels"]} >= {"features", "logit"}
        experts = (await client.get("/construct.json?expression=x^2*y%2Bx*y^2%2B1&p=7")).json
        assert (experts["kind"], experts["products"], experts["errors"], experts["panels"]) == (
            "experts",
            3,
            0,
            [],
        )
        assert (await client.get("/construct.json?expression=(x^2%2Bx*y%2By^2)/x&p=7")).status == 400
        leak = (await client.get("/leakage.json?expression=x%2By&p=7&fraction=0.5&seed=3")).json
        assert (leak["train"], leak["test"]) == (24, 25)
        assert leak["orbit_accuracy"] >= leak["majority"]
        assert (await client.get("/leakage.json?expression=x%2By&p=7&fraction=1")).status == 400

    visit(talk)
