"""Tickets opened at a steady pace, whether or not the server keeps up: an open loop.

Each is sent at its own time on a connection that is free, or on a new one. What is noted is when
each answer was there, by the ticket's id; a process of its own, so that its work is never taken
from the server's interpreter.
"""

from __future__ import annotations

import argparse
import json
import select
import socket
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from bench.exchange import RECEIVE_BYTES, SILENCE, Unanswered, end_of, request_parts, status_of
from bench.load import CREATED, ID_LENGTH, ID_MARK, quantile
from bench.tickets import INCIDENT_BODY, ORG

MOST_CONNECTIONS: Final = 256


@dataclass(frozen=True, slots=True)
class Pace:
    """What a steady round came to. Times in seconds from when a request was due to its answer."""

    tickets: int
    p50: float
    p99: float
    longest: float
    connections: int


@dataclass(slots=True)
class Opened:
    """What was acknowledged: the id of each ticket with the instant of its answer."""

    due_at: dict[int, float] = field(default_factory=dict)
    partial: dict[int, bytes] = field(default_factory=dict)
    acknowledged: list[tuple[bytes, float]] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    def take(self, handle: int, received: bytes, now: float) -> bool:
        """Whether the answer on *handle* is whole. Raises: Unanswered when it is not 201."""
        answer = self.partial.pop(handle, b"") + received
        end = end_of(answer)
        if not received or (end is not None and len(answer) > end):
            raise Unanswered(answer[:200].decode("latin-1") or "a connection was closed")
        if end is None or len(answer) < end:
            self.partial[handle] = answer
            return False
        if status_of(answer) != CREATED:
            raise Unanswered(answer[:1000].decode("latin-1"))
        mark = answer.find(ID_MARK) + len(ID_MARK)
        self.acknowledged.append((answer[mark : mark + ID_LENGTH], now))
        self.latencies.append(now - self.due_at.pop(handle))
        return True


def run(
    port: int, *, path: str, token: str | None, name: str, rate: float, tickets: int
) -> tuple[Pace, list[tuple[bytes, float]]]:
    """Open *tickets*, *rate* of them a second; their ids with the instants of their answers.

    Raises:
        Unanswered: an answer was not 201, or there was none.
    """
    before, after = request_parts(method="POST", path=path, body=INCIDENT_BODY, token=token)
    poll = select.epoll()
    sockets: dict[int, socket.socket] = {}
    # The longest unused goes first: none is idle until the server ends it.
    free: deque[int] = deque()
    opened = Opened()
    clock = time.perf_counter
    began, sent = clock(), 0
    try:
        while len(opened.acknowledged) < tickets:
            while sent < tickets and clock() >= began + sent / rate:
                if not free:
                    free.append(_connected(port, sockets, poll))
                handle = free.popleft()
                opened.due_at[handle] = began + sent / rate
                sockets[handle].sendall(b"%b%b-%d%b" % (before, name.encode(), sent, after))
                sent += 1
            pause = began + sent / rate - clock() if sent < tickets else SILENCE
            ready = poll.poll(max(pause, 0.0))
            if not ready and sent == tickets:
                raise Unanswered(f"{len(opened.due_at)} requests had no answer")
            for handle, _event in ready:
                received = sockets[handle].recv(RECEIVE_BYTES)
                if opened.take(handle, received, clock()):
                    free.append(handle)
    finally:
        poll.close()
        for connection in sockets.values():
            connection.close()
    ordered = sorted(opened.latencies)
    pace = Pace(
        tickets=tickets,
        p50=quantile(ordered, 0.50),
        p99=quantile(ordered, 0.99),
        longest=ordered[-1],
        connections=len(sockets),
    )
    return pace, opened.acknowledged


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
    """Run one round; its figures as a line of JSON, its tickets and their instants in a file."""
    parser = argparse.ArgumentParser(prog="python -m bench.steady", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default=f"/v1/orgs/{ORG}/tickets")
    parser.add_argument("--token", help="read from standard input when given as -")
    parser.add_argument("--rate", type=float, required=True, help="tickets a second")
    parser.add_argument("--tickets", type=int, required=True)
    parser.add_argument("--run-name", default=f"steady-{time.time_ns()}")
    parser.add_argument("--acknowledged", type=Path, required=True, help="file: id, instant")
    arguments = parser.parse_args()
    token = sys.stdin.readline().strip() if arguments.token == "-" else arguments.token
    pace, acknowledged = run(
        arguments.port,
        path=arguments.path,
        token=token,
        name=arguments.run_name,
        rate=arguments.rate,
        tickets=arguments.tickets,
    )
    arguments.acknowledged.write_bytes(
        b"".join(b"%b %.6f\n" % (identity, at) for identity, at in acknowledged)
    )
    print(json.dumps(asdict(pace)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
