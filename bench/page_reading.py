"""A public page read at a steady pace, whether or not the server keeps up: an open loop.

What is noted is when the first byte of each answer was there, from when its request was due. It is
a process of its own, so that its work is never taken from the server's interpreter.
"""

from __future__ import annotations

import argparse
import json
import select
import socket
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Final

from bench.exchange import RECEIVE_BYTES, SILENCE, Unanswered, end_of, status_of
from bench.load import quantile

MOST_CONNECTIONS: Final = 256
OK: Final = b"200"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a round came to: seconds from when a request was due to the first byte of its answer."""

    answers: int
    p50: float
    p99: float
    longest: float
    connections: int
    bytes_each: int


def run(port: int, *, path: str, rate: float, requests: int, warm_up: int) -> Reading:
    """Ask for *path* as often as *requests* after *warm_up* that do not count, *rate* a second.

    Raises:
        Unanswered: an answer was not 200, or there was none.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    poll = select.epoll()
    sockets: dict[int, socket.socket] = {}
    free: deque[int] = deque()
    due: dict[int, tuple[float, bool]] = {}
    partial: dict[int, bytes] = {}
    latencies: list[float] = []
    clock = time.perf_counter
    began, sent, done, size = clock(), 0, 0, 0
    wanted = warm_up + requests
    try:
        while done < wanted:
            while sent < wanted and clock() >= began + sent / rate:
                if not free:
                    free.append(_connected(port, sockets, poll))
                handle = free.popleft()
                due[handle] = (began + sent / rate, sent >= warm_up)
                sockets[handle].sendall(request)
                sent += 1
            pause = began + sent / rate - clock() if sent < wanted else SILENCE
            ready = poll.poll(max(pause, 0.0))
            if not ready and sent == wanted:
                raise Unanswered(f"{len(due)} requests had no answer")
            for handle, _event in ready:
                received = sockets[handle].recv(RECEIVE_BYTES)
                if not received:
                    raise Unanswered("a connection was closed")
                if handle not in partial and due[handle][1]:
                    latencies.append(clock() - due[handle][0])
                answer = partial.pop(handle, b"") + received
                end = end_of(answer)
                if end is None or len(answer) < end:
                    partial[handle] = answer
                    continue
                if status_of(answer) != OK:
                    raise Unanswered(answer[:1_000].decode("latin-1"))
                del due[handle]
                free.append(handle)
                done, size = done + 1, len(answer)
    finally:
        poll.close()
        for connection in sockets.values():
            connection.close()
    ordered = sorted(latencies)
    return Reading(
        answers=len(ordered),
        p50=quantile(ordered, 0.50),
        p99=quantile(ordered, 0.99),
        longest=ordered[-1],
        connections=len(sockets),
        bytes_each=size,
    )


def _connected(port: int, sockets: dict[int, socket.socket], poll: select.epoll) -> int:
    if len(sockets) == MOST_CONNECTIONS:
        raise Unanswered(f"{MOST_CONNECTIONS} requests have no answer yet")
    connection = socket.create_connection(("127.0.0.1", port), timeout=SILENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    handle = connection.fileno()
    sockets[handle] = connection
    poll.register(handle, select.EPOLLIN)
    return handle


def main() -> int:
    """Run one round and print its figures as one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.page_reading", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--rate", type=float, required=True, help="requests a second")
    parser.add_argument("--requests", type=int, required=True)
    parser.add_argument("--warm-up", type=int, default=200, help="requests that do not count")
    given = parser.parse_args()
    figures = run(
        given.port, path=given.path, rate=given.rate, requests=given.requests, warm_up=given.warm_up
    )
    print(json.dumps(asdict(figures)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
