"""One POST of JSON to an address that the operator chose, answered in time or not at all.

The address may be inside, since it is the operator's own; nothing else is followed: no redirect,
no proxy. The time is for everything from the name to the last byte, however slowly those drip.
"""

from __future__ import annotations

import io
import re
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import Any, Final
from urllib.parse import urlsplit

LARGEST_ANSWER: Final = 256 * 1024
"""Bytes, head and all; an answer of ours is a few hundred."""

MOST_PLACES: Final = 6
_PORTS: Final = {"https": 443, "http": 80}
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*|[0-9A-Fa-f:.]+")
_TARGET = re.compile(r"[\x21-\x7e]*")
_KEY = re.compile(r"[\x21-\x7e]{1,4096}")

Timer = Callable[[], float]


class NoAnswer(Exception):
    """There is no answer to work with; ``reason`` is a sentence for the operator, and nothing in it
    is the other side's text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to ask, and the key that goes along."""

    scheme: str
    host: str
    port: int
    target: str
    key: str = field(repr=False)

    @property
    def shown(self) -> str:
        """As the Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def address_of(url: str, *, path: str, key: str) -> Address:
    """The *path* below the address *url*.

    Raises:
        ValueError: *url* is no http or https address with a host alone, or *key* is none that a
            header can carry; the key is not repeated.
    """
    parts = urlsplit(url)
    host = parts.hostname
    if parts.scheme not in _PORTS or host is None or _HOST.fullmatch(host) is None:
        raise ValueError("give an address such as https://models.example.net/v1")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("give an address without a name, a password, a query or a fragment")
    target = parts.path.rstrip("/") + path
    if _TARGET.fullmatch(target) is None:
        raise ValueError("give an address such as https://models.example.net/v1")
    if _KEY.fullmatch(key) is None:
        raise ValueError("give a key of printable ASCII characters without blanks")
    return Address(
        scheme=parts.scheme,
        host=host,
        port=parts.port or _PORTS[parts.scheme],
        target=target,
        key=key,
    )


def posted(
    body: bytes, address: Address, *, seconds: float, tls: ssl.SSLContext, timer: Timer
) -> bytes:
    """The answer to *body*, of at most :data:`LARGEST_ANSWER` bytes and within *seconds*.

    Raises:
        NoAnswer: none came in time, it is too large, or it is anything but 200.
    """
    ends_at = timer() + seconds
    try:
        with _connected(address, ends_at=ends_at, tls=tls, timer=timer) as connection:
            connection.settimeout(_left(ends_at, timer))
            connection.sendall(_request(body, address))
            return _answer(connection, ends_at=ends_at, timer=timer)
    except TimeoutError:
        raise NoAnswer(f"no answer within {seconds:g} s") from None
    except ssl.SSLCertVerificationError as wrong:
        raise NoAnswer(f"its certificate is not accepted: {wrong.verify_message}") from None
    except HTTPException:
        raise NoAnswer("what answers is not HTTP") from None
    except (OSError, UnicodeError) as wrong:
        why = getattr(wrong, "strerror", None) or "the connection broke"
        raise NoAnswer(f"it cannot be reached: {why}") from None


def _left(ends_at: float, timer: Timer) -> float:
    left = ends_at - timer()
    if left <= 0:
        raise TimeoutError
    return left


def _request(body: bytes, address: Address) -> bytes:
    lines = (
        f"POST {address.target} HTTP/1.1",
        f"host: {address.shown}",
        "user-agent: Tocsin",
        "accept: application/json",
        "accept-encoding: identity",
        "content-type: application/json",
        f"content-length: {len(body)}",
        f"authorization: Bearer {address.key}",
        "connection: close",
        "",
        "",
    )
    return "\r\n".join(lines).encode() + body


# -- connecting -----------------------------------------------------------------------------------


def _connected(
    address: Address, *, ends_at: float, tls: ssl.SSLContext, timer: Timer
) -> socket.socket:
    places = _places(address, seconds=_left(ends_at, timer))
    wrong: OSError = OSError("the name leads nowhere")
    for number, (family, place) in enumerate(places):
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            made.settimeout(_left(ends_at, timer) / (len(places) - number))
            made.connect(place)
            if address.scheme == "http":
                return made
            made.settimeout(_left(ends_at, timer))
            return tls.wrap_socket(made, server_hostname=address.host)
        except ssl.SSLError:
            made.close()
            raise
        except OSError as failed:
            made.close()
            wrong = failed
        except BaseException:
            # Whatever it is, it goes on, and nobody else would close this connection.
            made.close()
            raise
    raise wrong


def _places(
    address: Address, *, seconds: float
) -> Sequence[tuple[socket.AddressFamily, tuple[Any, ...]]]:
    """What the name leads to; the system's resolver cannot be told to stop, so it is left alone."""
    found: Future[list[Any]] = Future()

    def ask() -> None:
        try:
            found.set_result(
                socket.getaddrinfo(
                    address.host,
                    address.port,
                    type=socket.SOCK_STREAM,
                    proto=socket.IPPROTO_TCP,
                )
            )
        except (OSError, UnicodeError) as wrong:
            found.set_exception(wrong)

    threading.Thread(target=ask, name="tocsin-model-name", daemon=True).start()
    return [(family, place) for family, _, _, _, place in found.result(seconds)[:MOST_PLACES]]


# -- reading --------------------------------------------------------------------------------------


class _Reading(io.RawIOBase):
    """What a connection says, until the time or the measure is full."""

    def __init__(self, connection: socket.socket, *, ends_at: float, timer: Timer) -> None:
        self._connection = connection
        self._ends_at = ends_at
        self._timer = timer
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._connection.settimeout(_left(self._ends_at, self._timer))
        count = self._connection.recv_into(buffer)
        self._read += count
        if self._read > LARGEST_ANSWER:
            raise NoAnswer(f"its answer has more than {LARGEST_ANSWER:,} bytes")
        return count


class _Source:
    """As much of a socket as an HTTPResponse asks for."""

    def __init__(self, reading: _Reading) -> None:
        self._reading = reading

    def makefile(self, mode: str, *_: object) -> io.BufferedReader:
        return io.BufferedReader(self._reading)


def _answer(connection: socket.socket, *, ends_at: float, timer: Timer) -> bytes:
    source = _Source(_Reading(connection, ends_at=ends_at, timer=timer))
    with HTTPResponse(source, method="POST") as response:  # type: ignore[arg-type]
        response.begin()
        if 300 <= response.status < 400:
            raise NoAnswer(f"it answers {response.status}, and no redirect is followed")
        if response.status != 200:
            raise NoAnswer(f"it answers {response.status}")
        # Never more than the measure: a length that is announced would be set aside at once.
        return response.read(LARGEST_ANSWER)
