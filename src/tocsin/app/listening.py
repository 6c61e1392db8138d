"""The HTTP server: a socket taken before anything slow is done, and an orderly end."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from tocsin.app.corking import CorkedProtocol

FINISH_WITHIN_SECONDS = 20
"""How long requests may take to end once the server is asked to stop."""

BACKLOG = 2_048

KEEP_ALIVE_SECONDS = 75
"""How long a connection that asks nothing is kept.

Under load the next request may lie there unread for seconds; who cuts such a connection leaves its
client without an answer, where 503 would have said what to do.
"""


class CannotListen(Exception):
    """The address cannot be had; says why."""


def bound(host: str, port: int) -> socket.socket:
    """A socket on that address; it does not listen yet.

    Raises:
        CannotListen: the port is taken, or the address is none of this machine.
    """
    try:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )
        family, kind, protocol, _, address = found[0]
        taken = socket.socket(family, kind, protocol)
    except OSError as failed:
        raise CannotListen(f"{host} is no address to listen on ({failed.strerror})") from failed
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
    except OSError as failed:
        taken.close()
        raise CannotListen(
            f"cannot listen on port {port} of {host} ({failed.strerror}); {_way_out(failed)}"
        ) from failed
    return taken


def _way_out(failed: OSError) -> str:
    match failed.errno:
        case errno.EADDRNOTAVAIL:
            return "choose an address of this machine with --host; 0.0.0.0 is all of them"
        case errno.EACCES:
            return "ports below 1024 are root's; choose another with --port"
        case _:
            return "choose another with --port"


def url_of(taken: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = taken.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """Uvicorn, which tells when it accepts requests and when it is about to stop doing so."""

    def __init__(
        self,
        application: Callable[..., Any],
        *,
        on_ready: Callable[[], None],
        on_stopping: Callable[[], None],
    ) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                http=CorkedProtocol,
                log_config=None,
                access_log=False,
                server_header=False,
                # Who is trusted to say whom it speaks for is decided once, for all that asks.
                proxy_headers=False,
                ws="none",
                lifespan="on",
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=FINISH_WITHIN_SECONDS,
            )
        )
        self._on_ready = on_ready
        self._on_stopping = on_stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell, then stop: live streams end by themselves, and everything else is finished."""
        self._on_stopping()
        await super().shutdown(sockets)

    def end(self) -> None:
        """Stop soon; from a signal handler, before, while or after it runs."""
        self.should_exit = True
