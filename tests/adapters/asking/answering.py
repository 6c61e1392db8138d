"""A server that answers what a test tells it to, byte for byte, and keeps what it was asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs

HOST: Final = "127.0.0.1"
LARGEST_REQUEST: Final = 1 << 20
TLS_HANDSHAKE: Final = b"\x16"


@dataclass(slots=True)
class Answering:
    """Its address, what it says to everyone, and what it was asked; without ``hangs_up`` it says
    nothing more and leaves the line open until the test is over."""

    url: str
    says: bytes
    hangs_up: bool = True
    asked: list[bytes] = field(default_factory=list)

    @property
    def forms(self) -> list[dict[str, str]]:
        """The forms that it was sent."""
        bodies = (request.partition(b"\r\n\r\n")[2].decode() for request in self.asked)
        return [{name: values[0] for name, values in parse_qs(body).items()} for body in bodies]


def said(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    """An answer with *body*."""
    head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


@contextmanager
def answering(says: bytes, *, hangs_up: bool = True) -> Iterator[Answering]:
    """A server on a free port, gone with the block."""
    over = threading.Event()
    with socket.create_server((HOST, 0)) as listening:
        server = Answering(
            url=f"http://{HOST}:{listening.getsockname()[1]}", says=says, hangs_up=hangs_up
        )
        serving = threading.Thread(target=_serve, args=(listening, server, over))
        serving.start()
        try:
            yield server
        finally:
            over.set()
            # Whoever waits for a caller has one now, and sees that it is over.
            with socket.create_connection(listening.getsockname()):
                pass
            serving.join()


def _serve(listening: socket.socket, server: Answering, over: threading.Event) -> None:
    while True:
        caller, _ = listening.accept()
        with caller:
            if over.is_set():
                return
            server.asked.append(_request(caller))
            try:
                caller.sendall(server.says)
                if not server.hangs_up:
                    over.wait()
            except ConnectionError:
                # It has heard enough, and hung up.
                pass


def _request(caller: socket.socket) -> bytes:
    request = b""
    while len(request) < LARGEST_REQUEST:
        head, ended, body = request.partition(b"\r\n\r\n")
        if ended:
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            if len(body) >= length:
                break
        came = caller.recv(65_536)
        request += came
        if not came or request[:1] == TLS_HANDSHAKE:
            break
    return request
