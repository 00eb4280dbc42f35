"""Listening: the socket, the first line with the address, the end."""

from __future__ import annotations

import errno
import ipaddress
import signal
import socket
import sys
import threading
import webbrowser
from pathlib import Path

import uvicorn

from ..tasks.errors import InputError, shorten
from .access import Access
from .app import create_app
from .instrument import Instrument

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8197
"""Tried first; another is taken where it is in use and none was asked for."""
GRACE = 5
"""Seconds that open connections have when the server ends."""


def serve(folder: Path, *, host: str, port: int | None, browser: bool) -> None:
    """Serve the page until Ctrl-C.

    Arguments:
        folder: of the store.
        host: address to listen at.
        port: to listen at; 0 takes any that is free; None the usual one, or any where that is in use.
        browser: open a browser.

    Raises:
        InputError: the address cannot be used.
    """
    if not host:
        raise InputError("host: must be an address to listen at, such as 127.0.0.1, got none")
    listener = listen(host, port)
    port = listener.getsockname()[1]
    access = Access(port, hosts=hosts_of(host))
    authority = f"[{host}]" if ":" in host else host
    address = f"http://{authority}:{port}/?token={access.token}"
    app = create_app(folder, access)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # it would hold the token
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=GRACE,
    )
    server = Server(config, app.instrument)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # no nohup
        # a closed terminal ends the server as Ctrl-C does: the run that it trains would go on by itself
        signal.signal(signal.SIGHUP, lambda number, frame: setattr(server, "should_exit", True))
    sys.stdout.write(address + "\n")
    sys.stdout.flush()
    if browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    server.run(sockets=[listener])


class Server(uvicorn.Server):
    """A server whose open answers end when it is ended, rather than being waited for.

    Arguments:
        config: of uvicorn.
        instrument: what the answers come from.
    """

    def __init__(self, config: uvicorn.Config, instrument: Instrument) -> None:
        super().__init__(config)
        self.instrument = instrument

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, and end what is open."""
        await self.instrument.end_responses()
        await super().shutdown(sockets)


def listen(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens.

    Raises:
        InputError: the address is in use, not this machine's, or not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    numbers = [DEFAULT_PORT, 0] if port is None else [port]
    failure: OSError | None = None
    for number in numbers:
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, number))
            listener.listen(128)
        except OSError as error:
            listener.close()
            failure = error
        else:
            return listener
    assert failure is not None
    reason = failure.strerror or str(failure)
    if isinstance(failure, socket.gaierror) or failure.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        raise InputError(f"host: must be an address of this machine, got {shorten(host)} ({reason})")
    raise InputError(f"port: must be free at {shorten(host)}, got {numbers[-1]} ({reason})")


def hosts_of(host: str) -> tuple[str, ...]:
    """Return the names by which a browser may call a server that listens at an address."""
    if host in ("0.0.0.0", "::"):
        return tuple(dict.fromkeys((socket.gethostname(), socket.getfqdn(), *_addresses())))
    return (f"[{host}]" if ":" in host else host,)


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches an address.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("192.168.1.2")
        (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _addresses() -> list[str]:
    try:
        return [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    except OSError:
        return []
