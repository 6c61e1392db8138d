"""From the body of a request about a ticket to the command that it asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

from msgspec import UNSET, UnsetType

from tocsin.adapters.rest.ticket_bodies import (
    CancelBody,
    CloseBody,
    Force,
    PublicUpdateBody,
    ReferenceBody,
    SignalBody,
    SloViolationBody,
    StatusBody,
    TicketBody,
    TicketPatch,
    UpdateBody,
)
from tocsin.core.commands import (
    AttachSignal,
    ChangeFields,
    ChangeStatus,
    OpenIncident,
    PlanMaintenance,
    PostPublicUpdate,
    RecordSloViolation,
    ReferenceDraft,
    ServiceImpactDraft,
    SignalDraft,
)
from tocsin.core.dialects import Dialect
from tocsin.core.errors import FieldError, invalid, invalid_fields
from tocsin.core.facts import NOT_GIVEN, NotGiven
from tocsin.core.ids import ticket_refs

T = TypeVar("T")

_INCIDENTS_ONLY = ("detected_at", "primary_signal_id", "root_cause")
_MAINTENANCES_ONLY = ("auto_close_after_hours", "force")


def opening(
    body: TicketBody, *, ticket_id: str, at: datetime, bits: int, dialect: Dialect | None
) -> OpenIncident | PlanMaintenance:
    """The command that opens the ticket of *body*, of either type.

    *bits* (at least 62 random ones) become its public name.

    Raises:
        Invalid: fields of the other type, or two names for one thing.
    """
    _refuse_misplaced(body)
    reporter_name, reporter_email = body.reporter_name, body.reporter_email
    if body.contact is not None:
        # The crash bot's word for whoever reported it.
        if "@" in body.contact:
            reporter_email = body.contact
        else:
            reporter_name = body.contact
    keys = body.correlation_keys
    if body.initial_correlation_key is not None:
        keys = [*keys, body.initial_correlation_key]
    services = body.services
    if body.service_name is not None:
        services = [*services, body.service_name]
    if body.type == "incident":
        return OpenIncident(
            ticket_id=ticket_id,
            refs=ticket_refs("I", at, bits),
            title=body.title,
            description=body.description,
            severity=body.severity,
            status=body.status,
            devices=tuple(body.device_pubkey),
            links=tuple(body.affected_link_pubkey),
            services=tuple(services),
            impact=body.impact,
            reporter_name=reporter_name,
            reporter_email=reporter_email,
            project_id=body.project_id,
            environment=body.environment,
            detected_by=body.detected_by,
            runbook_path=body.runbook_path,
            assignee=body.assignee or body.point,
            labels=tuple(body.labels),
            correlation_keys=tuple(keys),
            internal_reference=body.internal_reference,
            references=references(body.references),
            start_at=optional_utc(body.start_at, field="start_at"),
            end_at=optional_utc(body.end_at, field="end_at"),
            dialect=dialect,
            detected_at=optional_utc(body.detected_at, field="detected_at"),
            primary_signal_id=body.primary_signal_id,
            root_cause=body.root_cause,
        )
    return PlanMaintenance(
        ticket_id=ticket_id,
        refs=ticket_refs("M", at, bits),
        title=body.title,
        description=body.description,
        severity=body.severity,
        status=body.status,
        devices=tuple(body.device_pubkey),
        links=tuple(body.affected_link_pubkey),
        services=tuple(services),
        impact=body.impact,
        reporter_name=reporter_name,
        reporter_email=reporter_email,
        project_id=body.project_id,
        environment=body.environment,
        detected_by=body.detected_by,
        runbook_path=body.runbook_path,
        assignee=body.assignee or body.point,
        labels=tuple(body.labels),
        correlation_keys=tuple(keys),
        internal_reference=body.internal_reference,
        references=references(body.references),
        start_at=optional_utc(body.start_at, field="start_at"),
        end_at=optional_utc(body.end_at, field="end_at"),
        dialect=dialect,
        auto_close_after_hours=body.auto_close_after_hours,
        force_reason=_forced(body.force),
    )


def _refuse_misplaced(body: TicketBody) -> None:
    other = _MAINTENANCES_ONLY if body.type == "incident" else _INCIDENTS_ONLY
    belongs_to = "maintenance" if body.type == "incident" else "an incident"
    errors = [
        FieldError(name, "forbidden_field", f"belongs to {belongs_to}")
        for name in other
        if getattr(body, name) is not None
    ]
    if body.point is not None and body.assignee is not None:
        errors.append(FieldError("point", "repeated", "is the assignee by another name; give one"))
    if errors:
        raise invalid_fields(errors)


def changing(body: TicketPatch) -> ChangeFields:
    """The command that changes the fields of *body*."""
    return ChangeFields(
        title=given(body.title),
        description=given(body.description),
        devices=_several(body.device_pubkey),
        links=_several(body.affected_link_pubkey),
        services=_several(body.services),
        impact=given(body.impact),
        reporter_name=given(body.reporter_name),
        reporter_email=given(body.reporter_email),
        project_id=given(body.project_id),
        environment=given(body.environment),
        detected_by=given(body.detected_by),
        primary_signal_id=given(body.primary_signal_id),
        runbook_path=given(body.runbook_path),
        correlation_keys=_several(body.correlation_keys),
        internal_reference=given(body.internal_reference),
        resolution=given(body.resolution),
        root_cause=given(body.root_cause),
        start_at=_instant(body.start_at, field="start_at"),
        end_at=_instant(body.end_at, field="end_at"),
        auto_close_after_hours=given(body.auto_close_after_hours),
        reason=body.reason,
        force_reason=_forced(body.force),
    )


def moving(body: StatusBody, *, dialect: Dialect | None) -> ChangeStatus:
    """The command that moves the status as *body* says."""
    return ChangeStatus(
        status=body.status,
        reason=body.reason,
        resolution=body.resolution,
        root_cause=body.root_cause,
        disposition=body.disposition,
        duplicate_of=body.duplicate_of,
        at=optional_utc(body.at, field="at"),
        end_at=optional_utc(body.end_at, field="end_at"),
        dialect=dialect,
        force_reason=_forced(body.force),
    )


def cancelling(body: CancelBody) -> ChangeStatus:
    """The command that calls it off."""
    return ChangeStatus(
        status="cancelled",
        reason=body.reason,
        disposition=body.disposition,
        duplicate_of=body.duplicate_of,
        at=optional_utc(body.at, field="at"),
    )


def closing(body: CloseBody) -> ChangeStatus:
    """The command that closes it."""
    return ChangeStatus(
        status="closed",
        reason=body.reason,
        resolution=body.resolution,
        root_cause=body.root_cause,
        disposition=body.disposition,
        duplicate_of=body.duplicate_of,
        at=optional_utc(body.at, field="at"),
    )


def updating(body: UpdateBody, *, dialect: Dialect | None) -> ChangeStatus:
    """The command that comments, moves the status, or both."""
    return ChangeStatus(
        status=body.status,
        body=body.body,
        reason=body.reason,
        resolution=body.resolution,
        root_cause=body.root_cause,
        disposition=body.disposition,
        duplicate_of=body.duplicate_of,
        at=optional_utc(body.at, field="at"),
        end_at=optional_utc(body.end_at, field="end_at"),
        dialect=dialect,
    )


def attaching(body: SignalBody) -> AttachSignal:
    """The command that attaches the signal of *body*."""
    return AttachSignal(
        signal=SignalDraft(
            source=body.source,
            summary=body.summary,
            signal_type=body.signal_type,
            state=body.state,
            ts=optional_utc(body.ts, field="ts"),
            severity=body.severity,
            service_name=body.service_name,
            environment=body.environment,
            device=body.device,
            link=body.link,
            contributor=body.contributor,
            correlation_key=body.correlation_key,
            trace_id=body.trace_id,
            fingerprint=body.fingerprint,
            labels=body.labels,
            data=body.data,
        )
    )


def violating(body: SloViolationBody) -> RecordSloViolation:
    """The command that records a broken objective."""
    return RecordSloViolation(
        slo_id=body.slo_id,
        window_start=in_utc(body.window_start, field="window_start"),
        window_end=in_utc(body.window_end, field="window_end"),
        error_budget_consumed=body.error_budget_consumed,
        threshold_breached=body.threshold_breached,
        details=body.details,
    )


def publishing(body: PublicUpdateBody) -> PostPublicUpdate:
    """The command that says *body* to the public."""
    return PostPublicUpdate(
        status=body.status,
        body=body.body,
        title=body.title,
        services=tuple(
            ServiceImpactDraft(code=one.code, impact=one.impact) for one in body.services
        ),
        pages=tuple(body.pages),
    )


def references(bodies: list[ReferenceBody]) -> tuple[ReferenceDraft, ...]:
    """References as they were written."""
    return tuple(ReferenceDraft(kind=one.kind, url=one.url, title=one.title) for one in bodies)


def in_utc(instant: datetime, *, field: str) -> datetime:
    """*instant* in UTC.

    Raises:
        Invalid: it is outside the calendar there.
    """
    if instant.tzinfo is UTC:
        return instant
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise invalid(field, "bad_instant", "outside the years 1 to 9999 in UTC") from None


def optional_utc(instant: datetime | None, *, field: str) -> datetime | None:
    """*instant* in UTC; None stays."""
    return None if instant is None else in_utc(instant, field=field)


def given(value: T | UnsetType) -> T | NotGiven:
    """*value*, or the sign that it was not mentioned."""
    return NOT_GIVEN if value is UNSET or isinstance(value, UnsetType) else value


def _several(values: list[str] | UnsetType) -> tuple[str, ...] | NotGiven:
    return NOT_GIVEN if isinstance(values, UnsetType) else tuple(values)


def _instant(value: datetime | UnsetType, *, field: str) -> datetime | NotGiven:
    return NOT_GIVEN if isinstance(value, UnsetType) else in_utc(value, field=field)


def _forced(force: Force | None) -> str | None:
    return None if force is None else force.reason
