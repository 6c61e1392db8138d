"""The shapes in which tickets and what belongs to them are answered (Domain: ticket)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class ContributorName(Struct, kw_only=True):
    """A contributor as tickets name it; nulls where it is gone."""

    code: str | None
    name: str | None
    pubkey: str | None


class ActorShape(Struct, kw_only=True):
    """Who did it: a user, the system, or a connector."""

    type: str
    id: str
    name: str
    contributor: str | None = None


class AssetName(Struct, kw_only=True):
    """A device or link as tickets name it; ``contributor`` is its owner's code."""

    pubkey: str
    code: str | None
    contributor: str | None


class AssigneeShape(Struct, kw_only=True):
    """Who has it: ``kind`` member or contributor; ``code`` is a contributor's."""

    kind: str
    id: str
    name: str | None
    code: str | None = None


class ReferenceShape(Struct, kw_only=True):
    """An address elsewhere."""

    kind: str
    title: str | None
    url: str


class TicketName(Struct, kw_only=True):
    """Another ticket, in brief."""

    id: str
    ref: str | None
    type: str | None
    title: str | None
    status: str | None


class RelationShape(Struct, kw_only=True):
    """A tie to another ticket; ``inverse`` when it was made on the other one."""

    ticket: TicketName
    kind: str
    inverse: bool


class ConflictTicket(Struct, kw_only=True):
    """The other maintenance of an overlap."""

    id: str
    ref: str | None
    title: str | None
    start_at: str | None
    end_at: str | None
    contributor: str | None


class SharedAssetShape(Struct, kw_only=True):
    """What two maintenances share: ``reason`` same or other_side."""

    kind: str
    code: str
    pubkey: str
    reason: str


class ConflictShape(Struct, kw_only=True):
    """An overlap with another active maintenance."""

    ticket: ConflictTicket
    shared: list[SharedAssetShape]


class ServiceImpactShape(Struct, kw_only=True):
    """How the public is shown a service; ``impact`` null is operational."""

    code: str
    impact: str | None


class PublicUpdateShape(Struct, kw_only=True):
    """What was said to the public; ``edited_at`` when it was corrected since."""

    id: str
    ticket_id: str
    title: str
    status: str
    body: str
    posted_at: str
    edited_at: str | None


class UpdateShape(Struct, kw_only=True):
    """A comment, a move of the status, or both.

    ``update_id`` and ``author`` are null where the same status was asked for again: that is
    accepted, and nothing is recorded.
    """

    update_id: str | None
    ticket_id: str
    author_pubkey: str | None
    author: ActorShape | None
    timestamp: str
    recorded_at: str
    body: str | None
    status_from: str | None
    status_to: str | None
    reason: str | None = None


class ActionShape(Struct, kw_only=True):
    """Something that was done."""

    action_id: str
    ticket_id: str
    action_kind: str
    label: str
    details: str | None
    actor: ActorShape
    timestamp: str


class SignalShape(Struct, kw_only=True):
    """An observation that was attached."""

    signal_id: str
    ticket_id: str
    signal_type: str
    source: str
    summary: str
    state: str
    ts: str
    severity: str | None
    native_severity: str | None
    service_name: str | None
    environment: str | None
    device: str | None
    link: str | None
    contributor: str | None
    correlation_key: str | None
    trace_id: str | None
    fingerprint: str | None
    labels: dict[str, str]
    data: dict[str, Any]
    recorded_at: str


class SloViolationShape(Struct, kw_only=True):
    """A broken objective; ``error_budget_consumed`` is a fraction (1.0 is all of it)."""

    violation_id: str
    ticket_id: str
    slo_id: str
    window_start: str
    window_end: str
    error_budget_consumed: float
    threshold_breached: str | None
    details: str | None
    recorded_at: str


class TicketShape(Struct, kw_only=True):
    """A ticket: every field of the canonical schema; instants in UTC with microseconds."""

    id: str
    ref: str
    type: str
    title: str
    description: str
    severity: str
    native_severity: str | None
    status: str
    native_status: str | None
    active: bool
    impact: str | None
    contributor: ContributorName | None
    pubkey: str | None
    created_by: ActorShape
    via: str
    reporter_name: str | None
    reporter_email: str | None
    contact: str | None
    device_pubkey: list[str]
    devices: list[AssetName]
    affected_link_pubkey: list[str]
    links: list[AssetName]
    services: list[str]
    affected_contributors: list[str]
    effect: list[str]
    advisory: list[str]
    project_id: str | None
    environment: str
    detected_by: str
    primary_signal_id: str | None
    runbook_path: str | None
    resolution: str | None
    disposition: str | None
    duplicate_of: TicketName | None
    root_cause: str | None
    assignee: AssigneeShape | None
    point: str | None
    labels: list[str]
    correlation_keys: list[str]
    internal_reference: str | None
    references: list[ReferenceShape]
    relations: list[RelationShape]
    rca_url: str | None
    start_at: str
    end_at: str | None
    detected_at: str
    acknowledged_at: str | None
    mitigated_at: str | None
    resolved_at: str | None
    closed_at: str | None
    reopened_count: int
    actual_start_at: str | None
    actual_end_at: str | None
    auto_close_after_hours: int | None
    reminded: bool
    overran: bool
    confirmed_by: list[str]
    conflicts: list[ConflictShape]
    public_title: str | None
    public_updates: list[PublicUpdateShape]
    public_impacts: list[ServiceImpactShape]
    updates_total: int
    actions_total: int
    signals_total: int
    slo_violations_total: int
    created_at: str
    updated_at: str
    version: int


class TicketDetail(TicketShape, kw_only=True):
    """A ticket with the newest hundred of what belongs to it, newest first."""

    signals: list[SignalShape]
    actions: list[ActionShape]
    updates: list[UpdateShape]
    slo_violations: list[SloViolationShape]
