"""One packet for one answer, and an end to every request.

The HTTP server hands head and body of an answer to the system one after the other. Each handing
over costs as much as making a good part of the answer, so both are held until the event loop's next
round, and go together.

The parser reads the head of a request however long it is. Who sends one without an end would fill
the memory, with no key at all, so what does not end within a bound is refused. Nor does it mind how
long a request takes to come: who sends one byte a minute, over a thousand connections, would keep
everybody else out, so what does not end in time is refused, too.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

LONGEST_HEAD: Final = 131_072
"""Bytes that have come of a request whose head has not ended, at most."""

HEAD_SECONDS: Final = 60.0
"""How long the head of a request may take to come; of a new connection, from its beginning."""

BODY_SECONDS: Final = 300.0
"""How long the body may take; 5 MiB come in that time over the slowest lines there are."""


def _refusal(status: int, reason: str, *, title: str, code: str, detail: str) -> bytes:
    """An answer to what never became a request, whole: a problem document, and the end."""
    problem = {
        "type": f"/docs#{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": "",
        "errors": [],
    }
    body = json.dumps(problem).encode()
    head = (
        f"HTTP/1.1 {status} {reason}\r\ncontent-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


_TOO_LONG: Final = _refusal(
    431,
    "Request Header Fields Too Large",
    title="Too large",
    code="too_large",
    detail="the head of the request does not end within 128 KiB",
)
_TOO_SLOW: Final = _refusal(
    408,
    "Request Timeout",
    title="Malformed request",
    code="malformed",
    detail="the request did not come whole in time",
)
_NO_HTTP: Final = _refusal(
    400,
    "Bad Request",
    title="Malformed request",
    code="malformed",
    detail="this is not HTTP as it is spoken here, or an address of more than 64 KiB",
)


class Corked:
    """A transport that writes what was written in one round of the event loop at its end.

    Everything else of it is the transport's own.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Hold *data* until the round ends."""
        if not self._held:
            self._loop.call_soon(self._let_go)
        self._held.append(data)

    def close(self) -> None:
        """Close it once everything is written."""
        self._let_go()
        self._transport.close()

    def _let_go(self) -> None:
        if self._held:
            held, self._held = self._held, []
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class CorkedProtocol(HttpToolsProtocol):
    """HTTP over such transports, for requests that end, and in time."""

    head_seconds = HEAD_SECONDS
    body_seconds = BODY_SECONDS

    _unended = 0
    """Bytes that came since a head last ended, or some of a body was read."""
    _has_head = False
    """Whether there is the head of a request, and its body has not ended."""
    _deadline: asyncio.TimerHandle | None = None
    _is_of_body = False
    """What ``_deadline`` is of."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        super().connection_made(cast("asyncio.Transport", Corked(transport, self.loop)))
        self._deadline = self.loop.call_later(self.head_seconds, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some of a request has come."""
        self._unended += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._unended > LONGEST_HEAD:
            self.transport.write(_TOO_LONG)
            self.transport.close()
        elif not self._has_head and not self._unended:
            # As good as every request comes in one piece, and needs no deadline.
            self._in_time()
        elif self._deadline is None or self._is_of_body != self._has_head:
            self._in_time()
            self._is_of_body = self._has_head
            seconds = self.body_seconds if self._has_head else self.head_seconds
            self._deadline = self.loop.call_later(seconds, self._too_slow)

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._unended = 0
        self._has_head = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of the body has come; how much of that is read is the application's to say."""
        self._unended = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has ended."""
        self._unended = 0
        self._has_head = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Say that no request was read."""
        self.transport.write(_NO_HTTP)
        self.transport.close()

    def _in_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        """Say so to who has begun a request, unless an answer is on its way; let go of them."""
        self._deadline = None
        if self._has_head:
            may_say = not self.cycle.response_started
        else:
            before: RequestResponseCycle | None = self.cycle
            may_say = self._unended > 0 and (before is None or before.response_complete)
        if may_say:
            self.transport.write(_TOO_SLOW)
        self.transport.close()
