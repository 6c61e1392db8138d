"""Mail to those who have subscribed to a status page, or want to, or want to sign in.

Only public words are in it. Who gets it can end it with one click (RFC 8058), and without signing
in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from tocsin.adapters.email.envelope import POLICY, message_id
from tocsin.adapters.email.letters import line, paragraph, shown_instant
from tocsin.adapters.email.mail import Mail
from tocsin.core.words import TicketType
from tocsin.projections.subscription_words import Impact, Told

_PAGES: Final = Environment(
    loader=PackageLoader("tocsin.adapters.email", "."), autoescape=True, undefined=StrictUndefined
)
_IMPACTS: Final = {
    "degraded": "degraded",
    "partial": "partial outage",
    "major": "major outage",
    None: "operational",
}
_UNDER_WORK: Final = "under maintenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicLetter:
    """A mail to somebody outside, before it has headers.

    ``way_out`` is where they end it with one click; None where there is nothing to end.
    """

    subject: str
    heading: str
    lead: str = ""
    body: str = ""
    facts: tuple[str, ...] = ()
    link: str
    link_words: str
    foot: str
    way_out: str | None = None


def told_letter(told: Told, *, way_out: str) -> PublicLetter:
    """The letter that tells a public update."""
    word = told.status.replace("_", " ").capitalize()
    title = told.title or "An incident that you were told of"
    return PublicLetter(
        subject=line(f"[{told.page_name} status] {word}: {title}"),
        heading=line(title),
        lead=f"{word}, {shown_instant(told.posted_at)}",
        body=paragraph(told.body),
        facts=tuple(_facts(told)),
        link=told.url,
        link_words="See it on the status page",
        foot=line(
            f"You get this because you have subscribed to the status page of {told.page_name}."
        ),
        way_out=way_out,
    )


def confirming_letter(page_name: str, *, services: tuple[str, ...], link: str) -> PublicLetter:
    """The letter that asks whether somebody wants to be told; *services* are names, none: all."""
    return PublicLetter(
        subject=line(f"[{page_name} status] Please confirm that you want updates"),
        heading=line(f"Updates from the status page of {page_name}"),
        body=(
            "Somebody, probably you, asked for updates to be sent to this address. They are sent"
            " once you have confirmed it, within 24 hours."
        ),
        facts=tuple(line(f"About {name}") for name in services),
        link=link,
        link_words="Confirm",
        foot="If it was not you, do nothing: nothing is kept, and nothing more is sent.",
    )


def signing_in_letter(org_name: str, *, link: str, minutes: int) -> PublicLetter:
    """The letter with a link that signs its reader in, once."""
    return PublicLetter(
        subject=line(f"[{org_name}] Your link to sign in"),
        heading=line(f"Sign in to {org_name}"),
        body=(
            f"The link is good once, for {minutes} minutes. Whoever has it is signed in as you, so"
            " give it to nobody."
        ),
        link=link,
        link_words="Sign in",
        foot="If you did not ask for it, do nothing: nobody has been signed in.",
    )


def plain_text(letter: PublicLetter) -> str:
    """*letter* as plain text."""
    facts = "\n".join(f"* {one}" for one in letter.facts)
    link = f"{letter.link_words}:\n{letter.link}"
    parts = (letter.heading, letter.lead, letter.body, facts, link)
    foot = letter.foot
    if letter.way_out is not None:
        foot += f"\nUnsubscribe: {letter.way_out}"
    return "\n\n".join(part for part in parts if part) + f"\n\n-- \n{foot}\n"


def public_message(
    letter: PublicLetter,
    *,
    address: str,
    identity: str,
    at: datetime,
    mail: Mail,
    thread: str | None = None,
    list_name: str | None = None,
) -> EmailMessage:
    """The message that carries *letter* to *address*; its id is made of *identity*, so that one
    that was sent twice is known as one. *thread* is the message id of what it goes on from,
    *list_name* identifies what is subscribed to."""
    message = EmailMessage(policy=POLICY)
    message["From"] = mail.from_address
    message["To"] = address
    message["Subject"] = letter.subject
    message["Date"] = at
    message["Message-ID"] = message_id(identity, domain=mail.domain)
    if thread is not None:
        message["In-Reply-To"] = thread
        message["References"] = thread
    if list_name is not None:
        digest = hashlib.sha256(list_name.encode()).hexdigest()[:32]
        message["List-Id"] = f"<{digest}.status.{mail.domain}>"
    if letter.way_out is not None:
        message["List-Unsubscribe"] = f"<{letter.way_out}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(plain_text(letter), cte="quoted-printable")
    page = _PAGES.get_template("public_letter.html").render(letter=letter)
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    return message


def _facts(told: Told) -> Iterator[str]:
    for one in told.services:
        yield line(f"{one.name}: {_impact(one, told)}")
    if told.scheduled_for is not None and told.scheduled_until is not None:
        window = f"{shown_instant(told.scheduled_for)} to {shown_instant(told.scheduled_until)}"
        yield f"Planned: {window}"


def _impact(one: Impact, told: Told) -> str:
    if told.kind is TicketType.MAINTENANCE and told.status in ("in_progress", "verifying"):
        return _UNDER_WORK if one.impact is not None else _IMPACTS[None]
    return _IMPACTS.get(one.impact, "degraded")
