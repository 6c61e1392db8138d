"""What an org no longer keeps: which text of an earlier fact goes when its time is over (Design:
proof and erasure; API: ``PATCH /policy``).

Two spans of days, each of its own meaning. *Slack*: what people wrote there, so long after it was
recorded, whatever has become of its ticket. *Personal data*: who people are, on tickets that have
ended and of subscriptions that have, so long after that; what was recorded later, so long after it
was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from tocsin.core.facts import Change, Event
from tocsin.core.record_facts import SubscriptionCreated
from tocsin.core.ticket_facts import (
    Cancelled,
    Completed,
    Extended,
    IncidentClosed,
    IncidentCreated,
    IncidentReopened,
    IncidentResolved,
    MaintenanceClosed,
    MaintenancePlanned,
    MessageRecorded,
    NoteAdded,
    Started,
    StatusChanged,
    TicketUpdated,
)
from tocsin.core.ticket_fold import REMOVED

ACTOR: Final = "actor.name"
"""How the name of who did something is called where it is erased."""

CHAT: Final = "slack"
"""The chat that ``slack_retention_days`` is about, as facts name where they came in."""

MOVES: Final = frozenset(
    kind
    for fact in (
        StatusChanged,
        IncidentResolved,
        IncidentClosed,
        IncidentReopened,
        Started,
        Completed,
        Extended,
        Cancelled,
        MaintenanceClosed,
    )
    for kind in fact.kinds.values()
)
"""The kinds of fact that move a ticket's status: the newest of them is when it came to where it
is."""

_REPORTER: Final = ("reporter_email", "reporter_name")

IsPerson = Callable[[str], bool]
"""Whether the member of that id is a person; a service's name is nobody's."""


def written_in_chat(event: Event) -> tuple[str, ...]:
    """The fields of *event* that hold what somebody wrote in the chat, and who it was; those that
    are empty or were erased left out."""
    match event.payload:
        case MessageRecorded(source=source, author=author, text=text) if source == CHAT:
            return tuple(_held(("author", author), ("text", text)))
        case NoteAdded(body=body) if event.via == CHAT:
            who = event.actor.name if event.actor.type == "user" else None
            return tuple(_held((ACTOR, who), ("body", body)))
        case _:
            return ()


def names_of_people(event: Event, *, is_person: IsPerson) -> tuple[str, ...]:
    """The fields of *event* that say who somebody is; those that are empty or were erased left
    out."""
    actor, payload = event.actor, event.payload
    is_named = actor.type == "user" and actor.name != REMOVED and is_person(actor.id)
    found = [ACTOR] if is_named else []
    match payload:
        case IncidentCreated() | MaintenancePlanned():
            found += _held(*((name, getattr(payload, name)) for name in _REPORTER))
        case TicketUpdated(changes=changes):
            told = {one.field for one in changes if one.field in _REPORTER and _says(one)}
            found += sorted(told)
        case MessageRecorded(author=author):
            found += _held(("author", author))
        case SubscriptionCreated(address=address):
            found += _held(("address", address))
        case _:
            pass
    return tuple(found)


def _held(*fields: tuple[str, str | None]) -> Iterator[str]:
    for name, text in fields:
        if text and text != REMOVED:
            yield name


def _says(change: Change) -> bool:
    return any(isinstance(one, str) and one != REMOVED for one in (change.old, change.new))
