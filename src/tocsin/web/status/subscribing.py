"""Subscribing to a status page, and ending it: pages below ``/status/{page}/subscribe``.

All of it works without a script. A link in a mail only ever shows a button, since those who look
through mail follow links; what is done is done by the button. Whether an address is known already
changes no answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol, assert_never

from tocsin.core import record_reading as read
from tocsin.core.credentials import Network
from tocsin.core.errors import Overloaded
from tocsin.core.words import DestinationKind
from tocsin.handler.allowances import Allowance, household
from tocsin.store.contract import StorageFailed
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
from tocsin.web.status import subscribing_pages as pages
from tocsin.web.status.pages import CONTENT_TYPE
from tocsin.web.status.printing import NOT_CACHED, Headers, security
from tocsin.web.status.showing import Shown
from tocsin.web.status.subscribing_pages import Filled, Note
from tocsin.web.status.subscribing_tokens import Late, Wanted
from tocsin.web.status.view import PageView

SUBSCRIBE: Final = "subscribe"
CONFIRM: Final = "subscribe/confirm"
END: Final = "subscribe/end"
NAMES: Final = frozenset({SUBSCRIBE, CONFIRM, END})
"""What stands below a page here."""

BURST: Final = 8
SECONDS_EACH: Final = 60.0
"""How often one address may fill in the form."""

LONGEST_ADDRESS: Final = read.LONGEST_URL


class Outcome(StrEnum):
    """What became of what was asked."""

    DONE = "done"
    KNOWN = "known"
    """There is such a subscription already."""
    NOT_TAKEN = "not_taken"
    """Nothing can be sent there."""
    LATER = "later"
    """Not now: it may be taken another time."""
    OVER = "over"
    """The link was used, and what it made was ended again."""
    FULL = "full"
    """So many have subscribed that nobody else can."""
    NOT_GOOD = "not_good"
    """Nobody here has made this link, or what it is for is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An outcome; ``secret`` is what a new webhook is signed with, shown once."""

    outcome: Outcome
    secret: str = ""


class Clerk(Protocol):
    """Does what the pages are for.

    Whatever it does may raise ``StorageFailed`` or ``Overloaded``.
    """

    @property
    def offers(self) -> Sequence[DestinationKind]:
        """What can be subscribed, best first."""
        ...

    def now(self) -> datetime:
        """The time."""
        ...

    def takes_chat(self, url: str) -> bool:
        """Whether *url* may be the incoming webhook of a chat."""
        ...

    async def ask_by_mail(
        self, page: PageView, address: str, services: tuple[str, ...]
    ) -> Answered:
        """Have a mail sent that asks whether they want it; nothing is kept."""
        ...

    async def subscribe(
        self, page: PageView, kind: DestinationKind, address: str, services: tuple[str, ...]
    ) -> Answered:
        """Ask a webhook or a chat, and subscribe it when it answers."""
        ...

    def wanted(self, token: str) -> Wanted | Late | None:
        """What a link to confirm carries."""
        ...

    async def confirm(self, page: PageView, wanted: Wanted) -> Answered:
        """Subscribe who has confirmed it."""
        ...

    async def end(self, page: PageView, token: str) -> Answered:
        """End the subscription that a link is for, and forget where it went."""
        ...

    async def is_ending(self, page: PageView, token: str) -> bool:
        """Whether a link to end was made here, for this page's org."""
        ...


class Subscribing:
    """The pages of one server. Used on one event loop.

    ``trusted`` proxies are believed about who asks; ``public_url`` is where browsers reach this
    server, if it is told; ``limit`` is how often one address may fill in the form.
    """

    def __init__(
        self,
        clerk: Clerk,
        *,
        trusted: Sequence[Network],
        public_url: str | None,
        limit: Allowance,
    ) -> None:
        self._clerk = clerk
        self._trusted = trusted
        self._public_url = public_url
        self._limit = limit

    async def __call__(
        self, shown: Shown, name: str, scope: Scope, receive: Receive, send: Send
    ) -> int:
        """Answer a request for one of :data:`NAMES` of the page that is *shown*; the status."""
        request = asked(scope, trusted=self._trusted, public_url=self._public_url)
        if request.method not in ("GET", "HEAD", "POST"):
            return await _send(send, request, 405, b"", ((b"allow", b"GET, HEAD, POST"),))
        try:
            status, body, more = await self._answer(shown, name, request, receive)
        except Gone:
            return 0
        except FormWrong as wrong:
            status, more = 400, ()
            body = pages.note(shown, Note.FORM_WRONG, detail=str(wrong))
        except (StorageFailed, Overloaded):
            status, more = 503, ((b"retry-after", b"5"),)
            body = pages.note(shown, Note.LATER)
        return await _send(send, request, status, body.encode(errors="replace"), more)

    async def _answer(
        self, shown: Shown, name: str, request: Asked, receive: Receive
    ) -> tuple[int, str, Headers]:
        posted = request.method == "POST"
        match name:
            case "subscribe" if not posted:
                return 200, pages.asking(shown, self._clerk.offers, Filled()), ()
            case "subscribe":
                return await self._asked_for(shown, request, receive)
            case "subscribe/confirm":
                token = await _token(request, receive)
                return await self._confirm(shown, token, posted=posted)
            case _:
                # One click of a mail program brings a body of its own: the address says it all.
                token = one(fields_of(request.query), "token")
                return await self._end(shown, token, posted=posted)

    # -- the form --------------------------------------------------------------------------------

    async def _asked_for(
        self, shown: Shown, request: Asked, receive: Receive
    ) -> tuple[int, str, Headers]:
        fields = await form(request, receive)
        filled = _filled(fields)
        if not _is_from_here(request):
            return 403, pages.note(shown, Note.NOT_FROM_HERE), ()
        page, offers = shown.picture, self._clerk.offers
        kind = next((one for one in offers if one.value == filled.kind), None)
        errors = self._errors(page, kind, filled)
        if kind is None or errors:
            return 422, pages.asking(shown, offers, filled, errors=errors), ()
        wait = self._limit.take(household(request.address))
        if wait:
            body = pages.asking(shown, offers, filled, trouble=Note.TOO_OFTEN)
            return 429, body, ((b"retry-after", b"%d" % wait),)
        # All that there are is the same as all that there will be.
        codes = {service.code for service in page.services}
        services = () if codes <= set(filled.services) else tuple(sorted(filled.services))
        try:
            if kind is DestinationKind.EMAIL:
                answered = await self._clerk.ask_by_mail(page, filled.address, services)
            else:
                answered = await self._clerk.subscribe(page, kind, filled.address, services)
        except (StorageFailed, Overloaded):
            answered = Answered(outcome=Outcome.LATER)
        return self._said(shown, kind, filled, answered)

    def _said(
        self, shown: Shown, kind: DestinationKind, filled: Filled, answered: Answered
    ) -> tuple[int, str, Headers]:
        offers = self._clerk.offers
        match answered.outcome:
            case Outcome.DONE if kind is DestinationKind.EMAIL:
                return 200, pages.note(shown, Note.LOOK_FOR_MAIL, address=filled.address), ()
            case Outcome.DONE if kind is DestinationKind.WEBHOOK:
                return 201, pages.note(shown, Note.WEBHOOK, secret=answered.secret), ()
            case Outcome.DONE:
                return 201, pages.note(shown, Note.CHAT), ()
            case Outcome.KNOWN:
                return 200, pages.note(shown, Note.WEBHOOK_KNOWN), ()
            case Outcome.NOT_TAKEN | Outcome.NOT_GOOD | Outcome.OVER:
                errors = {"address": pages.not_taken(kind)}
                return 422, pages.asking(shown, offers, filled, errors=errors), ()
            case Outcome.LATER:
                body = pages.asking(shown, offers, filled, trouble=Note.LATER)
                return 503, body, ((b"retry-after", b"60"),)
            case Outcome.FULL:
                return 503, pages.note(shown, Note.FULL), ()
            case _:
                assert_never(answered.outcome)

    def _errors(
        self, page: PageView, kind: DestinationKind | None, filled: Filled
    ) -> dict[str, str]:
        errors: dict[str, str] = {}
        if kind is None:
            errors["kind"] = "Say how you want to be told."
        wrong: read.Errors = []
        match kind:
            case DestinationKind.EMAIL:
                read.email(filled.address, field="address", errors=wrong)
            case DestinationKind.WEBHOOK:
                read.url(filled.address, field="address", errors=wrong)
            case DestinationKind.SLACK if not self._clerk.takes_chat(filled.address):
                errors["address"] = pages.not_taken(kind)
            case _ if not filled.address:
                errors["address"] = "Say where to."
            case _:
                pass
        if wrong:
            what = "a mail address" if kind is DestinationKind.EMAIL else "an https address"
            errors["address"] = f"This is not {what}." if filled.address else "Say where to."
        known = {service.code for service in page.services}
        if not known.issuperset(filled.services):
            errors["services"] = "One of these services is not on this page any more."
        return errors

    # -- links -----------------------------------------------------------------------------------

    async def _confirm(self, shown: Shown, token: str, *, posted: bool) -> tuple[int, str, Headers]:
        wanted = self._clerk.wanted(token)
        if isinstance(wanted, Late):
            return 410, pages.note(shown, Note.TOO_LATE), ()
        if wanted is None or wanted.page_id != shown.picture.id:
            return 404, pages.note(shown, Note.NOT_GOOD), ()
        if not posted:
            return 200, pages.confirming(shown, token, wanted), ()
        answered = await self._clerk.confirm(shown.picture, wanted)
        match answered.outcome:
            case Outcome.DONE | Outcome.KNOWN:
                return 200, pages.note(shown, Note.CONFIRMED, address=wanted.address), ()
            case Outcome.OVER:
                return 410, pages.note(shown, Note.USED), ()
            case Outcome.FULL:
                return 503, pages.note(shown, Note.FULL), ()
            case _:
                return 404, pages.note(shown, Note.NOT_GOOD), ()

    async def _end(self, shown: Shown, token: str, *, posted: bool) -> tuple[int, str, Headers]:
        if not await self._clerk.is_ending(shown.picture, token):
            return 404, pages.note(shown, Note.NOT_GOOD), ()
        if not posted:
            return 200, pages.ending(shown, token), ()
        await self._clerk.end(shown.picture, token)
        return 200, pages.note(shown, Note.ENDED), ()


def _is_from_here(request: Asked) -> bool:
    """Whether a page of this server sent the form, as far as the browser says.

    These pages tell nobody where their reader came from, so that older browsers say ``null``.
    """
    says_more = b"sec-fetch-site" in request.headers
    return request.from_here or (not says_more and request.headers.get(b"origin") == b"null")


def _filled(fields: Mapping[str, tuple[str, ...]]) -> Filled:
    """What was typed, within bounds."""
    return Filled(
        kind=one(fields, "kind")[:32],
        address=one(fields, "address").strip()[: LONGEST_ADDRESS + 1],
        services=tuple(dict.fromkeys(fields.get("services", ()))),
    )


async def _token(request: Asked, receive: Receive) -> str:
    if request.method != "POST":
        return one(fields_of(request.query), "token")
    return one(await form(request, receive), "token")


async def _send(send: Send, request: Asked, status: int, body: bytes, more: Headers) -> int:
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"cache-control", NOT_CACHED.encode()),
        (b"x-robots-tag", b"noindex"),
        *security(machine=False),
        *more,
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    sent = b"" if request.method == "HEAD" else body
    await send({"type": "http.response.body", "body": sent})
    return status
