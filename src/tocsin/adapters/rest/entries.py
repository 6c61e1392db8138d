"""What happened to a ticket, from its events: updates, actions, signals, broken objectives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tocsin.core.actions import STATUS_MOVES, action_kind_of
from tocsin.core.dialects import Dialect, severity_out, status_out
from tocsin.core.facts import Event, Payload
from tocsin.core.instants import to_text
from tocsin.core.ticket_facts import (
    ActionExecuted,
    Cancelled,
    Completed,
    Extended,
    MaintenanceClosed,
    NoteAdded,
    SeverityChanged,
    SignalIngested,
    SloViolationRecorded,
    Started,
    StatusChanged,
    TagAdded,
    TagRemoved,
)
from tocsin.projections.shapes.ticket_shapes import (
    ActionShape,
    SignalShape,
    SloViolationShape,
    UpdateShape,
)
from tocsin.projections.shapes.tickets import actor_shape
from tocsin.store.contract import ReadTurn

NEWEST: Final = 100
"""How many of each kind a ticket is answered with."""

_FACTS_OF_AN_UPDATE: Final = 3
"""At most a note and two moves (active to closed) make one update."""

StatusMove = StatusChanged | Started | Completed | Extended | Cancelled | MaintenanceClosed


def kinds_of(classes: Iterable[type[Payload]], *, stream: str) -> tuple[str, ...]:
    """The kinds that facts of these classes have on a stream of that sort."""
    sort = stream.partition(":")[0]
    return tuple(one.kinds[sort] for one in classes if sort in one.kinds)


UPDATES: Final = (NoteAdded, *STATUS_MOVES)


def newest_updates(
    turn: ReadTurn,
    *,
    org_id: int,
    stream: str,
    dialect: Dialect | None,
    before_version: int | None = None,
    limit: int = NEWEST,
) -> tuple[list[UpdateShape], int | None]:
    """Updates, newest first, and the version to go on before; None when there are no more."""
    wanted = limit * _FACTS_OF_AN_UPDATE + _FACTS_OF_AN_UPDATE
    events = turn.newest_events(
        org_id,
        stream,
        kinds_of(UPDATES, stream=stream),
        before_version=before_version,
        limit=wanted,
    )
    groups: list[list[Event]] = []
    for event in events:
        if groups and _update_id(groups[-1][0]) == _update_id(event):
            groups[-1].append(event)
        else:
            groups.append([event])
    complete = groups if len(events) < wanted else groups[:-1]
    shown = complete[:limit]
    more = len(groups) > len(shown)
    return (
        [update_shape(list(reversed(group)), dialect=dialect) for group in shown],
        shown[-1][-1].version if more and shown else None,
    )


def _update_id(event: Event) -> str:
    payload = event.payload
    assert isinstance(payload, (NoteAdded, *STATUS_MOVES))
    return payload.update_id


def update_shape(events: Sequence[Event], *, dialect: Dialect | None) -> UpdateShape:
    """The one update that *events* (oldest first) are the facts of."""
    notes = [one.payload for one in events if isinstance(one.payload, NoteAdded)]
    moves: list[StatusMove] = [
        one.payload for one in events if isinstance(one.payload, STATUS_MOVES)
    ]
    first = events[0]
    facts: list[NoteAdded | StatusMove] = [*notes, *moves]
    return UpdateShape(
        update_id=facts[0].update_id,
        ticket_id=first.stream.partition(":")[2],
        author_pubkey=facts[0].author_pubkey,
        author=actor_shape(first.actor),
        timestamp=to_text(moves[0].at if moves else first.recorded_at),
        recorded_at=to_text(first.recorded_at),
        body=notes[0].body if notes else None,
        status_from=status_out(moves[0].status_from, dialect) if moves else None,
        status_to=status_out(moves[-1].status_to, dialect) if moves else None,
        reason=next((one.reason for one in moves if one.reason is not None), None),
    )


def update_events(events: Sequence[Event]) -> list[Event]:
    """Those of *events* that are facts of an update."""
    return [one for one in events if isinstance(one.payload, (NoteAdded, *STATUS_MOVES))]


def action_shape(event: Event) -> ActionShape:
    """The action that *event* records; the system's are worded by what changed."""
    payload = event.payload
    kind = action_kind_of(payload)
    assert kind is not None, "asked of actions only"
    at, details = event.recorded_at, None
    match payload:
        case ActionExecuted():
            identity, label, details = payload.action_id, payload.label, payload.details
        case NoteAdded():
            identity, label = payload.update_id, payload.body
        case SeverityChanged():
            identity, details = event.id, payload.reason
            label = f"{payload.severity_from.value} → {payload.severity_to.value}"
        case TagAdded(label=label) | TagRemoved(label=label):
            identity = event.id
        case (
            StatusChanged()
            | Started()
            | Completed()
            | Extended()
            | Cancelled()
            | MaintenanceClosed()
        ):
            identity, at, details = event.id, payload.at, payload.reason
            label = f"{payload.status_from.value} → {payload.status_to.value}"
        case _:
            raise AssertionError(f"{event.kind} is no action")
    return ActionShape(
        action_id=identity,
        ticket_id=event.stream.partition(":")[2],
        action_kind=kind.value,
        label=label,
        details=details,
        actor=actor_shape(event.actor),
        timestamp=to_text(at),
    )


def signal_shape(event: Event, *, dialect: Dialect | None, levels: int) -> SignalShape:
    """The signal that *event* attached."""
    payload = event.payload
    assert isinstance(payload, SignalIngested)
    severity = payload.severity
    return SignalShape(
        signal_id=payload.signal_id,
        ticket_id=event.stream.partition(":")[2],
        signal_type=payload.signal_type,
        source=payload.source,
        summary=payload.summary,
        state=payload.state,
        ts=to_text(payload.ts),
        severity=None if severity is None else severity_out(severity, dialect, levels=levels),
        native_severity=payload.native_severity,
        service_name=payload.service,
        environment=payload.environment,
        device=payload.device,
        link=payload.link,
        contributor=payload.contributor,
        correlation_key=payload.correlation_key,
        trace_id=payload.trace_id,
        fingerprint=payload.fingerprint,
        labels=dict(payload.labels),
        data=dict(payload.data),
        recorded_at=to_text(event.recorded_at),
    )


def slo_violation_shape(event: Event) -> SloViolationShape:
    """The broken objective that *event* records."""
    payload = event.payload
    assert isinstance(payload, SloViolationRecorded)
    return SloViolationShape(
        violation_id=payload.violation_id,
        ticket_id=event.stream.partition(":")[2],
        slo_id=payload.slo_id,
        window_start=to_text(payload.window_start),
        window_end=to_text(payload.window_end),
        error_budget_consumed=float(payload.error_budget_consumed),
        threshold_breached=payload.threshold_breached,
        details=payload.details,
        recorded_at=to_text(event.recorded_at),
    )


SIGNALS: Final = (SignalIngested,)
VIOLATIONS: Final = (SloViolationRecorded,)
