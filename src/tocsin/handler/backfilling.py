"""What a new route is to send of the tickets that were there before it (API: routes, backfill)."""

from __future__ import annotations

from datetime import datetime

from tocsin.core.evidence import Directory
from tocsin.core.facts import Event, stream_sort
from tocsin.core.records import Route
from tocsin.core.routing import deliveries_of
from tocsin.core.ticket import Ticket
from tocsin.core.words import is_active
from tocsin.handler.naming import TICKET_SORTS
from tocsin.store.contract import Batch, Head, WriteTurn
from tocsin.store.outgoing import Noted, Trouble


def openings_of(
    turn: WriteTurn,
    batch: Batch,
    route: Route,
    *,
    org_id: int,
    at: datetime,
    directory: Directory,
) -> list[Noted]:
    """For each active ticket that *route* matches as it stands now: its first fact, to be sent at
    once. Tickets that *batch* has opened or moved are seen as it leaves them."""
    decided = {
        stream: change.head
        for (org, stream), change in batch.heads.items()
        if org == org_id and stream_sort(stream) in TICKET_SORTS
    }
    stored = [stream for stream in turn.active_tickets(org_id) if stream not in decided]
    heads = [*turn.heads(org_id, stored).values(), *decided.values()]
    found: list[Noted] = []
    for head in sorted(heads, key=lambda one: one.number):
        if not isinstance(head.state, Ticket) or not is_active(head.state.status):
            continue
        opening = _opening(turn, batch, head)
        if deliveries_of(opening, head.state, directory, (route,)):
            found.append(
                Noted(
                    org_id=org_id,
                    route_id=route.id,
                    position=opening.position,
                    stream=head.stream,
                    state=Trouble.WAITING,
                    due_at=at,
                )
            )
    return found


def _opening(turn: WriteTurn, batch: Batch, head: Head) -> Event:
    for event in batch.events:
        if event.position == head.number:
            return event
    (opening,) = turn.stream_events(head.org_id, head.stream, limit=1)
    return opening
