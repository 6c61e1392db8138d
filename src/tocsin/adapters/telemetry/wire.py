"""One POST of a form to an address that the operator chose, answered in time or not at all.

The address may be inside, since it is the operator's own; nothing else is followed: no redirect,
no proxy. The time is for everything from the name to the last byte, however slowly those drip, and
an answer has a largest size.
"""

from __future__ import annotations

import io
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

MOST_PLACES: Final = 6
_PORTS: Final = {"https": 443, "http": 80}
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*|[0-9A-Fa-f:.]+")
_TARGET = re.compile(r"[\x21-\x7e]*")
_HEADER = re.compile(r"[\x20-\x7e]{0,4096}")

Timer = Callable[[], float]


class NoAnswer(Exception):
    """There is no answer to work with; ``reason`` is a sentence for the operator, and nothing in it
    is the other side's text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to ask."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def shown(self) -> str:
        """As the Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def address_of(url: str, *, path: str) -> Address:
    """The *path* below the address *url*.

    Raises:
        ValueError: *url* is no http or https address with a host alone.
    """
    parts = urlsplit(url)
    host = parts.hostname
    if parts.scheme not in _PORTS or host is None or _HOST.fullmatch(host) is None:
        raise ValueError("give an address such as https://telemetry.example.net")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("give an address without a name, a password, a query or a fragment")
    target = parts.path.rstrip("/") + path
    if _TARGET.fullmatch(target) is None:
        raise ValueError("give an address such as https://telemetry.example.net")
    port = parts.port or _PORTS[parts.scheme]
    return Address(scheme=parts.scheme, host=host, port=port, target=target)


def checked_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """*headers*, if they can be sent.

    Raises:
        ValueError: one cannot; its value is not repeated.
    """
    for name, value in headers.items():
        if _HEADER.fullmatch(value) is None:
            raise ValueError(f"{name} has characters that no header can carry")
    return headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How an address is asked: with these headers, within so many seconds, for an answer of at most
    so many bytes."""

    address: Address
    headers: Mapping[str, str]
    seconds: float
    largest_answer: int
    tls: ssl.SSLContext
    timer: Timer

    def post(self, form: Mapping[str, str]) -> bytes:
        """The answer to *form*.

        Raises:
            NoAnswer: none came in time, it is too large, or it is anything but 200.
        """
        return b"".join(self.pieces(form))

    def pieces(self, form: Mapping[str, str]) -> Iterator[bytes]:
        """The answer to *form* as it comes, for one that is not held as a whole; the time is for
        what the caller does with a piece too.

        Raises:
            NoAnswer: as :meth:`post`, and at any piece.
        """
        ends_at = self.timer() + self.seconds
        try:
            with self._connected(ends_at) as connection:
                connection.settimeout(_left(ends_at, self.timer))
                connection.sendall(self._request(urlencode(form).encode()))
                yield from self._answer(connection, ends_at)
        except TimeoutError:
            raise NoAnswer(f"no answer within {self.seconds:g} s") from None
        except ssl.SSLCertVerificationError as wrong:
            raise NoAnswer(f"its certificate is not accepted: {wrong.verify_message}") from None
        except HTTPException:
            raise NoAnswer("what answers is not HTTP, or breaks off") from None
        except (OSError, UnicodeError) as wrong:
            why = getattr(wrong, "strerror", None) or "the connection broke"
            raise NoAnswer(f"it cannot be reached: {why}") from None

    def _request(self, body: bytes) -> bytes:
        lines = [
            f"POST {self.address.target} HTTP/1.1",
            f"host: {self.address.shown}",
            "user-agent: Tocsin",
            "accept: application/json",
            "accept-encoding: identity",
            "content-type: application/x-www-form-urlencoded",
            f"content-length: {len(body)}",
            "connection: close",
            *(f"{name}: {value}" for name, value in self.headers.items()),
            "",
            "",
        ]
        return "\r\n".join(lines).encode() + body

    # -- connecting --------------------------------------------------------------------------------

    def _connected(self, ends_at: float) -> socket.socket:
        places = self._places(_left(ends_at, self.timer))
        wrong: OSError = OSError("the name leads nowhere")
        for number, (family, place) in enumerate(places):
            made = socket.socket(family, socket.SOCK_STREAM)
            try:
                made.settimeout(_left(ends_at, self.timer) / (len(places) - number))
                made.connect(place)
                if self.address.scheme == "http":
                    return made
                made.settimeout(_left(ends_at, self.timer))
                return self.tls.wrap_socket(made, server_hostname=self.address.host)
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

    def _places(self, seconds: float) -> Sequence[tuple[socket.AddressFamily, tuple[Any, ...]]]:
        """What the name leads to; the system's resolver cannot be told to stop, so it is left
        alone."""
        found: Future[list[Any]] = Future()

        def ask() -> None:
            try:
                found.set_result(
                    socket.getaddrinfo(
                        self.address.host,
                        self.address.port,
                        type=socket.SOCK_STREAM,
                        proto=socket.IPPROTO_TCP,
                    )
                )
            except (OSError, UnicodeError) as wrong:
                found.set_exception(wrong)

        threading.Thread(target=ask, name="tocsin-telemetry-name", daemon=True).start()
        return [(family, place) for family, _, _, _, place in found.result(seconds)[:MOST_PLACES]]

    # -- reading -----------------------------------------------------------------------------------

    def _answer(self, connection: socket.socket, ends_at: float) -> Iterator[bytes]:
        source = _Source(_Reading(connection, ends_at=ends_at, timer=self.timer))
        with HTTPResponse(source, method="POST") as response:  # type: ignore[arg-type]
            response.begin()
            if 300 <= response.status < 400:
                raise NoAnswer(f"it answers {response.status}, and no redirect is followed")
            if response.status != 200:
                raise NoAnswer(f"it answers {response.status}")
            # Never more than the measure: a length that is announced would be set aside at once.
            size = 0
            while piece := response.read(_PIECE):
                size += len(piece)
                if size > self.largest_answer:
                    raise NoAnswer(f"its answer has more than {self.largest_answer:,} bytes")
                yield piece
            if response.length:
                raise NoAnswer("its answer breaks off")


_PIECE: Final = 256 * 1024


def _left(ends_at: float, timer: Timer) -> float:
    left = ends_at - timer()
    if left <= 0:
        raise TimeoutError
    return left


class _Reading(io.RawIOBase):
    """What a connection says, until the time is over."""

    def __init__(self, connection: socket.socket, *, ends_at: float, timer: Timer) -> None:
        self._connection = connection
        self._ends_at = ends_at
        self._timer = timer

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._connection.settimeout(_left(self._ends_at, self._timer))
        return self._connection.recv_into(buffer)


class _Source:
    """As much of a socket as an HTTPResponse asks for."""

    def __init__(self, reading: _Reading) -> None:
        self._reading = reading

    def makefile(self, mode: str, *_: object) -> io.BufferedReader:
        return io.BufferedReader(self._reading, _PIECE)
