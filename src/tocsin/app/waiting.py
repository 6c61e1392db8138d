"""A server whose database is away when it starts: it waits, and shows the copies it has meanwhile.

Who has no copies has nothing to show, and is told at once what is wrong.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, MutableMapping
from typing import Any, Final

import structlog

from tocsin.app.house import now
from tocsin.app.listening import Server
from tocsin.store.contract import StorageFailed, Store
from tocsin.web.status.copies import Copies
from tocsin.web.status.gallery import Gallery, Listed
from tocsin.web.status.serving import Receive, Scope, Send, StatusPages
from tocsin.web.status.view import PageView

log = structlog.get_logger(__name__)

AGAIN_SECONDS: Final = 2.0
_ALIVE: Final = b'{"status":"ok"}'
_AWAY: Final = (
    b'{"type":"about:blank","title":"Service Unavailable","status":503,'
    b'"detail":"The database is away; try again soon."}'
)


def opened_in_time(
    opening: Callable[[], Store], *, copies: Copies, taken: socket.socket, default_page: str | None
) -> Store:
    """What *opening* opens, at once or when the database is there again.

    Raises:
        DatabaseTooNew: the database asks for newer code.
        StorageFailed: the database cannot be opened, and there are no *copies* to show.
    """
    try:
        return opening()
    except StorageFailed as failed:
        if not copies.slugs():
            raise
        waiting = _Waiting(opening, pages=_pages(copies, default_page), why=failed.reason)
    # The listening socket is shared: whoever knocks between the two servers is not turned away.
    with taken.dup() as shared:
        waiting.server.run(sockets=[shared])
    return waiting.result()


def _pages(copies: Copies, default_page: str | None) -> StatusPages:
    gallery = Gallery(look=_no_look, listed=_no_list, copies=copies, clock=now)
    return StatusPages(gallery, default_page=default_page)


async def _no_look(_slug: str) -> PageView | None:
    raise StorageFailed("the database is away")


async def _no_list() -> Listed:
    raise StorageFailed("the database is away")


class _Waiting:
    """The server of the time in between, which ends as soon as the database opens."""

    def __init__(self, opening: Callable[[], Store], *, pages: StatusPages, why: str) -> None:
        self._opening = opening
        self._pages = pages
        self._why = why
        self._trying: asyncio.Task[Store] | None = None
        self.server = Server(self, on_ready=self._begin, on_stopping=self._end)

    def result(self) -> Store:
        """The store; ends the process where it was told to stop before."""
        if self._trying is None or self._trying.cancelled() or not self._trying.done():
            raise SystemExit(0)
        return self._trying.result()

    def _begin(self) -> None:
        log.warning(
            "the database is away; until it is back only copies of status pages are shown",
            action="waiting_for_database",
            reason=self._why,
        )
        self._trying = asyncio.get_running_loop().create_task(self._try())
        self._trying.add_done_callback(lambda _done: self.server.end())

    def _end(self) -> None:
        if self._trying is not None:
            self._trying.cancel()

    async def _try(self) -> Store:
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            found = (
                await asyncio.gather(asyncio.to_thread(self._opening), return_exceptions=True)
            )[0]
            if isinstance(found, StorageFailed):
                continue
            if isinstance(found, BaseException):
                raise found
            return found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif self._pages.answers(scope["path"]):
            await self._pages(scope, receive, send)
        elif scope["path"] == "/healthz":
            await _say(send, 200, _ALIVE, b"application/json")
        else:
            await _say(send, 503, _AWAY, b"application/problem+json")


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message: MutableMapping[str, Any] = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _say(send: Send, status: int, body: bytes, content_type: bytes) -> None:
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    if status == 503:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
