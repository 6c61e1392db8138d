"""The endpoint of broken objectives, across all incidents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from typing import Final

from tocsin.adapters.rest.calls import Call
from tocsin.adapters.rest.endpoints import Endpoint, Page
from tocsin.adapters.rest.entries import slo_violation_shape
from tocsin.adapters.rest.ticket_bodies import Key, PageQuery
from tocsin.core.facts import Event
from tocsin.core.ticket_facts import SloViolationRecorded
from tocsin.projections.shapes.ticket_shapes import SloViolationShape
from tocsin.store.contract import ReadTurn

AT_ONCE: Final = 200
MOST_LOOKED_AT: Final = 2_000
"""Events that one page looks through; a page that found little ends early, with a cursor."""


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
    call: Call[ViolationsQuery, None],
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
        path="/v1/orgs/{org}/slo-violations",
        tag="tickets",
        summary="List broken objectives of all incidents, newest first.",
        query=ViolationsQuery,
        answer=Page[SloViolationShape],
        look=_violations,
        reads="ticket",
    ),
)
