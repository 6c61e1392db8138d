"""Endpoints of the log: pages of it, all of it line by line, and the live stream (API: events)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.endpoints import Endpoint, Page
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.replies import Header, Reply
from tocsin.adapters.rest.ticket_bodies import Cursor, PageQuery, Query
from tocsin.adapters.rest.tickets import TICKET, ticket_head
from tocsin.adapters.rest.visible_events import may_see
from tocsin.core.errors import Overloaded, RateLimited, Unauthenticated, invalid
from tocsin.core.facts import Event
from tocsin.projections.shapes.events import EventShape, event_shape
from tocsin.store.contract import ReadTurn, StorageFailed

LINES: Final[Header] = (b"content-type", b"application/x-ndjson")
STREAM: Final[Header] = (b"content-type", b"text/event-stream")

AT_ONCE: Final = 500
"""Events that are read in one snapshot."""

MOST_STREAMS: Final = 1_000
MOST_STREAMS_OF_A_KEY: Final = 200
"""Nobody takes them all: each reads the log at every commit, and once a second."""

HEARTBEAT_SECONDS: Final = 15.0
POLL_SECONDS: Final = 1.0
"""Another process may write to the same database; nobody rings for that."""

_encode = msgspec.json.Encoder().encode

Position = Annotated[int, Meta(ge=0, le=2**62, description="Only events behind this position.")]


class EventsQuery(Query):
    """Which part of the log."""

    after: Position | None = None
    limit: Annotated[int, Meta(ge=1, le=1_000, description="How many at most.")] = 50
    cursor: Cursor | None = None


class StreamQuery(Query):
    """Where the stream begins: behind Last-Event-ID, else ``after``, else now."""

    after: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one look at the log gave: what may be shown of it, and how far it reached."""

    shown: tuple[EventShape, ...]
    reached: int
    more: bool


def _read(turn: ReadTurn, call: AnyCall, *, after: int, limit: int) -> Batch:
    """Up to *limit* events that the caller may see, and no more than a bounded look at the log."""
    events = turn.org_events(call.org_id, after=after, limit=max(limit, AT_ONCE) + 1)
    visible: list[Event] = []
    for event in events:
        if may_see(call.granted, event):
            visible.append(event)
            if len(visible) > limit:
                break
    more = len(visible) > limit or len(events) > max(limit, AT_ONCE)
    shown = visible[:limit]
    if len(visible) > limit:
        reached = shown[-1].position
    else:
        reached = events[-1].position if events else after
    return Batch(shown=tuple(event_shape(one) for one in shown), reached=reached, more=more)


async def _events(acting: Acting) -> Reply:
    call: Call[EventsQuery, None] = acting.call
    query = call.query
    after = query.after or 0
    if query.cursor is not None:
        place = call.place(query.cursor, "events")
        assert place is not None
        after = int(place[0])
    if "application/x-ndjson" in (call.header("accept") or ""):
        return Reply(status=200, content_type=LINES, chunks=_lines(acting, after))
    batch = await acting.look(partial(_read, call=call, after=after, limit=query.limit))
    page = Page[EventShape](
        items=list(batch.shown),
        next_cursor=call.cursor((batch.reached,), "events") if batch.more else None,
    )
    return Reply(status=200, body=_encode(page))


async def _lines(acting: Acting, after: int) -> AsyncGenerator[bytes, None]:
    """The log from behind *after* to its end, one event to a line."""
    more = True
    while more:
        batch = await acting.look(partial(_read, call=acting.call, after=after, limit=AT_ONCE))
        yield b"".join(_encode(one) + b"\n" for one in batch.shown)
        after, more = batch.reached, batch.more


async def _stream(acting: Acting) -> Reply:
    call: Call[StreamQuery, None] = acting.call
    gauge = call.gateway.metrics.streams
    after = call.query.after
    last = call.header("last-event-id")
    if last is not None:
        if not last.isdigit() or len(last) > 18:
            raise invalid("Last-Event-ID", "wrong_value", "a position of the log is expected")
        after = int(last)
    if call.gateway.announcer.waiting >= MOST_STREAMS:
        raise Overloaded("too many streams are open here; try again in a moment", retry_after=5)
    if _has_many(call):
        raise RateLimited(
            f"this key has {MOST_STREAMS_OF_A_KEY} streams open here, and gets no more; end some",
            retry_after=5,
        )
    # Read once before answering: a key that opens nothing gets its 401, not an empty stream.
    reached = await acting.look(lambda turn: turn.last_position() if after is None else after)
    return Reply(
        status=200,
        content_type=STREAM,
        headers=((b"x-accel-buffering", b"no"),),
        chunks=_live(acting, reached, gauge.inc, gauge.dec),
    )


def _key_of(call: AnyCall) -> str:
    assert call.credential is not None, "asked only behind a credential"
    return call.credential.key_id


def _has_many(call: AnyCall) -> bool:
    """Whether the caller's key has as many streams as it gets."""
    return call.gateway.announcer.waiting_of(_key_of(call)) >= MOST_STREAMS_OF_A_KEY


async def _live(
    acting: Acting,
    after: int,
    opened: Callable[[], None],
    closed: Callable[[], None],
) -> AsyncGenerator[bytes, None]:
    """Events as they come, until the client goes, the server stops or the key is revoked."""
    announcer = acting.call.gateway.announcer
    if _has_many(acting.call):
        return  # many were asked for at once; a new connection will be told why
    bell = announcer.subscribe(_key_of(acting.call))
    gone = asyncio.ensure_future(_gone(acting.receive))
    opened()
    try:
        yield b": connected\nretry: 2000\n\n"
        quiet = 0.0
        while not gone.done() and not announcer.closed:
            bell.clear()
            try:
                batch = await acting.look(
                    partial(_read, call=acting.call, after=after, limit=AT_ONCE)
                )
            except (Unauthenticated, StorageFailed):
                return  # a new connection will be told why
            after = batch.reached
            if batch.shown:
                quiet = 0.0
                yield b"".join(
                    b"id: %d\ndata: %b\n\n" % (one.position, _encode(one)) for one in batch.shown
                )
            if batch.more:
                continue
            rung = await _rung(bell, gone)
            quiet = 0.0 if rung else quiet + POLL_SECONDS
            if quiet >= HEARTBEAT_SECONDS:
                quiet = 0.0
                yield b": still here\n\n"
    finally:
        closed()
        announcer.unsubscribe(bell)
        gone.cancel()
        with suppress(asyncio.CancelledError):
            await gone


async def _rung(bell: asyncio.Event, gone: asyncio.Future[None]) -> bool:
    """Wait for news, the client's going, or a second; whether there is news."""
    ringing: asyncio.Future[Any] = asyncio.ensure_future(bell.wait())
    try:
        waiting: set[asyncio.Future[Any]] = {ringing, gone}
        await asyncio.wait(waiting, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        return bell.is_set()
    finally:
        ringing.cancel()


async def _gone(receive: Callable[[], Awaitable[object]]) -> None:
    while True:
        message = await receive()
        if isinstance(message, dict) and message.get("type") == "http.disconnect":
            return


def _ticket_events(turn: ReadTurn, call: Call[PageQuery, None]) -> Page[EventShape]:
    head, _ = ticket_head(turn, call)
    bound_to = ("events", head.stream)
    place = call.place(call.query.cursor, *bound_to)
    limit = call.query.limit
    events = turn.stream_events(
        call.org_id,
        head.stream,
        after_version=0 if place is None else int(place[0]),
        limit=limit + 1,
    )
    shown = events[:limit]
    return Page(
        items=[event_shape(one) for one in shown],
        next_cursor=call.cursor((shown[-1].version,), *bound_to) if len(events) > limit else None,
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path=f"{TICKET}/events",
        tag="tickets",
        summary="Read the raw stream of a ticket, oldest first.",
        query=PageQuery,
        answer=Page[EventShape],
        look=_ticket_events,
        reads="ticket",
    ),
    Endpoint(
        method="GET",
        path="/v1/orgs/{org}/events",
        tag="events",
        summary="Read the log of the org from behind a position: the replayable audit.",
        description=(
            "Oldest first. With Accept: application/x-ndjson everything to the end, one event to"
            " a line. What a role may not read is left out."
        ),
        query=EventsQuery,
        answer=Page[EventShape],
        also=("application/x-ndjson",),
        act=_events,
    ),
    Endpoint(
        method="GET",
        path="/v1/orgs/{org}/stream",
        tag="events",
        summary="Follow the log live, as server-sent events.",
        description=(
            "Each event's id is its position: Last-Event-ID (or after) resumes without loss."
            " Of both Last-Event-ID counts; without either it begins now."
        ),
        query=StreamQuery,
        answer=str,
        answer_type="text/event-stream",
        act=_stream,
    ),
)
