"""Closed-loop HTTP/1.1 over kept-alive connections of loopback, as cheap as can be.

One thread, one ``epoll``, prebuilt bytes: each connection sends its next request when the answer to
its last one is complete, so as many requests are under way as there are connections.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from typing import Final

RECEIVE_BYTES: Final = 65_536
SILENCE: Final = 60
"""Seconds without any answer after which the server is given up."""

_KEY_HOLE: Final = b"\x00key\x00"


class Unanswered(Exception):
    """The server closed or broke a connection, or answered what is not HTTP with a length."""


def request_parts(*, method: str, path: str, body: bytes, token: str | None) -> tuple[bytes, bytes]:
    """A JSON request before and after its idempotency key, ready for the wire."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    head = "\r\n".join(lines).encode() + b"\r\nIdempotency-Key: " + _KEY_HOLE + b"\r\n\r\n"
    before, after = (head + body).split(_KEY_HOLE)
    return before, after


def status_of(answer: bytes) -> bytes:
    """The three digits of the status line."""
    return answer[9:12]


def body_of(answer: bytes) -> bytes:
    """What follows the head."""
    return answer.partition(b"\r\n\r\n")[2]


def exchange(
    *ports: int,
    connections: int,
    next_request: Callable[[], bytes | None],
    take: Callable[[bytes, float, float], None],
) -> None:
    """Keep *connections* requests under way, as many at each of *ports*, until there are no more.

    *take* gets each whole answer with the instants (``perf_counter``) of sending and receiving.

    Raises:
        Unanswered: a connection ended without an answer, or an answer had no length.
    """
    poll = select.epoll()
    sockets: dict[int, socket.socket] = {}
    partial: dict[int, bytes] = {}
    sent_at: dict[int, float] = {}
    clock = time.perf_counter
    try:
        for number in range(connections):
            address = ("127.0.0.1", ports[number % len(ports)])
            connection = socket.create_connection(address, timeout=SILENCE)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            handle = connection.fileno()
            sockets[handle] = connection
            partial[handle] = b""
            poll.register(handle, select.EPOLLIN)
        for handle, connection in sockets.items():
            request = next_request()
            if request is not None:
                sent_at[handle] = clock()
                connection.sendall(request)
        while sent_at:
            ready = poll.poll(SILENCE)
            if not ready:
                raise Unanswered(f"{len(sent_at)} requests had no answer for {SILENCE} seconds")
            for handle, _event in ready:
                connection = sockets[handle]
                answer = connection.recv(RECEIVE_BYTES)
                if not answer:
                    raise Unanswered("the server closed a connection")
                if partial[handle]:
                    answer = partial[handle] + answer
                end = end_of(answer)
                if end is None or len(answer) < end:
                    partial[handle] = answer
                    continue
                if len(answer) > end:
                    raise Unanswered("an answer was longer than it said")
                partial[handle] = b""
                now = clock()
                started = sent_at.pop(handle)
                request = next_request()
                if request is not None:
                    sent_at[handle] = now
                    connection.sendall(request)
                # After the next request is on its way: the server need not wait for this.
                take(answer, started, now)
    finally:
        poll.close()
        for connection in sockets.values():
            connection.close()


def end_of(answer: bytes) -> int | None:
    """The length of the whole answer that starts here; ``None`` while its head is incomplete."""
    head_end = answer.find(b"\r\n\r\n")
    if head_end < 0:
        return None
    mark = answer.find(b"content-length: ", 0, head_end)
    if mark < 0:
        mark = answer.lower().find(b"content-length: ", 0, head_end)
        if mark < 0:
            raise Unanswered(answer[:200].decode("latin-1"))
    return head_end + 4 + int(answer[mark + 16 : answer.index(b"\r", mark)])
