"""Who is let in: sessions read from cookies and moved on, signing in with a key, signing out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar
from urllib.parse import urlencode

import structlog

from tocsin.core.errors import Overloaded, Unauthenticated
from tocsin.handler.admission import admission, credential_of
from tocsin.handler.sign_in_links import ending
from tocsin.handler.submission import Credential
from tocsin.store.contract import ReadTurn, StorageFailed
from tocsin.web.dashboard import pages
from tocsin.web.dashboard.addresses import HOME, SIGN_IN, safe_next, sign_in_for
from tocsin.web.dashboard.answers import Answer, moved, trouble
from tocsin.web.dashboard.asking import MailLink
from tocsin.web.dashboard.attempts import Attempts
from tocsin.web.dashboard.links import Submit
from tocsin.web.dashboard.pages import AskedFor
from tocsin.web.dashboard.requests import (
    Asked,
    FormWrong,
    Receive,
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
from tocsin.web.dashboard.visits import Fields, Header

log = structlog.get_logger(__name__)

T = TypeVar("T")

NOT_FROM_HERE: Final = (
    "The form did not come from this page, or the page was from before you signed in. Nothing was"
    " changed; go on and send it again."
)
_KEY_STAYS: Final = (
    "Nothing can be written at the moment, so the key of this sign-in was not ended. It ends by"
    " itself a week after you signed in; an administrator finds it among the keys, as browser, and"
    " can revoke it."
)
_CHALLENGE: Final[tuple[Header, ...]] = ((b"www-authenticate", b'Session realm="Tocsin"'),)
_NEVER_KEPT: Final = ("token", "once")


class Reading(Protocol):
    """Runs *work* on one snapshot, away from the event loop."""

    def __call__(self, work: Callable[[ReadTurn], T], /) -> Awaitable[T]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A form that came when nobody was signed in, by its address; it is shown again, not sent."""

    path: str
    typed: Fields


class Gate:
    """Lets in who shows a key, and knows them again by their cookie.

    ``submit`` has the writer do something as the system; ``mail_link`` sends links to sign in with,
    where this server sends mail.
    """

    def __init__(
        self,
        *,
        read: Reading,
        sessions: Sessions,
        clock: Callable[[], datetime],
        steady: Callable[[], float],
        submit: Submit,
        mail_link: MailLink | None = None,
    ) -> None:
        self._read = read
        self._submit = submit
        self._mail_link = mail_link
        self._sessions = sessions
        self._clock = clock
        self._attempts = Attempts(clock=steady)

    def session(self, request: Asked, *, at: datetime) -> Session | Expired | None:
        """The session that *request* came with."""
        cookie = cookie_in(request.headers.get(b"cookie", b""), secure=request.secure)
        return None if cookie is None else self._sessions.read(cookie, at=at)

    def form_token(self, session: Session) -> str:
        """What every form of *session* carries."""
        return self._sessions.form_token(session)

    def is_ours(self, request: Asked, session: Session, fields: Fields) -> bool:
        """Whether a page of ours, made for *session*, sent this form."""
        return request.from_here and self._sessions.is_form_token(session, one(fields, "token"))

    def moved_on(self, request: Asked, session: Session, at: datetime) -> bytes | None:
        """The cookie that lets *session* last longer; None where that is not worth one."""
        renewed = self._sessions.renewed(session, at=at)
        if renewed is None:
            return None
        return self._set(request, renewed, at)

    # -- who is not, or no longer, signed in -----------------------------------------------------

    def ask_to_sign_in(
        self, request: Asked, found: Expired | None, *, kept: Kept | None = None
    ) -> Answer:
        """What one gets without a session: the way to sign in, and back here."""
        if found is None and kept is None:
            return moved(sign_in_for(request.wanted))
        notice = (
            f"You were signed out after {LASTING // timedelta(hours=1)} hours of quiet."
            if found is not None
            else "You are not signed in."
        )
        return self._sign_in_again(request, notice, kept)

    def refused(
        self, request: Asked, refusal: Unauthenticated, *, kept: Kept | None = None
    ) -> Answer:
        """The key of a session is good no more; what was asked for is kept."""
        return self._sign_in_again(request, f"You were signed out: {refusal.detail}.", kept)

    def _sign_in_again(self, request: Asked, notice: str, kept: Kept | None) -> Answer:
        if kept is not None:
            notice = f"{notice} What you typed is kept: sign in, look it over, and send it again."
        return Answer(
            status=401,
            body=pages.sign_in_page(
                next_path=safe_next(request.wanted),
                wrong=None,
                notice=notice,
                kept=_to_carry(kept),
            ),
            headers=_CHALLENGE,
            cookie=set_cookie("", secure=request.secure, lasting=timedelta(0)),
        )

    # -- signing in and out ----------------------------------------------------------------------

    def sign_in_form(self, request: Asked) -> Answer:
        """The form that takes a key."""
        fields = fields_of(request.query)
        next_path = safe_next(one(fields, "next"))
        if isinstance(self.session(request, at=self._clock()), Session):
            # Whose key is good no more is told there.
            return moved(next_path)
        notice = "You are signed out." if one(fields, "signed-out") else None
        body = pages.sign_in_page(
            next_path=next_path, wrong=None, notice=notice, mails=self._mail_link is not None
        )
        return Answer(status=200, body=body)

    async def sign_in(
        self,
        request: Asked,
        receive: Receive,
        *,
        shown_again: Callable[[Kept, Session], Awaitable[Answer]],
    ) -> Answer:
        """Let in who sends a key; *shown_again* makes the page of a form that was kept."""
        at = self._clock()
        fields = await form(request, receive)
        next_path = safe_next(one(fields, "next"))
        if not request.from_here:
            return trouble(403, "Please sign in here", NOT_FROM_HERE, again=SIGN_IN)
        kept = _carried(fields)
        wait = self._attempts.wait(request.address)
        if wait:
            return Answer(
                status=429,
                body=pages.sign_in_page(
                    next_path=next_path,
                    wrong=f"Too many keys from your address were wrong. Wait {wait} seconds.",
                    notice=None,
                    kept=_to_carry(kept),
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
                    next_path=next_path,
                    wrong=_sentence(refusal.detail),
                    notice=None,
                    kept=_to_carry(kept),
                ),
                headers=_CHALLENGE,
            )
        self._attempts.succeeded(request.address)
        log.info("signed in", action="signed_in", key_id=credential.key_id)
        session = self._sessions.begin(credential, at=at)
        cookie = self._set(request, session, at)
        if kept is None:
            return moved(next_path, cookie=cookie)
        again = await shown_again(kept, session)
        return Answer(
            status=again.status,
            body=again.body,
            content_type=again.content_type,
            headers=again.headers,
            cookie=cookie,
        )

    def enter(self, request: Asked, credential: Credential, at: datetime) -> Answer:
        """Begin the session of who has got *credential* by a link."""
        session = self._sessions.begin(credential, at=at, by_link=True)
        return moved(HOME, cookie=self._set(request, session, at))

    async def send_link(self, request: Asked, receive: Receive) -> Answer:
        """Have a link sent to a member's own address; the answer does not say whether there is
        one."""
        fields = await form(request, receive)
        if not request.from_here:
            return trouble(403, "Please sign in here", NOT_FROM_HERE, again=SIGN_IN)
        if self._mail_link is None:
            return trouble(
                409,
                "This server sends no mail",
                "Ask an administrator of your organisation for a link.",
                again=SIGN_IN,
            )
        org, email = one(fields, "org").strip(), one(fields, "email").strip()
        told = await self._mail_link(org=org, email=email, address=request.address)
        asked_for = AskedFor(org=org, email=email)
        if told.done:
            notice = (
                "If that is the address of a member there, a link is on its way. It is good for 15"
                " minutes."
            )
            return self._sign_in_page(200, asked_for=asked_for, notice=notice)
        detail = _sentence(str(told.body.get("detail", "")))
        if told.body.get("errors"):
            detail = "Write the code of your organisation, and your mail address there."
        return self._sign_in_page(told.status, asked_for=replace(asked_for, wrong=detail))

    def _sign_in_page(
        self, status: int, *, asked_for: AskedFor, notice: str | None = None
    ) -> Answer:
        body = pages.sign_in_page(
            next_path=HOME, wrong=None, notice=notice, mails=True, asked_for=asked_for
        )
        return Answer(status=status, body=body)

    async def sign_out(self, request: Asked, receive: Receive) -> Answer:
        """End the session of who sends that form, and the key that was made for it alone."""
        at = self._clock()
        session = self.session(request, at=at)
        fields = await form(request, receive)
        if isinstance(session, Session) and not self.is_ours(request, session, fields):
            return trouble(403, "You are still signed in", NOT_FROM_HERE, again=HOME)
        answer = moved(f"{SIGN_IN}?signed-out=1")
        if isinstance(session, Session) and session.by_link:
            try:
                await self._end_key(session.credential(address=request.address), at)
            except (Overloaded, StorageFailed) as failed:
                log.warning(
                    "a key outlives its session", action="sign_out_failed", reason=str(failed)
                )
                answer = trouble(
                    503, "You are signed out of this browser only", _KEY_STAYS, again=SIGN_IN
                )
        gone = set_cookie("", secure=request.secure, lasting=timedelta(0))
        return replace(answer, cookie=gone)

    async def _end_key(self, credential: Credential, at: datetime) -> None:
        try:
            admitted = await self._read(lambda turn: admission(turn, credential, at=at))
        except Unauthenticated:
            return  # it is good no more, or not from here
        await self._submit(ending(admitted.org_id, credential.key_id))
        log.info("signed out", action="signed_out", key_id=credential.key_id)

    def _set(self, request: Asked, session: Session, at: datetime) -> bytes:
        return set_cookie(
            self._sessions.sealed(session),
            secure=request.secure,
            lasting=session.expires_at - at,
        )


def _to_carry(kept: Kept | None) -> tuple[str, str] | None:
    """*kept* as the sign-in form carries it: its address, and its fields in one."""
    if kept is None:
        return None
    pairs = [
        (name, value)
        for name, values in kept.typed.items()
        if name not in _NEVER_KEPT
        for value in values
    ]
    return kept.path, urlencode(pairs)


def _carried(fields: Fields) -> Kept | None:
    """The form that the sign-in form carries, if it does."""
    path = one(fields, "kept_path")
    if not path:
        return None
    try:
        typed = fields_of(one(fields, "kept"))
    except FormWrong:
        return None
    return Kept(path=path, typed=typed)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
