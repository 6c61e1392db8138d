"""The client gets its answer in time and within bounds, whatever a receiver does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Event, Thread

import pytest

from tests.adapters.webhook.listening import (
    HOST,
    OK,
    Certificate,
    Heard,
    Receiver,
    receiving,
    saying,
    status,
)
from tocsin.adapters.webhook.client import LONGEST_IDLE, LONGEST_KEPT, Client, Unreachable
from tocsin.adapters.webhook.resolving import MOST_AT_ONCE, Place
from tocsin.adapters.webhook.wire import LONGEST_BODY, LONGEST_HEAD, Answer

SOON = 0.3
IN_TIME = 2.0


class Hands:
    """A timer that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def asking(timer: Hands | None = None) -> Iterator[Client]:
    """A client that may ask this machine."""
    client = (
        Client(allow_private=True) if timer is None else Client(allow_private=True, timer=timer)
    )
    with closing(client):
        yield client


def ask(
    client: Client, url: str, *, seconds: float = 5.0, body: bytes = b"{}", repeatable: bool = True
) -> Answer:
    """Post something."""
    return client.ask(
        "POST",
        url,
        headers={"webhook-id": "one"},
        body=body,
        seconds=seconds,
        repeatable=repeatable,
    )


def failure(client: Client, url: str, *, seconds: float = 5.0) -> str:
    """Post something, in vain; why."""
    with pytest.raises(Unreachable) as failed:
        ask(client, url, seconds=seconds)
    return failed.value.reason


def test_a_request_arrives_as_it_was_meant() -> None:
    with receiving() as receiver, asking() as client:
        answer = ask(client, receiver.url, body="Größe".encode())

    assert (answer.status, answer.body, answer.complete) == (200, b"thank you", True)
    assert receiver.only.line == "POST /hooks/noc?x=1 HTTP/1.1"
    assert receiver.only.body.decode() == "Größe"
    assert receiver.only.headers == {
        "host": f"{HOST}:{receiver.port}",
        "user-agent": "Tocsin",
        "accept-encoding": "identity",
        "content-length": "7",
        "webhook-id": "one",
    }


def test_a_redirect_is_answered_and_not_followed() -> None:
    with receiving() as elsewhere:
        moved = status("302 Found", f"Location: {elsewhere.url}", "Set-Cookie: a=b")
        with receiving(moved) as receiver, asking() as client:
            answers = [ask(client, receiver.url).status for _ in range(2)]

    assert answers == [302, 302]
    assert elsewhere.heard == []
    assert all("cookie" not in heard.headers for heard in receiver.heard)


def test_a_connection_is_kept_for_what_may_be_repeated() -> None:
    with receiving() as receiver, asking() as client:
        for _ in range(5):
            assert ask(client, receiver.url).status == 200
        assert receiver.connections == 1

        ask(client, receiver.url, repeatable=False)
        assert receiver.connections == 2


def test_a_connection_is_not_kept_for_long() -> None:
    timer = Hands()
    with receiving() as receiver, asking(timer) as client:
        ask(client, receiver.url)
        timer.now += LONGEST_IDLE - 1
        ask(client, receiver.url)
        assert receiver.connections == 1

        timer.now += LONGEST_IDLE + 1
        ask(client, receiver.url)
        assert receiver.connections == 2

        for _ in range(int(LONGEST_KEPT / (LONGEST_IDLE - 1)) + 1):
            timer.now += LONGEST_IDLE - 1
            ask(client, receiver.url)
        assert receiver.connections == 3


def test_what_rests_is_closed_though_its_host_is_not_asked_again() -> None:
    timer = Hands()
    ended = Event()

    def answer(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
        connection.sendall(OK)
        if connection.recv(1) == b"":
            ended.set()
        return False

    with receiving(answer) as left, receiving() as receiver, asking(timer) as client:
        ask(client, left.url)
        timer.now += LONGEST_IDLE + 1
        ask(client, receiver.url)

        assert ended.wait(IN_TIME)


def test_a_kept_connection_that_was_closed_is_made_anew() -> None:
    def answer(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
        if receiver.connections == 1 and len(receiver.heard) == 2:
            return False  # closed at the moment of the second request
        connection.sendall(OK)
        return True

    with receiving(answer) as receiver, asking() as client:
        assert [ask(client, receiver.url).status for _ in range(2)] == [200, 200]

    assert receiver.connections == 2
    assert len(receiver.heard) == 3


def test_a_connection_that_was_closed_behind_an_answer_is_not_used() -> None:
    with receiving(saying(OK, keep=False)) as receiver, asking() as client:
        assert [ask(client, receiver.url).status for _ in range(3)] == [200] * 3

    assert (receiver.connections, len(receiver.heard)) == (3, 3)


def test_what_came_unasked_is_no_answer() -> None:
    with receiving(OK + status("500 Twice")) as receiver, asking() as client:
        assert [ask(client, receiver.url).status for _ in range(3)] == [200] * 3


def test_many_ask_at_once_over_as_many_connections() -> None:
    with receiving() as receiver, asking() as client, ThreadPoolExecutor(8) as workers:
        answers = list(workers.map(lambda _: ask(client, receiver.url).status, range(200)))

    assert answers == [200] * 200
    assert receiver.connections <= 8


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\ntill the end", b"till the end"),
        (b"HTTP/1.0 200 OK\r\n\r\n", b""),
        (status("200 OK", "Connection: close", body=b"bye"), b"bye"),
    ],
)
def test_an_answer_may_end_with_its_connection(answer: bytes, seen: bytes) -> None:
    def once(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
        connection.sendall(answer)
        return False

    with receiving(once) as receiver, asking() as client:
        found = [ask(client, receiver.url) for _ in range(2)]

    assert [(one.body, one.complete) for one in found] == [(seen, True)] * 2
    assert receiver.connections == 2


def test_an_answer_in_chunks_is_put_together() -> None:
    chunks = (
        b"HTTP/1.1 201 Made\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    )
    with receiving(chunks) as receiver, asking() as client:
        found = [ask(client, receiver.url) for _ in range(2)]

    assert [(one.status, one.body, one.complete) for one in found] == [(201, b"abcde", True)] * 2
    assert receiver.connections == 1


def test_answers_before_the_answer_are_passed_over() -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    with receiving(early + OK) as receiver, asking() as client:
        answers = [ask(client, receiver.url).status for _ in range(2)]

    assert answers == [200, 200]
    assert receiver.connections == 1


def test_of_a_huge_answer_only_the_beginning_is_read() -> None:
    sent = bytearray()

    def flood(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        while True:
            sent.extend(b"x" * connection.send(b"x" * 65_536))

    with receiving(flood) as receiver, asking() as client:
        answer = ask(client, receiver.url)

        assert (answer.status, answer.complete) == (200, False)
        assert answer.body == b"x" * LONGEST_BODY
    assert len(sent) < 50_000_000


@pytest.mark.parametrize(
    "endless",
    [b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 60_000, b"HTTP/1.1 200 OK\r\nX: y\r\n" * 9_000],
)
def test_a_head_that_does_not_end_is_no_answer(endless: bytes) -> None:
    assert len(endless) > LONGEST_HEAD
    with receiving(endless) as receiver, asking() as client, pytest.raises(Unreachable) as failed:
        ask(client, receiver.url)

    assert failed.value.reason in (
        f"{HOST} answers with a head that does not end",
        f"{HOST} answers something that is not HTTP",
    )


@pytest.mark.parametrize("drop", [b"H", b"HTTP/1.1 200 OK\r\nContent-Le", b"x"])
def test_a_drip_of_a_head_ends_in_time(drop: bytes) -> None:
    def drip(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
        connection.sendall(drop)
        while not receiver.closing.wait(0.02):
            connection.sendall(b"x")
        return False

    with receiving(drip) as receiver, asking() as client:
        began = time.monotonic()
        with pytest.raises(Unreachable) as failed:
            ask(client, receiver.url, seconds=SOON)
        took = time.monotonic() - began

    assert failed.value.reason == f"{HOST} did not answer in time"
    assert SOON <= took < IN_TIME


def test_a_drip_of_a_body_ends_in_time_and_the_status_counts() -> None:
    def drip(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 5000\r\n\r\n")
        while not receiver.closing.wait(0.02):
            connection.sendall(b"x")
        return False

    with receiving(drip) as receiver, asking() as client:
        began = time.monotonic()
        answer = ask(client, receiver.url, seconds=SOON)
        took = time.monotonic() - began

    assert (answer.status, answer.complete) == (202, False)
    assert SOON <= took < IN_TIME


def test_a_drip_ends_in_time_over_tls(papers: Certificate) -> None:
    def drip(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
        while not receiver.closing.wait(0.02):
            connection.sendall(b"H")
        return False

    with (
        receiving(drip, tls=papers.shown) as receiver,
        closing(Client(allow_private=True, tls=papers.trusted)) as client,
    ):
        began = time.monotonic()
        reason = failure(client, f"https://{HOST}:{receiver.port}/", seconds=SOON)
        took = time.monotonic() - began

    assert reason == f"{HOST} did not answer in time"
    assert SOON <= took < IN_TIME


def test_a_receiver_that_does_not_read_is_given_up_in_time() -> None:
    with socket.create_server((HOST, 0)) as deaf, asking() as client:
        url = f"http://{HOST}:{deaf.getsockname()[1]}/"
        began = time.monotonic()
        with pytest.raises(Unreachable) as failed:
            ask(client, url, seconds=SOON, body=bytes(50_000_000))

    assert failed.value.reason == f"{HOST} did not answer in time"
    assert time.monotonic() - began < IN_TIME


def test_an_answer_that_came_before_all_was_sent_counts() -> None:
    with socket.create_server((HOST, 0)) as hasty:

        def refuse() -> None:
            connection, _ = hasty.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(status("413 Too Large"))

        refusing = Thread(target=refuse)
        refusing.start()
        with asking() as client:
            url = f"http://{HOST}:{hasty.getsockname()[1]}/"
            answer = ask(client, url, body=bytes(10_000_000))
        refusing.join()

    assert answer.status == 413


def test_a_dropped_connection_is_told_as_such() -> None:
    def drop(receiver: Receiver, connection: socket.socket, heard: Heard) -> bool:
        return False

    with receiving(drop) as receiver, asking() as client, pytest.raises(Unreachable) as failed:
        ask(client, receiver.url)

    assert failed.value.reason == f"{HOST} closed the connection without an answer"
    assert len(receiver.heard) == 1


def test_what_is_not_http_is_told_as_such() -> None:
    with (
        receiving(b"220 mail.example.org ESMTP\r\n") as receiver,
        asking() as client,
        pytest.raises(Unreachable) as failed,
    ):
        ask(client, receiver.url)

    assert failed.value.reason == f"{HOST} answers something that is not HTTP"


def test_where_nobody_listens_nobody_is_reached() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
    with asking() as client, pytest.raises(Unreachable) as failed:
        ask(client, f"http://{HOST}:{port}/")

    assert failed.value.reason == f"{HOST} refuses the connection"


def test_the_next_address_of_a_name_is_tried() -> None:
    with socket.create_server((HOST, 0)) as taken:
        closed = taken.getsockname()[1]
    with receiving() as receiver:

        def resolve(host: str, port: int) -> list[Place]:
            return [(socket.AF_INET, (HOST, one)) for one in (closed, receiver.port)]

        with closing(Client(allow_private=True, resolver=resolve)) as client:
            assert ask(client, "http://hooks.example.net/x").status == 200

    assert receiver.only.headers["host"] == "hooks.example.net"


def test_a_resolver_that_does_not_answer_is_given_up_in_time() -> None:
    done = Event()

    def resolve(host: str, port: int) -> list[Place]:
        done.wait(IN_TIME)
        return []

    with closing(Client(allow_private=True, resolver=resolve)) as client:
        began = time.monotonic()
        slow = [failure(client, "http://slow.example.net/", seconds=SOON / 2) for _ in range(2)]
        took = time.monotonic() - began
        others = [
            failure(client, f"http://slow-{number}.example.net/", seconds=0.001)
            for number in range(MOST_AT_ONCE)
        ]
        done.set()

    assert slow == ["the name slow.example.net was not resolved in time"] * 2
    assert took < IN_TIME
    assert others[-2] == f"the name slow-{MOST_AT_ONCE - 2}.example.net was not resolved in time"
    assert others[-1] == f"the name slow-{MOST_AT_ONCE - 1}.example.net cannot be resolved"


@pytest.mark.parametrize("wrong", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
def test_a_name_that_leads_nowhere_is_told_as_such(wrong: OSError | UnicodeError) -> None:
    def resolve(host: str, port: int) -> list[Place]:
        raise wrong

    with closing(Client(allow_private=True, resolver=resolve)) as client:
        for _ in range(2):
            with pytest.raises(Unreachable) as failed:
                ask(client, "http://nowhere.example.net/")
            assert failed.value.reason == "the name nowhere.example.net cannot be resolved"


@pytest.mark.parametrize(("name", "value"), [("x", "a\r\nb: c"), ("x\r\ny", "a"), ("x", "é")])
def test_a_header_that_would_be_two_is_an_error(name: str, value: str) -> None:
    with receiving() as receiver, asking() as client:
        with pytest.raises(ValueError, match="cannot be sent"):
            client.ask("POST", receiver.url, headers={name: value}, seconds=1.0, repeatable=False)
        assert receiver.heard == []


def test_a_proxy_of_the_environment_is_not_asked() -> None:
    program = (
        "import sys; from tocsin.adapters.webhook.client import Client\n"
        "client = Client(allow_private=True)\n"
        "print(client.ask('POST', sys.argv[1], headers={}, seconds=5.0, repeatable=True).status)\n"
        "client.close()\n"
    )
    with receiving(status("500 Proxy")) as proxy, receiving() as receiver:
        address = f"http://{HOST}:{proxy.port}"
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        environment = {name: address for one in names for name in (one, one.lower())}
        ran = subprocess.run(
            [sys.executable, "-c", program, receiver.url],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=True,
        )

    assert ran.stdout == "200\n"
    assert proxy.heard == []
    assert len(receiver.heard) == 1
