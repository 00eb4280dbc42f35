"""Who may ask: the token, the host that was meant, the page that a request comes from.

Owns: every check that is made before a page is looked up, and the headers of every answer. A browser opens
any page that it is given, and every page may send requests to this machine: the token keeps others out, the
host keeps names that were bound to this machine later (DNS rebinding) out, the origin keeps other pages'
writes out.
"""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..io import visible
from .instrument import Instrument

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""The content security policy: own files alone, no script or style inside a page, nothing evaluated."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Headers of every answer that does not set them itself."""
READS = ("GET", "HEAD")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
MOST_MESSAGE = 400
"""Characters of a message on stderr."""
HTTP_PORT = 80
"""The port that browsers leave out of a host."""


@dataclass(frozen=True)
class Access:
    """What a request needs to be answered.

    Arguments:
        port: at which the server listens.
        token: must be in the query, in the cookie or in `Authorization: Bearer`.
        hosts: names by which the server may be called besides those of this machine.
    """

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    hosts: tuple[str, ...] = ()

    @property
    def cookie(self) -> str:
        """Name of the cookie; cookies are shared by all ports of a host, so that the port is part of it."""
        return f"modgrok-{self.port}"

    @property
    def authorities(self) -> frozenset[str]:
        """What a `Host` header may say."""
        names = (*LOOPBACK, *self.hosts)
        bare = names if self.port == HTTP_PORT else ()
        return frozenset(name.lower() for name in (*(f"{name}:{self.port}" for name in names), *bare))

    @property
    def origins(self) -> frozenset[str]:
        """What an `Origin` header may say."""
        return frozenset(f"http://{authority}" for authority in self.authorities)

    def accepts(self, offered: Iterable[str]) -> bool:
        """Say whether one of the offered tokens is the right one, in a time that does not tell how near."""
        return any(secrets.compare_digest(one.encode(), self.token.encode()) for one in offered)


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered."""

    status: int
    reason: str


def refusal_of(scope: Scope, access: Access) -> Refusal | None:
    """Say why a request must not be answered; None if it may be.

    Arguments:
        scope: of ASGI, with its headers.
        access: what is needed.
    """
    headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
    hosts = [value for name, value in headers if name == "host"]
    if len(hosts) != 1 or hosts[0].lower() not in access.authorities:
        return Refusal(403, "host: must be the address at which modgrok listens")
    origins = [value for name, value in headers if name == "origin"]
    if any(origin.lower() not in access.origins for origin in origins):
        return Refusal(403, "origin: must be the page of modgrok itself")
    if scope["method"] not in READS and len(origins) != 1:
        usual = f"http://{LOOPBACK[0]}:{access.port}"
        return Refusal(
            403,
            f"origin: must be given with every request that changes something, for example Origin: {usual}",
        )
    offered = [*_query_tokens(scope), *_bearer_tokens(headers), *_cookie_tokens(headers, access.cookie)]
    if access.accepts(offered):
        return None
    if offered:
        return Refusal(403, "token: must be the one that modgrok ui printed")
    return Refusal(401, "token: must be given; open the address that modgrok ui printed")


def _query_tokens(scope: Scope) -> list[str]:
    query: bytes = scope["query_string"]
    try:
        return parse_qs(query.decode("latin-1"), max_num_fields=100).get("token", [])
    except ValueError:
        return []


def _bearer_tokens(headers: list[tuple[str, str]]) -> list[str]:
    values = [value for name, value in headers if name == "authorization"]
    return [value[7:].strip() for value in values if value[:7].lower() == "bearer "]


def _cookie_tokens(headers: list[tuple[str, str]], cookie: str) -> list[str]:
    """Return the values of our cookie: what other programs on this host set may be no valid cookies."""
    pairs = [part.partition("=") for name, value in headers if name == "cookie" for part in value.split(";")]
    return [value.strip().strip('"') for name, _, value in pairs if name.strip() == cookie]


class Guard:
    """The ASGI layer around all pages: refuses, sets the cookie, adds the headers.

    Arguments:
        app: what answers.
        access: what a request needs.
        instrument: what the answers come from.
    """

    def __init__(self, app: ASGIApp, access: Access, instrument: Instrument) -> None:
        self.app, self.access, self.instrument = app, access, instrument

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = refusal_of(scope, self.access)
        cookie = refusal is None and bool(_query_tokens(scope))

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {
                    **message,
                    "headers": [*message.get("headers", ()), *self._headers(message, cookie)],
                }
            await send(message)

        if refusal is not None:
            await _refuse(refusal, send_guarded)
            return
        try:
            await self.app(scope, receive, send_guarded)
        except Exception as error:  # Starlette has answered, and raises again for the server to print it
            text = visible(" ".join(str(error).split()))[:MOST_MESSAGE]
            sys.stderr.write(f"modgrok: {type(error).__name__}: {text}\n")

    def _headers(self, message: Message, cookie: bool) -> list[tuple[bytes, bytes]]:
        present = {name.lower() for name, _ in message.get("headers", ())}
        added = [
            (name.lower().encode(), value.encode())
            for name, value in HEADERS.items()
            if name.lower().encode() not in present
        ]
        if cookie:
            text = f"{self.access.cookie}={self.access.token}; HttpOnly; SameSite=Strict; Path=/"
            added.append((b"set-cookie", text.encode()))
        return added


async def _refuse(refusal: Refusal, send: Send) -> None:
    body = json.dumps({"error": refusal.reason}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
