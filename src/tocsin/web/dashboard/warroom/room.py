"""One ticket with everything around it, of one snapshot, and the forms that one person is offered.

Nothing here decides anything: :mod:`choices` asks the rules, the API has the last word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from markupsafe import Markup

from tocsin.core.claims import REF
from tocsin.core.deadlines import Deadline, deadlines_of
from tocsin.core.errors import Forbidden, NotFound
from tocsin.core.evidence import Given
from tocsin.core.facts import Actor
from tocsin.core.permissions import may_read
from tocsin.core.records import Service
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import SloViolationRecorded
from tocsin.core.words import Status, TicketType
from tocsin.handler.directory import OrgDirectory
from tocsin.handler.naming import is_ref, ticket_streams
from tocsin.projections.shapes.ticket_names import LoadedNames
from tocsin.projections.shapes.ticket_shapes import TicketShape
from tocsin.projections.shapes.tickets import ticket_shape
from tocsin.store.contract import Head, ReadTurn
from tocsin.web.dashboard.visits import NOT_SENT, Filled, Visit
from tocsin.web.dashboard.warroom import around
from tocsin.web.dashboard.warroom.calling import Affected, affected
from tocsin.web.dashboard.warroom.choices import Choices, Verb, choices
from tocsin.web.dashboard.warroom.deeds import Deed, Deeds
from tocsin.web.dashboard.warroom.phrases import Phrase, phrases_of
from tocsin.web.dashboard.warroom.timeline import Timeline, timeline

MOST_SERVICES: Final = 60

INCIDENT_STEPS: Final = (
    Status.OPEN,
    Status.ACKNOWLEDGED,
    Status.INVESTIGATING,
    Status.MITIGATING,
    Status.MONITORING,
    Status.RESOLVED,
    Status.CLOSED,
)
MAINTENANCE_STEPS: Final = (
    Status.PLANNED,
    Status.IN_PROGRESS,
    Status.COMPLETED,
    Status.CLOSED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A service as the public is shown it: ``impact`` degraded, partial, major, or None."""

    code: str
    name: str
    impact: str | None
    affected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """Another ticket that this one is tied to, and how; None for one that is gone."""

    words: str
    ticket: Ticket | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The war room of one ticket. What the reader may not know is None."""

    ticket: Ticket
    shape: TicketShape
    steps: tuple[tuple[Status, bool], ...]
    deadlines: tuple[Deadline, ...]
    choices: Choices
    deeds: Mapping[Verb, Deed]
    corrections: Mapping[str, Deed]
    next: tuple[Status, ...]
    affected: list[Affected]
    runbook: around.Address | None
    addresses: list[around.Address]
    ties: tuple[Tie, ...]
    overlaps: tuple[Tie, ...]
    now: list[around.Like]
    past: list[around.Like]
    alerts: list[around.Alert]
    violations: list[SloViolationRecorded]
    deliveries: list[around.Delivery] | None
    public: around.PublicState
    phrases: tuple[Phrase, ...]
    services: tuple[Shown, ...]
    timeline: Timeline
    picture: Markup
    redriven: Filled


def ticket_head(turn: ReadTurn, org_id: int, name: str) -> Head:
    """The ticket of that ref or id.

    Raises:
        NotFound: there is none in this org.
    """
    streams = ticket_streams(name)
    if is_ref(name):
        holder = turn.claimed_by(org_id, REF, name)
        streams = () if holder is None else (holder,)
    for head in turn.heads(org_id, streams).values():
        if isinstance(head.state, Ticket):
            return head
    raise NotFound(f"there is no ticket {name[:64]!r} here")


def room_of(visit: Visit, *, opened: Verb | None = None, filled: Filled = NOT_SENT) -> Room:
    """The war room of the ticket in the address, with the form *opened* that was *filled* in.

    Raises:
        Forbidden: the reader may not read tickets.
        NotFound: there is no such ticket in the reader's org.
    """
    turn, admitted = visit.turn, visit.admitted
    org_id = admitted.org_id
    if not may_read(admitted.access, "ticket"):
        raise Forbidden("reading tickets needs the role viewer")
    head = ticket_head(turn, org_id, visit.path["ref"])
    ticket = head.state
    assert isinstance(ticket, Ticket)
    names = LoadedNames(turn, org_id=org_id, tickets=[ticket])
    shape = ticket_shape(ticket, names)
    chosen = choices(ticket, _given(visit))
    pages = around.status_pages(turn, org_id)
    deeds = Deeds(visit=visit, ticket=ticket, record=_record(shape), opened=opened, filled=filled)
    now, past = around.likes(turn, org_id, ticket, number=head.number)
    told, picture = timeline(visit, ticket)
    return Room(
        ticket=ticket,
        shape=shape,
        steps=_steps(ticket),
        deadlines=deadlines_of(ticket),
        choices=chosen,
        deeds=deeds.offered(chosen, names.policy(), pages),
        corrections=deeds.corrections(chosen),
        next=_next(ticket, chosen),
        affected=affected(ticket, names, turn, org_id),
        runbook=around.runbook(ticket, names.policy()),
        addresses=around.addresses(ticket),
        ties=_ties(ticket, names),
        overlaps=_overlaps(ticket, names),
        now=now,
        past=past,
        alerts=around.alerts(turn, org_id, ticket),
        violations=around.violations(turn, org_id, ticket),
        deliveries=around.deliveries(turn, admitted, ticket),
        public=around.public_state(ticket, pages),
        phrases=phrases_of(ticket.type),
        services=_services(turn, org_id, ticket) if Verb.PUBLISH in chosen else (),
        timeline=told,
        picture=picture,
        redriven=filled if opened is Verb.REDRIVE else NOT_SENT,
    )


def _given(visit: Visit) -> Given:
    """What the rules may look at: who asks, and the org's policy."""
    member = visit.admitted.member
    policy = visit.turn.head(visit.admitted.org_id, "policy:policy")
    return Given(
        at=visit.at,
        entry_id="",
        actor=Actor(type="user", id=member.id, name=member.name),
        access=visit.admitted.access,
        via="web",
        directory=OrgDirectory([] if policy is None else [policy]),
    )


def _record(shape: TicketShape) -> dict[str, Any]:
    """The ticket in the API's words; devices and links by code, as people write them."""
    record: dict[str, Any] = msgspec.to_builtins(shape)
    for name, named in (("device_pubkey", shape.devices), ("affected_link_pubkey", shape.links)):
        record[name] = [one.code or one.pubkey for one in named]
    return record


def _steps(ticket: Ticket) -> tuple[tuple[Status, bool], ...]:
    """The statuses of a life, each with whether it is behind; the present one is the last that is
    not. A cancelled one has left the way."""
    way = INCIDENT_STEPS if ticket.type is TicketType.INCIDENT else MAINTENANCE_STEPS
    if ticket.status is Status.CANCELLED:
        return ()
    place = way.index(ticket.status)
    return tuple((status, index <= place) for index, status in enumerate(way))


def _next(ticket: Ticket, chosen: Choices) -> tuple[Status, ...]:
    """The moves that come next, as buttons; going back is in the form."""
    way = INCIDENT_STEPS
    if ticket.status not in way:
        return ()
    place = way.index(ticket.status)
    return tuple(status for status in chosen.moves if way.index(status) > place)[:2]


_TIES: Final = {
    ("caused_by", False): "Caused by",
    ("caused_by", True): "Causes",
    ("duplicate_of", False): "Duplicate of",
    ("duplicate_of", True): "Has the duplicate",
    ("follow_up", False): "Follows up",
    ("follow_up", True): "Is followed up by",
}


def _ties(ticket: Ticket, names: LoadedNames) -> tuple[Tie, ...]:
    return tuple(
        Tie(
            words=_TIES.get((one.kind, one.inverse), "Related to"),
            ticket=names.ticket(one.ticket_id),
        )
        for one in ticket.relations
    )


def _overlaps(ticket: Ticket, names: LoadedNames) -> tuple[Tie, ...]:
    return tuple(
        Tie(
            words=", ".join(
                f"{one.code} (other side)" if one.reason == "other_side" else one.code
                for one in overlap.shared
            ),
            ticket=names.ticket(overlap.ticket_id),
        )
        for overlap in ticket.conflicts
    )


def _services(turn: ReadTurn, org_id: int, ticket: Ticket) -> tuple[Shown, ...]:
    """The org's services as the public is shown them with this ticket, those concerned first."""
    impacts = {one.code: one.impact for one in ticket.public_impacts}
    found = [
        Shown(
            code=head.state.code,
            name=head.state.name,
            impact=impacts.get(head.state.code),
            affected=head.state.code in ticket.services or head.state.code in impacts,
        )
        for head in turn.heads_of_sort(org_id, "service", limit=1_000)
        if isinstance(head.state, Service) and head.state.removed_at is None
    ]
    return tuple(sorted(found, key=lambda one: (not one.affected, one.name))[:MOST_SERVICES])
