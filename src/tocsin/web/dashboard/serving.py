"""The dashboard over HTTP: a table of pages and forms, for who is signed in.

Reading changes nothing. What is sent carries its session's token, and comes from a page of this
server. No answer is kept by anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar
from urllib.parse import quote

import structlog

from tocsin.core.credentials import Network
from tocsin.core.errors import Refusal, Unauthenticated
from tocsin.handler.admission import Admission, admission
from tocsin.handler.sign_in_links import SignInLinks
from tocsin.handler.submission import Credential
from tocsin.store.contract import ReadTurn, StorageFailed
from tocsin.web.dashboard.addresses import (
    FIXED,
    HOME,
    LIVE,
    SIGN_IN,
    SIGN_IN_LINK,
    SIGN_IN_MAIL,
    SIGN_OUT,
    safe_next,
)
from tocsin.web.dashboard.answers import Answer, moved, of_page, sent, trouble
from tocsin.web.dashboard.asking import Follow, MailLink, Perform, refused
from tocsin.web.dashboard.gate import NOT_FROM_HERE, Gate, Kept, Reading
from tocsin.web.dashboard.links import LinkDoor, Submit
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
)
from tocsin.web.dashboard.rooms import ROOMS
from tocsin.web.dashboard.routes import Found, Routes
from tocsin.web.dashboard.sessions import Session, Sessions
from tocsin.web.dashboard.visits import (
    NO_FIELDS,
    NOT_SENT,
    Fields,
    FieldsWrong,
    Filled,
    FormAt,
    Page,
    PageAt,
    Sent,
    Told,
    Visit,
    Wish,
)

log = structlog.get_logger(__name__)

T = TypeVar("T")
Observe = Callable[[str, int], None]
"""Told of each answer: what was asked for, as ``GET /tickets/{ref}``, and the status."""

_READING: Final = ("GET", "HEAD")
_SOON: Final = 5
_UNAUTHENTICATED: Final = 401
_ALLOWED: Final = {SIGN_OUT: b"POST", SIGN_IN_MAIL: b"POST", LIVE: b"GET"}


class Dashboard:
    """The ASGI application of the dashboard's addresses.

    ``perform`` asks the API, ``follow`` serves its live stream; ``fresh`` draws names that nobody
    guesses. ``public_url`` is where browsers reach this server, if it is told; ``trusted_proxies``
    are believed about who asks. ``steady`` is seconds that only go forward. ``links`` sign in once,
    by what ``submit`` has the writer do; ``mail_link`` sends one.
    """

    def __init__(
        self,
        *,
        read: Reading,
        perform: Perform,
        follow: Follow,
        sessions: Sessions,
        clock: Callable[[], datetime],
        steady: Callable[[], float],
        fresh: Callable[[], str],
        links: SignInLinks,
        submit: Submit,
        mail_link: MailLink | None = None,
        public_url: str | None = None,
        trusted_proxies: Sequence[Network] = (),
        observe: Observe | None = None,
    ) -> None:
        self._read = read
        self._perform = perform
        self._follow = follow
        self._gate = Gate(
            read=read,
            sessions=sessions,
            clock=clock,
            steady=steady,
            submit=submit,
            mail_link=mail_link,
        )
        self._link_door = LinkDoor(links, submit=submit, enter=self._gate.enter, clock=clock)
        self._clock = clock
        self._fresh = fresh
        self._public_url = public_url
        self._trusted = trusted_proxies
        self._observe = observe
        self._routes = Routes(ROOMS)

    def answers(self, path: str) -> bool:
        """Whether *path* is one of those that this application is for."""
        return path in FIXED or self._routes.find(path) is not None

    @property
    def beginnings(self) -> frozenset[str]:
        """What the paths that this application is for begin with: their first parts."""
        return frozenset(path[1:].partition("/")[0] for path in FIXED) | self._routes.beginnings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = asked(scope, trusted=self._trusted, public_url=self._public_url)
        found = self._routes.find(request.path)
        try:
            if request.path == LIVE and request.method == "GET":
                answer = await self._live(request, scope, receive, send)
            else:
                answer = await self._answered(request, found, receive)
        except Gone:
            return
        except FormWrong as wrong:
            answer = trouble(400, "That cannot be read", f"{wrong}.".capitalize(), again=HOME)
        except StorageFailed as failed:
            again = safe_next(request.wanted) if request.method in _READING else HOME
            answer = _unreadable(failed, again=again)
        except asyncio.CancelledError:
            raise
        except BaseException:
            # An error of ours, of any kind, which goes on; the reader is not left with nothing.
            log.error("a page met an error", action="page_failed", page=_kind(request, found))
            if request.path != LIVE:  # which has begun to answer
                await self._send(request, found, _accident(), send)
            raise
        await self._send(request, found, answer, send)

    async def _send(
        self, request: Asked, found: Found | None, answer: Answer | None, send: Send
    ) -> None:
        if answer is not None:
            await sent(answer, send, with_body=request.method != "HEAD")
        if self._observe is not None:
            self._observe(_kind(request, found), 200 if answer is None else answer.status)

    async def _answered(self, request: Asked, found: Found | None, receive: Receive) -> Answer:
        writing, reading = request.method == "POST", request.method in _READING
        if request.path == SIGN_IN and reading:
            return self._gate.sign_in_form(request)
        if request.path == SIGN_IN and writing:

            async def shown_again(kept: Kept, session: Session) -> Answer:
                return await self._shown_again(request, kept, session)

            return await self._gate.sign_in(request, receive, shown_again=shown_again)
        if request.path == SIGN_IN_LINK and (reading or writing):
            return await self._link_door.answered(request, receive)
        if request.path == SIGN_IN_MAIL and writing:
            return await self._gate.send_link(request, receive)
        if request.path == SIGN_OUT and writing:
            return await self._gate.sign_out(request, receive)
        if request.path in FIXED:
            return _not_done_here(_ALLOWED.get(request.path, b"GET, HEAD, POST"))
        if found is None:
            return nowhere()
        if reading and found.page is not None:
            return await self._page(request, found.page, found.names)
        if reading and found.form is not None:
            return await self._empty_form(request, found.form, found.names)
        if writing and found.form is not None:
            return await self._sent(request, found.form, found.names, receive)
        return _not_done_here(b"GET, HEAD")

    # -- pages -----------------------------------------------------------------------------------

    async def _page(self, request: Asked, page: PageAt, names: Mapping[str, str]) -> Answer:
        return await self._looked(request, names, page.look, asks=page.asks)

    async def _empty_form(
        self, request: Asked, form_at: FormAt, names: Mapping[str, str]
    ) -> Answer:
        return await self._looked(request, names, lambda visit: form_at.show(visit, NOT_SENT))

    async def _looked(
        self,
        request: Asked,
        names: Mapping[str, str],
        look: Callable[[Visit], Page],
        *,
        asks: Callable[[Mapping[str, str], Fields], Wish] | None = None,
    ) -> Answer:
        """A page for who is signed in, made from the very snapshot that verified them; what it
        *asks* of the API is asked as them, before."""
        at = self._clock()
        session = self._gate.session(request, at=at)
        if not isinstance(session, Session):
            return self._gate.ask_to_sign_in(request, session)
        try:
            told = None
            if asks is not None:
                wish = asks(names, fields_of(request.query))
                told = await self._told(wish, session.credential(address=request.address))
            page = await self._made(request, names, session, look, at=at, told=told)
        except Unauthenticated as refusal:
            return self._gate.refused(request, refusal)
        except Refusal as refusal:
            return _cannot_be_shown(refusal)
        return of_page(page, cookie=self._gate.moved_on(request, session, at))

    async def _made(
        self,
        request: Asked,
        names: Mapping[str, str],
        session: Session,
        look: Callable[[Visit], Page],
        *,
        at: datetime,
        wanted: str | None = None,
        told: Told | None = None,
    ) -> Page:
        fields = fields_of(request.query) if wanted is None else NO_FIELDS
        token, once = self._gate.form_token(session), self._fresh()

        def work(turn: ReadTurn) -> Page:
            admitted = admission(turn, session.credential(address=request.address), at=at)
            return look(
                Visit(
                    turn=turn,
                    admitted=admitted,
                    path=names,
                    fields=fields,
                    at=at,
                    wanted=wanted or request.wanted,
                    form_token=token,
                    once=once,
                    public_url=self._public_url or next(iter(request.origins), None),
                    told=told,
                )
            )

        return await self._read(work)

    async def _told(self, wish: Wish, credential: Credential) -> Told:
        """What the API answers to who is signed in.

        Raises:
            Unauthenticated: the key opens nothing any more.
        """
        at = self._clock()
        admitted = await self._read(lambda turn: admission(turn, credential, at=at))
        return await self._perform(wish, org=admitted.org.code, credential=credential)

    # -- forms -----------------------------------------------------------------------------------

    async def _sent(
        self, request: Asked, form_at: FormAt, names: Mapping[str, str], receive: Receive
    ) -> Answer:
        at = self._clock()
        session = self._gate.session(request, at=at)
        typed = await form(request, receive)
        if not request.from_here:
            return trouble(403, "That form is not from here", NOT_FROM_HERE, again=HOME)
        kept = Kept(path=request.path, typed=typed)
        if not isinstance(session, Session):
            return self._gate.ask_to_sign_in(request, session, kept=kept)
        came = Sent(path=names, typed=typed, at=at)
        credential = session.credential(address=request.address)
        try:
            if not self._gate.is_ours(request, session, typed):
                # From before one signed in again: looked over once more, not lost.
                return await self._form_again(request, kept, form_at, names, session, at=at)
            admitted = await self._read(lambda turn: admission(turn, credential, at=at))
            filled, told = await self._asked(form_at, came, admitted, credential)
            if told is not None and told.status == _UNAUTHENTICATED:
                raise Unauthenticated(str(told.body.get("detail", "the key opens nothing")))

            def look(visit: Visit) -> Page:
                if filled is not None:
                    return form_at.show(visit, filled)
                assert form_at.reveal is not None
                assert told is not None
                return form_at.reveal(visit, told)

            if filled is None:
                assert told is not None
                if form_at.reveal is None:
                    cookie = self._gate.moved_on(request, session, at)
                    return moved(_address(form_at.done(came, told)), cookie=cookie)
            page = await self._made(request, names, session, look, at=at)
        except Unauthenticated as refusal:
            return self._gate.refused(request, refusal, kept=kept)
        except Refusal as refusal:
            return _cannot_be_shown(refusal)
        except StorageFailed as failed:
            return _unreadable(failed, again=request.path, kept=kept)
        status = page.status
        if status == 200 and filled is not None:
            status = 422 if told is None else told.status
        return Answer(
            status=status,
            body=page.body,
            content_type=page.content_type,
            headers=page.headers,
            cookie=self._gate.moved_on(request, session, at),
        )

    async def _asked(
        self, form_at: FormAt, came: Sent, admitted: Admission, credential: Credential
    ) -> tuple[Filled | None, Told | None]:
        """What was asked of the API and told by it; the form again, where it was refused."""
        try:
            wish = form_at.wish(came)
        except FieldsWrong as wrong:
            filled = Filled(
                form=form_at.path, typed=came.typed, errors=wrong.errors, version=came.version
            )
            return filled, None
        told = await self._perform(wish, org=admitted.org.code, credential=credential)
        return (None if told.done else refused(form_at, came, told)), told

    async def _shown_again(self, request: Asked, kept: Kept, session: Session) -> Answer:
        """A form that came when its sender was not signed in, for who is now."""
        found = self._routes.find(kept.path)
        if found is None or found.form is None:
            return moved(HOME)
        at = self._clock()
        try:
            return await self._form_again(request, kept, found.form, found.names, session, at=at)
        except Refusal as refusal:
            return _cannot_be_shown(refusal)

    async def _form_again(
        self,
        request: Asked,
        kept: Kept,
        form_at: FormAt,
        names: Mapping[str, str],
        session: Session,
        *,
        at: datetime,
    ) -> Answer:
        version = Sent(path=names, typed=kept.typed, at=at).version
        filled = Filled(form=form_at.path, typed=kept.typed, version=version)
        page = await self._made(
            request,
            names,
            session,
            lambda visit: form_at.show(visit, filled),
            at=at,
            wanted=safe_next(kept.path),
        )
        return of_page(page)

    # -- live ------------------------------------------------------------------------------------

    async def _live(
        self, request: Asked, scope: Scope, receive: Receive, send: Send
    ) -> Answer | None:
        """The log of the reader's org as it grows; None once it was served."""
        at = self._clock()
        session = self._gate.session(request, at=at)
        if not isinstance(session, Session):
            return trouble(401, "You are signed out", "Sign in again.", again=SIGN_IN)
        credential = session.credential(address=request.address)
        try:
            admitted = await self._read(lambda turn: admission(turn, credential, at=at))
        except Unauthenticated as refusal:
            return self._gate.refused(request, refusal)
        await self._follow(scope, receive, send, org=admitted.org.code, credential=credential)
        return None


def nowhere() -> Answer:
    """What stands where no page is."""
    return trouble(
        404,
        "There is no such page",
        "The address is not one of this server's; perhaps a letter is missing, or it has moved.",
        again=HOME,
        choices={"All tickets": "/tickets", "The API's reference": "/docs"},
    )


def _unreadable(failed: StorageFailed, *, again: str, kept: Kept | None = None) -> Answer:
    """What stands in the place of a page while the database is away; with a form that was sent, to
    send it again."""
    log.error("a page met a failing storage", action="page_unavailable", reason=failed.reason)
    told = (
        "The database does not answer. Nothing is lost; try again in a moment."
        if kept is None
        else "The database does not answer, and this was probably not taken. What you filled in is"
        " kept on this page: send it again in a moment."
    )
    return trouble(
        503,
        "The record cannot be read just now",
        told,
        again=again,
        resent=None if kept is None else kept.typed,
        headers=((b"retry-after", b"%d" % _SOON),),
    )


def _cannot_be_shown(refusal: Refusal) -> Answer:
    detail = f"{refusal.detail[:1].upper()}{refusal.detail[1:]}."
    return trouble(
        refusal.http_status,
        "There is no such thing here" if refusal.http_status == 404 else refusal.title,
        detail,
        again=HOME,
        choices={"All tickets": "/tickets"},
    )


def _accident() -> Answer:
    return trouble(
        500,
        "This page could not be made",
        "That is an error of ours, and it is in the log. What you sent may have been done: look"
        " before you send it again.",
        again=HOME,
        choices={"All tickets": "/tickets"},
    )


def _not_done_here(allowed: bytes) -> Answer:
    return trouble(
        405,
        "That is not done here",
        "Go on at the first page.",
        again=HOME,
        headers=((b"allow", allowed),),
    )


def _kind(request: Asked, found: Found | None) -> str:
    """What was asked for, as one of a few."""
    method = request.method if request.method in (*_READING, "POST") else "other"
    if request.path in FIXED:
        return f"{method} {request.path}"
    return f"{method} {'other' if found is None else found.path}"


def _address(path: str) -> str:
    """An address as a header takes it."""
    return quote(path, safe="/%?&=+~:;,@!$'()*-._#[]")
