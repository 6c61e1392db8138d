"""The list row of a ticket and the terms it is found by (Design: core).

From its own stream's state only: other things are named by id or pubkey and joined on reading.
"""

from __future__ import annotations

from datetime import datetime

from tocsin.core.facts import Actor, JsonValue
from tocsin.core.instants import to_text
from tocsin.core.ticket import (
    Assignee,
    Overlap,
    PublicUpdate,
    Reference,
    Relation,
    ServiceImpact,
    Ticket,
)
from tocsin.core.words import TicketType, is_active


def row_of(ticket: Ticket) -> dict[str, JsonValue]:
    """*ticket* as JSON: every field of the canonical schema, instants as RFC 3339 text.

    Contributors, members and other tickets are ids, devices and links pubkeys, services codes.
    """
    created_at = to_text(ticket.created_at)
    start_at = created_at if ticket.start_at == ticket.created_at else to_text(ticket.start_at)
    return {
        "id": ticket.id,
        "ref": ticket.ref,
        "type": ticket.type.value,
        "title": ticket.title,
        "description": ticket.description,
        "severity": ticket.severity.value,
        "native_severity": ticket.native_severity,
        "status": ticket.status.value,
        "native_status": ticket.native_status,
        "active": is_active(ticket.status),
        "created_at": created_at,
        "updated_at": _instant(ticket.updated_at, ticket.created_at, created_at),
        "version": ticket.version,
        "created_by": _actor(ticket.created_by),
        "via": ticket.via,
        "contributor_id": ticket.contributor_id,
        "pubkey": ticket.pubkey,
        "reporter_name": ticket.reporter_name,
        "reporter_email": ticket.reporter_email,
        "device_pubkey": list(ticket.devices),
        "affected_link_pubkey": list(ticket.links),
        "services": list(ticket.services),
        "affected_contributors": list(ticket.affected_contributors),
        "effect": list(ticket.effect),
        "impact": None if ticket.impact is None else ticket.impact.value,
        "project_id": ticket.project_id,
        "environment": ticket.environment,
        "detected_by": ticket.detected_by,
        "primary_signal_id": ticket.primary_signal_id,
        "runbook_path": ticket.runbook_path,
        "resolution": ticket.resolution,
        "disposition": None if ticket.disposition is None else ticket.disposition.value,
        "duplicate_of": ticket.duplicate_of,
        "root_cause": None if ticket.root_cause is None else ticket.root_cause.value,
        "assignee": None if ticket.assignee is None else _assignee(ticket.assignee),
        "labels": list(ticket.labels),
        "correlation_keys": list(ticket.correlation_keys),
        "internal_reference": ticket.internal_reference,
        "references": [_reference(reference) for reference in ticket.references],
        "relations": [_relation(relation) for relation in ticket.relations],
        "rca_url": ticket.rca_url,
        "start_at": start_at,
        "start_given": ticket.start_given,
        "end_at": _optional(ticket.end_at),
        "detected_at": _instant(ticket.detected_at, ticket.start_at, start_at),
        "acknowledged_at": _optional(ticket.acknowledged_at),
        "mitigated_at": _optional(ticket.mitigated_at),
        "resolved_at": _optional(ticket.resolved_at),
        "closed_at": _optional(ticket.closed_at),
        "reopened_count": ticket.reopened_count,
        "last_status_at": _instant(ticket.last_status_at, ticket.start_at, start_at),
        "last_word_at": _instant(ticket.last_word_at, ticket.created_at, created_at),
        "actual_start_at": _optional(ticket.actual_start_at),
        "actual_end_at": _optional(ticket.actual_end_at),
        "auto_close_after_hours": ticket.auto_close_after_hours,
        "reminded": ticket.reminded,
        "overran": ticket.overran,
        "confirmed_by": list(ticket.confirmed_by),
        "conflicts": [_overlap(overlap) for overlap in ticket.conflicts],
        "public_title": ticket.public_title,
        "public_updates": [_public_update(update) for update in ticket.public_updates],
        "public_impacts": [_service_impact(shown) for shown in ticket.public_impacts],
        "updates_total": ticket.updates_total,
        "actions_total": ticket.actions_total,
        "signals_total": ticket.signals_total,
        "slo_violations_total": ticket.slo_violations_total,
    }


def terms_of(ticket: Ticket) -> frozenset[str]:
    """The filter terms *ticket* is found by: ``status=open``, ``device=<pubkey>``, …

    ``window=<pubkey>`` is there for each asset of a maintenance while that is active: where
    overlaps are looked for, under every pubkey that :func:`tocsin.core.overlaps.touched` names.
    """
    active = is_active(ticket.status)
    terms = [
        f"type={ticket.type.value}",
        f"status={ticket.status.value}",
        f"severity={ticket.severity.value}",
        "active=true" if active else "active=false",
        f"environment={ticket.environment}",
        f"created_by={ticket.created_by.id}",
    ]
    if ticket.contributor_id is not None:
        terms.append(f"created_by_contributor={ticket.contributor_id}")
    if ticket.project_id is not None:
        terms.append(f"project_id={ticket.project_id}")
    if ticket.assignee is not None:
        terms.append(f"assignee={ticket.assignee.kind}:{ticket.assignee.id}")
    terms += [f"affects_contributor={identity}" for identity in ticket.affected_contributors]
    terms += [f"device={pubkey}" for pubkey in ticket.devices]
    terms += [f"link={pubkey}" for pubkey in ticket.links]
    terms += [f"service={code}" for code in ticket.services]
    terms += [f"label={label}" for label in ticket.labels]
    terms += [f"correlation_key={key}" for key in ticket.correlation_keys]
    if active and ticket.type is TicketType.MAINTENANCE:
        terms += [f"window={pubkey}" for pubkey in (*ticket.devices, *ticket.links)]
    return frozenset(terms)


def _optional(instant: datetime | None) -> str | None:
    return None if instant is None else to_text(instant)


def _instant(instant: datetime, same: datetime, text: str) -> str:
    """*instant* as text; most are the same as another that was written already."""
    return text if instant is same or instant == same else to_text(instant)


def _actor(actor: Actor) -> JsonValue:
    return {
        "type": actor.type,
        "id": actor.id,
        "name": actor.name,
        "contributor": actor.contributor,
    }


def _assignee(assignee: Assignee) -> JsonValue:
    return {"kind": assignee.kind, "id": assignee.id}


def _reference(reference: Reference) -> JsonValue:
    return {"kind": reference.kind, "title": reference.title, "url": reference.url}


def _relation(relation: Relation) -> JsonValue:
    return {"kind": relation.kind, "ticket_id": relation.ticket_id, "inverse": relation.inverse}


def _overlap(overlap: Overlap) -> JsonValue:
    return {
        "ticket_id": overlap.ticket_id,
        "shared": [
            {
                "kind": shared.kind,
                "code": shared.code,
                "pubkey": shared.pubkey,
                "reason": shared.reason,
            }
            for shared in overlap.shared
        ],
    }


def _public_update(update: PublicUpdate) -> JsonValue:
    return {
        "id": update.id,
        "status": update.status,
        "posted_at": to_text(update.posted_at),
        "edited_at": _optional(update.edited_at),
    }


def _service_impact(shown: ServiceImpact) -> JsonValue:
    return {"code": shown.code, "impact": shown.impact}
