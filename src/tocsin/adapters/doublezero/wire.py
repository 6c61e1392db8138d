"""One POST of JSON to the address of a ledger that the operator chose, within time and measure.

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

MOST_PLACES: Final = 6
_PORTS: Final = {"https": 443, "http": 80}
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*|[0-9A-Fa-f:.]+")
_TARGET = re.compile(r"[\x21-\x7e]*")
_SECONDS = re.compile(r"[0-9]{1,5}")
_MEBIBYTE: Final = 1024 * 1024

Timer = Callable[[], float]


class NoAnswer(Exception):
    """There is no answer to work with; ``reason`` is a sentence for the operator that holds nothing
    of the other side's text, nor of the address, whose path may be a key.

    ``may_pass`` says that asking again may help, ``pause`` after how many seconds the other side
    wishes to be asked again, if it said so.
    """

    def __init__(self, reason: str, *, may_pass: bool, pause: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.may_pass = may_pass
        self.pause = pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to ask; the ``target`` may hold the operator's key."""

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)

    @property
    def shown(self) -> str:
        """As the Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def address_of(url: str) -> Address:
    """Where *url* leads.

    Raises:
        ValueError: it is no http or https address with a host alone; it is not repeated.
    """
    wanted = "give an address such as https://ledger.example.net/rpc"
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        raise ValueError(wanted) from None
    if scheme not in _PORTS or host is None or _HOST.fullmatch(host) is None:
        raise ValueError(wanted)
    if parts.username is not None or parts.fragment:
        raise ValueError("give an address without a name, a password or a fragment")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if _TARGET.fullmatch(target) is None:
        raise ValueError(wanted)
    return Address(scheme=scheme, host=host, port=port or _PORTS[scheme], target=target)


def posted(
    body: bytes,
    address: Address,
    *,
    seconds: float,
    largest: int,
    tls: ssl.SSLContext,
    timer: Timer,
) -> bytes:
    """The answer to *body*, of at most *largest* bytes, head and all, and within *seconds*.

    Raises:
        NoAnswer: none came in time, it is too large, or it is anything but 200.
    """
    ends_at = timer() + seconds
    try:
        with _connected(address, ends_at=ends_at, tls=tls, timer=timer) as connection:
            _send(connection, _request(body, address), ends_at=ends_at, timer=timer)
            reading = _Reading(connection, largest=largest, ends_at=ends_at, timer=timer)
            return _answer(reading, largest=largest)
    except TimeoutError:
        raise NoAnswer(f"no answer within {seconds:g} s", may_pass=True) from None
    except ssl.SSLCertVerificationError as wrong:
        raise NoAnswer(
            f"its certificate is not accepted: {wrong.verify_message}", may_pass=False
        ) from None
    except ssl.SSLError:
        raise NoAnswer("there is no TLS with it", may_pass=True) from None
    except HTTPException:
        raise NoAnswer("what answers is not HTTP, or breaks off", may_pass=True) from None
    except (OSError, UnicodeError) as wrong:
        why = getattr(wrong, "strerror", None) or "the connection broke"
        raise NoAnswer(f"it cannot be reached: {why}", may_pass=True) from None


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
        "connection: close",
        "",
        "",
    )
    return "\r\n".join(lines).encode() + body


def _send(connection: socket.socket, data: bytes, *, ends_at: float, timer: Timer) -> None:
    rest = memoryview(data)
    while rest:
        # Not sendall: over TLS that takes the whole time again for every part.
        connection.settimeout(_left(ends_at, timer))
        rest = rest[connection.send(rest) :]


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

    threading.Thread(target=ask, name="tocsin-ledger-name", daemon=True).start()
    return [(family, place) for family, _, _, _, place in found.result(seconds)[:MOST_PLACES]]


# -- reading --------------------------------------------------------------------------------------


class _Reading(io.RawIOBase):
    """What a connection says, until the time or the measure is full."""

    def __init__(
        self, connection: socket.socket, *, largest: int, ends_at: float, timer: Timer
    ) -> None:
        self._connection = connection
        self._largest = largest
        self._ends_at = ends_at
        self._timer = timer
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._connection.settimeout(_left(self._ends_at, self._timer))
        count = self._connection.recv_into(buffer)
        self._read += count
        if self._read > self._largest:
            raise NoAnswer(
                f"its answer has more than {self._largest / _MEBIBYTE:g} MiB", may_pass=False
            )
        return count


class _Source:
    """As much of a socket as an HTTPResponse asks for."""

    def __init__(self, reading: _Reading) -> None:
        self._reading = reading

    def makefile(self, mode: str, *_: object) -> io.BufferedReader:
        return io.BufferedReader(self._reading, 64 * 1024)


def _answer(reading: _Reading, *, largest: int) -> bytes:
    with HTTPResponse(_Source(reading), method="POST") as response:  # type: ignore[arg-type]
        response.begin()
        status = response.status
        if 300 <= status < 400:
            raise NoAnswer(f"it answers {status}, and no redirect is followed", may_pass=False)
        if status != 200:
            raise NoAnswer(
                f"it answers {status}",
                may_pass=status == 429 or status >= 500,
                pause=_pause(response.headers.get("retry-after", "")),
            )
        body = bytearray()
        # Part by part: a length that is announced would be set aside at once.
        while part := response.read(min(_MEBIBYTE, largest)):
            body += part
        if response.length:
            raise NoAnswer("its answer breaks off", may_pass=True)
        return bytes(body)


def _pause(said: str) -> float | None:
    return float(said) if _SECONDS.fullmatch(said) else None
