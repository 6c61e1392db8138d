"""A receiver of webhooks in a process of its own, as cheap as can be; it notes what arrives when.

One thread, one ``epoll``, kept-alive connections, prebuilt answers. A POST is a delivery and is
answered in the way that was last asked for; a GET asks something of the receiver itself. Instants
are of ``CLOCK_MONOTONIC``, which all processes of a Linux machine share with ``perf_counter``.
"""

from __future__ import annotations

import argparse
import select
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Final

RECEIVE_BYTES: Final = 262_144
BACKLOG: Final = 256

MANNERS: Final = ("take", "fail", "hang", "close")
"""``take`` answers 204, ``fail`` 500, ``hang`` nothing, ``close`` ends the connection."""

_TAKEN: Final = b"HTTP/1.1 204 No Content\r\n\r\n"
_FAILED: Final = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
_NOT_FOUND: Final = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
_STREAM: Final = b'"stream":"'


@dataclass(slots=True)
class Noted:
    """One delivery: its event's stream, the instant of its first arrival, how often it came.

    ``refused`` counts the times it was not taken; only a delivery that was taken has *arrived*.
    """

    stream: bytes
    arrived: float = 0.0
    taken: int = 0
    refused: int = 0


@dataclass(slots=True)
class Receiver:
    """What has arrived, in the order of its coming, and how the next is answered."""

    manner: str = "take"
    noted: dict[bytes, Noted] = field(default_factory=dict)
    arrived: int = 0

    def answer(self, head: bytes, body: bytes, now: float) -> bytes | None:
        """The answer to one whole request; empty: none at all; ``None``: close the connection."""
        if head.startswith(b"POST "):
            return self._receive(head, body, now)
        if head.startswith(b"GET "):
            return self._tell(head[4 : head.index(b" ", 4)].decode("latin-1"))
        return _NOT_FOUND

    def _receive(self, head: bytes, body: bytes, now: float) -> bytes | None:
        identity = _between(head.lower(), b"\r\nwebhook-id: ", b"\r")
        noted = self.noted.get(identity)
        if noted is None:
            noted = self.noted[identity] = Noted(_between(body, _STREAM, b'"'))
        if self.manner == "take":
            if noted.taken == 0:
                noted.arrived = now
                self.arrived += 1
            noted.taken += 1
            return _TAKEN
        noted.refused += 1
        if self.manner == "fail":
            return _FAILED
        return b"" if self.manner == "hang" else None

    def _tell(self, path: str) -> bytes:
        """``/answer/MANNER`` sets the manner; ``/count``, ``/arrivals`` and ``/forget`` tell."""
        manner = path.removeprefix("/answer/")
        if manner in MANNERS:
            self.manner = manner
            return _told(b"")
        if path == "/count":
            return _told(b"%d" % self.arrived)
        if path == "/arrivals":
            return _told(b"".join(_line(*one) for one in self.noted.items() if one[1].taken))
        if path == "/forget":
            self.noted.clear()
            self.arrived = 0
            return _told(b"")
        return _NOT_FOUND


def _between(text: bytes, mark: bytes, end: bytes) -> bytes:
    """What stands between the first *mark* and the next *end*; empty where there is no mark."""
    at = text.find(mark)
    return b"" if at < 0 else text[at + len(mark) : text.index(end, at + len(mark))]


def _line(identity: bytes, noted: Noted) -> bytes:
    """One line of ``/arrivals``: delivery id, stream, instant, repeats."""
    return b"%b %b %.6f %d\n" % (identity, noted.stream, noted.arrived, noted.taken - 1)


def _told(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def serve(listening: socket.socket, receiver: Receiver) -> None:
    """Answer whoever connects, until the process is ended."""
    poll = select.epoll()
    door = listening.fileno()
    poll.register(door, select.EPOLLIN)
    sockets: dict[int, socket.socket] = {}
    partial: dict[int, bytes] = {}
    while True:
        for handle, _event in poll.poll():
            if handle == door:
                connection, _ = listening.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sockets[connection.fileno()] = connection
                partial[connection.fileno()] = b""
                poll.register(connection.fileno(), select.EPOLLIN)
                continue
            connection = sockets[handle]
            try:
                left = _read(connection, partial[handle], receiver)
            except (ConnectionError, ValueError):
                left = None
            if left is None:
                del partial[handle], sockets[handle]
                connection.close()
            else:
                partial[handle] = left


def _read(connection: socket.socket, before: bytes, receiver: Receiver) -> bytes | None:
    """Read once and answer what is whole; what is left of it, ``None`` when it is over.

    Raises:
        ConnectionError: the other side is gone.
        ValueError: what was sent is not HTTP.
    """
    received = connection.recv(RECEIVE_BYTES)
    now = time.perf_counter()
    if not received:
        return None
    text = before + received if before else received
    while (end := _end_of(text)) is not None:
        head_end, whole = end
        if len(text) < whole:
            break
        answer = receiver.answer(text[: head_end + 2], text[head_end + 4 : whole], now)
        if answer is None:
            return None
        if answer:
            connection.sendall(answer)
        text = text[whole:]
    return text


def _end_of(text: bytes) -> tuple[int, int] | None:
    """Where the head and the whole of the first request end; ``None`` while its head is partial."""
    head_end = text.find(b"\r\n\r\n")
    if head_end < 0:
        return None
    length = _between(text[: head_end + 2].lower(), b"\r\ncontent-length: ", b"\r")
    return head_end, head_end + 4 + int(length or b"0")


def main() -> int:
    """Receive on the given port until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m bench.receiver", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--answer", choices=MANNERS, default="take")
    arguments = parser.parse_args()
    with socket.create_server(("127.0.0.1", arguments.port), backlog=BACKLOG) as listening:
        serve(listening, Receiver(manner=arguments.answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
