"""What is kept of each incident so that measures need not read it whole (Domain: measures).

One small record per incident: what it is grouped by, how long each of its stretches took, and when
it was open. It follows from the ticket as it stands and from its moves, so it can be kept while the
log is followed and made anew from the log alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from tocsin.core.facts import Event, Payload
from tocsin.core.instants import to_text
from tocsin.core.rows import OPEN_END
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import IncidentCreated, StatusChanged
from tocsin.core.words import ACTIVE_INCIDENT

MOST_TURNS: Final = 200
"""So many endings and reopenings of one incident are kept apart. Of one that goes on for ever the
oldest pair is forgotten: the time between is then counted as open."""

MICROSECOND: Final = timedelta(microseconds=1)

Turns = tuple[datetime, ...]
"""When an incident ended, was reopened, ended again, …; of an even number it is active."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An incident as measures count it.

    Instants are text that sorts as time does. ``services`` are codes, ``contributors`` ids,
    ``devices`` and ``links`` pubkeys, each sorted. ``detecting`` … ``closing`` are whole
    microseconds, None where there is no such stretch. ``open_until`` is when it last ended,
    :data:`tocsin.core.rows.OPEN_END` while it is active.
    """

    created_at: str
    severity: str
    status: str
    root_cause: str | None
    impact: str | None
    services: tuple[str, ...]
    contributors: tuple[str, ...]
    devices: tuple[str, ...]
    links: tuple[str, ...]
    start_at: str
    open_until: str
    turns: tuple[str, ...]
    detecting: int | None
    acknowledging: int | None
    mitigating: int | None
    resolving: int | None
    closing: int | None


def measured_of(ticket: Ticket, turns: Turns) -> Measured:
    """The record of the incident *ticket*, which ended and was reopened at *turns*."""
    start_at = ticket.start_at
    return Measured(
        created_at=to_text(ticket.created_at),
        severity=ticket.severity.value,
        status=ticket.status.value,
        root_cause=None if ticket.root_cause is None else ticket.root_cause.value,
        impact=None if ticket.impact is None else ticket.impact.value,
        services=ticket.services,
        contributors=ticket.affected_contributors,
        devices=ticket.devices,
        links=ticket.links,
        start_at=to_text(start_at),
        open_until=to_text(turns[-1]) if len(turns) % 2 else OPEN_END,
        turns=tuple(to_text(at) for at in turns),
        detecting=_between(start_at, ticket.created_at) if ticket.start_given else None,
        acknowledging=_between(ticket.detected_at, ticket.acknowledged_at),
        mitigating=_between(start_at, ticket.mitigated_at),
        resolving=_between(start_at, ticket.resolved_at),
        closing=_between(start_at, ticket.closed_at),
    )


def _between(earlier: datetime, later: datetime | None) -> int | None:
    """Microseconds, or None while there is no *later*."""
    return None if later is None else (later - earlier) // MICROSECOND


def turns_after(turns: Turns, payload: Payload) -> Turns:
    """*turns* after one more fact of the incident: none after its first, the same after most."""
    if isinstance(payload, IncidentCreated):
        # Whoever follows the log from its beginning again begins again here.
        return ()
    if not isinstance(payload, StatusChanged):
        return turns
    active = len(turns) % 2 == 0
    if (payload.status_to in ACTIVE_INCIDENT) is active:
        return turns
    at = payload.at.astimezone(UTC)
    return (*turns, at) if len(turns) < MOST_TURNS else (*turns[2:], at)


def turns_in(events: Iterable[Event], turns: Turns = ()) -> Turns:
    """*turns* after *events* of one incident, oldest first."""
    for event in events:
        turns = turns_after(turns, event.payload)
    return turns
