"""What the public was told of a ticket, folded from the log (Domain: public updates).

Only public words enter: the updates as they were posted and corrected, and of the ticket itself its
name (ref), type, severity, planned window and where its analysis can be read. Whatever else a
ticket holds is internal and has no place here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from tocsin.core.facts import Event, Payload, stream_identity
from tocsin.core.field_folding import folded_fields
from tocsin.core.ticket import ServiceImpact, Ticket
from tocsin.core.ticket_facts import (
    Extended,
    IncidentCreated,
    LinkedToTicket,
    MaintenancePlanned,
    PublicUpdateEdited,
    PublicUpdatePosted,
    Redacted,
    Rescheduled,
    SeverityChanged,
    TicketUpdated,
)
from tocsin.core.ticket_fold import REMOVED
from tocsin.core.words import (
    ENDED,
    OVER,
    PublicIncidentStatus,
    PublicMaintenanceStatus,
    Severity,
    TicketType,
)

ENDINGS: Final[frozenset[str]] = frozenset(
    {
        PublicIncidentStatus.RESOLVED,
        PublicMaintenanceStatus.COMPLETED,
        PublicMaintenanceStatus.CANCELLED,
    }
)
"""Public words after which a ticket is over."""

_ENDED_OR_OVER: Final = ENDED | OVER


def public_lags(ticket: Ticket) -> bool:
    """Whether *ticket* has ended, and the public was last told something else."""
    told = ticket.public_updates
    return bool(told) and told[-1].status not in ENDINGS and ticket.status in _ENDED_OR_OVER


def public_leads(ticket: Ticket) -> bool:
    """Whether the public was last told that *ticket* has ended, and it has not."""
    told = ticket.public_updates
    return bool(told) and told[-1].status in ENDINGS and ticket.status not in _ENDED_OR_OVER


_FOLDED: Final[frozenset[type[Payload]]] = frozenset(
    {
        Extended,
        IncidentCreated,
        LinkedToTicket,
        MaintenancePlanned,
        PublicUpdateEdited,
        PublicUpdatePosted,
        Redacted,
        Rescheduled,
        SeverityChanged,
        TicketUpdated,
    }
)

KINDS: Final = frozenset(kind for payload in _FOLDED for kind in payload.kinds.values())
"""Kinds of events that a notice follows from; all others leave it as it is."""

POSTED: Final = frozenset(PublicUpdatePosted.kinds.values())
"""Kinds of events that make a ticket public."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicWords:
    """One public update as it stands.

    ``title`` is what the ticket was called with it. ``services`` are what it says of services,
    ``pages`` ids of the status pages it is for (none: every one that its services say). ``event``
    is the event that the texts are from, so that an erasure finds them.
    """

    id: str
    status: str
    title: str
    body: str
    posted_at: datetime
    edited_at: datetime | None = None
    services: tuple[ServiceImpact, ...] = ()
    pages: tuple[str, ...] = ()
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicNotice:
    """A ticket as the public may know it; without ``updates`` it is not public.

    ``updates`` are oldest first. ``start_at`` and ``end_at`` are the planned window of a
    maintenance, None for an incident. ``rca_event`` is the event that ``rca_url`` is from.
    """

    stream: str
    ref: str
    kind: TicketType
    severity: Severity
    start_at: datetime | None = None
    end_at: datetime | None = None
    rca_url: str | None = None
    rca_event: str = ""
    updates: tuple[PublicWords, ...] = ()

    @property
    def id(self) -> str:
        """The ticket's id."""
        return stream_identity(self.stream)

    @property
    def is_public(self) -> bool:
        """Whether anything was said to the public."""
        return bool(self.updates)

    @property
    def ended_at(self) -> datetime | None:
        """When the public was told that it is over; None while that is not its latest word."""
        last = self.updates[-1] if self.updates else None
        return last.posted_at if last is not None and last.status in ENDINGS else None

    @property
    def updated_at(self) -> datetime | None:
        """When something was last said or corrected; None before anything was."""
        return max((one.edited_at or one.posted_at for one in self.updates), default=None)


def evolve(notice: PublicNotice | None, event: Event) -> PublicNotice | None:
    """The notice after one more event of its ticket; None before the first.

    Total: what it does not know leaves it as it is. The words of an erased text read
    ``[removed]``, an erased address is none.
    """
    payload = event.payload
    if type(payload) not in _FOLDED:
        return notice
    match payload:
        case IncidentCreated():
            # Whoever follows the log from its beginning again begins again here.
            return PublicNotice(
                stream=event.stream,
                ref=payload.ref,
                kind=TicketType.INCIDENT,
                severity=payload.severity,
            )
        case MaintenancePlanned():
            return PublicNotice(
                stream=event.stream,
                ref=payload.ref,
                kind=TicketType.MAINTENANCE,
                severity=payload.severity,
                start_at=payload.start_at,
                end_at=payload.end_at,
            )
        case _:
            return None if notice is None else _after(notice, event)


def _after(notice: PublicNotice, event: Event) -> PublicNotice:
    payload = event.payload
    match payload:
        case SeverityChanged():
            return replace(notice, severity=payload.severity_to)
        case Rescheduled():
            return replace(notice, start_at=payload.start_at, end_at=payload.end_at)
        case Extended():
            return replace(notice, end_at=payload.end_at)
        case TicketUpdated():
            start_at = folded_fields(payload).get("start_at")
            # When an incident began is internal; a window is what is planned.
            if notice.kind is not TicketType.MAINTENANCE or start_at is None:
                return notice
            return replace(notice, start_at=start_at)
        case LinkedToTicket(reference=reference):
            if reference.kind != "rca" or reference.url == REMOVED:
                return notice
            return replace(notice, rca_url=reference.url, rca_event=event.id)
        case PublicUpdatePosted():
            return _posted(notice, payload, event)
        case PublicUpdateEdited():
            return _corrected(notice, payload, event)
        case Redacted():
            return _erased(notice, payload)
        case _:
            return notice


def _posted(notice: PublicNotice, payload: PublicUpdatePosted, event: Event) -> PublicNotice:
    words = PublicWords(
        id=payload.public_update_id,
        status=payload.status,
        title=payload.title,
        body=payload.body,
        posted_at=event.recorded_at,
        services=payload.services,
        pages=payload.pages,
        event=event.id,
    )
    earlier = tuple(one for one in notice.updates if one.id != words.id)
    return replace(notice, updates=(*earlier, words))


def _corrected(notice: PublicNotice, payload: PublicUpdateEdited, event: Event) -> PublicNotice:
    updates = tuple(
        replace(
            one,
            title=payload.title,
            body=payload.body,
            edited_at=event.recorded_at,
            event=event.id,
        )
        if one.id == payload.public_update_id
        else one
        for one in notice.updates
    )
    return replace(notice, updates=updates)


def _erased(notice: PublicNotice, payload: Redacted) -> PublicNotice:
    """Without the words that were taken out of the event that *payload* names."""
    updates = tuple(
        replace(
            one,
            title=REMOVED if "title" in payload.fields else one.title,
            body=REMOVED if "body" in payload.fields else one.body,
        )
        if one.event == payload.event
        else one
        for one in notice.updates
    )
    notice = replace(notice, updates=updates)
    if "reference" in payload.fields and notice.rca_event == payload.event:
        notice = replace(notice, rca_url=None, rca_event="")
    return notice
