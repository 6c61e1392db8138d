"""The endpoint of a ticket's timeline: everything that happened to it, in order."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from tocsin.adapters.rest.calls import Call
from tocsin.adapters.rest.endpoints import Endpoint, Page
from tocsin.adapters.rest.ticket_bodies import PageQuery
from tocsin.adapters.rest.tickets import TICKET, ticket_head
from tocsin.projections.shapes.ticket_shapes import ActorShape
from tocsin.projections.timeline import read_timeline
from tocsin.store.contract import ReadTurn


class TimelineEntry(Struct, kw_only=True):
    """Something that happened: ``at`` when it is said to have, ``recorded_at`` when it was written.

    ``text`` says it in a sentence, ``data`` is all that the fact says; what was erased reads
    ``[removed]``.
    """

    position: int
    version: int
    event: str
    kind: str
    at: str
    recorded_at: str
    actor: ActorShape
    via: str
    text: str
    data: dict[str, Any]


_entry = msgspec.json.Decoder(TimelineEntry)


def _timeline(turn: ReadTurn, call: Call[PageQuery, None]) -> Page[TimelineEntry]:
    head, _ = ticket_head(turn, call)
    bound_to = ("timeline", head.stream)
    place = call.place(call.query.cursor, *bound_to)
    limit = call.query.limit
    entries = read_timeline(
        turn,
        head=head,
        after=0 if place is None else int(place[0]),
        limit=limit + 1,
    )
    shown = [_entry.decode(one) for one in entries[:limit]]
    more = len(entries) > limit
    return Page(
        items=shown,
        next_cursor=call.cursor((shown[-1].position,), *bound_to) if more else None,
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path=f"{TICKET}/timeline",
        tag="tickets",
        summary="Read everything that happened to a ticket, oldest first.",
        description="Your own last write is always in it.",
        query=PageQuery,
        answer=Page[TimelineEntry],
        look=_timeline,
        reads="ticket",
    ),
)
