"""Endpoints of what was observed, across all tickets: signals and broken objectives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from typing import Annotated, Final

from msgspec import Meta

from tocsin.adapters.rest.calls import Call
from tocsin.adapters.rest.endpoints import Endpoint, Page
from tocsin.adapters.rest.entries import signal_shape, slo_violation_shape
from tocsin.adapters.rest.ticket_bodies import Key, PageQuery
from tocsin.adapters.rest.ticket_parts import severity_levels
from tocsin.adapters.rest.tickets import head_of
from tocsin.core.facts import Event
from tocsin.core.ticket_facts import SignalIngested, SloViolationRecorded
from tocsin.projections.shapes.ticket_shapes import SignalShape, SloViolationShape
from tocsin.store.contract import ReadTurn

AT_ONCE: Final = 200
MOST_LOOKED_AT: Final = 2_000
"""Events that one page looks through; a page that found little ends early, with a cursor."""

Name = Annotated[str, Meta(min_length=1, max_length=100)]


class SignalsQuery(PageQuery):
    """Which signals; ``unattached`` asks for those that no ticket has."""

    correlation_key: Key | None = None
    trace_id: Key | None = None
    service: Key | None = None
    fingerprint: Key | None = None
    ticket: Name | None = None
    unattached: bool = False


class ViolationsQuery(PageQuery):
    """Which broken objectives."""

    slo_id: Key | None = None


def _newest(turn: ReadTurn, org_id: int, kind: str, before: int | None) -> Iterator[Event]:
    """Events of that kind, newest first, read some at a time."""
    while True:
        found = turn.newest_observed(org_id, kind, before=before, limit=AT_ONCE)
        yield from found
        if len(found) < AT_ONCE:
            return
        before = found[-1].position


def _page(
    turn: ReadTurn,
    call: Call[SignalsQuery, None] | Call[ViolationsQuery, None],
    kinds: Sequence[str],
    fits: Callable[[Event], bool],
    *bound_to: str,
) -> tuple[list[Event], str | None]:
    """Events of *kinds* that fit, newest first, and the cursor of the next page."""
    place = call.place(call.query.cursor, *bound_to)
    before = None if place is None else int(place[0])
    streams = [_newest(turn, call.org_id, kind, before) for kind in kinds]
    found: list[Event] = []
    last: Event | None = None
    for looked_at, event in enumerate(merge(*streams, key=lambda one: -one.position)):
        if len(found) == call.query.limit or looked_at == MOST_LOOKED_AT:
            assert last is not None
            return found, call.cursor((last.position,), *bound_to)
        last = event
        if fits(event):
            found.append(event)
    return found, None


def _signals(turn: ReadTurn, call: Call[SignalsQuery, None]) -> Page[SignalShape]:
    query = call.query
    if query.unattached:
        # Every signal so far was attached to a ticket by hand.
        return Page(items=[])
    stream = None
    if query.ticket is not None:
        stream = head_of(turn, call.org_id, query.ticket).stream

    def fits(event: Event) -> bool:
        signal = event.payload
        assert isinstance(signal, SignalIngested)
        return (
            (stream is None or event.stream == stream)
            and _same(query.correlation_key, signal.correlation_key)
            and _same(query.trace_id, signal.trace_id)
            and _same(query.service, signal.service)
            and _same(query.fingerprint, signal.fingerprint)
        )

    wanted = (query.correlation_key, query.trace_id, query.service, query.fingerprint, stream)
    events, cursor = _page(
        turn,
        call,
        tuple(SignalIngested.kinds.values()),
        fits,
        "signals",
        *(one or "" for one in wanted),
    )
    levels = severity_levels(turn, call.org_id)
    return Page(
        items=[signal_shape(one, dialect=call.dialect, levels=levels) for one in events],
        next_cursor=cursor,
    )


def _same(wanted: str | None, given: str | None) -> bool:
    return wanted is None or wanted == given


def _violations(turn: ReadTurn, call: Call[ViolationsQuery, None]) -> Page[SloViolationShape]:
    slo_id = call.query.slo_id

    def fits(event: Event) -> bool:
        assert isinstance(event.payload, SloViolationRecorded)
        return _same(slo_id, event.payload.slo_id)

    events, cursor = _page(
        turn,
        call,
        tuple(SloViolationRecorded.kinds.values()),
        fits,
        "slo-violations",
        slo_id or "",
    )
    return Page(items=[slo_violation_shape(one) for one in events], next_cursor=cursor)


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path="/v1/orgs/{org}/signals",
        tag="tickets",
        summary="List signals of all tickets, newest first.",
        query=SignalsQuery,
        answer=Page[SignalShape],
        look=_signals,
        reads="ticket",
    ),
    Endpoint(
        method="GET",
        path="/v1/orgs/{org}/slo-violations",
        tag="tickets",
        summary="List broken objectives of all incidents, newest first.",
        query=ViolationsQuery,
        answer=Page[SloViolationShape],
        look=_violations,
        reads="ticket",
    ),
)
