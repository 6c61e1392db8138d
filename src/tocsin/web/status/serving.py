"""Public pages over HTTP: what is asked for, from memory, with headers that keep readers safe.

Addresses are those of :mod:`tocsin.web.status.forms` below ``/status/{page}``; there are the assets
that pages load too, and ``/list``, the list of the page that stands for this server. Whoever asks
for a page that is not there gets the same answer whatever else is there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, quote

from tocsin.core.status_pages import is_slug
from tocsin.store.contract import StorageFailed
from tocsin.web.status import addresses, forms, pages
from tocsin.web.status.document import Document
from tocsin.web.status.gallery import Gallery
from tocsin.web.status.printing import (
    FOR_EVER,
    FOR_NOW,
    NOT_CACHED,
    PREFLIGHT,
    Headers,
    Printed,
    accepts_gzip,
    is_known,
    printed,
    security,
)
from tocsin.web.status.subscribing import NAMES, SUBSCRIBE, Subscribing

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Observe = Callable[[str, int], None]
"""Told of each answer: the form in one word, and the status."""

BELOW: Final = "/status/"
ASSETS: Final = "/assets/"
LIST: Final = "/list"
STATUSPAGE: Final = f"/{addresses.STATUSPAGE}/"
"""What clients of a Statuspage ask a host for, whatever the address of its page is."""

LONGEST_PATH: Final = 1_024
_METHODS: Final = b"GET, HEAD, OPTIONS"
_PROBLEM: Final = b"application/problem+json"
_NO_PAGE: Final = (
    b'{"type":"about:blank","title":"Not Found","status":404,"code":"not_found",'
    b'"detail":"there is nothing public at this address","request_id":"","errors":[]}'
)
_AWAY: Final = (
    b'{"type":"about:blank","title":"Service Unavailable","status":503,"code":"unavailable",'
    b'"detail":"try again in a moment","request_id":"","errors":[]}'
)
_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_SINCE_EVER: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Last-Modified of assets, whose address says what they are."""


class StatusPages:
    """The ASGI application of all public pages.

    ``default_page`` is the slug of the page whose list stands at :data:`LIST`, if any does;
    ``subscribing`` answers below pages where one can subscribe.
    """

    def __init__(
        self,
        gallery: Gallery,
        *,
        default_page: str | None = None,
        observe: Observe | None = None,
        subscribing: Subscribing | None = None,
    ) -> None:
        self._subscribing = subscribing
        self._gallery = gallery
        self._default_page = default_page
        self._observe = observe

    def answers(self, path: str) -> bool:
        """Whether *path* is one of those that this application is for."""
        if path.startswith((BELOW, ASSETS)):
            return True
        return self._default_page is not None and (path == LIST or _asks_statuspage(path))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path: str = scope["path"]
        answer = _Answer(scope, send)
        kind = "asset"
        if path.startswith(ASSETS):
            await _asset(answer, path.removeprefix(ASSETS))
        elif path == LIST and self._default_page is not None:
            kind = addresses.CRASH_LIST
            await self._form(answer, self._default_page, addresses.CRASH_LIST)
        elif _asks_statuspage(path) and self._default_page is not None:
            name = path.removeprefix("/")
            kind = _kind(name)
            await self._form(answer, self._default_page, name)
        else:
            slug, _, name = path.removeprefix(BELOW).partition("/")
            if self._subscribing is not None and name in NAMES:
                kind = SUBSCRIBE
                await self._subscribe(self._subscribing, answer, slug, name, scope, receive)
            else:
                kind = _kind(name)
                await self._below(answer, path, slug, name)
        if self._observe is not None:
            self._observe(kind, answer.status)

    async def _below(self, answer: _Answer, path: str, slug: str, name: str) -> None:
        if path.endswith("/") and slug and len(path) <= LONGEST_PATH:
            # Each thing has one address; a query goes along, and no other host can be named.
            await answer.moved(BELOW + quote(path.removeprefix(BELOW).strip("/"), safe="/"))
        else:
            await self._form(answer, slug, name)

    async def _subscribe(
        self,
        subscribing: Subscribing,
        answer: _Answer,
        slug: str,
        name: str,
        scope: Scope,
        receive: Receive,
    ) -> None:
        try:
            shown = await self._gallery.find(slug) if is_slug(slug) else None
        except StorageFailed:
            await answer.short(503, _AWAY, _PROBLEM, machine=True, more=((b"retry-after", b"5"),))
            return
        if shown is None:
            await _no_page(answer, machine=False)
            return
        answer.status = await subscribing(shown, name, scope, receive, answer.send)

    async def _form(self, answer: _Answer, slug: str, name: str) -> None:
        machine = forms.is_machine_form(name)
        if not await answer.may_read(machine=machine):
            return
        if not is_slug(slug) or len(name) > LONGEST_PATH:
            await _no_page(answer, machine=machine)
            return
        shown = self._gallery.on_show(slug)
        # Most are served here: no waiting for anything.
        held = None if shown is None or answer.query else shown.held(name)
        if held is not None:
            await answer.printed(held)
            return
        if shown is None:
            try:
                shown = await self._gallery.find(slug)
            except StorageFailed:
                await answer.short(
                    503, _AWAY, _PROBLEM, machine=True, more=((b"retry-after", b"5"),)
                )
                return
        if shown is None:
            await _no_page(answer, machine=machine)
            return
        found = await shown.form(name, service=_service(answer.query))
        if found is not None:
            await answer.printed(found)
        elif machine:
            await answer.short(404, _NO_PAGE, _PROBLEM, machine=True)
        else:
            await answer.short(404, shown.missing(), pages.CONTENT_TYPE.encode(), machine=False)


class _Answer:
    """The one answer to a request."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.send = send
        self.method: str = scope["method"]
        self.query: bytes = scope.get("query_string", b"")
        self._headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        self.status = 0

    async def may_read(self, *, machine: bool) -> bool:
        """Whether something is asked for; if not, this was the answer."""
        if self.method in ("GET", "HEAD"):
            return True
        allowed: Headers = ((b"allow", _METHODS),)
        if self.method == "OPTIONS":
            await self._put(204, (*allowed, *(PREFLIGHT if machine else ())), b"")
        else:
            await self._put(405, (*allowed, *security(machine=machine)), b"")
        return False

    async def printed(self, form: Printed) -> None:
        """A form, or that the reader has it already."""
        known, takes_gzip = b"", False
        for name, value in self._headers:
            if name == b"if-none-match":
                known = value
            elif name == b"accept-encoding":
                takes_gzip = accepts_gzip(value)
        body, etag, headers = form.body, form.etag, form.headers
        if takes_gzip and form.zipped is not None:
            body, etag, headers = form.zipped, form.zipped_etag, form.zipped_headers
        if known and is_known(etag, known):
            left = tuple(one for one in headers if one[0] not in _OF_THE_BODY)
            await self._put(304, left, None)
        else:
            await self._put(200, headers, body)

    async def short(
        self, status: int, body: bytes, content_type: bytes, *, machine: bool, more: Headers = ()
    ) -> None:
        """An answer that is nobody's copy."""
        headers = (
            (b"content-type", content_type),
            (b"cache-control", NOT_CACHED.encode()),
            *security(machine=machine),
            *more,
        )
        await self._put(status, headers, body)

    async def moved(self, path: str) -> None:
        """The same thing at its one address."""
        query = b"?" + self.query if self.query else b""
        headers = ((b"location", path.encode() + query), *security(machine=False))
        await self._put(308, headers, b"")

    async def _put(self, status: int, headers: Headers, body: bytes | None) -> None:
        self.status = status
        sized = [*headers] if body is None else [*headers, (b"content-length", b"%d" % len(body))]
        if status == 204:
            sized = [*headers]
        await self.send({"type": "http.response.start", "status": status, "headers": sized})
        sent = b"" if body is None or self.method == "HEAD" else body
        await self.send({"type": "http.response.body", "body": sent})


_OF_THE_BODY: Final = (b"content-type", b"content-encoding")


async def _no_page(answer: _Answer, *, machine: bool) -> None:
    if machine:
        await answer.short(404, _NO_PAGE, _PROBLEM, machine=True)
    else:
        await answer.short(404, _nowhere(), pages.CONTENT_TYPE.encode(), machine=False)


async def _asset(answer: _Answer, name: str) -> None:
    if not await answer.may_read(machine=False):
        return
    if name not in pages.SERVED_ASSETS:
        await _no_page(answer, machine=False)
        return
    # An address that names another content than this is of another release.
    exact = f"v={pages.Addresses(root='', leaf='', assets='').asset(name).partition('?v=')[2]}"
    await answer.printed(_printed_asset(name, exact=answer.query == exact.encode()))


@cache
def _printed_asset(name: str, *, exact: bool) -> Printed:
    kind = _TYPES[name.rpartition(".")[2]]
    document = Document(
        body=pages.asset(name),
        content_type=f"{kind}; charset=utf-8",
        changed_at=_SINCE_EVER,
    )
    return printed(document, machine=False, caching=FOR_EVER if exact else FOR_NOW)


@cache
def _nowhere() -> bytes:
    return forms.missing(None, None)


def _service(query: bytes) -> str | None:
    if not query or len(query) > LONGEST_PATH:
        return None
    fields = parse_qs(query.decode("ascii", errors="replace"))
    return fields.get("service", [None])[0]


def _asks_statuspage(path: str) -> bool:
    """Whether a client of a Statuspage asks; Alertmanager's paths beside it have no suffix."""
    return path.startswith(STATUSPAGE) and path.endswith(".json")


def _kind(name: str) -> str:
    """The sort of a form in one word, of which there are few."""
    name = addresses.STATUSPAGE_NAMES.get(name, name)
    if name in forms.MACHINE_FORMS or name == addresses.NETWORK:
        return name
    head = name.partition("/")[0]
    named = (forms.HISTORY, addresses.NOTICES, forms.ACCENT, *forms.LOGOS)
    return head if head in named else "page"
