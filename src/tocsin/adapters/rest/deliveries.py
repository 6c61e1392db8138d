"""Endpoints of the outbox: what did not get through, and having it tried again (API: deliveries).

Only what is in trouble is noted delivery by delivery; what is on its way, or has arrived, is told
by the route it goes by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.delivery_shapes import (
    DeliveriesQuery,
    DeliveryEvent,
    DeliveryRoute,
    DeliveryShape,
    DeliveryTicket,
    RedriveBody,
    RedrivenShape,
)
from tocsin.adapters.rest.endpoints import Endpoint, Page
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.record_answers import existing
from tocsin.adapters.rest.record_shapes import RouteDelivery
from tocsin.adapters.rest.records import ORG
from tocsin.adapters.rest.replies import Reply
from tocsin.adapters.rest.tending import tended
from tocsin.adapters.rest.tickets import head_of
from tocsin.core.claims import ROUTE_NAME
from tocsin.core.errors import Conflict, NotFound
from tocsin.core.facts import stream_identity, stream_name
from tocsin.core.instants import to_text
from tocsin.core.record_permissions import permit_redelivery
from tocsin.core.records import Route, Subscription
from tocsin.core.subscriptions import route_of
from tocsin.core.ticket import Ticket
from tocsin.dispatcher.naming import delivery_id, read_delivery_id
from tocsin.projections.shapes.tickets import optional
from tocsin.store.contract import Head, ReadTurn, WriteTurn
from tocsin.store.outgoing import DestinationRow, Noted, Trouble

log = structlog.get_logger(__name__)

MOST_COUNTED: Final = 100_000
"""Positions of the log behind a destination's that are looked through to count what waits."""

REDRIVING: Final = "having deliveries tried again"


# -- finding and showing --------------------------------------------------------------------------


def route_named(turn: ReadTurn, org_id: int, name: str) -> Route:
    """The route of that id or name.

    Raises:
        NotFound: there is none in this org.
    """
    holder = turn.claimed_by(org_id, ROUTE_NAME, name)
    return existing(
        turn, org_id, Route, "route", name if holder is None else stream_identity(holder)
    )


def _noted(turn: ReadTurn, call: AnyCall) -> Noted:
    """The delivery that the path names.

    Raises:
        NotFound: none of that id is in trouble in this org.
    """
    name = call.path["delivery"]
    named = read_delivery_id(name)
    if named is not None:
        position, route_id = named
        found = turn.noted(call.org_id, route_id=route_id, after=(position, ""), limit=1)
        if found and found[0].position == position:
            return found[0]
    raise NotFound(f"no delivery {name[:100]!r} is in trouble here; it may have arrived since")


def _shapes(turn: ReadTurn, org_id: int, found: Sequence[Noted]) -> list[DeliveryShape]:
    events = turn.events_at(org_id, {one.position for one in found})
    routes = {stream for one in found for stream in _streams_of(one.route_id)}
    heads = turn.heads(org_id, routes | {one.stream for one in found})
    shown = []
    for one in found:
        event, route = events[one.position], _route_in(heads, one.route_id)
        about = heads[one.stream].state
        ticket = DeliveryTicket(id=about.id, ref=about.ref) if isinstance(about, Ticket) else None
        shown.append(
            DeliveryShape(
                id=delivery_id(one.position, one.route_id),
                state=one.state.value,
                route=DeliveryRoute(
                    id=route.id, name=route.name, kind=route.destination.kind.value
                ),
                event=DeliveryEvent(
                    id=event.id,
                    kind=event.kind,
                    position=event.position,
                    recorded_at=to_text(event.recorded_at),
                ),
                ticket=ticket,
                stream=one.stream,
                attempts=one.attempts,
                tried_at=optional(one.tried_at),
                due_at=to_text(one.due_at),
                reason=one.reason,
            )
        )
    return shown


def _streams_of(route_id: str) -> set[str]:
    """Where what a delivery goes by may be: a route, or a subscription."""
    return {stream_name(sort, route_id) for sort in ("route", "subscription")}


def _route_in(heads: Mapping[str, Head], route_id: str) -> Route:
    """The route of a delivery; a subscription is one whose name says nothing of who it is."""
    subscribed = heads.get(stream_name("subscription", route_id))
    if subscribed is not None and isinstance(subscribed.state, Subscription):
        return route_of(subscribed.state)
    route = heads[stream_name("route", route_id)].state
    assert isinstance(route, Route)
    return route


# -- reading --------------------------------------------------------------------------------------


def _list(turn: ReadTurn, call: Call[DeliveriesQuery, None]) -> Page[DeliveryShape]:
    query = call.query
    states = tuple(dict.fromkeys(Trouble(state) for state in query.state)) or tuple(Trouble)
    route = None if query.route is None else route_named(turn, call.org_id, query.route).id
    stream = None if query.ticket is None else head_of(turn, call.org_id, query.ticket).stream
    bound_to = (
        "deliveries",
        *sorted(one.value for one in states),
        "route",
        route or "",
        "ticket",
        stream or "",
    )
    place = call.place(query.cursor, *bound_to)
    found = turn.noted(
        call.org_id,
        route_id=route,
        stream=stream,
        states=states,
        after=(0, "") if place is None else (int(place[0]), str(place[1])),
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    more = len(found) > query.limit
    return Page(
        items=_shapes(turn, call.org_id, shown),
        next_cursor=(
            call.cursor((shown[-1].position, shown[-1].route_id), *bound_to) if more else None
        ),
    )


def _read(turn: ReadTurn, call: AnyCall) -> DeliveryShape:
    (shape,) = _shapes(turn, call.org_id, [_noted(turn, call)])
    return shape


def standings(turn: ReadTurn, org_id: int, routes: Sequence[str]) -> dict[str, RouteDelivery]:
    """How the destinations of *routes* (ids) stand, without what waits: two queries for all."""
    rows, counts = turn.destinations(org_id), turn.noted_count(org_id)
    return {
        route_id: _standing(rows.get(route_id), parked=counts.get((route_id, Trouble.PARKED), 0))
        for route_id in routes
    }


def standing(
    turn: ReadTurn, org_id: int, route_id: str, *, most: int = MOST_COUNTED
) -> RouteDelivery:
    """How one route's destination stands, with how many deliveries wait for it.

    They are counted over at most *most* positions of the log.
    """
    row, counts = turn.destinations(org_id).get(route_id), turn.noted_count(org_id)
    shape = _standing(row, parked=counts.get((route_id, Trouble.PARKED), 0))
    if row is None:
        # Nothing was marked there yet: it begins with the route itself.
        head = turn.head(org_id, stream_name("route", route_id))
        row = DestinationRow(
            org_id=org_id, route_id=route_id, position=0 if head is None else head.number
        )
    upto = min(turn.last_position(), row.position + most)
    unread = turn.outgoing_count(org_id, route_id, after=row.position, upto=upto)
    settled = sum(position <= upto for position in row.ahead)
    noted = sum(counts.get((route_id, state), 0) for state in (Trouble.WAITING, Trouble.HELD))
    shape.waiting = max(unread - settled, 0) + noted
    return shape


def _standing(row: DestinationRow | None, *, parked: int) -> RouteDelivery:
    return RouteDelivery(
        state="ok" if row is None or row.down_since is None else "down",
        down_since=None if row is None else optional(row.down_since),
        down_reason="" if row is None else row.down_reason,
        delivered=0 if row is None else row.delivered,
        delivered_at=None if row is None else optional(row.delivered_at),
        waiting=None,
        parked=parked,
    )


# -- having it tried again ------------------------------------------------------------------------


async def _redrive_one(acting: Acting) -> Reply:
    call: Call[None, None] = acting.call

    def work(turn: WriteTurn) -> DeliveryShape:
        permit_redelivery(call.granted, None, REDRIVING)
        one = _noted(turn, call)
        heads = turn.heads(call.org_id, _streams_of(one.route_id))
        permit_redelivery(call.granted, _route_in(heads, one.route_id), REDRIVING)
        if one.state is not Trouble.PARKED:
            raise Conflict(f"this delivery is {one.state.value}, not parked; it is tried anyway")
        turn.redrive(call.org_id, at=call.now(), route_id=one.route_id, position=one.position)
        return _read(turn, call)

    return await tended(acting, work, then=lambda shape: _tell(call, delivery=shape.id))


async def _redrive_several(acting: Acting) -> Reply:
    call: Call[None, RedriveBody] = acting.call
    wanted = call.body.route

    def work(turn: WriteTurn) -> RedrivenShape:
        access, org_id = call.granted, call.org_id
        permit_redelivery(access, None, REDRIVING)
        routes: list[str | None] = [None]
        if wanted is not None:
            route = route_named(turn, org_id, wanted)
            permit_redelivery(access, route, REDRIVING)
            routes = [route.id]
        elif access.contributor_id is not None:
            # All that is theirs.
            routes = _own_routes(turn, org_id, access.contributor_id)
        return RedrivenShape(
            redriven=sum(
                turn.redrive(org_id, at=call.now(), route_id=route_id) for route_id in routes
            )
        )

    return await tended(
        acting, work, then=lambda shape: _tell(call, route=wanted, redriven=shape.redriven)
    )


def _own_routes(turn: ReadTurn, org_id: int, contributor_id: str) -> list[str | None]:
    """The contributor's routes among those that have anything parked."""
    parked = {route for route, state in turn.noted_count(org_id) if state is Trouble.PARKED}
    heads = turn.heads(org_id, {stream_name("route", one) for one in parked})
    return [
        head.state.id
        for head in heads.values()
        if isinstance(head.state, Route) and head.state.contributor_id == contributor_id
    ]


def _tell(call: AnyCall, **what: object) -> None:
    assert call.caller is not None, "asked only behind a credential"
    log.info(
        "deliveries are tried again",
        action="redriven",
        org=call.org_code,
        member=call.granted.member_id,
        key=call.caller.key_id,
        request_id=call.request_id,
        **what,
    )
    call.gateway.nudge()


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path=f"{ORG}/deliveries",
        tag="deliveries",
        summary="List deliveries in trouble, in the order of the log.",
        description=(
            "What waits for its next attempt, is held by one before it, or is parked until a"
            " person asks for it. What is on its way, or has arrived, is counted by its route."
        ),
        query=DeliveriesQuery,
        answer=Page[DeliveryShape],
        look=_list,
        reads="delivery",
        others={404: "There is no such route or ticket in this org."},
    ),
    Endpoint(
        method="POST",
        path=f"{ORG}/deliveries/redrive",
        tag="deliveries",
        summary="Have parked deliveries tried again: of a route, or all.",
        description=(
            "By an sre_lead or org_admin; who is bound to a contributor reaches only that"
            " contributor's routes."
        ),
        body=RedriveBody,
        body_optional=True,
        answer=RedrivenShape,
        act=_redrive_several,
        logged=False,
        example={},
    ),
    Endpoint(
        method="GET",
        path=f"{ORG}/deliveries/{{delivery}}",
        tag="deliveries",
        summary="Read one delivery in trouble.",
        answer=DeliveryShape,
        look=_read,
        reads="delivery",
    ),
    Endpoint(
        method="POST",
        path=f"{ORG}/deliveries/{{delivery}}/redrive",
        tag="deliveries",
        summary="Have a parked delivery tried again.",
        description=(
            "By an sre_lead or org_admin. Its attempts are counted anew; where it was the first of"
            " its ticket, those behind it follow."
        ),
        answer=DeliveryShape,
        act=_redrive_one,
        logged=False,
        others={409: "It is not parked."},
    ),
)
