"""From a ticket's state, and what it names, to the shape in which it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from tocsin.core.dialects import Dialect, severity_out, status_out
from tocsin.core.facts import Actor
from tocsin.core.instants import to_text
from tocsin.core.records import Device, Link
from tocsin.core.ticket import Assignee, Overlap, Reference, Relation, Ticket
from tocsin.core.words import is_active
from tocsin.projections.shapes.record_names import PartyNames
from tocsin.projections.shapes.ticket_names import Names
from tocsin.projections.shapes.ticket_shapes import (
    ActorShape,
    AssetName,
    AssigneeShape,
    ConflictShape,
    ConflictTicket,
    ContributorName,
    PublicUpdateShape,
    ReferenceShape,
    RelationShape,
    ServiceImpactShape,
    SharedAssetShape,
    TicketDetail,
    TicketName,
    TicketShape,
)


def optional(instant: datetime | None) -> str | None:
    """*instant* as text; None stays."""
    return None if instant is None else to_text(instant)


def actor_shape(actor: Actor) -> ActorShape:
    """Who did it, as everybody in the org may read it."""
    return ActorShape(type=actor.type, id=actor.id, name=actor.name, contributor=actor.contributor)


def ticket_shape(ticket: Ticket, names: Names, *, dialect: Dialect | None = None) -> TicketShape:
    """*ticket* with codes and names, in the words of *dialect*."""
    created_at = to_text(ticket.created_at)
    start_at = _same(ticket.start_at, ticket.created_at, created_at)
    assignee = None if ticket.assignee is None else assignee_shape(ticket.assignee, names)
    affected = (*ticket.devices, *ticket.links)
    duplicate_of = ticket.duplicate_of
    return TicketShape(
        id=ticket.id,
        ref=ticket.ref,
        type=ticket.type.value,
        title=ticket.title,
        description=ticket.description,
        severity=ticket.severity.value
        if dialect is None
        else severity_out(ticket.severity, dialect, levels=names.policy().severity_levels),
        native_severity=ticket.native_severity,
        status=status_out(ticket.status, dialect),
        native_status=ticket.native_status,
        active=is_active(ticket.status),
        impact=None if ticket.impact is None else ticket.impact.value,
        contributor=_contributor(ticket, names),
        pubkey=ticket.pubkey,
        created_by=actor_shape(ticket.created_by),
        via=ticket.via,
        reporter_name=ticket.reporter_name,
        reporter_email=ticket.reporter_email,
        contact=ticket.reporter_name or ticket.reporter_email,
        device_pubkey=list(ticket.devices),
        devices=[_asset(pubkey, names.device(pubkey), names) for pubkey in ticket.devices],
        affected_link_pubkey=list(ticket.links),
        links=[_asset(pubkey, names.link(pubkey), names) for pubkey in ticket.links],
        services=list(ticket.services),
        affected_contributors=_codes(ticket.affected_contributors, names),
        effect=list(ticket.effect),
        advisory=[pubkey for pubkey in affected if pubkey not in ticket.effect],
        project_id=ticket.project_id,
        environment=ticket.environment,
        detected_by=ticket.detected_by,
        primary_signal_id=ticket.primary_signal_id,
        runbook_path=ticket.runbook_path,
        resolution=ticket.resolution,
        disposition=None if ticket.disposition is None else ticket.disposition.value,
        duplicate_of=None if duplicate_of is None else _brief(duplicate_of, names, dialect),
        root_cause=None if ticket.root_cause is None else ticket.root_cause.value,
        assignee=assignee,
        point=None if assignee is None else assignee.name,
        labels=list(ticket.labels),
        correlation_keys=list(ticket.correlation_keys),
        internal_reference=ticket.internal_reference,
        references=[reference_shape(one) for one in ticket.references],
        relations=[relation_shape(one, names, dialect) for one in ticket.relations],
        rca_url=ticket.rca_url,
        start_at=start_at,
        end_at=optional(ticket.end_at),
        detected_at=_same(ticket.detected_at, ticket.start_at, start_at),
        acknowledged_at=optional(ticket.acknowledged_at),
        mitigated_at=optional(ticket.mitigated_at),
        resolved_at=optional(ticket.resolved_at),
        closed_at=optional(ticket.closed_at),
        reopened_count=ticket.reopened_count,
        actual_start_at=optional(ticket.actual_start_at),
        actual_end_at=optional(ticket.actual_end_at),
        auto_close_after_hours=ticket.auto_close_after_hours,
        reminded=ticket.reminded,
        overran=ticket.overran,
        confirmed_by=_codes(ticket.confirmed_by, names),
        conflicts=[_conflict(one, names) for one in ticket.conflicts],
        public_title=ticket.public_title,
        public_updates=[public_update_shape(ticket, one.id) for one in ticket.public_updates],
        public_impacts=[
            ServiceImpactShape(code=one.code, impact=one.impact) for one in ticket.public_impacts
        ],
        updates_total=ticket.updates_total,
        actions_total=ticket.actions_total,
        signals_total=ticket.signals_total,
        slo_violations_total=ticket.slo_violations_total,
        created_at=created_at,
        updated_at=_same(ticket.updated_at, ticket.created_at, created_at),
        version=ticket.version,
    )


def public_update_shape(ticket: Ticket, identity: str) -> PublicUpdateShape:
    """The public update of that id, as it stands."""
    (update,) = (one for one in ticket.public_updates if one.id == identity)
    return PublicUpdateShape(
        id=update.id,
        ticket_id=ticket.id,
        title=update.title,
        status=update.status,
        body=update.body,
        posted_at=to_text(update.posted_at),
        edited_at=optional(update.edited_at),
    )


def detail_of(shape: TicketShape, **lists: Sequence[msgspec.Struct]) -> TicketDetail:
    """*shape* with what belongs to the ticket."""
    fields = {name: getattr(shape, name) for name in shape.__struct_fields__}
    return TicketDetail(**fields, **{name: list(items) for name, items in lists.items()})  # type: ignore[arg-type]


def _same(instant: datetime, other: datetime, text: str) -> str:
    """*instant* as text; most are the same as another that was written already."""
    return text if instant is other or instant == other else to_text(instant)


def _contributor(ticket: Ticket, names: Names) -> ContributorName | None:
    if ticket.contributor_id is None:
        return None
    found = names.contributor(ticket.contributor_id)
    if found is not None:
        return ContributorName(code=found.code, name=found.name, pubkey=found.pubkey)
    code = ticket.created_by.contributor
    return ContributorName(code=code, name=code, pubkey=ticket.pubkey)


def _asset(pubkey: str, found: Device | Link | None, names: Names) -> AssetName:
    if found is None:
        return AssetName(pubkey=pubkey, code=None, contributor=None)
    owner = names.contributor(found.contributor_id)
    return AssetName(
        pubkey=pubkey, code=found.code, contributor=None if owner is None else owner.code
    )


def _codes(identities: Sequence[str], names: Names) -> list[str]:
    found = (names.contributor(identity) for identity in identities)
    return sorted(one.code for one in found if one is not None)


def assignee_shape(assignee: Assignee, names: PartyNames) -> AssigneeShape:
    """Who has it, or is to have it."""
    if assignee.kind == "member":
        member = names.member(assignee.id)
        return AssigneeShape(
            kind="member", id=assignee.id, name=None if member is None else member.name
        )
    contributor = names.contributor(assignee.id)
    return AssigneeShape(
        kind="contributor",
        id=assignee.id,
        name=None if contributor is None else contributor.name,
        code=None if contributor is None else contributor.code,
    )


def _brief(identity: str, names: Names, dialect: Dialect | None) -> TicketName:
    other = names.ticket(identity)
    if other is None:
        return TicketName(id=identity, ref=None, type=None, title=None, status=None)
    return TicketName(
        id=other.id,
        ref=other.ref,
        type=other.type.value,
        title=other.title,
        status=status_out(other.status, dialect),
    )


def reference_shape(reference: Reference) -> ReferenceShape:
    """An address elsewhere."""
    return ReferenceShape(kind=reference.kind, title=reference.title, url=reference.url)


def relation_shape(relation: Relation, names: Names, dialect: Dialect | None) -> RelationShape:
    """A tie to another ticket, which is named in brief."""
    return RelationShape(
        ticket=_brief(relation.ticket_id, names, dialect),
        kind=relation.kind,
        inverse=relation.inverse,
    )


def _conflict(overlap: Overlap, names: Names) -> ConflictShape:
    other = names.ticket(overlap.ticket_id)
    return ConflictShape(
        ticket=ConflictTicket(
            id=overlap.ticket_id,
            ref=None if other is None else other.ref,
            title=None if other is None else other.title,
            start_at=None if other is None else to_text(other.start_at),
            end_at=None if other is None else optional(other.end_at),
            contributor=None if other is None else other.created_by.contributor,
        ),
        shared=[
            SharedAssetShape(kind=one.kind, code=one.code, pubkey=one.pubkey, reason=one.reason)
            for one in overlap.shared
        ],
    )
