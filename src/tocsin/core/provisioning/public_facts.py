"""What the public may know of a device or link: healthy, incident or maintenance, and since when
(Provisioning: public facts). Nothing else of it, and nothing of any ticket.

In order, the first that holds:

* *incident*: an active incident that has effect on it (Domain: effect needs ownership);
* *maintenance*: a maintenance with effect on it that is in force;
* *incident*: its health is impaired. Nobody has said so yet, but what carries errors is not called
  healthy in public;
* *healthy*.

What is not in service is not shown at all: nothing is promised of it. What was in service and is
drained stays while a ticket is in force on it, for a line does not vanish from a page in the middle
of its incident; without one it goes, because draining is its owner's wish and no trouble.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from tocsin.core.correlation import is_in_force
from tocsin.core.provisioning.life import is_drained
from tocsin.core.provisioning.words import AssetStatus, Health
from tocsin.core.records import Device, Link
from tocsin.core.ticket import Ticket
from tocsin.core.words import TicketType, is_active


class PublicState(StrEnum):
    """All that is ever said of an asset in public."""

    HEALTHY = "healthy"
    MAINTENANCE = "maintenance"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFact:
    """An asset as the public knows it: ``kind`` is ``device`` or ``link``, ``since`` when it is no
    longer healthy; None while it is."""

    code: str
    kind: str
    state: PublicState
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """As much of an asset as is asked about when it is told in public."""

    pubkey: str
    code: str
    kind: str
    in_service: bool
    is_drained: bool
    impaired_since: datetime | None = None


InForce = Mapping[str, Sequence[Ticket]]
"""The tickets that say something of an asset now, by its pubkey."""

_NOBODY: Final[tuple[Ticket, ...]] = ()


def in_force(tickets: Iterable[Ticket], *, at: datetime) -> InForce:
    """Those of *tickets* that count in public at the instant *at*, by what they have effect on."""
    found: dict[str, list[Ticket]] = defaultdict(list)
    for ticket in tickets:
        if _counts(ticket, at=at):
            for pubkey in ticket.effect:
                found[pubkey].append(ticket)
    return found


def subject_of(asset: Device | Link) -> Subject | None:
    """*asset* as far as it is told of in public; None for one that was never in service, or is
    gone."""
    life = asset.life
    if asset.removed_at is not None or not life.activated_before:
        return None
    return Subject(
        pubkey=asset.pubkey,
        code=asset.code,
        kind="device" if isinstance(asset, Device) else "link",
        in_service=life.status is AssetStatus.ACTIVATED,
        is_drained=is_drained(life),
        impaired_since=life.health_since if life.health is Health.IMPAIRED else None,
    )


def public_facts(
    subjects: Iterable[Subject], tickets: Iterable[Ticket], *, at: datetime
) -> tuple[PublicFact, ...]:
    """What the public may know of *subjects* at the instant *at*: devices, then links, by code."""
    force = in_force(tickets, at=at)
    facts = (public_fact(one, force.get(one.pubkey, _NOBODY), at=at) for one in subjects)
    shown = (one for one in facts if one is not None)
    return tuple(sorted(shown, key=lambda one: (one.kind, one.code)))


def public_fact(subject: Subject, force: Sequence[Ticket], *, at: datetime) -> PublicFact | None:
    """What the public may know of *subject*, on which the tickets in *force* have effect; None
    where it is not shown."""
    if not (subject.in_service or (subject.is_drained and force)):
        return None
    state, since = PublicState.HEALTHY, None
    incidents = [one.start_at for one in force if one.type is TicketType.INCIDENT]
    works = [_began(one) for one in force if one.type is TicketType.MAINTENANCE]
    if incidents:
        state, since = PublicState.INCIDENT, min(incidents)
    elif works:
        state, since = PublicState.MAINTENANCE, min(works)
    elif subject.impaired_since is not None:
        state, since = PublicState.INCIDENT, subject.impaired_since
    return PublicFact(
        code=subject.code,
        kind=subject.kind,
        state=state,
        # Work that was begun early is there now, whatever was planned.
        since=None if since is None else min(since, at),
    )


def _counts(ticket: Ticket, *, at: datetime) -> bool:
    if ticket.type is TicketType.MAINTENANCE:
        return is_in_force(ticket, at=at)
    return is_active(ticket.status)


def _began(maintenance: Ticket) -> datetime:
    return maintenance.actual_start_at or maintenance.start_at
