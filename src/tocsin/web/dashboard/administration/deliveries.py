"""Deliveries in trouble: what waits, what is held, what is parked until a person asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from tocsin.core.errors import NotFound
from tocsin.core.facts import Event, stream_name
from tocsin.core.permissions import may_read
from tocsin.core.records import Record, Route, Subscription
from tocsin.core.subscriptions import route_of
from tocsin.core.ticket import Ticket
from tocsin.dispatcher.naming import delivery_id, read_delivery_id
from tocsin.projections.sentences import sentence_of
from tocsin.store.codec import data_of
from tocsin.store.contract import Head
from tocsin.store.outgoing import Noted, Trouble
from tocsin.web.dashboard.addresses import ADMINISTRATION
from tocsin.web.dashboard.administration.finding import ON_A_PAGE, require_reader
from tocsin.web.dashboard.administration.frames import room_page
from tocsin.web.dashboard.administration.outgoing import Standing, may_redrive, standings
from tocsin.web.dashboard.visits import Filled, FormAt, Page, PageAt, Sent, Visit, Wish

HOME: Final = "/admin/deliveries"
_STATES: Final = {
    Trouble.PARKED: "Parked",
    Trouble.WAITING: "Waiting for the next attempt",
    Trouble.HELD: "Held by the one before",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One delivery. ``address`` is where its route is (empty where that is not theirs
    to know), ``what`` the fact in a sentence, ``ref`` its
    ticket's, if it has one."""

    id: str
    state: str
    parked: bool
    route: Route
    address: str
    what: str
    ref: str | None
    about: str
    happened_at: datetime
    attempts: int
    tried_at: datetime | None
    due_at: datetime
    reason: str
    may_redrive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A route with anything in trouble, or down."""

    route: Route
    standing: Standing
    may_redrive: bool


def deliveries_page(visit: Visit) -> Page:
    """What is in trouble, by destination and one by one."""
    return _page(visit, Filled())


def _page(visit: Visit, filled: Filled) -> Page:
    require_reader(visit, "delivery")
    turn, org_id = visit.turn, visit.admitted.org_id
    wanted = visit.one("state")
    states = tuple(one for one in Trouble if one.value == wanted) or tuple(Trouble)
    route = visit.one("route") or None
    found = turn.noted(
        org_id,
        route_id=route,
        states=states,
        after=_after(visit.one("after")),
        limit=ON_A_PAGE + 1,
    )
    shown = found[:ON_A_PAGE]
    following = None
    if len(found) > ON_A_PAGE:
        last = shown[-1]
        asked = {"state": wanted, "route": route, "after": f"{last.position}~{last.route_id}"}
        following = f"{HOME}?{urlencode({k: v for k, v in asked.items() if v})}"
    destinations = _destinations(visit)
    parked = [
        one.standing.parked for one in destinations if one.may_redrive and one.standing.parked
    ]
    return room_page(
        visit,
        "deliveries.html",
        here="deliveries",
        filled=filled,
        lines=_lines(visit, shown),
        destinations=destinations,
        states=_STATES,
        state=wanted,
        route=next((one.route for one in destinations if one.route.id == route), None),
        parked=sum(parked),
        several=len(parked) > 1,
        following=following,
        first=HOME if visit.one("after") else None,
        done=visit.one("done") != "",
        home=HOME,
    )


def _after(text: str) -> tuple[int, str]:
    position, _, route = text.partition("~")
    fits = position.isascii() and position.isdigit() and len(position) < 19
    return (int(position), route) if fits else (0, "")


def _destinations(visit: Visit) -> tuple[Destination, ...]:
    turn, org_id = visit.turn, visit.admitted.org_id
    noted = {route for route, _ in turn.noted_count(org_id)}
    down = {one for one, row in turn.destinations(org_id).items() if row.down_since is not None}
    heads = turn.heads(org_id, {stream_name("route", one) for one in noted | down})
    routes = sorted(
        (
            head.state
            for head in heads.values()
            if isinstance(head.state, Route) and head.state.removed_at is None
        ),
        key=lambda one: one.name.casefold(),
    )
    found = standings(visit, [one.id for one in routes])
    return tuple(
        Destination(route=one, standing=found[one.id], may_redrive=may_redrive(visit, one))
        for one in routes
    )


def _lines(visit: Visit, noted: Sequence[Noted]) -> tuple[Line, ...]:
    turn, org_id = visit.turn, visit.admitted.org_id
    events = turn.events_at(org_id, {one.position for one in noted})
    streams = {one.stream for one in noted} | {
        stream_name(sort, one.route_id) for one in noted for sort in ("route", "subscription")
    }
    heads = turn.heads(org_id, streams)
    followers = may_read(visit.admitted.access, "subscription")
    lines = []
    for one in noted:
        event = events[one.position]
        route, address = _to(heads, one.route_id, followers=followers)
        if route is None:
            continue
        head = heads.get(one.stream)
        about = None if head is None else head.state
        lines.append(
            Line(
                id=delivery_id(one.position, one.route_id),
                state=_STATES[one.state],
                parked=one.state is Trouble.PARKED,
                route=route,
                address=address,
                what=_what(event) if isinstance(about, Ticket) else _in_words(event.kind),
                ref=about.ref if isinstance(about, Ticket) else None,
                about=_about(about),
                happened_at=event.recorded_at,
                attempts=one.attempts,
                tried_at=one.tried_at,
                due_at=one.due_at,
                reason=one.reason,
                may_redrive=one.state is Trouble.PARKED and may_redrive(visit, route),
            )
        )
    return tuple(lines)


def _to(heads: Mapping[str, Head], route_id: str, *, followers: bool) -> tuple[Route | None, str]:
    """Where a delivery goes, and the address of that here: a route, or who follows a status page,
    which is like one without a name. Without *followers* the reader may not know who that is."""
    followed = heads.get(stream_name("subscription", route_id))
    if followed is not None and isinstance(followed.state, Subscription):
        address = f"{ADMINISTRATION}/subscriptions/{route_id}" if followers else ""
        return route_of(followed.state), address
    head = heads.get(stream_name("route", route_id))
    if head is not None and isinstance(head.state, Route):
        return head.state, f"{ADMINISTRATION}/routes/{route_id}"
    return None, ""


def _what(event: Event) -> str:
    return sentence_of(event.kind, data_of(event.payload))


def _in_words(kind: str) -> str:
    """What happened to a record, without what it says: that may be about secrets."""
    return kind.replace(".", " ").replace("_", " ")


def _about(state: object) -> str:
    if isinstance(state, Ticket):
        return state.title
    name = getattr(state, "code", None) or getattr(state, "name", None)
    return str(name) if isinstance(state, Record) and name else ""


# -- having it tried again ------------------------------------------------------------------------


def _one(sent: Sent) -> Wish:
    return Wish(
        method="POST",
        path=f"/deliveries/{quote(sent.path['delivery'], safe='')}/redrive",
        once=sent.once,
    )


def _several(sent: Sent) -> Wish:
    route = sent.one("route")
    return Wish(
        method="POST",
        path="/deliveries/redrive",
        body={"route": route} if route else {},
        once=sent.once,
    )


def _show_one(visit: Visit, filled: Filled) -> Page:
    require_reader(visit, "delivery")
    named = read_delivery_id(visit.path["delivery"])
    found = (
        ()
        if named is None
        else visit.turn.noted(
            visit.admitted.org_id, route_id=named[1], after=(named[0], ""), limit=1
        )
    )
    if named is None or not found or found[0].position != named[0]:
        raise NotFound("no delivery of that name is in trouble here; it may have arrived since")
    return _page(visit, filled)


PAGES: Final = (
    PageAt(path=HOME, look=deliveries_page),
    FormAt(
        path=f"{HOME}/redrive",
        wish=_several,
        show=_page,
        done=lambda sent, told: f"{HOME}?done=redriven",
    ),
    FormAt(
        path=f"{HOME}/{{delivery}}/redrive",
        wish=_one,
        show=_show_one,
        done=lambda sent, told: f"{HOME}?done=redriven",
    ),
)
