"""A browser's requests to the page without sockets: an ASGI client of a few lines, and stores to look at."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modgrok.runs import Experiment, Store, run

PORT = 8197
HOST = f"127.0.0.1:{PORT}"
ORIGIN = f"http://{HOST}"
TOKEN = "the-right-token"
HOSTILE = '"><img src=x onerror=alert(1)>\x1b[2J\u202e'
"""A name that a page, a terminal or an address could take for more than a name."""


@dataclass
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: list[str] = field(default_factory=list)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """Sends requests to an application; by default as the page itself does.

    Arguments:
        app: under test.
        headers: sent with every request.
    """

    app: Any
    headers: dict[str, str]

    async def send(
        self,
        method: str,
        address: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        *,
        enough: int | None = None,
    ) -> Reply:
        """Send one request; hang up after so many bytes, if that is given."""
        path, _, query = address.partition("?")
        sent = {**self.headers, **(headers or {})}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(k.lower().encode(), v.encode()) for k, v in sent.items() if v],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", PORT),
        }
        parts = [body[at : at + 65536] for at in range(0, len(body), 65536)] or [b""]
        gone = asyncio.Event()
        reply = Reply(0, {}, b"")

        async def receive() -> dict[str, Any]:
            if parts:
                part = parts.pop(0)
                return {"type": "http.request", "body": part, "more_body": bool(parts)}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def take(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                reply.status = message["status"]
                pairs = [(k.decode(), v.decode()) for k, v in message["headers"]]
                reply.headers = dict(pairs)
                reply.cookies = [value for name, value in pairs if name == "set-cookie"]
            elif message["type"] == "http.response.body":
                reply.body += message.get("body", b"")
                if enough is not None and len(reply.body) >= enough:
                    gone.set()

        await self.app(scope, receive, take)
        gone.set()
        return reply

    async def get(self, address: str, **headers: str) -> Reply:
        return await self.send("GET", address, headers=headers)

    async def post(self, address: str, body: Any, **headers: str) -> Reply:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.send("POST", address, content, {"Origin": ORIGIN, **headers})


def fill(folder: Path) -> list[str]:
    """Make a store of two short runs; return their ids, the older first."""
    experiments = [Experiment.of("x + y", p=5, width=8), Experiment.of("x*y", p=5, width=8, seed=1)]
    with Store(folder) as store:
        for experiment in experiments:
            run(experiment, store=store, steps=6, early_stop=False, command="modgrok train")
    return [experiment.id for experiment in experiments]


def multiply(folder: Path, count: int) -> None:
    """Add copies of the newest run with other ids, seeds and results, behind the store's back."""
    with Store(folder, read_only=True) as store:
        row = store.get("latest")
        records = store.select(
            "SELECT records.* FROM records JOIN runs ON runs.number = records.run WHERE runs.id = ?", row.id
        )
    connection = sqlite3.connect(folder / "modgrok.sqlite")
    (template,) = connection.execute("SELECT * FROM runs WHERE id = ?", (row.id,)).fetchall()
    names = [entry[1] for entry in connection.execute("PRAGMA table_info(runs)")]
    runs, rows = [], []
    for at in range(count):
        values = dict(zip(names, template, strict=True))
        experiment = json.loads(values["experiment"])
        experiment.update(seed=at, fraction=round(0.3 + at % 5 / 10, 1))
        number = 1000 + at
        values.update(
            number=number,
            id=f"{at:012x}",
            state=values["state"].replace(row.id, f"{at:012x}"),
            experiment=json.dumps(experiment),
            grokked_at=at if at % 3 else None,
            updated=f"2030-01-01T{at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d}",
            learner=("mlp", "transformer")[at % 2],
        )
        runs.append(list(values.values()))
        rows += [(number, entry["step"], 0.1, entry["scalars"], entry["histograms"]) for entry in records]
    connection.executemany(f"INSERT INTO runs VALUES ({', '.join('?' * len(names))})", runs)
    connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()


__all__ = ["HOST", "ORIGIN", "PORT", "TOKEN", "Client", "Reply", "fill", "multiply"]
