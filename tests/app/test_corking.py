"""Head and body of an answer go out together, and nothing of it is lost or held for long."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from typing import Any, Final, cast

import pytest

from tocsin.app.corking import LONGEST_HEAD, Corked, CorkedProtocol
from tocsin.app.listening import Server, bound

PATIENCE: Final = 20.0


class Wire:
    """A transport that remembers what it was given."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed_after: int | None = None

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.closed_after = len(self.written)

    def is_closing(self) -> bool:
        return self.closed_after is not None

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


async def the_next_round() -> None:
    """Let the event loop do what was to be done soon."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    loop.call_soon(done.set_result, None)
    await done


def test_what_is_written_in_one_round_goes_out_as_one() -> None:
    wire = Wire()

    async def answer() -> None:
        corked = Corked(cast("asyncio.Transport", wire), asyncio.get_running_loop())
        corked.write(b"head ")
        corked.write(b"body")
        assert wire.written == []
        await the_next_round()
        assert wire.written == [b"head body"]
        corked.write(b"event 1")
        await the_next_round()
        corked.write(b"event 2")
        await the_next_round()
        assert wire.written[1:] == [b"event 1", b"event 2"]

    asyncio.run(answer())


def test_closing_writes_what_is_held_first_and_only_once() -> None:
    wire = Wire()

    async def answer() -> None:
        corked = Corked(cast("asyncio.Transport", wire), asyncio.get_running_loop())
        corked.write(b"goodbye")
        corked.close()
        await the_next_round()

    asyncio.run(answer())
    assert wire.written == [b"goodbye"]
    assert wire.closed_after == 1


def test_everything_else_is_the_transports_own() -> None:
    wire = Wire()
    corked = Corked(cast("asyncio.Transport", wire), cast("asyncio.AbstractEventLoop", None))
    assert corked.get_extra_info("peername") == "the peername"
    assert not corked.is_closing()


# -- the head of a request -----------------------------------------------------------------------


async def answering(scope: Any, receive: Any, send: Any) -> None:
    """Says how long the body was."""
    assert scope["type"] == "http"
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message["body"]), message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d" % size})


def answered(
    request: bytes, *, protocol: type[CorkedProtocol] = CorkedProtocol, application: Any = answering
) -> bytes:
    """What a server on a free port answers to *request* at first."""
    taken = bound("127.0.0.1", 0)
    ready = threading.Event()
    server = Server(application, on_ready=ready.set, on_stopping=ready.clear)
    server.config.lifespan = "off"
    server.config.http = protocol
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
    thread.start()
    try:
        assert ready.wait(PATIENCE)
        with socket.create_connection(taken.getsockname(), timeout=PATIENCE) as client:
            client.sendall(request)
            return client.recv(65_536)
    finally:
        server.end()
        thread.join(PATIENCE)
        taken.close()


@pytest.mark.parametrize("line", [b"x", b"a: b\r\n"], ids=["one header", "many"])
def test_a_head_without_an_end_is_refused(line: bytes) -> None:
    # The last byte is one too many: all of it is read before it is refused.
    head = (b"GET / HTTP/1.1\r\nX: " + line * LONGEST_HEAD)[: LONGEST_HEAD + 1]

    said = answered(head)

    assert said.startswith(b"HTTP/1.1 431 ")
    assert json.loads(said.partition(b"\r\n\r\n")[2])["code"] == "too_large"


@pytest.mark.parametrize(
    "raw",
    [b"NONSENSE\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: \x00\r\n\r\n"],
)
def test_what_is_no_request_is_told_so_in_a_problem_document(raw: bytes) -> None:
    said = answered(raw)

    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head
    assert (json.loads(body)["status"], json.loads(body)["code"]) == (400, "malformed")


def test_a_long_head_that_ends_and_a_longer_body_are_read() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nX-Long: %b\r\nContent-Length: %d\r\n\r\n"

    said = answered(head % (b"x" * 100_000, 500_000) + b"x" * 500_000)

    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"\r\n500000\r\n" in said


# -- how long a request may take to come ---------------------------------------------------------


class Hasty(CorkedProtocol):
    """Waits for a head no longer than that."""

    head_seconds = 0.05


class HastyOfBodies(CorkedProtocol):
    """Waits for a body no longer than that."""

    body_seconds = 0.05


UNENDED_BODY: Final = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1234"


@pytest.mark.parametrize(
    ("begun", "protocol"),
    [(b"GET / HTTP/1.1\r\nHost: x\r\nX: ", Hasty), (UNENDED_BODY, HastyOfBodies)],
    ids=["head", "body"],
)
def test_a_request_that_takes_too_long_is_refused(
    begun: bytes, protocol: type[CorkedProtocol]
) -> None:
    said = answered(begun, protocol=protocol)

    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in head
    assert json.loads(body)["code"] == "malformed"


def test_a_connection_over_which_nothing_is_asked_is_let_go() -> None:
    assert answered(b"", protocol=Hasty) == b""


def test_a_request_that_came_in_time_may_take_as_long_as_it_takes() -> None:
    async def thoughtful(scope: Any, receive: Any, send: Any) -> None:
        later = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(4 * Hasty.head_seconds, later.set_result, None)
        await later
        await answering(scope, receive, send)

    whole = UNENDED_BODY + b"56789"
    for protocol in (Hasty, HastyOfBodies):
        said = answered(whole, protocol=protocol, application=thoughtful)
        assert said.startswith(b"HTTP/1.1 200 ")
        assert b"\r\n9\r\n" in said


def test_who_reads_a_body_that_does_not_come_is_told() -> None:
    gone = threading.Event()

    async def hopeful(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    answered(UNENDED_BODY, protocol=HastyOfBodies, application=hopeful)
    assert gone.wait(PATIENCE)
