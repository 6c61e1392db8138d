"""The endpoint of past incidents that were like a ticket, by what they have in common.

An alert that was on both weighs most, then keys, links, devices and services; of two that share as
much the newer one comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from tocsin.adapters.rest.calls import Call
from tocsin.adapters.rest.endpoints import Endpoint, Page
from tocsin.adapters.rest.ticket_bodies import InDialect
from tocsin.adapters.rest.tickets import TICKET, ticket_head
from tocsin.core.records import Device, Link
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import SignalIngested
from tocsin.core.words import TicketType, is_active
from tocsin.projections.related import sharing
from tocsin.projections.shapes.ticket_names import LoadedNames
from tocsin.projections.shapes.ticket_shapes import TicketShape
from tocsin.projections.shapes.tickets import ticket_shape
from tocsin.store.contract import ReadTurn

NEWEST_SIGNALS: Final = 100
"""Signals of each ticket that are compared."""

MOST_SIMILAR: Final = 20
_ALERT: Final = 6
_WEIGHTS: Final = {"correlation_key": 5, "link": 3, "device": 2, "service": 1}


class Similar(Struct, kw_only=True):
    """A past incident, what it has in common with the one asked about, and how much that weighs."""

    ticket: TicketShape
    score: int
    reasons: list[str]


def _terms(ticket: Ticket) -> Iterator[str]:
    yield from (f"correlation_key={key}" for key in ticket.correlation_keys)
    yield from (f"link={pubkey}" for pubkey in ticket.links)
    yield from (f"device={pubkey}" for pubkey in ticket.devices)
    yield from (f"service={code}" for code in ticket.services)


def _alerts(turn: ReadTurn, org_id: int, ticket: Ticket) -> dict[str, str]:
    """The alerts that were put on *ticket*, by fingerprint, with their words."""
    kind = SignalIngested.kinds[ticket.type.value]
    found: dict[str, str] = {}
    for event in turn.newest_events(org_id, ticket.stream, (kind,), limit=NEWEST_SIGNALS):
        assert isinstance(event.payload, SignalIngested)
        if event.payload.fingerprint is not None:
            found.setdefault(event.payload.fingerprint, event.payload.summary)
    return found


def _similar(turn: ReadTurn, call: Call[InDialect, None]) -> Page[Similar]:
    head, ticket = ticket_head(turn, call)
    mine = _alerts(turn, call.org_id, ticket)
    found: list[tuple[int, int, Ticket, list[str]]] = []
    for other, terms in sharing(
        turn, org_id=call.org_id, number=head.number, terms=list(_terms(ticket))
    ):
        past = other.state
        if (
            not isinstance(past, Ticket)
            or past.type is not TicketType.INCIDENT
            or is_active(past.status)
        ):
            continue
        theirs = _alerts(turn, call.org_id, past) if mine else {}
        shared = [name for name in mine if name in theirs]
        score = _ALERT * len(shared) + sum(_WEIGHTS[one.partition("=")[0]] for one in terms)
        reasons = [f"alert {mine[name]}"[:200] for name in shared] + list(terms)
        found.append((score, other.number, past, reasons))
    found.sort(key=lambda one: (-one[0], -one[1]))
    shown = found[:MOST_SIMILAR]
    names = LoadedNames(
        turn, org_id=call.org_id, tickets=[ticket, *(past for _, _, past, _ in shown)]
    )
    return Page(
        items=[
            Similar(
                ticket=ticket_shape(past, names, dialect=call.dialect),
                score=score,
                reasons=[_in_words(one, names) for one in reasons],
            )
            for score, _, past, reasons in shown
        ]
    )


def _in_words(reason: str, names: LoadedNames) -> str:
    """A term as people say it: ``device ams-1``."""
    sort, equals, name = reason.partition("=")
    if not equals or sort not in _WEIGHTS:
        return reason
    known: Device | Link | None = None
    if sort == "device":
        known = names.device(name)
    elif sort == "link":
        known = names.link(name)
    return f"{sort.replace('_', ' ')} {name if known is None else known.code}"


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
