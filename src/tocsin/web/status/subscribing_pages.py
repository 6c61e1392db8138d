"""The pages of subscribing as HTML: the form, the buttons behind links, and what is said after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tocsin.core.words import DestinationKind
from tocsin.web.status.pages import rendered
from tocsin.web.status.showing import Shown
from tocsin.web.status.subscribing_tokens import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The form as somebody has filled it in; ``services`` are codes, none: all."""

    kind: str = ""
    address: str = ""
    services: tuple[str, ...] = field(default=())


class Note(StrEnum):
    """What a page says, apart from the form."""

    LOOK_FOR_MAIL = "look_for_mail"
    CONFIRMED = "confirmed"
    WEBHOOK = "webhook"
    WEBHOOK_KNOWN = "webhook_known"
    CHAT = "chat"
    ENDED = "ended"
    TOO_LATE = "too_late"
    USED = "used"
    NOT_GOOD = "not_good"
    FULL = "full"
    LATER = "later"
    TOO_OFTEN = "too_often"
    NOT_FROM_HERE = "not_from_here"
    FORM_WRONG = "form_wrong"


TITLES: Final[Mapping[Note, str]] = {
    Note.LOOK_FOR_MAIL: "Look into your mailbox",
    Note.CONFIRMED: "You have subscribed",
    Note.WEBHOOK: "The webhook has subscribed",
    Note.WEBHOOK_KNOWN: "The webhook gets updates already",
    Note.CHAT: "The channel has subscribed",
    Note.ENDED: "You get no more updates",
    Note.TOO_LATE: "This link is too old",
    Note.USED: "This link was used",
    Note.NOT_GOOD: "This link is not good",
    Note.FULL: "Nobody else can subscribe now",
    Note.LATER: "This cannot be done just now",
    Note.TOO_OFTEN: "That was often",
    Note.NOT_FROM_HERE: "This did not come from this page",
    Note.FORM_WRONG: "The form cannot be read",
}

KINDS: Final[Mapping[DestinationKind, tuple[str, str]]] = {
    DestinationKind.EMAIL: ("E-mail", "You are sent a link to confirm it."),
    DestinationKind.WEBHOOK: (
        "Webhook",
        "An https address that answers our first POST with a status from 200 to 299.",
    ),
    DestinationKind.SLACK: (
        "Slack",
        "An incoming webhook of the channel: it begins with https://hooks.slack.com/.",
    ),
}


def not_taken(kind: DestinationKind) -> str:
    """Why nothing can be sent there."""
    match kind:
        case DestinationKind.EMAIL:
            return "No mail can be sent to this address."
        case DestinationKind.SLACK:
            return "This is no incoming webhook of Slack, or Slack does not take what it is sent."
        case _:
            return (
                "It did not answer our POST with a status from 200 to 299 within five seconds."
                " Only https addresses that everybody can reach are asked."
            )


def asking(
    shown: Shown,
    offers: Sequence[DestinationKind],
    filled: Filled,
    *,
    errors: Mapping[str, str] | None = None,
    trouble: Note | None = None,
) -> str:
    """The form, as it was filled in, with what is wrong beside the fields."""
    return rendered(
        "subscribe.html",
        page=shown.picture,
        to=shown.to,
        stale_since=shown.stale_since,
        offers=[(kind.value, *KINDS[kind]) for kind in offers],
        filled=filled,
        errors=errors or {},
        trouble=None if trouble is None else trouble.value,
    )


def confirming(shown: Shown, token: str, wanted: Wanted) -> str:
    """The button that confirms."""
    names = {service.code: service.name for service in shown.picture.services}
    return rendered(
        "subscribe_link.html",
        page=shown.picture,
        to=shown.to,
        stale_since=shown.stale_since,
        ending=False,
        token=token,
        address=wanted.address,
        services=[names.get(code, code) for code in wanted.services],
    )


def ending(shown: Shown, token: str) -> str:
    """The button that ends it."""
    return rendered(
        "subscribe_link.html",
        page=shown.picture,
        to=shown.to,
        stale_since=shown.stale_since,
        ending=True,
        token=token,
        address="",
        services=[],
    )


def note(shown: Shown, said: Note, *, address: str = "", secret: str = "", detail: str = "") -> str:
    """A page that says what became of it."""
    return rendered(
        "subscribe_note.html",
        page=shown.picture,
        to=shown.to,
        stale_since=shown.stale_since,
        note=said.value,
        title=TITLES[said],
        address=address,
        secret=secret,
        detail=detail,
    )
