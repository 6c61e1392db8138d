"""What a mail says: a fact about a ticket, in words (Integrations: mail).

Pure: from a parcel and the names of what it mentions to a subject, facts and text. Nothing here
knows of headers or servers. What was erased of an event is not in the parcel, so it is not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tocsin.core.facts import Event, stream_name
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import (
    MessageRecorded,
    NoteAdded,
    PublicUpdateEdited,
    PublicUpdatePosted,
    TicketUpdated,
)
from tocsin.core.words import TicketType
from tocsin.dispatcher.contract import Addressee, Parcel, Trial
from tocsin.projections.addresses import ticket_page
from tocsin.projections.sentences import LONGEST, sentence_of
from tocsin.store.codec import data_of

LONGEST_SUBJECT: Final = 200
LONGEST_TEXT: Final = 50_000
LONGEST_VALUE: Final = 300
"""Characters of one side of a changed field."""
MOST_NAMES: Final = 50
"""Devices, links and services that a mail lists; a ticket may touch more."""

Names = Mapping[str, str]
"""What people call what a mail mentions: codes of assets by pubkey, names of parties by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail before it has headers.

    ``what`` is the sentence that says what happened, ``who`` who did it and when; ``said`` the
    whole text where a sentence is not enough; ``facts`` pairs of a name and a value; ``link`` leads
    to the ticket; ``foot`` says why this was sent.
    """

    subject: str
    heading: str
    what: str
    who: str
    said: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    description: str = ""
    link: str | None = None
    foot: str


def assets_of(ticket: Ticket) -> tuple[str, ...]:
    """The pubkeys of the devices and links whose codes a letter about *ticket* needs."""
    return (*ticket.devices[:MOST_NAMES], *ticket.links[:MOST_NAMES])


def parties_of(ticket: Ticket) -> tuple[str, ...]:
    """The streams of the contributors and members whose names a letter about *ticket* needs."""
    found = []
    if ticket.contributor_id is not None:
        found.append(stream_name("contributor", ticket.contributor_id))
    if ticket.assignee is not None:
        found.append(stream_name(ticket.assignee.kind, ticket.assignee.id))
    return tuple(found)


def letter_of(parcel: Parcel, ticket: Ticket, *, names: Names, base_url: str | None) -> Letter:
    """The letter that tells *parcel*, a fact about *ticket*; *names* are of :func:`assets_of` and
    :func:`parties_of`."""
    what, said = _told(parcel.event, names)
    standing = f"{ticket.severity.value.upper()} {_spaced(ticket.status.value)}"
    return Letter(
        subject=line(f"[{parcel.to.org} {ticket.ref}] {standing}: {ticket.title}"),
        heading=line(f"{ticket.ref} {ticket.title}"),
        what=paragraph(what, longest=LONGEST),
        who=who_and_when(parcel.event),
        said=paragraph(said),
        facts=tuple((name, line(value, longest=4_000)) for name, value in _facts(ticket, names)),
        description=paragraph(ticket.description) if parcel.opening else "",
        link=None if base_url is None else ticket_page(ticket.ref, base_url=base_url),
        foot=foot_of(parcel.to),
    )


def trial_letter(trial: Trial) -> Letter:
    """The letter that says that it is a test."""
    to = trial.to
    return Letter(
        subject=line(f"[{to.org}] Test of the route {to.route_name}"),
        heading="This is a test",
        what="Nothing happened: somebody tried out whether mail arrives here. It does.",
        who=shown_instant(trial.at),
        foot=foot_of(to),
    )


def plain_text(letter: Letter) -> str:
    """*letter* as plain text."""
    parts = [letter.heading, letter.what, letter.who]
    if letter.said:
        parts.append("\n".join(f"> {one}" for one in letter.said.split("\n")))
    if letter.facts:
        width = max(len(name) for name, _ in letter.facts) + 2
        parts.append("\n".join(f"{name + ':':<{width}}{value}" for name, value in letter.facts))
    if letter.description:
        parts.append(letter.description)
    if letter.link is not None:
        parts.append(letter.link)
    return "\n\n".join(parts) + f"\n\n-- \n{letter.foot}\n"


def shown_instant(instant: datetime) -> str:
    """``2026-11-20 09:30 UTC``."""
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def who_and_when(event: Event) -> str:
    """Who did it, and when it was recorded."""
    actor = event.actor
    who = actor.name if actor.contributor is None else f"{actor.name} ({actor.contributor})"
    return line(f"{who}, {shown_instant(event.recorded_at)}")


def foot_of(to: Addressee) -> str:
    """Why a letter was sent."""
    return line(f"Sent by Tocsin for {to.org}, because the route “{to.route_name}” leads here.")


_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_GAP = re.compile(rf"(?:\s|{_UNSEEN.pattern})+")


def paragraph(text: str, *, longest: int = LONGEST_TEXT) -> str:
    """*text* with its lines, without what hides, turns round or cannot be sent; cut to *longest*
    characters."""
    clean = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def line(text: str, *, longest: int = LONGEST_SUBJECT) -> str:
    """*text* on one line: every run of blanks, line ends and what is not seen is one blank, so that
    nothing in it can begin another header."""
    return paragraph(_GAP.sub(" ", text), longest=longest)


def _told(event: Event, names: Names) -> tuple[str, str]:
    """What happened in a sentence, and the whole text where a sentence is not enough."""
    payload = event.payload
    match payload:
        case NoteAdded(body=body):
            return "wrote:", body
        case MessageRecorded(author=author, deleted=True):
            return f"{author} took back a message in a chat.", ""
        case MessageRecorded(text=body, author=author):
            return f"{author} wrote, in a chat:", body
        case PublicUpdatePosted(status=status, body=body):
            return f"said to the public ({_spaced(status)}):", body
        case PublicUpdateEdited(body=body):
            return "corrected what was said to the public:", body
        case TicketUpdated(facts=facts, changes=changes):
            data = data_of(payload)
            told = "\n".join(
                f"{_spaced(one.field)}: {_value(one.old, names)} → {_value(one.new, names)}"
                for one in (*facts, *changes)
            )
            return sentence_of(event.kind, data), told
        case _:
            data = data_of(payload)
            sentence = sentence_of(event.kind, data)
            reason = data.get("reason") or data.get("resolution") or data.get("details")
            return sentence, str(reason) if reason and len(sentence) >= LONGEST else ""


def _value(value: object, names: Names) -> str:
    match value:
        case None | "" | []:
            return "nothing"
        case list():
            return line(
                ", ".join(names.get(str(one), str(one)) for one in value), longest=LONGEST_VALUE
            )
        case _:
            return line(str(value), longest=LONGEST_VALUE)


def _facts(ticket: Ticket, names: Names) -> Iterator[tuple[str, str]]:
    yield "Status", _spaced(ticket.status.value)
    yield "Severity", ticket.severity.value
    if ticket.impact is not None:
        yield "Impact", _spaced(ticket.impact.value)
    if ticket.devices:
        yield "Devices", _listed(ticket.devices, names)
    if ticket.links:
        yield "Links", _listed(ticket.links, names)
    if ticket.services:
        yield "Services", _listed(ticket.services, names)
    if ticket.type is TicketType.MAINTENANCE and ticket.end_at is not None:
        yield "Window", f"{shown_instant(ticket.start_at)} to {shown_instant(ticket.end_at)}"
    else:
        yield "Began", shown_instant(ticket.start_at)
    if ticket.contributor_id is not None:
        yield "Opened by", names.get(ticket.contributor_id, ticket.contributor_id)
    if ticket.assignee is not None:
        yield "Assignee", names.get(ticket.assignee.id, ticket.assignee.id)
    if ticket.resolution:
        yield "Resolution", ticket.resolution
    if ticket.root_cause is not None:
        yield "Root cause", _spaced(ticket.root_cause.value)
    if ticket.disposition is not None:
        yield "Ended as", _spaced(ticket.disposition.value)
    if ticket.rca_url is not None:
        yield "RCA", ticket.rca_url


def _listed(identities: tuple[str, ...], names: Names) -> str:
    shown = ", ".join(names.get(one, one) for one in identities[:MOST_NAMES])
    more = len(identities) - MOST_NAMES
    return shown if more <= 0 else f"{shown} and {more} more"


def _spaced(word: str) -> str:
    return word.replace("_", " ").replace(".", " ")
