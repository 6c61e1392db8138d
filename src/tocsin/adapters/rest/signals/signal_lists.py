"""Endpoints of alerts across all tickets: listing them, and putting one on a ticket (API: signals).

Of an alert there is one row, however often it was heard. What was attached before there were rows
is listed too, from the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.endpoints import Asked, Endpoint, Page
from tocsin.adapters.rest.entries import signal_shape
from tocsin.adapters.rest.observations import AT_ONCE, MOST_LOOKED_AT
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.record_answers import existing
from tocsin.adapters.rest.records import ORG
from tocsin.adapters.rest.replies import Reply
from tocsin.adapters.rest.signals.inbox import tickets_of
from tocsin.adapters.rest.signals.known_signal_shapes import (
    AttachBody,
    KnownSignalShape,
    SignalsQuery,
)
from tocsin.adapters.rest.tending import answered
from tocsin.adapters.rest.ticket_bodies import InDialect
from tocsin.adapters.rest.ticket_parts import severity_levels
from tocsin.adapters.rest.tickets import head_of
from tocsin.core.commands import AttachSignal, SignalDraft
from tocsin.core.dialects import Dialect, severity_out
from tocsin.core.errors import Conflict, NotFound
from tocsin.core.facts import Event, stream_identity
from tocsin.core.instants import to_text
from tocsin.core.records import Connector
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import SignalIngested
from tocsin.core.words import Severity, SignalState, is_active
from tocsin.handler.submission import Outcome
from tocsin.projections.arrivals import (
    WantedSignals,
    draft_in,
    every_connector,
    known_fingerprints,
    newest_signals,
)
from tocsin.projections.shapes.ticket_shapes import SignalShape
from tocsin.store.arrivals import KnownSignal, signals_in
from tocsin.store.contract import ReadTurn

_BY_HAND: Final = "hand/"
"""What the row's name starts with of a signal that was attached by hand without a fingerprint."""


# -- listing --------------------------------------------------------------------------------------


def _rows(
    turn: ReadTurn, org_id: int, wanted: WantedSignals, before: str | None, limit: int
) -> Iterator[KnownSignal]:
    """Rows, newest first, read some at a time."""
    while True:
        found = newest_signals(turn, org_id, wanted, before=before, limit=limit)
        yield from found
        if len(found) < limit:
            return
        before = found[-1].signal_id


def _events(
    turn: ReadTurn, org_id: int, wanted: WantedSignals, before: int | None
) -> Iterator[tuple[Event, bool]]:
    """Attached signals of the log, newest first, and whether each is listed: those of which there
    is no row, and which fit."""
    kinds = tuple(SignalIngested.kinds.values())
    while True:
        found: list[Event] = []
        for kind in kinds:
            found += turn.newest_observed(org_id, kind, before=before, limit=AT_ONCE)
        found.sort(key=lambda one: -one.position)
        found = found[:AT_ONCE]
        rows = known_fingerprints(turn, org_id, {_row_name(one) for one in found})
        yield from ((one, _row_name(one) not in rows and _fits(one, wanted)) for one in found)
        if len(found) < AT_ONCE:
            return
        before = found[-1].position


def _row_name(event: Event) -> str:
    """The fingerprint of the row that the attached signal has, if it has one."""
    payload = event.payload
    assert isinstance(payload, SignalIngested)
    return payload.fingerprint or f"{_BY_HAND}{payload.signal_id}"


def _fits(event: Event, wanted: WantedSignals) -> bool:
    signal = event.payload
    assert isinstance(signal, SignalIngested)
    return (
        not wanted.unattached
        and wanted.connector_id is None
        and wanted.stream in (None, event.stream)
        and wanted.state in (None, signal.state)
        and wanted.correlation_key in (None, signal.correlation_key)
        and wanted.trace_id in (None, signal.trace_id)
        and wanted.service in (None, signal.service)
        and wanted.fingerprint in (None, signal.fingerprint)
    )


def _signals(turn: ReadTurn, call: Call[SignalsQuery, None]) -> Page[KnownSignalShape]:
    query, org_id = call.query, call.org_id
    connector = None
    if query.connector is not None:
        connector = existing(turn, org_id, Connector, "connector", query.connector).id
    wanted = WantedSignals(
        correlation_key=query.correlation_key,
        trace_id=query.trace_id,
        service=query.service,
        fingerprint=query.fingerprint,
        stream=None if query.ticket is None else head_of(turn, org_id, query.ticket).stream,
        state=query.state,
        connector_id=connector,
        unattached=query.unattached,
    )
    bound_to = (
        "signals",
        *(
            one or ""
            for one in (
                wanted.correlation_key,
                wanted.trace_id,
                wanted.service,
                wanted.fingerprint,
                wanted.stream,
                wanted.state,
                wanted.connector_id,
            )
        ),
        str(wanted.unattached),
    )
    place = call.place(query.cursor, *bound_to)
    row_before = None if place is None or not place[0] else str(place[0])
    event_before = None if place is None or not place[1] else int(place[1])
    shown, cursor = _merged(
        _rows(turn, org_id, wanted, row_before, query.limit + 1),
        _events(turn, org_id, wanted, event_before),
        limit=query.limit,
        at=(row_before or "", event_before or 0),
    )
    return Page(
        items=_shapes(turn, call, shown),
        next_cursor=None if cursor is None else call.cursor(cursor, *bound_to),
    )


def _merged(
    rows: Iterator[KnownSignal],
    events: Iterator[tuple[Event, bool]],
    *,
    limit: int,
    at: tuple[str, int],
) -> tuple[list[KnownSignal | Event], tuple[str, int] | None]:
    """The newest of both by the id of their signal, and how far each was read; None: to its end."""
    shown: list[KnownSignal | Event] = []
    row_at, event_at = at
    row, event = next(rows, None), next(events, None)
    looked_at = 0
    while row is not None or event is not None:
        if len(shown) == limit or looked_at == MOST_LOOKED_AT:
            return shown, (row_at, event_at)
        looked_at += 1
        if row is None or (event is not None and _signal_id(event[0]) > row.signal_id):
            assert event is not None
            event_at = event[0].position
            if event[1]:
                shown.append(event[0])
            event = next(events, None)
        else:
            row_at = row.signal_id
            shown.append(row)
            row = next(rows, None)
    return shown, None


def _signal_id(event: Event) -> str:
    payload = event.payload
    assert isinstance(payload, SignalIngested)
    return payload.signal_id


# -- showing --------------------------------------------------------------------------------------


def _shapes(
    turn: ReadTurn, call: AnyCall, shown: Sequence[KnownSignal | Event]
) -> list[KnownSignalShape]:
    streams = [one.stream for one in shown if one.stream is not None]
    tickets = tickets_of(turn, call.org_id, [stream_identity(one) for one in streams])
    refs = {identity: ticket.ref for identity, ticket in tickets.items()}
    connectors: dict[str, Connector] = {}
    if any(isinstance(one, KnownSignal) and one.connector_id is not None for one in shown):
        connectors = every_connector(turn, call.org_id)
    levels = severity_levels(turn, call.org_id)
    return [
        _of_row(one, refs, connectors, dialect=call.dialect, levels=levels)
        if isinstance(one, KnownSignal)
        else _of_event(one, refs, dialect=call.dialect, levels=levels)
        for one in shown
    ]


def _of_row(
    row: KnownSignal,
    refs: dict[str, str],
    connectors: dict[str, Connector],
    *,
    dialect: Dialect | None,
    levels: int,
) -> KnownSignalShape:
    draft = draft_in(row)
    ticket_id = None if row.stream is None else stream_identity(row.stream)
    connector = connectors.get(row.connector_id or "")
    native = None if draft is None else draft.severity
    return KnownSignalShape(
        signal_id=row.signal_id,
        ticket_id=ticket_id,
        ticket_ref=None if ticket_id is None else refs.get(ticket_id),
        signal_type="ALERT" if draft is None else draft.signal_type,
        source="" if draft is None else draft.source,
        summary="" if draft is None else draft.summary,
        state=row.state,
        ts=to_text(row.last_seen if draft is None or draft.ts is None else draft.ts),
        severity=severity_out(Severity(row.severity), dialect, levels=levels),
        native_severity=None if native == row.severity else native,
        service_name=row.service,
        environment=None if draft is None else draft.environment,
        device=None if draft is None else draft.device,
        link=None if draft is None else draft.link,
        contributor=None if draft is None else draft.contributor,
        correlation_key=row.correlation_key,
        trace_id=row.trace_id,
        fingerprint=None if row.fingerprint.startswith(_BY_HAND) else row.fingerprint,
        labels={} if draft is None else dict(draft.labels),
        data={} if draft is None else dict(draft.data),
        recorded_at=to_text(row.first_seen),
        count=row.times,
        first_seen=to_text(row.first_seen),
        last_seen=to_text(row.last_seen),
        verdict=row.verdict,
        because=row.because,
        reason=row.reason,
        connector=None if connector is None else connector.code,
        observed=row.observed,
        held=row.held,
    )


def _of_event(
    event: Event, refs: dict[str, str], *, dialect: Dialect | None, levels: int
) -> KnownSignalShape:
    shape = signal_shape(event, dialect=dialect, levels=levels)
    fields = {name: getattr(shape, name) for name in SignalShape.__struct_fields__}
    return KnownSignalShape(
        **fields,
        ticket_ref=refs.get(shape.ticket_id),
        count=1,
        first_seen=shape.recorded_at,
        last_seen=shape.recorded_at,
        verdict=None,
        because=None,
        reason=None,
        connector=None,
        observed=False,
        held=False,
    )


# -- attaching ------------------------------------------------------------------------------------


async def _attach(acting: Acting) -> Reply:
    call: Call[InDialect, AttachBody] = acting.call

    def looking(turn: ReadTurn) -> AttachSignal:
        row = _named(turn, call)
        if answered(acting, turn) is not None:
            # Answered before, so that it may well be attached by now: the writer tells it again.
            return AttachSignal(signal=draft_in(row) or SignalDraft(source="", summary=""))
        if row.state != SignalState.FIRING.value:
            raise Conflict("it has resolved, so that there is nothing to attach")
        head = None if row.stream is None else turn.head(call.org_id, row.stream)
        if head is not None and isinstance(head.state, Ticket) and is_active(head.state.status):
            raise Conflict(f"it is on {head.state.ref} already, which is active")
        draft = draft_in(row)
        if draft is None:
            raise Conflict("its words were erased, so that there is nothing to attach")
        return AttachSignal(
            signal=replace(
                draft,
                fingerprint=row.fingerprint,
                correlation_key=row.correlation_key,
                trace_id=row.trace_id,
            )
        )

    command = await acting.look(looking, reads="ticket")
    return await acting.submit(
        Asked(sort="ticket", subject=call.body.ticket, command=command), _attached
    )


def _named(turn: ReadTurn, call: AnyCall) -> KnownSignal:
    """The alert that the path names.

    Raises:
        NotFound: there is none of that id here.
    """
    name = call.path["signal"]
    for row in signals_in(turn, call.org_id, "signal_id", [name]):
        return row
    raise NotFound(f"there is no signal {name[:64]!r} here; it may have been deleted since")


def _attached(outcome: Outcome, call: AnyCall) -> SignalShape:
    event = next(one for one in outcome.events if isinstance(one.payload, SignalIngested))
    levels = outcome.directory.policy().severity_levels
    return signal_shape(event, dialect=call.dialect, levels=levels)


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path=f"{ORG}/signals",
        tag="signals",
        summary="List signals of all tickets, and those that no ticket has, newest first.",
        description=(
            "One row for each alert, however often it was heard: how it stands, where it belongs,"
            " and why. By when it was first heard."
        ),
        query=SignalsQuery,
        answer=Page[KnownSignalShape],
        look=_signals,
        reads="ticket",
        others={404: "There is no such ticket or connector in this org."},
    ),
    Endpoint(
        method="POST",
        path=f"{ORG}/signals/{{signal}}/attach",
        tag="signals",
        summary="Put a signal that waits for a person on a ticket.",
        body=AttachBody,
        query=InDialect,
        answer=SignalShape,
        status=201,
        act=_attach,
        example={"ticket": "I20261120-af36"},
        others={409: "It has resolved, or is on an active ticket already."},
    ),
)
