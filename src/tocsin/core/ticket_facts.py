"""What can be recorded about a ticket (Domain: events). Payloads only; the folding is next door.

Instants in payloads are what people said happened; when it was recorded is in the envelope. Every
change carries the old and the new value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tocsin.core.facts import Change, JsonValue, Payload, fact
from tocsin.core.ticket import Assignee, Overlap, Reference, Relation, ServiceImpact
from tocsin.core.words import Disposition, Impact, RootCause, Severity, Status, TicketType

MINIMAL = ("type", "pubkey", "devices", "links", "status", "start_at", "end_at")


@fact(
    "incident.created",
    public=MINIMAL,
    text=("title", "description", "reporter_name", "reporter_email", "internal_reference"),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentCreated(Payload):
    """An incident was opened. ``start_given`` tells an observed start from the default."""

    ref: str
    type: TicketType = TicketType.INCIDENT
    pubkey: str | None = None
    devices: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    status: Status = Status.OPEN
    start_at: datetime
    end_at: None = None
    title: str
    description: str
    severity: Severity
    native_status: str | None = None
    native_severity: str | None = None
    contributor_id: str | None = None
    reporter_name: str | None = None
    reporter_email: str | None = None
    services: tuple[str, ...] = ()
    affected_contributors: tuple[str, ...] = ()
    effect: tuple[str, ...] = ()
    impact: Impact | None = None
    project_id: str | None = None
    environment: str = "production"
    detected_by: str = "user"
    primary_signal_id: str | None = None
    runbook_path: str | None = None
    assignee: Assignee | None = None
    labels: tuple[str, ...] = ()
    correlation_keys: tuple[str, ...] = ()
    internal_reference: str | None = None
    references: tuple[Reference, ...] = ()
    start_given: bool = False
    detected_at: datetime


@fact(
    "maintenance.planned",
    public=MINIMAL,
    text=("title", "description", "reporter_name", "reporter_email", "internal_reference"),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenancePlanned(Payload):
    """A maintenance was planned. The policy its deadlines need is copied here (Design:
    dispatcher)."""

    ref: str
    type: TicketType = TicketType.MAINTENANCE
    pubkey: str | None = None
    devices: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    status: Status = Status.PLANNED
    start_at: datetime
    end_at: datetime
    title: str
    description: str
    severity: Severity
    native_status: str | None = None
    native_severity: str | None = None
    contributor_id: str | None = None
    reporter_name: str | None = None
    reporter_email: str | None = None
    services: tuple[str, ...] = ()
    affected_contributors: tuple[str, ...] = ()
    effect: tuple[str, ...] = ()
    impact: Impact = Impact.DEGRADED
    project_id: str | None = None
    environment: str = "production"
    detected_by: str = "user"
    runbook_path: str | None = None
    assignee: Assignee | None = None
    labels: tuple[str, ...] = ()
    correlation_keys: tuple[str, ...] = ()
    internal_reference: str | None = None
    references: tuple[Reference, ...] = ()
    auto_close_after_hours: int = 24
    auto_start: bool = True
    reminder_before_hours: int = 24


@fact("incident.updated", "maintenance.updated", public=("facts",), text=("changes",))
@dataclass(frozen=True, slots=True, kw_only=True)
class TicketUpdated(Payload):
    """Fields changed. ``facts`` are changes of minimal facts, ``changes`` all others.

    ``affected_contributors`` and ``effect`` are what follows when assets changed.
    """

    facts: tuple[Change, ...] = ()
    changes: tuple[Change, ...] = ()
    affected_contributors: tuple[str, ...] | None = None
    effect: tuple[str, ...] | None = None


@fact(
    "incident.status_changed",
    "maintenance.status_changed",
    public=("author_pubkey", "at", "status_from", "status_to"),
    text=("reason",),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged(Payload):
    """The status moved. ``at`` is when it is said to have happened; ``update_id`` the update it is
    part of.

    ``disposition`` and ``duplicate_of`` say why a ticket ended. For a maintenance the named kinds
    (started, completed, …) are recorded instead; see below.
    """

    update_id: str
    author_pubkey: str | None = None
    at: datetime
    status_from: Status
    status_to: Status
    reason: str | None = None
    native: str | None = None
    disposition: Disposition | None = None
    duplicate_of: str | None = None


@fact("incident.resolved", public=("at",), text=("resolution",))
@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentResolved(Payload):
    """An incident was resolved; recorded in addition to the status change, in the same commit."""

    at: datetime
    resolution: str | None = None
    root_cause: RootCause | None = None
    disposition: Disposition | None = None


@fact("incident.closed", public=("at",), text=("resolution",))
@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentClosed(Payload):
    """An incident is over; recorded in addition to the status change."""

    at: datetime
    resolution: str | None = None
    root_cause: RootCause | None = None
    disposition: Disposition | None = None
    duplicate_of: str | None = None


@fact("incident.reopened", public=("at",), text=("reason",))
@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReopened(Payload):
    """An ended incident came back; recorded in addition to the status change."""

    at: datetime
    reason: str | None = None


@fact(
    "maintenance.rescheduled",
    public=("start_at", "end_at", "start_at_before", "end_at_before"),
    text=("reason",),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Rescheduled(Payload):
    """The window moved; the reminder is armed anew with ``reminder_before_hours``."""

    start_at_before: datetime
    end_at_before: datetime
    start_at: datetime
    end_at: datetime
    reminder_before_hours: int
    reason: str | None = None


MOVE = ("author_pubkey", "at", "status_from", "status_to")


@fact("maintenance.started", public=(*MOVE, "actual_start_at"), text=("reason",))
@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Payload):
    """Work began: by a person's word (``actual_start_at`` set), or by the clock at ``start_at``
    (empty)."""

    update_id: str
    author_pubkey: str | None = None
    at: datetime
    status_from: Status
    status_to: Status = Status.IN_PROGRESS
    actual_start_at: datetime | None = None
    reason: str | None = None
    native: str | None = None


@fact("maintenance.completed", public=(*MOVE, "actual_end_at"), text=("reason", "resolution"))
@dataclass(frozen=True, slots=True, kw_only=True)
class Completed(Payload):
    """Work ended, by a person's word."""

    update_id: str
    author_pubkey: str | None = None
    at: datetime
    status_from: Status
    status_to: Status = Status.COMPLETED
    actual_end_at: datetime
    resolution: str | None = None
    disposition: Disposition | None = None
    reason: str | None = None
    native: str | None = None


@fact("maintenance.extended", public=(*MOVE, "end_at", "end_at_before"), text=("reason",))
@dataclass(frozen=True, slots=True, kw_only=True)
class Extended(Payload):
    """More time is needed: a new planned end; a completed maintenance goes back to work."""

    update_id: str
    author_pubkey: str | None = None
    at: datetime
    status_from: Status
    status_to: Status = Status.IN_PROGRESS
    end_at_before: datetime
    end_at: datetime
    reason: str | None = None


@fact("maintenance.cancelled", public=MOVE, text=("reason",))
@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Payload):
    """The maintenance will not happen, or not go on."""

    update_id: str
    author_pubkey: str | None = None
    at: datetime
    status_from: Status
    status_to: Status = Status.CANCELLED
    disposition: Disposition
    duplicate_of: str | None = None
    reason: str | None = None
    native: str | None = None


@fact("maintenance.closed", public=MOVE, text=("reason", "resolution"))
@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceClosed(Payload):
    """The maintenance is over: closed by a person, or by the clock (lapsed, auto_closed)."""

    update_id: str
    author_pubkey: str | None = None
    at: datetime
    status_from: Status
    status_to: Status = Status.CLOSED
    disposition: Disposition
    duplicate_of: str | None = None
    resolution: str | None = None
    reason: str | None = None
    native: str | None = None


@fact("maintenance.reminded")
@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded(Payload):
    """The start is near. ``late``: found due only after the start, recorded and not announced."""

    at: datetime
    start_at: datetime
    late: bool = False


@fact("maintenance.overran")
@dataclass(frozen=True, slots=True, kw_only=True)
class Overran(Payload):
    """Still in progress past the planned end; said once."""

    at: datetime
    end_at: datetime


@fact("maintenance.confirmed")
@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed(Payload):
    """The owner of assets confirmed a ticket on them; ``effect`` is where it now has effect."""

    contributor_id: str
    effect: tuple[str, ...]


@fact("maintenance.conflict_found", text=("forced_reason",))
@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictFound(Payload):
    """Another active maintenance overlaps and shares assets. ``forced`` over a policy that forbids
    it."""

    overlap: Overlap
    forced_reason: str | None = None


@fact("maintenance.conflict_cleared")
@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictCleared(Payload):
    """The overlap with that ticket is gone."""

    ticket_id: str


@fact("incident.severity_changed", "maintenance.severity_changed", text=("reason",))
@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityChanged(Payload):
    """The severity moved."""

    severity_from: Severity
    severity_to: Severity
    reason: str | None = None
    native: str | None = None


@fact("incident.assignee_changed", "maintenance.assignee_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class AssigneeChanged(Payload):
    """Someone else has it now, or nobody."""

    assignee_from: Assignee | None = None
    assignee_to: Assignee | None = None


@fact("incident.tag_added", "maintenance.tag_added", text=("label",))
@dataclass(frozen=True, slots=True, kw_only=True)
class TagAdded(Payload):
    """A label was put on."""

    label: str


@fact("incident.tag_removed", "maintenance.tag_removed", text=("label",))
@dataclass(frozen=True, slots=True, kw_only=True)
class TagRemoved(Payload):
    """A label was taken off."""

    label: str


@fact("incident.signal_ingested", "maintenance.signal_ingested", text=("summary", "labels", "data"))
@dataclass(frozen=True, slots=True, kw_only=True)
class SignalIngested(Payload):
    """An observation was attached. ``new_keys`` are correlation keys it brings to the ticket."""

    signal_id: str
    signal_type: str = "ALERT"
    source: str
    summary: str
    state: str = "firing"
    ts: datetime
    severity: Severity | None = None
    native_severity: str | None = None
    service: str | None = None
    environment: str | None = None
    device: str | None = None
    link: str | None = None
    contributor: str | None = None
    correlation_key: str | None = None
    trace_id: str | None = None
    fingerprint: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, JsonValue] = field(default_factory=dict)
    new_keys: tuple[str, ...] = ()


@fact(
    "incident.note_added",
    "maintenance.note_added",
    public=("author_pubkey",),
    text=("body",),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded(Payload):
    """A comment. With a status change of the same ``update_id`` it is one update."""

    update_id: str
    author_pubkey: str | None = None
    body: str


@fact(
    "incident.playbook_action_executed",
    "maintenance.playbook_action_executed",
    text=("label", "details"),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class ActionExecuted(Payload):
    """Something was done about it: ``action_kind`` is one of the kinds people and tools may
    post."""

    action_id: str
    action_kind: str
    label: str
    details: str | None = None


@fact("incident.slo_violation_recorded", text=("details",))
@dataclass(frozen=True, slots=True, kw_only=True)
class SloViolationRecorded(Payload):
    """An objective was broken; ``error_budget_consumed`` is a fraction as decimal text
    (``"0.25"``)."""

    violation_id: str
    slo_id: str
    window_start: datetime
    window_end: datetime
    error_budget_consumed: str
    threshold_breached: str | None = None
    details: str | None = None


@fact("incident.linked_to_ticket", "maintenance.linked_to_ticket", text=("reference",))
@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedToTicket(Payload):
    """An address elsewhere belongs to it: another tracker's ticket, an RCA, a chat."""

    reference: Reference


@fact("incident.related", "maintenance.related")
@dataclass(frozen=True, slots=True, kw_only=True)
class Related(Payload):
    """Tied to another ticket of the org."""

    relation: Relation


@fact(
    "incident.public_update_posted",
    "maintenance.public_update_posted",
    text=("title", "body"),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class PublicUpdatePosted(Payload):
    """Words for the public, by a person's explicit act."""

    public_update_id: str
    title: str
    status: str
    body: str
    services: tuple[ServiceImpact, ...] = ()
    pages: tuple[str, ...] = ()


@fact(
    "incident.public_update_edited",
    "maintenance.public_update_edited",
    text=("title", "body", "title_before", "body_before"),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class PublicUpdateEdited(Payload):
    """A public update was corrected; the old words stay in the log."""

    public_update_id: str
    title: str
    body: str
    title_before: str
    body_before: str


@fact("incident.message_recorded", "maintenance.message_recorded", text=("author", "text"))
@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecorded(Payload):
    """A chat message, kept beside the record; not canonical."""

    message_id: str
    source: str
    author: str
    text: str
    at: datetime
    deleted: bool = False


@fact("incident.redacted", "maintenance.redacted")
@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted(Payload):
    """Text of an earlier event of this stream was erased; ``remaining_digest`` seals what was left.

    ``event`` is that event's id, ``fields`` what was emptied, ``remaining_digest`` the hex SHA-256
    of the private part as it stands now.
    """

    event: str
    fields: tuple[str, ...]
    remaining_digest: str
    reason: str | None = None
