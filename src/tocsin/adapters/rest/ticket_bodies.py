"""The bodies and queries of everything about tickets, as they are parsed and documented.

Types and lengths are checked here; what words mean is for the core to say.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from tocsin.core.ticket_reading import (
    KEY,
    LABEL,
    MOST_ASSETS,
    MOST_KEYS,
    MOST_LABELS,
    MOST_REFERENCES,
    MOST_SERVICES,
    NAME,
    REASON,
    TEXT,
    TITLE,
    URL,
)

Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339, with Z or an offset.")]
Title = Annotated[str, Meta(min_length=1, max_length=TITLE)]
Prose = Annotated[str, Meta(min_length=1, max_length=TEXT, description="Markdown.")]
Reason = Annotated[str, Meta(max_length=REASON)]
Name = Annotated[str, Meta(max_length=NAME)]
Word = Annotated[str, Meta(max_length=LABEL)]
Label = Annotated[str, Meta(min_length=1, max_length=LABEL)]
Key = Annotated[str, Meta(min_length=1, max_length=KEY)]
Address = Annotated[str, Meta(min_length=1, max_length=URL, description="http or https.")]
Assets = Annotated[
    list[Annotated[str, Meta(max_length=KEY)]],
    Meta(max_length=MOST_ASSETS, description="Pubkeys or codes."),
]
Services = Annotated[
    list[Annotated[str, Meta(max_length=KEY)]],
    Meta(max_length=MOST_SERVICES, description="Codes; one not known yet is made, discovered."),
]
Severity = Annotated[
    str,
    Meta(max_length=LABEL, description="sev1 … sev5, in any spelling; other systems' words too."),
]
StatusText = Annotated[
    str, Meta(max_length=LABEL, description="A status, in any spelling or in the dialect's words.")
]
Dialect = Annotated[
    Literal["gateway", "its", "crashbot", "incidentd"],
    Meta(description="Whose words statuses and severities are read and answered in."),
]


class Body(Struct, kw_only=True, forbid_unknown_fields=True):
    """The root of request bodies: a field nobody knows is refused."""

    elsewhere: ClassVar[dict[str, str]] = {}
    """Fields that belong to another path, and which."""


class Query(Struct, kw_only=True, forbid_unknown_fields=True):
    """The root of query strings: a parameter nobody knows is refused."""


class Nothing(Body):
    """A body with nothing in it."""


class InDialect(Query):
    """The query of what reads or answers statuses and severities."""

    dialect: Dialect | None = None


class Force(Body):
    """An org_admin's word over a policy that forbids overlaps."""

    reason: Annotated[str, Meta(min_length=1, max_length=REASON)]


class ReferenceBody(Body):
    """An address elsewhere."""

    kind: Word
    url: Address
    title: Annotated[str, Meta(max_length=TITLE)] | None = None


class TicketBody(Body):
    """A new ticket (Domain: ticket)."""

    elsewhere: ClassVar[dict[str, str]] = {
        "relations": "POST …/relations",
        "rca_url": "PUT …/rca",
        "resolution": "PATCH, or POST …/close",
        "disposition": "POST …/status",
    }

    type: Literal["incident", "maintenance"]
    title: Title
    description: Prose | None = None
    severity: Severity | None = None
    status: StatusText | None = None
    device_pubkey: Assets = []
    affected_link_pubkey: Assets = []
    services: Services = []
    service_name: Annotated[str, Meta(max_length=KEY)] | None = None
    impact: Word | None = None
    reporter_name: Name | None = None
    reporter_email: Name | None = None
    project_id: Name | None = None
    environment: Name | None = None
    detected_by: Name | None = None
    detected_at: Instant | None = None
    primary_signal_id: Name | None = None
    runbook_path: Annotated[str, Meta(max_length=URL)] | None = None
    root_cause: Word | None = None
    assignee: Name | None = None
    point: Name | None = None
    contact: Name | None = None
    labels: Annotated[list[Label], Meta(max_length=MOST_LABELS)] = []
    correlation_keys: Annotated[list[Key], Meta(max_length=MOST_KEYS)] = []
    initial_correlation_key: Key | None = None
    internal_reference: Name | None = None
    references: Annotated[list[ReferenceBody], Meta(max_length=MOST_REFERENCES)] = []
    start_at: Instant | None = None
    end_at: Instant | None = None
    auto_close_after_hours: int | None = None
    on_conflict: Literal["refuse", "attach"] = "refuse"
    dry_run: bool = False
    force: Force | None = None


class TicketPatch(Body):
    """Changed fields; what is left out stays, null empties."""

    elsewhere: ClassVar[dict[str, str]] = {
        "status": "POST …/status",
        "severity": "POST …/severity",
        "assignee": "POST …/assignee",
        "point": "POST …/assignee",
        "labels": "POST …/labels",
        "references": "POST …/references",
        "relations": "POST …/relations",
        "rca_url": "PUT …/rca",
    }

    title: Title | UnsetType = UNSET
    description: Prose | UnsetType = UNSET
    device_pubkey: Assets | UnsetType = UNSET
    affected_link_pubkey: Assets | UnsetType = UNSET
    services: Services | UnsetType = UNSET
    impact: Word | None | UnsetType = UNSET
    reporter_name: Name | None | UnsetType = UNSET
    reporter_email: Name | None | UnsetType = UNSET
    project_id: Name | None | UnsetType = UNSET
    environment: Name | UnsetType = UNSET
    detected_by: Name | UnsetType = UNSET
    primary_signal_id: Name | None | UnsetType = UNSET
    runbook_path: Annotated[str, Meta(max_length=URL)] | None | UnsetType = UNSET
    correlation_keys: Annotated[list[Key], Meta(max_length=MOST_KEYS)] | UnsetType = UNSET
    internal_reference: Name | None | UnsetType = UNSET
    resolution: Prose | None | UnsetType = UNSET
    root_cause: Word | None | UnsetType = UNSET
    start_at: Instant | UnsetType = UNSET
    end_at: Instant | UnsetType = UNSET
    auto_close_after_hours: int | UnsetType = UNSET
    reason: Reason | None = None
    force: Force | None = None
    dry_run: bool = False


class StatusBody(Body):
    """A move of the status."""

    status: StatusText
    reason: Reason | None = None
    resolution: Prose | None = None
    root_cause: Word | None = None
    disposition: Word | None = None
    duplicate_of: Name | None = None
    at: Instant | None = None
    end_at: Instant | None = None
    force: Force | None = None


class MoveBody(Body):
    """A short form of a status: when it happened, and why."""

    at: Instant | None = None
    reason: Reason | None = None


class ExtendBody(Body):
    """A later planned end."""

    end_at: Instant
    reason: Reason | None = None
    force: Force | None = None


class CancelBody(Body):
    """Why it is called off."""

    reason: Reason | None = None
    disposition: Word | None = None
    duplicate_of: Name | None = None
    at: Instant | None = None


class CloseBody(Body):
    """How it ended."""

    resolution: Prose | None = None
    root_cause: Word | None = None
    disposition: Word | None = None
    duplicate_of: Name | None = None
    reason: Reason | None = None
    at: Instant | None = None


class SeverityBody(Body):
    """A move of the severity."""

    severity: Severity
    reason: Reason | None = None


class AssigneeBody(Body):
    """Who has it now: a member's id, a contributor's code, or null."""

    assignee: Name | None


class LabelsBody(Body):
    """Labels to put on and to take off."""

    add: Annotated[list[Label], Meta(max_length=MOST_LABELS)] = []
    remove: Annotated[list[Label], Meta(max_length=MOST_LABELS)] = []


class UpdateBody(Body):
    """A comment, a move of the status, or both."""

    body: Prose | None = None
    status: StatusText | None = None
    reason: Reason | None = None
    resolution: Prose | None = None
    root_cause: Word | None = None
    disposition: Word | None = None
    duplicate_of: Name | None = None
    at: Instant | None = None
    end_at: Instant | None = None


class ActionBody(Body):
    """Something that was done."""

    action_kind: Word
    label: Annotated[str, Meta(min_length=1, max_length=TEXT)]
    details: Prose | None = None


class SignalBody(Body):
    """An observation (Domain: signals)."""

    source: Annotated[str, Meta(min_length=1, max_length=TITLE)]
    summary: Annotated[str, Meta(min_length=1, max_length=TEXT)]
    signal_type: Word = "ALERT"
    state: Word = "firing"
    ts: Instant | None = None
    severity: Severity | None = None
    service_name: Annotated[str, Meta(max_length=KEY)] | None = None
    environment: Name | None = None
    device: Annotated[str, Meta(max_length=KEY)] | None = None
    link: Annotated[str, Meta(max_length=KEY)] | None = None
    contributor: Annotated[str, Meta(max_length=KEY)] | None = None
    correlation_key: Key | None = None
    trace_id: Key | None = None
    fingerprint: Key | None = None
    labels: dict[str, str] = {}
    data: dict[str, Any] = {}


class SloViolationBody(Body):
    """A broken objective; ``error_budget_consumed`` is a fraction (1.0 is all of it)."""

    slo_id: Key
    window_start: Instant
    window_end: Instant
    error_budget_consumed: float
    threshold_breached: Annotated[str, Meta(max_length=TITLE)] | None = None
    details: Prose | None = None


class RelationBody(Body):
    """A tie to another ticket, named by id or ref."""

    ticket: Name
    kind: Word


class RcaBody(Body):
    """Where the root-cause analysis is."""

    url: Address


class ServiceImpactBody(Body):
    """How the public is shown a service."""

    code: Annotated[str, Meta(max_length=KEY)]
    impact: Word


class PublicUpdateBody(Body):
    """Words for the public; the title is required the first time."""

    status: Word
    body: Prose
    title: Title | None = None
    services: Annotated[list[ServiceImpactBody], Meta(max_length=MOST_SERVICES)] = []
    pages: Annotated[list[Word], Meta(max_length=50)] = []


class PublicUpdatePatch(Body):
    """A correction; the old words stay in the log."""

    title: Title | UnsetType = UNSET
    body: Prose | UnsetType = UNSET


Limit = Annotated[int, Meta(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[str, Meta(max_length=1_024, description="next_cursor of the page before.")]


class PageQuery(InDialect):
    """Which page of a list."""

    limit: Limit = 50
    cursor: Cursor | None = None


class TicketsQuery(PageQuery):
    """Which tickets; parameters that may be repeated mean: any of these."""

    type: Literal["incident", "maintenance"] | None = None
    status: list[StatusText] = []
    severity: list[Severity] = []
    active: bool | None = None
    created_by_contributor: Key | None = None
    affects_contributor: Key | None = None
    mine: bool = False
    device_pubkey: list[Key] = []
    affected_link_pubkey: list[Key] = []
    service: list[Key] = []
    environment: Name | None = None
    project_id: Name | None = None
    assignee: Name | None = None
    label: list[Label] = []
    correlation_key: Key | None = None
    q: Annotated[str, Meta(max_length=500, description="All these words.")] | None = None
    created_after: Instant | None = None
    created_before: Instant | None = None
    overlaps_from: Instant | None = None
    overlaps_to: Instant | None = None
    sort: Literal["created_at", "updated_at", "severity", "start_at"] = "created_at"
    direction: Literal["desc", "asc"] = "desc"
    wait_for: (
        Annotated[int, Meta(ge=0, description="With q: wait up to 2 s for this position.")] | None
    ) = None
