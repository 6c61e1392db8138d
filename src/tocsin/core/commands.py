"""What can be asked of a ticket. Words stay as they were given; the decision reads and bounds them.

Everything a decision needs beyond the command (instant, actor, rights, policy, the records it
names) comes with it in :class:`tocsin.core.evidence.Given`. Fields that hold ``NOT_GIVEN`` were
not mentioned; None means: empty it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tocsin.core.facts import NOT_GIVEN, JsonValue, NotGiven
from tocsin.core.ticket import Overlap, Relation


class Command:
    """The root of everything that can be asked, of tickets and of records."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceDraft:
    """A reference as somebody wrote it. An adapter gives ``external_id``, such as
    ``slack:T024:C061:1700000000.000100``, where the conversation there is this ticket's alone."""

    kind: str
    url: str
    title: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalDraft:
    """A signal as it arrived (Domain: signals); ``source`` and ``summary`` are required."""

    source: str
    summary: str
    signal_type: str = "ALERT"
    state: str = "firing"
    ts: datetime | None = None
    severity: str | None = None
    service_name: str | None = None
    environment: str | None = None
    device: str | None = None
    link: str | None = None
    contributor: str | None = None
    correlation_key: str | None = None
    trace_id: str | None = None
    fingerprint: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTicket(Command):
    """What both ways of opening a ticket share: the fields of the canonical schema, as given.

    ``refs`` are the public names it may take, tried in order; ``devices`` and ``links`` are pubkeys
    or codes. ``formal`` is true on the API, command line and web form, where a description and
    something affected are required; Slack, connectors and the clock leave them out.
    """

    ticket_id: str
    refs: tuple[str, ...]
    title: str
    description: str | None = None
    severity: str | None = None
    status: str | None = None
    devices: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    impact: str | None = None
    reporter_name: str | None = None
    reporter_email: str | None = None
    project_id: str | None = None
    environment: str | None = None
    detected_by: str | None = None
    runbook_path: str | None = None
    assignee: str | None = None
    labels: tuple[str, ...] = ()
    correlation_keys: tuple[str, ...] = ()
    internal_reference: str | None = None
    references: tuple[ReferenceDraft, ...] = ()
    start_at: datetime | None = None
    end_at: datetime | None = None
    dialect: str | None = None
    formal: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident(OpenTicket):
    """Open an incident."""

    detected_at: datetime | None = None
    primary_signal_id: str | None = None
    root_cause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMaintenance(OpenTicket):
    """Plan a maintenance. ``force_reason`` is an org_admin's reason over a policy that forbids
    overlaps."""

    auto_close_after_hours: int | None = None
    force_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFields(Command):
    """Change fields (PATCH). Only what is not ``NOT_GIVEN`` is touched.

    ``start_at`` and ``end_at`` of a maintenance move its window; ``end_at`` of an incident cannot
    be set by hand.
    """

    title: str | NotGiven = NOT_GIVEN
    description: str | NotGiven = NOT_GIVEN
    devices: tuple[str, ...] | NotGiven = NOT_GIVEN
    links: tuple[str, ...] | NotGiven = NOT_GIVEN
    services: tuple[str, ...] | NotGiven = NOT_GIVEN
    impact: str | None | NotGiven = NOT_GIVEN
    reporter_name: str | None | NotGiven = NOT_GIVEN
    reporter_email: str | None | NotGiven = NOT_GIVEN
    project_id: str | None | NotGiven = NOT_GIVEN
    environment: str | NotGiven = NOT_GIVEN
    detected_by: str | NotGiven = NOT_GIVEN
    primary_signal_id: str | None | NotGiven = NOT_GIVEN
    runbook_path: str | None | NotGiven = NOT_GIVEN
    correlation_keys: tuple[str, ...] | NotGiven = NOT_GIVEN
    internal_reference: str | None | NotGiven = NOT_GIVEN
    resolution: str | None | NotGiven = NOT_GIVEN
    root_cause: str | None | NotGiven = NOT_GIVEN
    start_at: datetime | NotGiven = NOT_GIVEN
    end_at: datetime | NotGiven = NOT_GIVEN
    auto_close_after_hours: int | NotGiven = NOT_GIVEN
    reason: str | None = None
    force_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStatus(Command):
    """Move the status, or comment, or both (an update). At least one of ``status`` and ``body``.

    ``status`` is any known spelling, read in ``dialect`` when one is given; ``at`` dates the move;
    ``end_at`` comes with a maintenance that goes back to work (extended).
    """

    status: str | None = None
    body: str | None = None
    reason: str | None = None
    resolution: str | None = None
    root_cause: str | None = None
    disposition: str | None = None
    duplicate_of: str | None = None
    at: datetime | None = None
    end_at: datetime | None = None
    dialect: str | None = None
    force_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend(Command):
    """Give a maintenance a later planned end; a completed one goes back to work."""

    end_at: datetime
    reason: str | None = None
    force_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm(Command):
    """As an owner of affected assets: this maintenance may have effect on them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSeverity(Command):
    """Move the severity."""

    severity: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign(Command):
    """Give it to a member (id) or a contributor (code); None takes it from whoever has it."""

    assignee: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLabels(Command):
    """Put labels on and take labels off."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAction(Command):
    """Record something that was done (Domain: actions). A NOTE makes a note."""

    action_kind: str
    label: str
    details: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMessage(Command):
    """By the system: a chat message that belongs to the ticket, as it reads now.

    ``message_id`` is the same for every edit of one message; ``at`` is when it was said. A
    ``deleted`` one has no text.
    """

    message_id: str
    source: str
    author: str
    text: str
    at: datetime
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachSignal(Command):
    """Attach a signal by hand."""

    signal: SignalDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSloViolation(Command):
    """Record a broken objective; ``error_budget_consumed`` is a fraction (1.0 is all of it)."""

    slo_id: str
    window_start: datetime
    window_end: datetime
    error_budget_consumed: float
    threshold_breached: str | None = None
    details: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddReference(Command):
    """Add an address elsewhere."""

    reference: ReferenceDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Relate(Command):
    """Tie to another ticket, named by id or ref."""

    ticket: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRca(Command):
    """Set or replace the address of the root-cause analysis; also after closing."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceImpactDraft:
    """How a public update wants a service shown."""

    code: str
    impact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostPublicUpdate(Command):
    """Say something to the public. ``title`` is required the first time."""

    status: str
    body: str
    title: str | None = None
    services: tuple[ServiceImpactDraft, ...] = ()
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPublicUpdate(Command):
    """Correct a public update; the old words stay in the log."""

    public_update_id: str
    title: str | NotGiven = NOT_GIVEN
    body: str | NotGiven = NOT_GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Redact(Command):
    """Erase text of an earlier event of this stream. ``remaining_digest`` is filled in by the
    writer."""

    event: str
    fields: tuple[str, ...]
    remaining_digest: str = ""
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(Command):
    """A deadline is due: ``at`` is the due instant, which the state takes; recorded later as it
    is."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteOverlap(Command):
    """By the system: another active maintenance overlaps this one."""

    overlap: Overlap


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearOverlap(Command):
    """By the system: the overlap with that ticket is gone."""

    ticket_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRelation(Command):
    """By the system: the other end of a tie that was made on another ticket."""

    relation: Relation


TicketCommand = (
    OpenIncident
    | PlanMaintenance
    | ChangeFields
    | ChangeStatus
    | Extend
    | Confirm
    | ChangeSeverity
    | Assign
    | ChangeLabels
    | AddAction
    | RecordMessage
    | AttachSignal
    | RecordSloViolation
    | AddReference
    | Relate
    | SetRca
    | PostPublicUpdate
    | EditPublicUpdate
    | Redact
    | Tick
    | NoteOverlap
    | ClearOverlap
    | NoteRelation
)
