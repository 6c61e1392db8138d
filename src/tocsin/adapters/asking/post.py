"""One POST, answered in time and measure or not at all.

The address may be inside, since it is the operator's own; nothing else is followed: no redirect,
no proxy. The time is for everything from the name to the last byte, however slowly those drip.
"""

from __future__ import annotations

import io
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import cache
from http.client import HTTPException, HTTPResponse
from typing import Any, Final

from tocsin.adapters.asking.address import Address, address_of, checked_headers
from tocsin.core.asking import NoAnswer

MOST_PLACES: Final = 6
"""Addresses of one name that are tried, each for its share of the time that is left."""

_PIECE: Final = 256 * 1024
_SECONDS = re.compile(r"[0-9]{1,5}")

Timer = Callable[[], float]


class Post:
    """Keeps :class:`tocsin.core.asking.Asking`; how it is made is
    :class:`tocsin.core.asking.OpenAsking`.

    ``tls`` says whom to trust (the system's authorities), ``timer`` how time passes.
    """

    def __init__(
        self,
        url: str,
        *,
        below: str = "",
        content: str,
        headers: Mapping[str, str],
        seconds: float,
        largest: int,
        tls: ssl.SSLContext | None = None,
        timer: Timer = time.monotonic,
    ) -> None:
        """Raises ValueError for an address that is none, and a header that cannot be sent."""
        self._address = address_of(url, below=below)
        self._head = _head_of(self._address, content, checked_headers(headers))
        self._seconds = seconds
        self._largest = largest
        self._tls = tls
        self._timer = timer

    @property
    def host(self) -> str:
        """Who is asked, without a port or a path."""
        return self._address.host

    def answer(self, body: bytes) -> bytes:
        """The whole answer to *body*.

        Raises:
            NoAnswer: none came in time, it is too large, or it is anything but 200.
        """
        return b"".join(self.pieces(body))

    def pieces(self, body: bytes) -> Iterator[bytes]:
        """The answer to *body* as it comes, for one that is not held as a whole; the time is for
        what the caller does with a piece too.

        Raises:
            NoAnswer: as :meth:`answer`, and at any piece.
        """
        left = _Left(self._timer, self._seconds)
        try:
            with _connected(self._address, left, tls=self._tls) as connection:
                _send(connection, self._head % len(body) + body, left)
                yield from _answered(_Heard(connection, left, largest=self._largest))
        except TimeoutError:
            raise NoAnswer(f"no answer within {self._seconds:g} s", may_pass=True) from None
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


class _Left:
    """The seconds that are left of those for one answer; asked for when there are none, it raises
    TimeoutError."""

    def __init__(self, timer: Timer, seconds: float) -> None:
        self._timer = timer
        self._ends_at = timer() + seconds

    def __call__(self) -> float:
        left = self._ends_at - self._timer()
        if left <= 0:
            raise TimeoutError
        return left


def _head_of(address: Address, content: str, headers: Mapping[str, str]) -> bytes:
    """What comes before a body, with a place for its length."""
    lines = [
        f"POST {address.target} HTTP/1.1",
        f"host: {address.shown}",
        "user-agent: Tocsin",
        "accept: application/json",
        "accept-encoding: identity",
        f"content-type: {content}",
        "connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    # A path or a key may have a per cent sign of its own.
    return "\r\n".join(lines).encode().replace(b"%", b"%%") + b"\r\ncontent-length: %d\r\n\r\n"


def _send(connection: socket.socket, data: bytes, left: _Left) -> None:
    rest = memoryview(data)
    while rest:
        # Not sendall: over TLS that takes the whole time again for every part.
        connection.settimeout(left())
        rest = rest[connection.send(rest) :]


# -- connecting -----------------------------------------------------------------------------------


@cache
def _trust() -> ssl.SSLContext:
    """The machine's certificate authorities: read when first somebody is spoken to over TLS."""
    return ssl.create_default_context()


def _connected(address: Address, left: _Left, *, tls: ssl.SSLContext | None) -> socket.socket:
    places = _places(address, seconds=left())
    wrong: OSError = OSError("the name leads nowhere")
    for number, (family, place) in enumerate(places):
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            made.settimeout(left() / (len(places) - number))
            made.connect(place)
            if address.scheme == "http":
                return made
            made.settimeout(left())
            return (tls or _trust()).wrap_socket(made, server_hostname=address.host)
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

    def resolve() -> None:
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

    threading.Thread(target=resolve, name="tocsin-resolving", daemon=True).start()
    return [(family, place) for family, _, _, _, place in found.result(seconds)[:MOST_PLACES]]


# -- reading --------------------------------------------------------------------------------------


class _Heard(io.RawIOBase):
    """What a connection says, until the time or the measure is full."""

    def __init__(self, connection: socket.socket, left: _Left, *, largest: int) -> None:
        self._connection = connection
        self._left = left
        self._largest = largest
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._connection.settimeout(self._left())
        count = self._connection.recv_into(buffer)
        self._count += count
        if self._count > self._largest:
            raise NoAnswer(f"its answer has more than {self._largest:,} bytes", may_pass=False)
        return count


class _Source:
    """As much of a socket as an HTTPResponse asks for."""

    def __init__(self, heard: _Heard) -> None:
        self._heard = heard

    def makefile(self, mode: str, *_: object) -> io.BufferedReader:
        return io.BufferedReader(self._heard, _PIECE)


def _answered(heard: _Heard) -> Iterator[bytes]:
    with HTTPResponse(_Source(heard), method="POST") as response:  # type: ignore[arg-type]
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
        # Piece by piece: a length that is announced would be set aside at once.
        while piece := response.read(_PIECE):
            yield piece
        if response.length:
            raise NoAnswer("its answer breaks off", may_pass=True)


def _pause(said: str) -> float | None:
    return float(said) if _SECONDS.fullmatch(said) else None
