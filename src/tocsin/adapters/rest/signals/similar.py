"""The endpoint of past incidents that were like a ticket, by what they have in common."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from tocsin.adapters.rest.calls import Call
from tocsin.adapters.rest.endpoints import Endpoint, Page
from tocsin.adapters.rest.ticket_bodies import InDialect
from tocsin.adapters.rest.tickets import TICKET, ticket_head
from tocsin.core.ticket import Ticket
from tocsin.core.words import TicketType, is_active
from tocsin.projections.shapes.ticket_names import LoadedNames
from tocsin.projections.shapes.ticket_shapes import TicketShape
from tocsin.projections.shapes.tickets import ticket_shape
from tocsin.projections.similar import alike
from tocsin.store.contract import ReadTurn

MOST_SIMILAR: Final = 20


class Similar(Struct, kw_only=True):
    """A past incident, what it has in common with the one asked about, and how much that weighs."""

    ticket: TicketShape
    score: int
    reasons: list[str]


def _is_past_incident(ticket: Ticket) -> bool:
    return ticket.type is TicketType.INCIDENT and not is_active(ticket.status)


def _similar(turn: ReadTurn, call: Call[InDialect, None]) -> Page[Similar]:
    head, ticket = ticket_head(turn, call)
    found = alike(turn, call.org_id, ticket, number=head.number, wanted=_is_past_incident)
    shown = found[:MOST_SIMILAR]
    names = LoadedNames(turn, org_id=call.org_id, tickets=[ticket, *(one.ticket for one in shown)])
    return Page(
        items=[
            Similar(
                ticket=ticket_shape(one.ticket, names, dialect=call.dialect),
                score=one.score,
                reasons=list(one.reasons(names)),
            )
            for one in shown
        ]
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path=f"{TICKET}/similar",
        tag="tickets",
        summary="Find past incidents that were like this ticket, the most alike first, with why.",
        description=(
            "Incidents that are over and had an alert, a correlation key, a link, a device or a"
            " service in common with it; how they ended is in each. At most 20."
        ),
        query=InDialect,
        answer=Page[Similar],
        look=_similar,
        reads="ticket",
    ),
)
