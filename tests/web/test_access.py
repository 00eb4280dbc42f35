"""Nobody but the page itself is answered."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from client import HOST, ORIGIN, PORT, TOKEN, Client

pytestmark = pytest.mark.needs("starlette", "uvicorn")

NO_TOKEN = {"Authorization": ""}
TWINS = ("/", "/runs", "/runs.json", "/training.json", "/static/app.js", "/runs/latest.json", "/nowhere")


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        f"evil.example:{PORT}",
        "127.0.0.1",
        f"127.0.0.1:{PORT + 1}",
        f"{HOST}.evil.example",
    ],
)
def test_a_foreign_host_is_refused_with_the_right_token(visit: Any, host: str) -> None:
    """A name that is bound to this machine later (DNS rebinding) still says its own name."""

    async def talk(client: Client) -> None:
        for address in TWINS:
            reply = await client.get(address, Host=host)
            assert reply.status == 403
            assert "host" in reply.json["error"]

    visit(talk)


@pytest.mark.parametrize("host", [HOST, f"localhost:{PORT}", f"[::1]:{PORT}", f"LOCALHOST:{PORT}"])
def test_own_names_are_answered(visit: Any, host: str) -> None:
    async def talk(client: Client) -> None:
        assert (await client.get("/training.json", Host=host)).status == 200

    visit(talk)


@pytest.mark.parametrize(
    "origin", ["null", "http://evil.example", f"https://{HOST}", f"http://127.0.0.1:{PORT + 1}"]
)
def test_a_foreign_origin_is_refused(visit: Any, origin: str) -> None:
    async def talk(client: Client) -> None:
        assert (await client.get("/runs.json", Origin=origin)).status == 403
        assert (await client.post("/training", {}, Origin=origin)).status == 403

    visit(talk)


@pytest.mark.parametrize(
    "address", ["/training", "/training/stop", "/claims/test", "/explain", "/runs/labels"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_changes_something_needs_an_origin(visit: Any, address: str, method: str) -> None:
    async def talk(client: Client) -> None:
        reply = await client.send(method, address, b"{}")
        assert (reply.status, "origin" in reply.json["error"]) == (403, True)
        assert not client.app.app.state.instrument.jobs.jobs

    visit(talk)


def test_no_token_and_wrong_tokens(visit: Any) -> None:
    async def talk(client: Client) -> None:
        for address in TWINS:
            assert (await client.get(address, **NO_TOKEN)).status == 401
            assert (await client.get(address, Authorization="Bearer wrong")).status == 403
            assert (await client.get(f"{address}?token=wrong", **NO_TOKEN)).status == 403
            cookie = f"modgrok-{PORT}={TOKEN}x"
            assert (await client.get(address, Cookie=cookie, **NO_TOKEN)).status == 403
            other = f"modgrok-{PORT + 1}={TOKEN}"
            assert (await client.get(address, Cookie=other, **NO_TOKEN)).status == 401
        assert (await client.get("/runs.json", Authorization=f"Basic {TOKEN}")).status == 401
        assert (await client.get("/runs.json", Authorization="Bearer \xe9")).status == 403

    visit(talk)


def test_a_token_in_the_address_is_answered_and_becomes_a_cookie(visit: Any) -> None:
    async def talk(client: Client) -> None:
        reply = await client.get(f"/?token={TOKEN}", **NO_TOKEN)
        assert reply.status == 200
        (cookie,) = reply.cookies
        assert cookie == f"modgrok-{PORT}={TOKEN}; HttpOnly; SameSite=Strict; Path=/"
        again = await client.get("/runs.json", Cookie=cookie.partition(";")[0], **NO_TOKEN)
        assert (again.status, again.cookies) == (200, [])
        ours = cookie.partition(";")[0]
        for other in ("foo", 'a={"x":1}', "a=b c", "=1", 'a="x'):
            for line in (f"{other}; {ours}", f"{ours}; {other}"):
                assert (await client.get("/runs.json", Cookie=line, **NO_TOKEN)).status == 200, line

    visit(talk)


def test_headers_of_every_answer(visit: Any) -> None:
    async def talk(client: Client) -> None:
        for address in (*TWINS, "/table.json?expression=(&p=5"):
            for headers in ({}, NO_TOKEN, {"Host": "evil.example"}):
                reply = await client.get(address, **headers)
                policy = reply.headers["content-security-policy"]
                assert policy.startswith("default-src 'self'; ")
                assert "unsafe" not in policy
                assert "frame-ancestors 'none'" in policy
                assert reply.headers["referrer-policy"] == "no-referrer"
                assert reply.headers["x-content-type-options"] == "nosniff"
                assert TOKEN.encode() not in reply.body

    visit(talk)


def test_the_document_has_no_script_or_style_of_its_own(visit: Any) -> None:
    async def talk(client: Client) -> None:
        page = (await client.get("/")).body.decode()
        assert '<script type="module" src="/static/app.js"></script>' in page
        assert page.count("<script") == 1
        for word in ("style=", "<style", "onclick", "http://", "https://"):
            assert word not in page
        for name in ("app.js", "dom.js", "charts.js", "run.js", "style.css"):
            text = (await client.get(f"/static/{name}")).body.decode()
            for word in (
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "https://",
            ):
                assert word not in text, (name, word)

    visit(talk)


def test_websockets_are_closed(visit: Any) -> None:
    async def talk(client: Client) -> list[str]:
        sent: list[str] = []

        async def receive() -> dict[str, str]:
            return {"type": "websocket.connect"}

        async def send(message: dict[str, str]) -> None:
            sent.append(message["type"])

        await client.app({"type": "websocket", "path": "/", "headers": []}, receive, send)
        return sent

    assert visit(talk) == ["websocket.close"]


def test_an_own_origin_may_write(visit: Any) -> None:
    async def talk(client: Client) -> None:
        reply = await client.post("/training/stop", {"number": 1}, Origin=ORIGIN)
        assert (reply.status, reply.json["error"]) == (400, "number: must be that of a job, got 1")

    visit(talk)


def test_every_address_is_described() -> None:
    from modgrok.web.app import ROUTES
    from modgrok.web.pages import shell

    page = (Path(__file__).parents[2] / "docs" / "ui.md").read_text(encoding="utf-8")
    for route in ROUTES:
        path = re.sub(r":\w+\}", "}", route.path)
        if not path.startswith("/static/") and path not in shell.PAGES:
            assert f"`{path}`" in page, path
