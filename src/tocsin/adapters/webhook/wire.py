"""One connection, and one exchange over it: bounded in time and in what is taken in.

HTTP/1.1 is written here and read by the standard library, which has no redirects, no proxies, no
cookies, and logs nothing: an address may hold a secret in its path.
"""

from __future__ import annotations

import io
import select
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LONGEST_BODY: Final = 64 * 1024
"""Bytes of an answer's body that are read; where there are more, the connection is closed."""

LONGEST_HEAD: Final = 32 * 1024
"""Bytes of an answer's first lines that are read."""

Timer = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. Names of headers are small letters; of equal ones the first counts.

    ``body`` is at most ``LONGEST_BODY`` bytes; ``complete`` is false where that is not all, because
    it was longer, too slow, or broken off.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool


class NothingHeard(Exception):
    """The connection was closed before any byte of an answer: nobody may have read the request."""


class HeadTooLong(HTTPException):
    """An answer whose first lines do not end."""


class Wire:
    """A connection that is open; used by one thread at a time.

    ``opened_at`` and ``used_at`` are seconds of ``timer``.
    """

    def __init__(self, connection: socket.socket | ssl.SSLSocket, *, timer: Timer) -> None:
        self._socket = connection
        self._timer = timer
        self._ends_at = 0.0
        self._heard = 0
        self._allowed = 0
        self._reader = _Reader(_Heard(self._hear))
        self.opened_at = self.used_at = timer()

    def exchange(self, request: bytes, *, method: str, ends_at: float) -> tuple[Answer, bool]:
        """Send *request*, which was made for *method*, and read what is answered until *ends_at*;
        also whether the connection may be used again.

        Raises:
            NothingHeard: it was closed before any answer.
            TimeoutError: there was no whole head of an answer in time.
            OSError, HTTPException: it broke, or what came is not HTTP.
        """
        self._ends_at, self._heard, self._allowed = ends_at, 0, LONGEST_HEAD
        self._reader = _Reader(_Heard(self._hear))
        try:
            self._send(request)
            response = self._final(method)
        except TimeoutError:
            raise
        except (OSError, HTTPException) as broken:
            if self._heard:
                raise
            raise NothingHeard from broken
        with response:
            # The framing of a body takes bytes besides it, as many as a head at most.
            self._allowed = self._heard + LONGEST_BODY + LONGEST_HEAD
            body, complete = _body_of(response)
            headers: dict[str, str] = {}
            for name, value in response.headers.items():
                headers.setdefault(name.lower(), value)
            reusable = complete and not response.will_close
        self.used_at = self._timer()
        return Answer(response.status, headers, body, complete), reusable

    def is_quiet(self) -> bool:
        """Whether it is open and nothing has come that nobody asked for."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def makefile(self, mode: str) -> io.BufferedReader:
        """What an answer is read from."""
        return self._reader

    def _send(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                # Not sendall: over TLS that takes the whole time again for every part.
                self._wait_at_most()
                rest = rest[self._socket.send(rest) :]
        except (BrokenPipeError, ConnectionResetError):
            # Whoever does not want to read it all may have said so already.
            return

    def _final(self, method: str) -> HTTPResponse:
        """The answer, behind the ones that only say that there will be one."""
        while True:
            # It only ever asks what it is given for a file to read from.
            response = HTTPResponse(cast(socket.socket, self), method=method)
            response.begin()
            if response.status >= 200:
                return response

    def _hear(self, buffer: WriteableBuffer) -> int:
        if self._heard >= self._allowed:
            raise HeadTooLong("what was answered does not end")
        self._wait_at_most()
        count = self._socket.recv_into(buffer)
        self._heard += count
        return count

    def _wait_at_most(self) -> None:
        left = self._ends_at - self._timer()
        if left <= 0:
            raise TimeoutError("timed out")
        self._socket.settimeout(left)


class _Reader(io.BufferedReader):
    """What several answers are read from: none of them closes it for the next."""

    def close(self) -> None:
        """Leave it open; what is below it is closed by itself."""


class _Heard(io.RawIOBase):
    """A file that is read from a connection; closing it leaves the connection open."""

    def __init__(self, hear: Callable[[Any], int]) -> None:
        self._hear = hear

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        return self._hear(buffer)


def _body_of(response: HTTPResponse) -> tuple[bytes, bool]:
    """As much of the body as there is and may be read; and whether that is all.

    The status is known by now, so whatever goes wrong here does not change what was said.
    """
    read = bytearray()
    try:
        while len(read) < LONGEST_BODY:
            part = response.read1(LONGEST_BODY - len(read))
            if not part:
                return bytes(read), not response.length
            read += part
        return bytes(read), response.length == 0
    except (OSError, HTTPException):
        return bytes(read), False
