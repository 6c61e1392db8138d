"""What a host's name leads to, asked of the system's resolver without waiting for it for ever."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final

Place = tuple[socket.AddressFamily, tuple[Any, ...]]
"""Where to connect to: the family, and the address as a socket takes it (host, port, …)."""

Resolver = Callable[[str, int], Sequence[Place]]
"""Everything that a host and port lead to; an OSError or UnicodeError where that is nothing."""

MOST_AT_ONCE: Final = 64
"""Names that are asked for at once: the system's resolver cannot be told to stop."""


class ResolverBusy(OSError):
    """So many names are being asked for without an answer that no other one is asked for."""


def system_resolver(host: str, port: int) -> list[Place]:
    """What the system says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [(family, address) for family, _, _, _, address in found]


class Resolving:
    """Asks a resolver, and stops waiting when it is time; whoever asks for the same waits along.

    Called from many threads. A thread that got stuck in the resolver ends when that gives up, and
    does not keep the process from ending.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._lock = threading.Lock()
        self._asked: dict[tuple[str, int], Future[Sequence[Place]]] = {}

    def places(self, host: str, port: int, *, seconds: float) -> Sequence[Place]:
        """Everything that *host* and *port* lead to.

        Raises:
            TimeoutError: there was no answer within *seconds*.
            ResolverBusy: too many questions wait for an answer.
            OSError, UnicodeError: the name leads nowhere, or is none.
        """
        with self._lock:
            future = self._asked.get((host, port))
            if future is None:
                if len(self._asked) >= MOST_AT_ONCE:
                    raise ResolverBusy("too many names are being looked up without an answer")
                future = self._asked[host, port] = Future()
                threading.Thread(
                    target=self._ask, args=(host, port, future), name="resolver", daemon=True
                ).start()
        return future.result(seconds)

    def _ask(self, host: str, port: int, future: Future[Sequence[Place]]) -> None:
        try:
            future.set_result(self._resolver(host, port))
        except (OSError, UnicodeError) as wrong:
            future.set_exception(wrong)
        finally:
            with self._lock:
                del self._asked[host, port]
            # Whatever else went wrong is told by the thread itself; nobody shall wait for it.
            future.cancel()
