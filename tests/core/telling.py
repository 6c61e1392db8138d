"""Telling stories about tickets: a small org, who speaks in it, and folding what they say.

A cast of three: Ada of alpha (owner), Bo of alpha (teammate), Cy of beta (stranger); Root is the
org's admin, and the clock is the system.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from tocsin.core import incident, maintenance
from tocsin.core.commands import Command, OpenIncident, PlanMaintenance, TicketCommand
from tocsin.core.evidence import SYSTEM_ACCESS, Access, Given
from tocsin.core.facts import SYSTEM, Actor, Event, Payload
from tocsin.core.provisioning.life import born
from tocsin.core.records import (
    Connector,
    Contributor,
    Device,
    EntryPoint,
    Key,
    Link,
    Member,
    Policy,
    Route,
    Rule,
    Service,
    Side,
    StatusPage,
)
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_fold import evolve
from tocsin.core.words import LinkType, Role, TicketType

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
STEP = timedelta(microseconds=1)


def pubkey(name: str) -> str:
    """A stand-in for a key: the core compares them, it does not read them."""
    return f"{name.replace('-', '')}1111111111111111111111111111111111"[:40]


def _device(code: str, owner: str) -> Device:
    return Device(
        id=f"device-{code}",
        created_at=NOON,
        updated_at=NOON,
        version=1,
        pubkey=pubkey(code),
        code=code,
        contributor_id=owner,
        life=born(at=NOON),
    )


def _link(code: str, a: str, z: str, a_owner: str, z_owner: str) -> Link:
    return Link(
        id=f"link-{code}",
        created_at=NOON,
        updated_at=NOON,
        version=1,
        pubkey=pubkey(f"link{a}{z}"),
        code=code,
        contributor_id=a_owner,
        link_type=LinkType.DZX,
        side_a=Side(device=pubkey(a), interface="Ethernet1"),
        side_z=Side(device=pubkey(z), interface="Ethernet1"),
        side_z_contributor_id=z_owner,
        life=born(at=NOON),
    )


def _service(code: str) -> Service:
    return Service(
        id=f"service-{code}", created_at=NOON, updated_at=NOON, version=1, code=code, name=code
    )


def _contributor(code: str) -> Contributor:
    return Contributor(
        id=f"{code}-id",
        created_at=NOON,
        updated_at=NOON,
        version=1,
        code=code,
        name=code.title(),
        pubkey=pubkey(code),
    )


def _member(name: str, role: Role, contributor_id: str | None) -> Member:
    return Member(
        id=name,
        created_at=NOON,
        updated_at=NOON,
        version=1,
        name=name.title(),
        role=role,
        contributor_id=contributor_id,
    )


AMS, FRA, LON = (
    _device("ams-1", "alpha-id"),
    _device("fra-1", "beta-id"),
    _device("lon-1", "beta-id"),
)
AMS_FRA = _link("ams-1:fra-1", "ams-1", "fra-1", "alpha-id", "beta-id")
DEFAULTS = Policy(id="policy", created_at=NOON, updated_at=NOON, version=1)


@dataclass(frozen=True)
class Town:
    """An org's records in memory: what a decision may look up."""

    rules: Policy = DEFAULTS
    every_device: tuple[Device, ...] = (AMS, FRA, LON)
    every_link: tuple[Link, ...] = (AMS_FRA,)
    every_service: tuple[Service, ...] = (_service("api"), _service("dns"))
    every_contributor: tuple[Contributor, ...] = (_contributor("alpha"), _contributor("beta"))
    every_member: tuple[Member, ...] = (
        _member("ada", Role.ONCALL_ENGINEER, "alpha-id"),
        _member("bo", Role.ONCALL_ENGINEER, "alpha-id"),
        _member("cy", Role.ONCALL_ENGINEER, "beta-id"),
        _member("root", Role.ORG_ADMIN, None),
    )

    def device(self, name: str) -> Device | None:
        return next((d for d in self.every_device if name in (d.pubkey, d.code)), None)

    def link(self, name: str) -> Link | None:
        return next((k for k in self.every_link if name in (k.pubkey, k.code)), None)

    def links_of(self, device_pubkey: str) -> Sequence[Link]:
        return [
            link
            for link in self.every_link
            if device_pubkey in (link.side_a.device, link.side_z.device)
        ]

    def contributor(self, name: str) -> Contributor | None:
        every = self.every_contributor
        return next((c for c in every if name in (c.id, c.code, c.pubkey)), None)

    def member(self, identity: str) -> Member | None:
        return next((m for m in self.every_member if m.id == identity), None)

    def key(self, identity: str) -> Key | None:
        return None

    def service(self, name: str) -> Service | None:
        return next((s for s in self.every_service if name in (s.code, s.id)), None)

    def route(self, identity: str) -> Route | None:
        return None

    def routes(self) -> Sequence[Route]:
        return ()

    def entry_points(self) -> Sequence[EntryPoint]:
        return ()

    def connector(self, name: str) -> Connector | None:
        return None

    def connectors(self) -> Sequence[Connector]:
        return ()

    def signal_rules(self) -> Sequence[Rule]:
        return ()

    def status_page(self, name: str) -> StatusPage | None:
        return None

    def members(self) -> Sequence[Member]:
        return self.every_member

    def keys(self) -> Sequence[Key]:
        return ()

    def policy(self) -> Policy:
        return self.rules


TOWN = Town()


@dataclass(frozen=True)
class Speaker:
    """Somebody who asks for something."""

    actor: Actor
    access: Access
    via: str = "api"


def _speaker(member: Member) -> Speaker:
    contributor = TOWN.contributor(member.contributor_id or "")
    return Speaker(
        actor=Actor(
            type="user",
            id=member.id,
            name=member.name,
            contributor=None if contributor is None else contributor.code,
            pubkey=None if contributor is None else contributor.pubkey,
        ),
        access=Access(role=member.role, member_id=member.id, contributor_id=member.contributor_id),
    )


ADA, BO, CY, ROOT = (_speaker(member) for member in TOWN.every_member)
CLOCK = Speaker(actor=SYSTEM, access=SYSTEM_ACCESS, via="clock")
BOT = Speaker(
    actor=Actor(type="connector", id="am", name="Alertmanager"),
    access=Access(role=Role.MEMBER, member_id="am"),
    via="connector:am",
)


def given(
    by: Speaker = ADA,
    *,
    at: datetime = NOON,
    entry_id: str = "entry-1",
    town: Town = TOWN,
    claims: Mapping[tuple[str, str], str] | None = None,
    tickets: Sequence[Ticket] = (),
    maintenances: Sequence[Ticket] = (),
) -> Given:
    """What comes in with a command of *by* at the instant *at*."""
    return Given(
        at=at,
        entry_id=entry_id,
        actor=by.actor,
        access=by.access,
        via=by.via,
        directory=town,
        claims=claims or {},
        tickets={ticket.id: ticket for ticket in tickets},
        maintenances=maintenances,
    )


def decide(state: Ticket | None, command: TicketCommand, evidence: Given) -> tuple[Payload, ...]:
    """The decision of the aggregate that *command* is for."""
    of_maintenance = isinstance(command, PlanMaintenance) or (
        state is not None and state.type is TicketType.MAINTENANCE
    )
    if of_maintenance:
        return maintenance.decide(state, command, evidence)
    return incident.decide(state, command, evidence)


def stamped(
    state: Ticket | None, payloads: Sequence[Payload], evidence: Given, *, stream: str
) -> tuple[Event, ...]:
    """*payloads* as the writer stamps them: versions by one, instants strictly rising."""
    version = 0 if state is None else state.version
    first = evidence.at if state is None else max(evidence.at, state.updated_at + STEP)
    return tuple(
        Event(
            id=f"{evidence.entry_id}-{version + index}",
            org_id=1,
            stream=stream,
            version=version + index,
            position=version + index,
            recorded_at=first + (index - 1) * STEP,
            actor=evidence.actor,
            via=evidence.via,
            payload=payload,
        )
        for index, payload in enumerate(payloads, start=1)
    )


def folded(state: Ticket | None, events: Sequence[Event]) -> Ticket:
    """The ticket after all of *events*."""
    for event in events:
        state = evolve(state, event)
    assert state is not None
    return state


def stream_of(state: Ticket | None, command: Command) -> str:
    if state is not None:
        return state.stream
    assert isinstance(command, OpenIncident | PlanMaintenance)
    sort = "maintenance" if isinstance(command, PlanMaintenance) else "incident"
    return f"{sort}:{command.ticket_id}"


def after(state: Ticket | None, command: TicketCommand, evidence: Given | None = None) -> Ticket:
    """The ticket once *command* is decided and folded; unchanged when nothing follows."""
    evidence = given() if evidence is None else evidence
    payloads = decide(state, command, evidence)
    if not payloads:
        assert state is not None
        return state
    return folded(state, stamped(state, payloads, evidence, stream=stream_of(state, command)))


def names(payloads: Sequence[Payload]) -> list[str]:
    """The names of the facts' classes, in order."""
    return [type(payload).__name__ for payload in payloads]


@dataclass
class Story:
    """A ticket with its whole log, told command by command."""

    state: Ticket | None = None
    events: list[Event] = field(default_factory=list)

    def tell(self, command: TicketCommand, evidence: Given) -> tuple[Payload, ...]:
        payloads = decide(self.state, command, evidence)
        stream = stream_of(self.state, command)
        new = stamped(self.state, payloads, evidence, stream=stream)
        if new:
            self.state = folded(self.state, new)
            self.events += new
        return payloads


OUTAGE = OpenIncident(
    ticket_id="0193-outage",
    refs=("I20261120-af36", "I20261120-af36b"),
    title="Amsterdam is dark",
    description="No light from ams-1",
    severity="sev2",
    devices=("ams-1",),
    services=("api",),
)
FIBRE_SWAP = PlanMaintenance(
    ticket_id="0193-swap",
    refs=("M20261120-opub",),
    title="Fibre swap",
    description="Swapping the fibre of ams-1",
    devices=("ams-1",),
    start_at=NOON + 48 * HOUR,
    end_at=NOON + 52 * HOUR,
)


def incident_open() -> Ticket:
    return after(None, OUTAGE)


def maintenance_planned() -> Ticket:
    return after(None, FIBRE_SWAP)


def under(**rules: object) -> Town:
    """The town under another policy."""
    changed: Callable[..., Policy] = replace
    return Town(rules=changed(DEFAULTS, **rules))
