"""The ticket: the state that an incident and a maintenance share (Domain: ticket).

Both aggregates fold into one frozen dataclass, so that rows, permissions, routing and pages read
one shape; what only one of them has is empty in the other. Their decisions are in :mod:`incident`
and :mod:`maintenance`, the facts in :mod:`ticket_facts`, the folding of facts in
:mod:`ticket_fold`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tocsin.core.facts import Actor
from tocsin.core.words import (
    Disposition,
    Impact,
    RootCause,
    Severity,
    Status,
    TicketType,
    is_active,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignee:
    """Who has it: ``kind`` ``member`` or ``contributor``, and the id of that record."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An address that belongs to the ticket: ``kind`` ticket, rca, postmortem, runbook, chat,
    other.

    ``external_id`` is set where what is there belongs to this ticket alone, for ever: a thread or a
    channel of a chat.
    """

    kind: str
    title: str | None
    url: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A tie to another ticket of the org, by id.

    ``kind`` is caused_by, duplicate_of, follow_up or related. ``inverse`` marks the other end of a
    tie that was made on the other ticket.
    """

    kind: str
    ticket_id: str
    inverse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedAsset:
    """What two maintenances have in common: a device or link, ``reason`` ``same`` or
    ``other_side``."""

    kind: str
    code: str
    pubkey: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Another active maintenance in the way of this one, and what they share."""

    ticket_id: str
    shared: tuple[SharedAsset, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicUpdate:
    """What was said to the public once: its ``id``, status word and when it was last edited.

    ``title`` and ``body`` are the words as they stand, so that a correction can keep the old ones.
    """

    id: str
    status: str
    posted_at: datetime
    edited_at: datetime | None = None
    title: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceImpact:
    """How a public update shows a service: ``impact`` degraded, partial, major, or None
    (operational)."""

    code: str
    impact: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """An incident or a maintenance as it stands after its latest fact.

    Sets are sorted tuples. ``devices`` and ``links`` are pubkeys, ``services`` codes,
    ``affected_contributors`` contributor ids (owners of every asset, both sides of a link, as they
    were when the asset was named). ``effect`` lists the pubkeys on which this ticket has effect:
    its creator's contributor owns them, or the owner confirmed (Domain: effect needs ownership).
    ``last_status_at`` is the instant of the latest transition, ``last_word_at`` of the latest note,
    update, status, field or window change by a person or connector; ``last_update_id`` tells the
    facts of one update from those of the next.
    """

    id: str
    ref: str
    type: TicketType
    title: str
    description: str
    severity: Severity
    status: Status
    created_at: datetime
    updated_at: datetime
    version: int
    created_by: Actor
    via: str
    contributor_id: str | None = None
    pubkey: str | None = None
    reporter_name: str | None = None
    reporter_email: str | None = None
    devices: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    affected_contributors: tuple[str, ...] = ()
    effect: tuple[str, ...] = ()
    impact: Impact | None = None
    project_id: str | None = None
    environment: str = "production"
    detected_by: str = "user"
    primary_signal_id: str | None = None
    runbook_path: str | None = None
    native_status: str | None = None
    native_severity: str | None = None
    resolution: str | None = None
    disposition: Disposition | None = None
    duplicate_of: str | None = None
    root_cause: RootCause | None = None
    assignee: Assignee | None = None
    labels: tuple[str, ...] = ()
    correlation_keys: tuple[str, ...] = ()
    internal_reference: str | None = None
    references: tuple[Reference, ...] = ()
    relations: tuple[Relation, ...] = ()
    rca_url: str | None = None
    start_at: datetime
    start_given: bool = False
    end_at: datetime | None = None
    detected_at: datetime
    acknowledged_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    reopened_count: int = 0
    last_status_at: datetime
    last_word_at: datetime
    last_update_id: str | None = None
    # maintenance only
    actual_start_at: datetime | None = None
    actual_end_at: datetime | None = None
    auto_close_after_hours: int | None = None
    auto_start: bool = False
    reminder_before_hours: int | None = None
    reminded: bool = False
    overran: bool = False
    confirmed_by: tuple[str, ...] = ()
    conflicts: tuple[Overlap, ...] = ()
    # what was said to the public
    public_title: str | None = None
    public_updates: tuple[PublicUpdate, ...] = ()
    public_impacts: tuple[ServiceImpact, ...] = ()
    # how many of each are on the timeline
    updates_total: int = 0
    actions_total: int = 0
    signals_total: int = 0
    slo_violations_total: int = 0

    @property
    def holds_back(self) -> bool:
        """Whether it is an active incident so grave that what it is on does not come into service
        (Provisioning: rules of evidence)."""
        return (
            self.type is TicketType.INCIDENT
            and is_active(self.status)
            and self.severity in (Severity.SEV1, Severity.SEV2)
        )

    @property
    def stream(self) -> str:
        """``incident:<id>`` or ``maintenance:<id>``."""
        return f"{self.type.value}:{self.id}"
