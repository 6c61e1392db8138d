"""Ways in which a server does not answer as it should."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from tests.adapters.webhook.listening import Heard, Receiver

Manner = Callable[[Receiver, socket.socket, Heard], bool]


def hanging(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
    """Say nothing until the test is over."""
    receiver.closing.wait()
    return False


def dripping(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
    """Answer, one byte at a time, without an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not receiver.closing.wait(0.02):
        connection.sendall(b"1\r\n \r\n")
    return False


def dripping_head(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
    """Begin with a head that never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not receiver.closing.wait(0.02):
        connection.sendall(b"X: y\r\n"[:1])
    return False


def flooding(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
    """Answer more and more."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
    while not receiver.closing.is_set():
        connection.sendall(b"x" * 65_536)
    return False


@contextmanager
def sipping(listener: socket.socket, tls: ssl.SSLContext | None) -> Iterator[None]:
    """Take whatever the one caller of *listener* says, a little at a time, until the block ends."""
    over = Event()

    def sip() -> None:
        caller, _ = listener.accept()
        with caller if tls is None else tls.wrap_socket(caller, server_side=True) as talking:
            while not over.wait(0.02) and talking.recv(1_024):
                pass

    thread = Thread(target=sip)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
