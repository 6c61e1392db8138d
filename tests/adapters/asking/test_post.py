"""One POST: what is sent, what is believed, and that nobody is waited for without an end."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path

import pytest

from tests.adapters.asking.answering import answering
from tests.adapters.asking.manners import (
    Manner,
    dripping,
    dripping_head,
    flooding,
    hanging,
    sipping,
)
from tests.adapters.webhook.listening import certificate, receiving, saying, status
from tocsin.adapters.asking.post import Post
from tocsin.core.asking import JSON, NoAnswer

LARGEST = 128 * 1024
NOT_HTTP = "what answers is not HTTP, or breaks off"
TOO_LARGE = "its answer has more than 131,072 bytes"
LONG = b"x" * (2 * 1024 * 1024)


def post(url: str, *, seconds: float = 5, tls: ssl.SSLContext | None = None) -> Post:
    """Asks at *url* as a test does."""
    headers = {"authorization": "Token 100%d"}
    return Post(url, content=JSON, headers=headers, seconds=seconds, largest=LARGEST, tls=tls)


def missing(answer: Manner | bytes, *, seconds: float = 5) -> NoAnswer:
    """Why there is no answer to work with."""
    how = saying(answer, keep=False) if isinstance(answer, bytes) else answer
    with receiving(how) as receiver, pytest.raises(NoAnswer) as none:
        post(receiver.url, seconds=seconds).answer(b"{}")
    return none.value


def test_what_is_asked_and_answered() -> None:
    with receiving(status("200 OK", body=b"well")) as receiver:
        asking = post(f"http://127.0.0.1:{receiver.port}/100%25?key=%d")

        assert asking.answer(b"how are you?") == b"well"
        assert asking.host == "127.0.0.1"

    heard = receiver.only
    assert heard.line == "POST /100%25?key=%d HTTP/1.1"
    assert heard.body == b"how are you?"
    assert heard.headers == {
        "host": f"127.0.0.1:{receiver.port}",
        "user-agent": "Tocsin",
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "content-length": "12",
        "connection": "close",
        "authorization": "Token 100%d",
    }


def test_an_answer_comes_in_pieces() -> None:
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    body = b"x" * 100_000
    with receiving(saying(chunked + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))) as receiver:
        assert b"".join(post(receiver.url).pieces(b"")) == body


@pytest.mark.parametrize(
    ("answer", "reason", "may_pass", "pause"),
    [
        (status("500 Oh", body=b"secret"), "it answers 500", True, None),
        (status("503 Later", "Retry-After: 7"), "it answers 503", True, 7.0),
        (status("429 Slowly", "Retry-After: soon"), "it answers 429", True, None),
        (status("401 Who"), "it answers 401", False, None),
        (status("204 Nothing"), "it answers 204", False, None),
        (b"SSH-2.0-OpenSSH_9.6\r\n", NOT_HTTP, True, None),
        (b"", NOT_HTTP, True, None),
        (status("200 OK", body=b"all of it")[:-3], "its answer breaks off", True, None),
        (status("200 OK", body=b"x" * LARGEST), TOO_LARGE, False, None),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 99_999, NOT_HTTP, True, None),
    ],
)
def test_what_is_no_answer(answer: bytes, reason: str, may_pass: bool, pause: float | None) -> None:
    none = missing(answer)

    assert (none.reason, none.may_pass, none.pause) == (reason, may_pass, pause)


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    assert missing(flooding).reason == TOO_LARGE


@pytest.mark.parametrize("line", ["301 Moved", "302 Found", "307 There", "308 There for good"])
def test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else(line: str) -> None:
    with receiving(status("200 OK")) as elsewhere:
        none = missing(status(line, f"Location: http://127.0.0.1:{elsewhere.port}/"))

    assert none.reason == f"it answers {line[:3]}, and no redirect is followed"
    assert not none.may_pass
    assert elsewhere.heard == []


@pytest.mark.parametrize("manner", [hanging, dripping, dripping_head])
def test_it_takes_no_longer_than_it_may(manner: Manner) -> None:
    before = time.monotonic()

    none = missing(manner, seconds=0.2)

    assert (none.reason, none.may_pass) == ("no answer within 0.2 s", True)
    assert time.monotonic() - before < 3


@pytest.mark.parametrize("over_tls", [False, True])
def test_who_takes_the_question_slowly_gets_no_more_time(tmp_path: Path, over_tls: bool) -> None:
    """It reads as little as keeps a single part of the question going, and never all of it."""
    shown = certificate(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        scheme = "https" if over_tls else "http"
        asking = post(
            f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/",
            seconds=0.5,
            tls=shown.trusted if over_tls else None,
        )
        before = time.monotonic()
        with sipping(listener, shown.shown if over_tls else None):
            with pytest.raises(NoAnswer, match=r"no answer within 0\.5 s"):
                asking.answer(LONG)
            assert time.monotonic() - before < 3


def test_it_speaks_tls_with_whom_it_trusts_alone(tmp_path: Path) -> None:
    shown = certificate(tmp_path)
    with receiving(status("200 OK", body=b"well"), tls=shown.shown) as receiver:
        url = f"https://127.0.0.1:{receiver.port}/"

        assert post(url, tls=shown.trusted).answer(b"{}") == b"well"
        with pytest.raises(NoAnswer, match="its certificate is not accepted") as none:
            post(url).answer(b"{}")

    assert not none.value.may_pass


def test_what_speaks_no_tls_is_not_asked() -> None:
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as server:
        asking = post(server.url.replace("http:", "https:"))

        with pytest.raises(NoAnswer, match="there is no TLS with it") as none:
            asking.answer(b"{}")

    assert none.value.may_pass


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    for url in (f"http://127.0.0.1:{port}/", f"http://{'a' * 64}.example/", "http://a.invalid/"):
        with pytest.raises(NoAnswer, match="it cannot be reached") as none:
            post(url).answer(b"{}")
        assert none.value.may_pass
