"""Endpoints that say why a device, link or interface is not active yet (API: readiness)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final, assert_never

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from tocsin.adapters.rest.calls import AnyCall
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.explaining import Explaining
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.provisioning.bodies import InterfaceName
from tocsin.adapters.rest.provisioning.registry import DEVICES, LINKS
from tocsin.adapters.rest.record_answers import existing
from tocsin.adapters.rest.replies import Reply
from tocsin.core.errors import Overloaded
from tocsin.core.instants import to_text
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.provisioning.by_record import NO_SOURCE, criteria_by_record
from tocsin.core.provisioning.courses import (
    MOST_COURSES,
    MOST_PARTS,
    Course,
    CourseKind,
    Presence,
    Traffic,
)
from tocsin.core.provisioning.criteria import Criterion, Silence
from tocsin.core.provisioning.holding import Held
from tocsin.core.provisioning.readiness import Readiness, readiness, subject_of
from tocsin.core.provisioning.since import History, dated
from tocsin.core.provisioning.telemetry import SourceSilent
from tocsin.core.provisioning.words import DesiredStatus
from tocsin.core.records import Device, Link, Policy
from tocsin.handler.directory import POLICY_STREAM
from tocsin.projections.held import held_on, referring_to
from tocsin.projections.shapes.assets import WaiverShape
from tocsin.projections.shapes.tickets import optional
from tocsin.projections.since import history_on
from tocsin.store.contract import ReadTurn

_encode: Final = msgspec.json.Encoder().encode

Parts = Annotated[list[int], Meta(max_length=MOST_PARTS)]
SparseParts = Annotated[list[int | None], Meta(max_length=MOST_PARTS)]


class ReadinessQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """Of the device itself, or of one of its interfaces."""

    interface: InterfaceName | None = None


class SubjectShape(Struct, kw_only=True):
    """What it is about: a link, a device, or an interface of that device, by name."""

    kind: str
    pubkey: str
    code: str
    interface: str | UnsetType = UNSET


class WindowShape(Struct, kw_only=True):
    """Whole minutes, from ``start`` until before ``end``."""

    start: str
    end: str
    minutes: int


class CourseShape(Struct, kw_only=True):
    """How evidence went over its window, in at most 48 parts of ``part_minutes`` (the last one may
    be shorter), each list having a number for every part.

    ``kind`` counters: by how much ``octets`` and ``errors`` rose, how often a counter fell
    (``resets``), and in how many minutes the device was not heard (``missing``); null where there
    is no sample of it, since a gap is not a zero. ``kind`` minutes, or tests: in how many minutes
    it was found ``well``, in how many ``ill``, and in how many nothing is known (``missing``).
    """

    of: str
    kind: str
    part_minutes: int
    missing: Parts
    octets: SparseParts | UnsetType = UNSET
    errors: SparseParts | UnsetType = UNSET
    resets: Parts | UnsetType = UNSET
    well: Parts | UnsetType = UNSET
    ill: Parts | UnsetType = UNSET


class EvidenceShape(Struct, kw_only=True):
    """What a criterion rests on: the source, what it was asked, for which window (null for what
    stands in the record), figures by name, and for what is seen over time the ``series`` behind
    them, one for each interface that it is about; without any while nothing was heard."""

    source: str
    query: str
    window: WindowShape | None
    figures: dict[str, int | str]
    series: Annotated[list[CourseShape], Meta(max_length=MOST_COURSES)] = []


class CriterionShape(Struct, kw_only=True):
    """A criterion: ``state`` is met, unmet, unknown or waived. ``since`` is since when it
    answers so, as far as the log and a look further back tell; ``ready_at`` is when it is met if
    nothing changes. Each is null where it is not known."""

    name: str
    state: str
    since: str | None
    reason: str
    evidence: EvidenceShape
    ready_at: str | None
    waiver: WaiverShape | UnsetType = UNSET


class ReadinessShape(Struct, kw_only=True):
    """Where it stands, and what is between it and service.

    ``blocked_by`` and ``advisory`` are refs of tickets: those in the way, and those that would be
    if they had effect. ``ready_at`` is the earliest instant at which every criterion is met if
    nothing changes, null where something has to change first; ``next`` says what happens next.
    """

    subject: SubjectShape
    status: str
    health: str
    desired_status: str
    criteria: list[CriterionShape]
    blocked_by: list[str]
    advisory: list[str]
    ready_at: str | None
    next: str


def _course(one: Course) -> CourseShape:
    match one:
        case Traffic():
            return CourseShape(
                of=one.of,
                kind=CourseKind.COUNTERS.value,
                part_minutes=one.part_minutes,
                missing=list(one.missing),
                octets=list(one.octets),
                errors=list(one.errors),
                resets=list(one.resets),
            )
        case Presence():
            return CourseShape(
                of=one.of,
                kind=one.kind.value,
                part_minutes=one.part_minutes,
                missing=list(one.not_known),
                well=list(one.well),
                ill=list(one.ill),
            )
        case _:
            assert_never(one)


def readiness_shape(found: Readiness) -> ReadinessShape:
    """Readiness as it is answered."""
    subject = found.subject
    return ReadinessShape(
        subject=SubjectShape(
            kind=subject.kind,
            pubkey=subject.pubkey,
            code=subject.code,
            interface=UNSET if subject.interface is None else subject.interface,
        ),
        status=found.status.value,
        health=found.health.value,
        desired_status=found.desired.value,
        criteria=[_criterion(one, found.courses.get(one.name, ())) for one in found.criteria],
        blocked_by=list(found.blocked_by),
        advisory=list(found.advisory),
        ready_at=optional(found.ready_at),
        next=found.next,
    )


def _criterion(one: Criterion, courses: Sequence[Course]) -> CriterionShape:
    window, waiver = one.evidence.window, one.waiver
    return CriterionShape(
        name=one.name,
        state=one.state.value,
        since=optional(one.since),
        reason=one.reason,
        evidence=EvidenceShape(
            source=one.evidence.source,
            query=one.evidence.query,
            window=(
                None
                if window is None
                else WindowShape(
                    start=to_text(window.start), end=to_text(window.end), minutes=window.minutes
                )
            ),
            figures=dict(one.evidence.figures),
            series=[_course(course) for course in courses],
        ),
        ready_at=optional(one.ready_at),
        waiver=(
            UNSET
            if waiver is None
            else WaiverShape(
                criterion=waiver.criterion,
                reason=waiver.reason,
                until=to_text(waiver.until),
                by=waiver.by,
            )
        ),
    )


# -- finding it out --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What readiness is asked of: an asset, or one of a device's interfaces, as the snapshot has
    it; the org's policy, the tickets that are ``held`` against it, the names of what still needs
    it, what its log tells, and the instant."""

    org_id: int
    asset: Device | Link
    interface: str | None
    policy: Policy
    held: Held
    referred_to: tuple[str, ...]
    history: History
    at: datetime


def by_record(question: Question, silence: Silence) -> Readiness:
    """Readiness from the registry and the tickets alone; *silence* says why nobody else was heard.

    Raises:
        NotFound: the device has no such interface.
    """
    life, criteria = criteria_by_record(
        question.asset,
        question.policy,
        silence,
        at=question.at,
        interface=question.interface,
    )
    found = readiness(
        subject_of(question.asset, interface=question.interface),
        life,
        criteria,
        question.held,
        at=question.at,
        referred_to=question.referred_to,
    )
    return replace(found, criteria=dated(found.criteria, question.history, life, at=question.at))


def _look(turn: ReadTurn, call: AnyCall, kind: type[Device] | type[Link]) -> Question:
    sort = LINKS.sort if kind is Link else DEVICES.sort
    asset: Device | Link = existing(turn, call.org_id, kind, sort, call.path["name"])
    head = turn.head(call.org_id, POLICY_STREAM)
    policy = head.state if head is not None and isinstance(head.state, Policy) else DEFAULT_POLICY
    at = call.now()
    interface = None if call.query is None else call.query.interface
    deleting = isinstance(asset, Device) and asset.life.desired is DesiredStatus.DELETED
    return Question(
        org_id=call.org_id,
        asset=asset,
        interface=interface,
        policy=policy,
        held=held_on(turn, call.org_id, asset, at=at),
        referred_to=(
            referring_to(turn, call.org_id, asset) if deleting and isinstance(asset, Device) else ()
        ),
        history=history_on(turn, call.org_id, asset, policy, interface=interface),
        at=at,
    )


async def _explained(explaining: Explaining, question: Question, acting: Acting) -> Readiness:
    """What the sources say; where they do not, what the record says and that they were silent.

    Raises:
        NotFound: the device has no such interface.
        Overloaded: as many as may be are being explained already.
    """

    def work() -> Readiness | None:
        # Its place is free again when it ends, not when nobody waits for it any more.
        if not explaining.places.acquire(blocking=False):
            return None
        try:
            return explaining.explain(
                question.org_id, question.asset, at=question.at, interface=question.interface
            )
        finally:
            explaining.places.release()

    loop = asyncio.get_running_loop()
    waiting = loop.run_in_executor(acting.call.gateway.readers, work)
    try:
        found = await asyncio.wait_for(waiting, explaining.seconds)
    except TimeoutError:
        why = f"there was no answer within {explaining.seconds:g} s"
        return by_record(question, Silence(source="telemetry", why=why))
    except SourceSilent as silent:
        return by_record(question, Silence(source=silent.source, why=silent.why))
    if found is None:
        raise Overloaded("others are being explained; try again in a moment", retry_after=1)
    return found


async def _answered(acting: Acting, kind: type[Device] | type[Link], *, reads: str) -> Reply:
    question = await acting.look(lambda turn: _look(turn, acting.call, kind), reads=reads)
    explaining = acting.call.gateway.explaining
    if explaining is None:
        found = by_record(question, NO_SOURCE)
    else:
        found = await _explained(explaining, question, acting)
    return Reply(status=200, body=_encode(readiness_shape(found)))


async def _of_device(acting: Acting) -> Reply:
    return await _answered(acting, Device, reads="device")


async def _of_link(acting: Acting) -> Reply:
    return await _answered(acting, Link, reads="link")


_DESCRIPTION: Final = (
    "Every criterion is met, unmet, unknown or waived, with the evidence behind it, since when, and"
    " when it will be met if nothing changes. What no source of telemetry can be asked for, or is"
    " not answered in time, is unknown, and the reason says so."
)
_OTHERS: Final = {503: "As many as may be are being explained; try again in a moment."}

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path=f"{DEVICES.one}/readiness",
        tag=DEVICES.path,
        summary="Say what stands between a device and service.",
        description=f"{DEVICES.named} With `interface`, of that interface. {_DESCRIPTION}",
        query=ReadinessQuery,
        answer=ReadinessShape,
        act=_of_device,
        others=_OTHERS,
    ),
    Endpoint(
        method="GET",
        path=f"{LINKS.one}/readiness",
        tag=LINKS.path,
        summary="Say what stands between a link and service.",
        description=f"{LINKS.named} {_DESCRIPTION}",
        answer=ReadinessShape,
        act=_of_link,
        others=_OTHERS,
    ),
)
