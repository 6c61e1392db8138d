"""Folding facts into a ticket: what it looks like after each of them (Design: core).

One fold serves incidents and maintenances. It is total: a fact it does not know, or whose text was
erased, changes nothing but the version, and no log ever written makes it raise.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, TypeVar

from tocsin.core.actions import ACTIONS
from tocsin.core.facts import Event, stream_identity, stream_sort
from tocsin.core.field_folding import folded_fields
from tocsin.core.ticket import PublicUpdate, Relation, ServiceImpact, Ticket
from tocsin.core.ticket_facts import (
    ActionExecuted,
    AssigneeChanged,
    Cancelled,
    Completed,
    Confirmed,
    ConflictCleared,
    ConflictFound,
    Extended,
    IncidentClosed,
    IncidentCreated,
    IncidentReopened,
    IncidentResolved,
    LinkedToTicket,
    MaintenanceClosed,
    MaintenancePlanned,
    MessageRecorded,
    NoteAdded,
    Overran,
    PublicUpdateEdited,
    PublicUpdatePosted,
    Related,
    Reminded,
    Rescheduled,
    SeverityChanged,
    SignalIngested,
    SloViolationRecorded,
    Started,
    StatusChanged,
    TagAdded,
    TagRemoved,
    TicketUpdated,
)
from tocsin.core.words import (
    ACTIVE_INCIDENT,
    Severity,
    Status,
    TicketType,
)

Changes = dict[str, Any]

REMOVED = "[removed]"
"""What stands where text was erased."""


def is_folded(event: Event, fields: Collection[str]) -> bool:
    """Whether a ticket's state may hold text of those *fields* of *event*."""
    if event.version == 1:
        return True
    unheld = isinstance(event.payload, NoteAdded | MessageRecorded)
    return not unheld and set(fields) != {"actor.name"}


_MITIGATED = frozenset({Status.MONITORING, Status.RESOLVED, Status.CLOSED})


def evolve(state: Ticket | None, event: Event) -> Ticket:
    """The ticket after *event*; *state* is None before the first."""
    payload = event.payload
    if isinstance(payload, IncidentCreated):
        return _opened(payload, event)
    if isinstance(payload, MaintenancePlanned):
        return _planned(payload, event)
    before = _unknown(event) if state is None else state
    changes = _changes(before, event)
    if type(payload) in ACTIONS:
        changes["actions_total"] = before.actions_total + 1
    changes["updated_at"] = event.recorded_at
    changes["version"] = event.version
    return replace(before, **changes)


def _opened(payload: IncidentCreated, event: Event) -> Ticket:
    at = event.recorded_at
    moved = payload.status is not Status.OPEN
    return Ticket(
        id=stream_identity(event.stream),
        ref=payload.ref,
        type=payload.type,
        title=payload.title,
        description=payload.description,
        severity=payload.severity,
        status=payload.status,
        created_at=at,
        updated_at=at,
        version=event.version,
        created_by=event.actor,
        via=event.via,
        contributor_id=payload.contributor_id,
        pubkey=payload.pubkey,
        reporter_name=payload.reporter_name,
        reporter_email=payload.reporter_email,
        devices=payload.devices,
        links=payload.links,
        services=payload.services,
        affected_contributors=payload.affected_contributors,
        effect=payload.effect,
        impact=payload.impact,
        project_id=payload.project_id,
        environment=payload.environment,
        detected_by=payload.detected_by,
        primary_signal_id=payload.primary_signal_id,
        runbook_path=payload.runbook_path,
        native_status=payload.native_status,
        native_severity=payload.native_severity,
        assignee=payload.assignee,
        labels=payload.labels,
        correlation_keys=payload.correlation_keys,
        internal_reference=payload.internal_reference,
        references=payload.references,
        start_at=payload.start_at,
        start_given=payload.start_given,
        detected_at=payload.detected_at,
        acknowledged_at=at if moved and event.actor.type == "user" else None,
        mitigated_at=at if payload.status in _MITIGATED else None,
        # Moves may be dated back to what was observed, not only to when it was written down.
        last_status_at=min(payload.start_at, at),
        last_word_at=at,
    )


def _planned(payload: MaintenancePlanned, event: Event) -> Ticket:
    at = event.recorded_at
    return Ticket(
        id=stream_identity(event.stream),
        ref=payload.ref,
        type=payload.type,
        title=payload.title,
        description=payload.description,
        severity=payload.severity,
        status=payload.status,
        created_at=at,
        updated_at=at,
        version=event.version,
        created_by=event.actor,
        via=event.via,
        contributor_id=payload.contributor_id,
        pubkey=payload.pubkey,
        reporter_name=payload.reporter_name,
        reporter_email=payload.reporter_email,
        devices=payload.devices,
        links=payload.links,
        services=payload.services,
        affected_contributors=payload.affected_contributors,
        effect=payload.effect,
        impact=payload.impact,
        project_id=payload.project_id,
        environment=payload.environment,
        detected_by=payload.detected_by,
        runbook_path=payload.runbook_path,
        native_status=payload.native_status,
        native_severity=payload.native_severity,
        assignee=payload.assignee,
        labels=payload.labels,
        correlation_keys=payload.correlation_keys,
        internal_reference=payload.internal_reference,
        references=payload.references,
        start_at=payload.start_at,
        start_given=True,
        end_at=payload.end_at,
        detected_at=payload.start_at,
        last_status_at=min(payload.start_at, at),
        last_word_at=at,
        auto_close_after_hours=payload.auto_close_after_hours,
        auto_start=payload.auto_start,
        reminder_before_hours=payload.reminder_before_hours,
    )


def _unknown(event: Event) -> Ticket:
    """What is left to say of a stream whose first fact is not there."""
    maintenance = stream_sort(event.stream) == TicketType.MAINTENANCE.value
    return Ticket(
        id=stream_identity(event.stream),
        ref="",
        type=TicketType.MAINTENANCE if maintenance else TicketType.INCIDENT,
        title=REMOVED,
        description=REMOVED,
        severity=Severity.SEV5,
        status=Status.CANCELLED,
        created_at=event.recorded_at,
        updated_at=event.recorded_at,
        version=event.version,
        created_by=event.actor,
        via=event.via,
        start_at=event.recorded_at,
        detected_at=event.recorded_at,
        last_status_at=event.recorded_at,
        last_word_at=event.recorded_at,
    )


def _changes(state: Ticket, event: Event) -> Changes:
    payload = event.payload
    match payload:
        case NoteAdded():
            return _updated(state, payload.update_id) | _said(event) | _answered(state, event)
        case StatusChanged():
            return _status_changed(state, event, payload)
        case IncidentResolved():
            return {"resolved_at": payload.at} | _given(
                resolution=payload.resolution,
                root_cause=payload.root_cause,
                disposition=payload.disposition,
            )
        case IncidentClosed():
            return {"closed_at": payload.at, "end_at": payload.at} | _given(
                resolution=payload.resolution,
                root_cause=payload.root_cause,
                disposition=payload.disposition,
                duplicate_of=payload.duplicate_of,
            )
        case IncidentReopened():
            return {
                "reopened_count": state.reopened_count + 1,
                "resolved_at": None,
                "closed_at": None,
                "end_at": None,
                "resolution": None,
                "disposition": None,
                "duplicate_of": None,
            }
        case Started() | Completed() | Extended() | Cancelled() | MaintenanceClosed():
            return _moved(state, event, payload)
        case Rescheduled():
            return _rescheduled(state, event, payload)
        case TicketUpdated():
            changes = folded_fields(payload) | _said(event)
            if "start_at" in changes and state.detected_at == state.start_at:
                # Nothing else detected it: the start is when it was.
                changes["detected_at"] = changes["start_at"]
            return changes
        case SeverityChanged():
            changed = {"severity": payload.severity_to, "native_severity": payload.native}
            return changed | _said(event)
        case AssigneeChanged():
            return {"assignee": payload.assignee_to} | _said(event) | _answered(state, event)
        case TagAdded():
            return {"labels": _with(state.labels, payload.label)} | _said(event)
        case TagRemoved():
            kept = tuple(label for label in state.labels if label != payload.label)
            return {"labels": kept} | _said(event)
        case SignalIngested():
            return _signal(state, payload)
        case ActionExecuted():
            return _answered(state, event)
        case SloViolationRecorded():
            return {"slo_violations_total": state.slo_violations_total + 1}
        case LinkedToTicket(reference=reference):
            linked: Changes = {}
            if reference not in state.references:
                linked["references"] = (*state.references, reference)
            if reference.kind == "rca":
                linked["rca_url"] = reference.url
            return linked
        case Related(relation=relation):
            return {"relations": _with(state.relations, relation, key=_relation_order)}
        case Confirmed():
            return {
                "confirmed_by": _with(state.confirmed_by, payload.contributor_id),
                "effect": payload.effect,
            } | _said(event)
        case ConflictFound(overlap=overlap):
            others = [known for known in state.conflicts if known.ticket_id != overlap.ticket_id]
            found = sorted((*others, overlap), key=lambda known: known.ticket_id)
            return {"conflicts": tuple(found)}
        case ConflictCleared(ticket_id=ticket_id):
            left = tuple(known for known in state.conflicts if known.ticket_id != ticket_id)
            return {"conflicts": left}
        case Reminded():
            return {"reminded": True}
        case Overran():
            return {"overran": True}
        case PublicUpdatePosted():
            return _published(state, event, payload)
        case PublicUpdateEdited():
            return _corrected(state, event, payload)
        case _:
            # Chat messages, redactions, and kinds of a time to come.
            return {}


def _said(event: Event) -> Changes:
    """A word by a person or connector puts off the closing (Domain: auto-close)."""
    return {} if event.actor.type == "system" else {"last_word_at": event.recorded_at}


def _answered(state: Ticket, event: Event) -> Changes:
    """The first response by anyone but the reporter, the system or a bot acknowledges."""
    if (
        state.acknowledged_at is None
        and state.status in ACTIVE_INCIDENT
        and event.actor.type == "user"
        and event.actor.id != state.created_by.id
    ):
        return {"acknowledged_at": event.recorded_at}
    return {}


def _updated(state: Ticket, update_id: str) -> Changes:
    """One update may be several facts; it counts once."""
    if update_id == state.last_update_id:
        return {}
    return {"updates_total": state.updates_total + 1, "last_update_id": update_id}


def _given(**values: object) -> Changes:
    return {name: value for name, value in values.items() if value is not None}


def _status_changed(state: Ticket, event: Event, payload: StatusChanged) -> Changes:
    changes: Changes = {
        "status": payload.status_to,
        "native_status": payload.native,
        "last_status_at": payload.at,
    }
    if state.type is TicketType.INCIDENT:
        if state.acknowledged_at is None and event.actor.type == "user":
            changes["acknowledged_at"] = payload.at
        if state.mitigated_at is None and payload.status_to in _MITIGATED:
            changes["mitigated_at"] = payload.at
    changes |= _given(disposition=payload.disposition, duplicate_of=payload.duplicate_of)
    return changes | _updated(state, payload.update_id) | _said(event)


def _moved(
    state: Ticket,
    event: Event,
    payload: Started | Completed | Extended | Cancelled | MaintenanceClosed,
) -> Changes:
    changes: Changes = {"status": payload.status_to, "last_status_at": payload.at}
    match payload:
        case Started():
            changes["native_status"] = payload.native
            changes |= _given(actual_start_at=payload.actual_start_at)
        case Completed():
            changes["native_status"] = payload.native
            changes["actual_end_at"] = payload.actual_end_at
            changes |= _given(resolution=payload.resolution, disposition=payload.disposition)
        case Extended():
            changes |= {"native_status": None, "end_at": payload.end_at, "overran": False}
            if payload.status_from is Status.COMPLETED:
                changes |= {"actual_end_at": None, "resolution": None, "disposition": None}
                changes["duplicate_of"] = None
        case Cancelled():
            changes |= {"native_status": payload.native, "disposition": payload.disposition}
            changes |= _given(duplicate_of=payload.duplicate_of)
        case MaintenanceClosed():
            changes |= {"native_status": payload.native, "disposition": payload.disposition}
            changes["closed_at"] = payload.at
            changes |= _given(resolution=payload.resolution, duplicate_of=payload.duplicate_of)
    return changes | _updated(state, payload.update_id) | _said(event)


def _rescheduled(state: Ticket, event: Event, payload: Rescheduled) -> Changes:
    changes: Changes = {
        "start_at": payload.start_at,
        "end_at": payload.end_at,
        "reminder_before_hours": payload.reminder_before_hours,
    }
    if payload.start_at != state.start_at:
        changes |= {"reminded": False, "detected_at": payload.start_at}
    if payload.end_at != state.end_at:
        changes["overran"] = False
    return changes | _said(event)


def _signal(state: Ticket, payload: SignalIngested) -> Changes:
    changes: Changes = {"signals_total": state.signals_total + 1}
    if payload.new_keys:
        changes["correlation_keys"] = tuple(sorted({*state.correlation_keys, *payload.new_keys}))
    # Detected is when the first signal was seen, unless somebody was at work before it was.
    if state.type is TicketType.INCIDENT and state.signals_total == 0:
        worked_at = state.acknowledged_at
        if worked_at is None or payload.ts <= worked_at:
            changes["detected_at"] = payload.ts
        if state.primary_signal_id is None:
            changes["primary_signal_id"] = payload.signal_id
    return changes


def _published(state: Ticket, event: Event, payload: PublicUpdatePosted) -> Changes:
    update = PublicUpdate(
        id=payload.public_update_id,
        status=payload.status,
        posted_at=event.recorded_at,
        title=payload.title,
        body=payload.body,
    )
    impacts: dict[str, ServiceImpact] = {shown.code: shown for shown in state.public_impacts}
    impacts |= {shown.code: shown for shown in payload.services}
    changes: Changes = {
        "public_title": payload.title,
        "public_updates": (*state.public_updates, update),
        "public_impacts": tuple(impacts[code] for code in sorted(impacts)),
    }
    return changes | _said(event) | _answered(state, event)


def _corrected(state: Ticket, event: Event, payload: PublicUpdateEdited) -> Changes:
    updates = tuple(
        replace(update, title=payload.title, body=payload.body, edited_at=event.recorded_at)
        if update.id == payload.public_update_id
        else update
        for update in state.public_updates
    )
    changes: Changes = {"public_updates": updates}
    if updates and updates[-1].id == payload.public_update_id:
        changes["public_title"] = payload.title
    return changes | _said(event)


def _relation_order(relation: Relation) -> tuple[str, str, bool]:
    return relation.kind, relation.ticket_id, relation.inverse


Member = TypeVar("Member")


def _with(
    members: tuple[Member, ...], member: Member, *, key: Callable[[Member], Any] | None = None
) -> tuple[Member, ...]:
    """The sorted set of *members* and *member*."""
    if member in members:
        return members
    return tuple(sorted((*members, member), key=key or _as_it_is))


def _as_it_is(member: Any) -> Any:
    return member
