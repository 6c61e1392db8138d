"""What a waiting command names, so that the writer can read it all in one go."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from tocsin.core.claims import CORRELATION_KEY, EXTERNAL_ID, REF, Claim
from tocsin.core.commands import (
    AddReference,
    AttachSignal,
    ChangeFields,
    ChangeStatus,
    Command,
    OpenIncident,
    OpenTicket,
    PlanMaintenance,
    ReferenceDraft,
    Relate,
)
from tocsin.core.evidence import Directory
from tocsin.core.facts import NotGiven, stream_name
from tocsin.core.overlaps import Work, touched
from tocsin.core.ticket import Ticket
from tocsin.handler.submission import Submission

_REF = re.compile(r"[IM][0-9]{8}-[a-z0-9]{4,8}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

TICKET_SORTS = ("incident", "maintenance")


def is_ref(name: str) -> bool:
    """Whether *name* is written like a ticket's ref."""
    return _REF.fullmatch(name) is not None


def ticket_streams(name: str) -> tuple[str, ...]:
    """The streams that a ticket of that id may have; none for what is no id."""
    sort = name.partition(":")[0]
    if sort in TICKET_SORTS and ":" in name:
        return (name,)
    if _UUID.fullmatch(name) is None:
        return ()
    return tuple(stream_name(sort, name) for sort in TICKET_SORTS)


def tickets_named(submission: Submission) -> tuple[str, ...]:
    """Tickets, by id or ref, that a submission is about or mentions."""
    named: list[str] = []
    if submission.sort == "ticket" and submission.subject is not None:
        named.append(submission.subject)
    match submission.command:
        case Relate(ticket=ticket):
            named.append(ticket)
        case ChangeStatus(duplicate_of=str() as other):
            named.append(other)
        case _:
            pass
    return tuple(named)


def claims_named(command: Command) -> tuple[Claim, ...]:
    """Claims of tickets that a command would take, or must find free."""
    match command:
        case OpenTicket(refs=refs, correlation_keys=keys, references=references):
            return (
                *((REF, ref) for ref in refs),
                *((CORRELATION_KEY, key) for key in keys),
                *_conversations(references),
            )
        case AddReference(reference=reference):
            return _conversations((reference,))
        case AttachSignal(signal=signal) if signal.correlation_key is not None:
            return ((CORRELATION_KEY, signal.correlation_key),)
        case ChangeFields(correlation_keys=tuple() as keys):
            return tuple((CORRELATION_KEY, key) for key in keys)
        case _:
            return ()


def _conversations(references: Iterable[ReferenceDraft]) -> tuple[Claim, ...]:
    return tuple((EXTERNAL_ID, one.external_id) for one in references if one.external_id)


def opened_stream(command: Command) -> str | None:
    """The stream that an opening command makes; None for every other command."""
    match command:
        case OpenIncident():
            return stream_name("incident", command.ticket_id)
        case PlanMaintenance():
            return stream_name("maintenance", command.ticket_id)
        case _:
            return None


IDENTITY_FIELDS = {
    "org": "org_id",
    "contributor": "contributor_id",
    "member": "member_id",
    "key": "key_id",
    "service": "service_id",
    "location": "location_id",
    "route": "route_id",
    "entry_point": "entry_point_id",
    "connector": "connector_id",
    "rule": "rule_id",
    "status_page": "status_page_id",
    "subscription": "subscription_id",
    "view": "view_id",
    "device": "device_id",
    "link": "link_id",
}
"""Which field of a making command says the id of the record it makes."""

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def window_terms(ticket: Ticket | None, command: Command, directory: Directory) -> frozenset[str]:
    """The terms under which maintenances in the way of this one, before or after, can be found."""
    devices = set(() if ticket is None else ticket.devices)
    links = set(() if ticket is None else ticket.links)
    if isinstance(command, PlanMaintenance | ChangeFields):
        if not isinstance(command.devices, NotGiven):
            named = (directory.device(name) for name in command.devices)
            devices.update(device.pubkey for device in named if device is not None)
        if not isinstance(command.links, NotGiven):
            lines = (directory.link(name) for name in command.links)
            links.update(link.pubkey for link in lines if link is not None)
    if ticket is None and not isinstance(command, PlanMaintenance):
        return frozenset()
    # Only the assets matter here; which windows meet is for the decision to say.
    work = Work(devices=tuple(devices), links=tuple(links), start_at=_EVER, end_at=_EVER)
    return frozenset(f"window={pubkey}" for pubkey in touched(work, directory))
