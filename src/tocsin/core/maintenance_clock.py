"""What time does to a maintenance: reminder, start, overrun, closing (Domain: lifecycle)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never
from uuid import NAMESPACE_OID, uuid5

from tocsin.core.deadlines import deadlines_of
from tocsin.core.evidence import Given
from tocsin.core.facts import Event, Payload
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import (
    ConflictCleared,
    MaintenanceClosed,
    Overran,
    Reminded,
    Started,
)
from tocsin.core.ticket_fold import evolve
from tocsin.core.words import Disposition, Status

_ONE_STEP = timedelta(microseconds=1)


def tick(state: Ticket, at: datetime, given: Given) -> tuple[Payload, ...]:
    """The facts of everything that is due at *at*, each at the instant it was due, earliest first.

    No deadline up to *at* is left due after them, so that ticking twice is ticking once.
    """
    facts: list[Payload] = []
    now = state
    while True:
        due = next((line for line in deadlines_of(now) if line.due_at <= at), None)
        if due is None:
            return tuple(facts)
        fresh = given.entry_id if not facts else _derived(given.entry_id, due.kind)
        made: tuple[Payload, ...]
        match due.kind:
            case "reminder":
                late = given.at > now.start_at
                made = (Reminded(at=due.due_at, start_at=now.start_at, late=late),)
            case "start":
                made = (Started(update_id=fresh, at=due.due_at, status_from=now.status),)
            case "overrun":
                end_at = due.due_at if now.end_at is None else now.end_at
                made = (Overran(at=due.due_at, end_at=end_at),)
            case "close":
                lapsed = now.status is Status.PLANNED
                closed = MaintenanceClosed(
                    update_id=fresh,
                    at=due.due_at,
                    status_from=now.status,
                    disposition=Disposition.LAPSED if lapsed else Disposition.AUTO_CLOSED,
                )
                frees = (ConflictCleared(ticket_id=known.ticket_id) for known in now.conflicts)
                made = (closed, *frees)
            case _:
                assert_never(due.kind)
        for payload in made:
            now = evolve(now, _as_event(now, payload, given))
        facts += made


def _derived(entry_id: str, kind: str) -> str:
    """Another id for another update of the same commit; the same every time."""
    return str(uuid5(NAMESPACE_OID, f"{entry_id}:{kind}"))


def _as_event(state: Ticket, payload: Payload, given: Given) -> Event:
    """*payload* as the writer will stamp it, to see what is due after it."""
    return Event(
        id=given.entry_id,
        org_id=0,
        stream=state.stream,
        version=state.version + 1,
        position=0,
        recorded_at=max(given.at, state.updated_at + _ONE_STEP),
        actor=given.actor,
        via=given.via,
        payload=payload,
    )
