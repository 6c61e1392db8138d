"""Why it is not active yet: everything that stands between an asset and service, in one answer
(Provisioning: rules of evidence)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tocsin.core.provisioning.assessment import Assessment, assess
from tocsin.core.provisioning.courses import Courses
from tocsin.core.provisioning.criteria import Criterion
from tocsin.core.provisioning.holding import Held
from tocsin.core.provisioning.life import Life, Step, next_step
from tocsin.core.provisioning.untaken import Kept, sentences
from tocsin.core.provisioning.words import AssetStatus, DesiredStatus, Health
from tocsin.core.records import Device, Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What it is about: ``kind`` is ``link``, ``device`` or ``interface``; ``interface`` names the
    one of the device that is meant."""

    kind: str
    pubkey: str
    code: str
    interface: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Where an asset stands, and what is between it and service (API: readiness).

    ``blocked_by`` and ``advisory`` are refs of tickets: those in the way, and those that would be
    if they had effect. ``ready_at`` is the earliest instant at which every criterion is met if
    nothing changes, None where something has to change first; ``next`` is a sentence about what
    happens next, or what is missing. ``becomes`` is the health that the criteria come to;
    ``courses`` show how the evidence went, where somebody wants to see it.
    """

    subject: Subject
    status: AssetStatus
    health: Health
    desired: DesiredStatus
    criteria: tuple[Criterion, ...]
    blocked_by: tuple[str, ...]
    advisory: tuple[str, ...]
    ready_at: datetime | None
    next: str
    becomes: Health
    courses: Courses = field(default_factory=dict)


def subject_of(asset: Device | Link, *, interface: str | None = None) -> Subject:
    """What an answer about *asset*, or one of its interfaces, is about."""
    kind = "link" if isinstance(asset, Link) else "device" if interface is None else "interface"
    return Subject(kind=kind, pubkey=asset.pubkey, code=asset.code, interface=interface)


def readiness(
    subject: Subject,
    life: Life,
    criteria: Sequence[Criterion],
    held: Held,
    *,
    at: datetime,
    referred_to: Sequence[str] = (),
    courses: Courses | None = None,
    kept: Kept | None = None,
) -> Readiness:
    """What *criteria* and the tickets that are *held* against it make of *life* at an instant.

    *referred_to* are names of what still needs it, as for :func:`next_step`; *kept* is what
    the ledger that keeps it has to do with it.
    """
    found = assess(criteria, life, at=at)
    step = next_step(life, in_the_way=held.in_the_way, referred_to=referred_to)
    told = () if kept is None else sentences(kept, life, step, becomes=found.health)
    return Readiness(
        subject=subject,
        status=life.status,
        health=life.health,
        desired=life.desired,
        criteria=found.criteria,
        blocked_by=held.in_the_way,
        advisory=held.advisory,
        ready_at=found.ready_at,
        next="; ".join((_next(step, life, found), *told)),
        becomes=found.health,
        courses=courses or {},
    )


def _next(step: Step, life: Life, found: Assessment) -> str:
    """A sentence: the step that follows, or what keeps it from following."""
    if step.removed:
        return f"it is removed: {step.why}"
    if step.status is not None:
        return f"it becomes {step.status.value.replace('_', ' ')}: {step.why}"
    if not _waits_for_health(life, step):
        if life.status is AssetStatus.ACTIVATED and found.changed:
            return f"{step.why}; its health becomes {found.health.value}"
        return step.why
    if found.health is Health.HEALTHY:
        return "every criterion is met; its health becomes healthy, then it is activated"
    missing = [one for one in found.criteria if not one.holds]
    named = ", ".join(f"{one.name} ({one.state.value})" for one in missing)
    if found.ready_at is None:
        return f"it waits for {named}; something has to change first"
    return f"it waits for {named}; if nothing changes until {found.ready_at:%Y-%m-%d %H:%M}"


def _waits_for_health(life: Life, step: Step) -> bool:
    return (
        life.desired is DesiredStatus.ACTIVATED
        and life.status is not AssetStatus.ACTIVATED
        and life.health is not Health.HEALTHY
        and life.accepted
        and not step.waits_for
    )
