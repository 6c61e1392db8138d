"""The dashboard over HTTP: who is let in, what each address answers, with strict headers.

Reading changes nothing. What is sent carries its session's token, and comes from a page of this
server. No answer is kept by anybody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, TypeVar

import structlog

from tocsin.core.credentials import Network
from tocsin.core.errors import Unauthenticated
from tocsin.handler.admission import Admission, admission, credential_of
from tocsin.store.contract import ReadTurn, StorageFailed
from tocsin.web.dashboard import pages
from tocsin.web.dashboard.addresses import (
    HOME,
    PATHS,
    SIGN_IN,
    SIGN_OUT,
    safe_next,
    sign_in_for,
)
from tocsin.web.dashboard.attempts import Attempts
from tocsin.web.dashboard.glance import glance
from tocsin.web.dashboard.listing import listing
from tocsin.web.dashboard.requests import (
    Asked,
    FormWrong,
    Gone,
    Receive,
    Scope,
    Send,
    asked,
    fields_of,
    form,
    one,
)
from tocsin.web.dashboard.sessions import (
    LASTING,
    Expired,
    Session,
    Sessions,
    cookie_in,
    set_cookie,
)

log = structlog.get_logger(__name__)

T = TypeVar("T")
Observe = Callable[[str, int], None]
"""Told of each answer: what was asked for, as ``GET /tickets``, and the status."""

Header = tuple[bytes, bytes]

SECURITY: Final[tuple[Header, ...]] = (
    (b"content-security-policy", pages.CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # With "no-referrer" browsers send forms without saying where they come from.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_READING: Final = ("GET", "HEAD")
_SOON: Final = 5
_NOT_FROM_HERE: Final = (
    "The form did not come from this page, or the page was from before you signed in. Nothing was"
    " changed; go on and send it again."
)


class Reading(Protocol):
    """Runs *work* on one snapshot, away from the event loop."""

    def __call__(self, work: Callable[[ReadTurn], T], /) -> Awaitable[T]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent back; ``cookie`` is a ``Set-Cookie``."""

    status: int
    body: str = ""
    headers: tuple[Header, ...] = ()
    cookie: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _SignedIn:
    """Who asks, and what their session has to be replaced by, if anything."""

    session: Session
    cookie: bytes | None


class Dashboard:
    """The ASGI application of :data:`tocsin.web.dashboard.addresses.PATHS`.

    ``public_url`` is where browsers reach this server, if it is told; ``trusted_proxies`` are
    believed about who asks. ``steady`` is seconds that only go forward.
    """

    def __init__(
        self,
        *,
        read: Reading,
        sessions: Sessions,
        clock: Callable[[], datetime],
        steady: Callable[[], float],
        public_url: str | None = None,
        trusted_proxies: Sequence[Network] = (),
        observe: Observe | None = None,
    ) -> None:
        self._read = read
        self._sessions = sessions
        self._clock = clock
        self._attempts = Attempts(clock=steady)
        self._public_url = public_url
        self._trusted = trusted_proxies
        self._observe = observe

    def answers(self, path: str) -> bool:
        """Whether *path* is one of those that this application is for."""
        return path in PATHS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = asked(scope, trusted=self._trusted, public_url=self._public_url)
        try:
            answer = await self._answered(request, receive)
        except Gone:
            return
        except FormWrong as wrong:
            answer = _trouble(400, "That cannot be read", f"{wrong}.".capitalize(), again=HOME)
        except StorageFailed as failed:
            log.error(
                "a page met a failing storage", action="page_unavailable", reason=failed.reason
            )
            answer = _trouble(
                503,
                "The record cannot be read just now",
                "The database does not answer. Nothing is lost; try again in a moment.",
                again=safe_next(request.wanted) if request.method in _READING else HOME,
                headers=((b"retry-after", b"%d" % _SOON),),
            )
        await _sent(answer, send, with_body=request.method != "HEAD")
        if self._observe is not None:
            self._observe(_kind(request), answer.status)

    async def _answered(self, request: Asked, receive: Receive) -> Answer:
        writing, reading = request.method == "POST", request.method in _READING
        match request.path:
            case "/sign-in" if reading:
                return await self._sign_in_form(request)
            case "/sign-in" if writing:
                return await self._sign_in(request, receive)
            case "/sign-out" if writing:
                return await self._sign_out(request, receive)
            case "/" if reading:
                return await self._page(request, _glance)
            case "/tickets" if reading:
                return await self._page(request, _tickets)
            case _ if request.path in PATHS:
                allowed = {SIGN_IN: b"GET, HEAD, POST", SIGN_OUT: b"POST"}
                return _trouble(
                    405,
                    "That is not done here",
                    "Go on at the first page.",
                    again=HOME,
                    headers=((b"allow", allowed.get(request.path, b"GET, HEAD")),),
                )
            case _:
                return _trouble(404, "There is no such page", "It may have moved.", again=HOME)

    # -- pages -----------------------------------------------------------------------------------

    async def _page(
        self,
        request: Asked,
        made: Callable[[ReadTurn, Admission, Mapping[str, tuple[str, ...]], _Made], _Page],
    ) -> Answer:
        """A page for who is signed in, made from the very snapshot that verified them."""
        at = self._clock()
        found = self._session(request, at=at)
        if not isinstance(found, Session):
            return self._ask_to_sign_in(request, found)
        fields = fields_of(request.query)
        token = self._sessions.form_token(found)

        def work(turn: ReadTurn) -> _Page:
            admitted = admission(turn, found.credential(address=request.address), at=at)
            return made(turn, admitted, fields, _Made(at=at, form_token=token))

        try:
            page = await self._read(work)
        except Unauthenticated as refusal:
            return self._refused(request, refusal)
        return Answer(status=page.status, body=page.body, cookie=self._cookie(request, found, at))

    def _session(self, request: Asked, *, at: datetime) -> Session | Expired | None:
        cookie = cookie_in(request.headers.get(b"cookie", b""), secure=request.secure)
        return None if cookie is None else self._sessions.read(cookie, at=at)

    def _cookie(self, request: Asked, session: Session, at: datetime) -> bytes | None:
        renewed = self._sessions.renewed(session, at=at)
        if renewed is None:
            return None
        return self._set(request, renewed, at)

    def _set(self, request: Asked, session: Session, at: datetime) -> bytes:
        return set_cookie(
            self._sessions.sealed(session),
            secure=request.secure,
            lasting=session.expires_at - at,
        )

    def _ask_to_sign_in(self, request: Asked, found: Expired | None) -> Answer:
        if found is None:
            return _moved(sign_in_for(request.wanted))
        notice = f"You were signed out after {LASTING // timedelta(hours=1)} hours of quiet."
        return self._sign_in_again(request, notice)

    def _refused(self, request: Asked, refusal: Unauthenticated) -> Answer:
        """The key of a session is good no more; what was asked for is kept."""
        return self._sign_in_again(request, f"You were signed out: {refusal.detail}.")

    def _sign_in_again(self, request: Asked, notice: str) -> Answer:
        return Answer(
            status=401,
            body=pages.sign_in_page(next_path=safe_next(request.wanted), wrong=None, notice=notice),
            headers=_CHALLENGE,
            cookie=set_cookie("", secure=request.secure, lasting=timedelta(0)),
        )

    # -- signing in and out ----------------------------------------------------------------------

    async def _sign_in_form(self, request: Asked) -> Answer:
        fields = fields_of(request.query)
        next_path = safe_next(one(fields, "next"))
        if isinstance(self._session(request, at=self._clock()), Session):
            # Whose key is good no more is told there.
            return _moved(next_path)
        notice = "You are signed out." if one(fields, "signed-out") else None
        body = pages.sign_in_page(next_path=next_path, wrong=None, notice=notice)
        return Answer(status=200, body=body)

    async def _sign_in(self, request: Asked, receive: Receive) -> Answer:
        at = self._clock()
        fields = await form(request, receive)
        next_path = safe_next(one(fields, "next"))
        if not request.from_here:
            return _trouble(403, "Please sign in here", _NOT_FROM_HERE, again=SIGN_IN)
        wait = self._attempts.wait(request.address)
        if wait:
            return Answer(
                status=429,
                body=pages.sign_in_page(
                    next_path=next_path,
                    wrong=f"Too many keys from your address were wrong. Wait {wait} seconds.",
                    notice=None,
                ),
                headers=((b"retry-after", b"%d" % wait),),
            )
        # Counted first: many at once would all be let through otherwise.
        self._attempts.failed(request.address)
        token = one(fields, "key").strip().encode("utf-8")
        try:
            if not token:
                raise Unauthenticated("type or paste your API key")
            credential = credential_of(token, address=request.address)
            await self._read(lambda turn: admission(turn, credential, at=at))
        except Unauthenticated as refusal:
            log.info("a key was refused at sign-in", action="sign_in_refused")
            return Answer(
                status=401,
                body=pages.sign_in_page(
                    next_path=next_path, wrong=_sentence(refusal.detail), notice=None
                ),
                headers=_CHALLENGE,
            )
        self._attempts.succeeded(request.address)
        log.info("signed in", action="signed_in", key_id=credential.key_id)
        session = self._sessions.begin(credential, at=at)
        return _moved(next_path, cookie=self._set(request, session, at))

    async def _sign_out(self, request: Asked, receive: Receive) -> Answer:
        session = self._session(request, at=self._clock())
        fields = await form(request, receive)
        if isinstance(session, Session) and not (
            request.from_here and self._sessions.is_form_token(session, one(fields, "token"))
        ):
            return _trouble(403, "You are still signed in", _NOT_FROM_HERE, again=HOME)
        return _moved(
            f"{SIGN_IN}?signed-out=1",
            cookie=set_cookie("", secure=request.secure, lasting=timedelta(0)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """When a page is made, and what its forms carry."""

    at: datetime
    form_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A page that was made."""

    body: str
    status: int = 200


_CHALLENGE: Final[tuple[Header, ...]] = ((b"www-authenticate", b'Session realm="Tocsin"'),)


def _glance(
    turn: ReadTurn, admitted: Admission, _fields: Mapping[str, tuple[str, ...]], made: _Made
) -> _Page:
    reader = pages.reader_of(admitted, form_token=made.form_token)
    return _Page(body=pages.glance_page(glance(turn, admitted, at=made.at), reader))


def _tickets(
    turn: ReadTurn, admitted: Admission, fields: Mapping[str, tuple[str, ...]], made: _Made
) -> _Page:
    reader = pages.reader_of(admitted, form_token=made.form_token)
    found = listing(turn, admitted, fields, at=made.at)
    return _Page(body=pages.tickets_page(found, reader), status=400 if found.wrong else 200)


def _kind(request: Asked) -> str:
    """What was asked for, as one of a few."""
    method = request.method if request.method in (*_READING, "POST") else "other"
    return f"{method} {request.path if request.path in PATHS else 'other'}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _moved(path: str, *, cookie: bytes | None = None) -> Answer:
    return Answer(status=303, headers=((b"location", path.encode("ascii")),), cookie=cookie)


def _trouble(
    status: int, title: str, detail: str, *, again: str, headers: tuple[Header, ...] = ()
) -> Answer:
    body = pages.trouble_page(title, detail, again=again)
    return Answer(status=status, body=body, headers=headers)


async def _sent(answer: Answer, send: Send, *, with_body: bool) -> None:
    body = answer.body.encode()
    headers: list[Any] = [
        (b"content-type", pages.CONTENT_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        *SECURITY,
        *answer.headers,
    ]
    if answer.cookie is not None:
        headers.append((b"set-cookie", answer.cookie))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body if with_body else b""})
