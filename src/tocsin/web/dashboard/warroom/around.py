"""What stands beside a ticket: where to read on, what is like it, its alerts and deliveries, and
what the public was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tocsin.core.errors import Forbidden
from tocsin.core.evidence import Access
from tocsin.core.facts import stream_name
from tocsin.core.permissions import may_read
from tocsin.core.public_notices import public_lags, public_leads
from tocsin.core.record_permissions import permit_redelivery
from tocsin.core.records import Policy, Route, StatusPage
from tocsin.core.status_pages import shows
from tocsin.core.ticket import PublicUpdate, Ticket
from tocsin.core.ticket_facts import SignalIngested, SloViolationRecorded
from tocsin.core.words import TicketType, is_active
from tocsin.dispatcher.naming import delivery_id
from tocsin.handler.admission import Admission
from tocsin.projections.arrivals import WantedSignals, newest_signals
from tocsin.projections.shapes.ticket_names import LoadedNames
from tocsin.projections.similar import Alike, alike
from tocsin.store.contract import ReadTurn
from tocsin.store.outgoing import Trouble
from tocsin.web.dashboard.warroom.entries import web_address

MOST_SIGNALS: Final = 50
MOST_VIOLATIONS: Final = 20
MOST_DELIVERIES: Final = 20
MOST_ALIKE: Final = 5


# -- where it is written what to do ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address elsewhere: ``url`` is None where it is no address of the web."""

    kind: str
    title: str
    url: str | None


def runbook(ticket: Ticket, policy: Policy) -> Address | None:
    """The ticket's runbook: an address, or a path under the org's runbook address."""
    path = ticket.runbook_path
    if path is None:
        return None
    direct = web_address(path)
    if direct is not None:
        return Address(kind="runbook", title=path, url=direct)
    base = web_address(policy.runbook_base_url)
    url = None if base is None else f"{base.rstrip('/')}/{path.lstrip('/')}"
    return Address(kind="runbook", title=path, url=url)


def addresses(ticket: Ticket) -> list[Address]:
    """The ticket's addresses elsewhere, conversations last."""
    found = [
        Address(kind=one.kind, title=one.title or one.url, url=web_address(one.url))
        for one in ticket.references
    ]
    return sorted(found, key=lambda one: one.kind == "chat")


# -- tickets that are like it ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Like:
    """Another ticket, and what they have in common."""

    ticket: Ticket
    reasons: tuple[str, ...]
    score: int


def likes(
    turn: ReadTurn, org_id: int, ticket: Ticket, *, number: int
) -> tuple[list[Like], list[Like]]:
    """Active tickets, and past incidents, that have something in common with *ticket*, the most
    alike first; those that it is tied to or overlaps anyway are left out."""
    known = {one.ticket_id for one in ticket.relations}
    known |= {one.ticket_id for one in ticket.conflicts}

    def is_now(other: Ticket) -> bool:
        return other.id not in known and is_active(other.status)

    def is_past(other: Ticket) -> bool:
        over = other.type is TicketType.INCIDENT and not is_active(other.status)
        return over and other.id not in known

    names = LoadedNames(turn, org_id=org_id, tickets=[ticket])
    now = alike(turn, org_id, ticket, number=number, wanted=is_now, alerts=False)
    past = alike(turn, org_id, ticket, number=number, wanted=is_past)
    return _first(now, names), _first(past, names)


def _first(found: Sequence[Alike], names: LoadedNames) -> list[Like]:
    return [
        Like(ticket=one.ticket, reasons=one.reasons(names), score=one.score)
        for one in found[:MOST_ALIKE]
    ]


# -- alerts and objectives ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert of the ticket as it stands; ``times`` is how often it was heard, None for one that
    was put on by hand."""

    source: str
    summary: str
    firing: bool
    since: datetime
    last_seen: datetime
    times: int | None
    severity: str | None
    url: str | None
    reason: str | None


def alerts(turn: ReadTurn, org_id: int, ticket: Ticket) -> list[Alert]:
    """The alerts on *ticket*, those that fire first, each as it was heard last."""
    kind = SignalIngested.kinds[ticket.type.value]
    events = turn.newest_events(org_id, ticket.stream, (kind,), limit=MOST_SIGNALS)
    wanted = WantedSignals(stream=ticket.stream)
    known = {
        one.fingerprint: one
        for one in newest_signals(turn, org_id, wanted, before=None, limit=MOST_SIGNALS)
    }
    found: dict[str, Alert] = {}
    for event in events:
        payload = event.payload
        assert isinstance(payload, SignalIngested)
        name = payload.fingerprint or payload.signal_id
        if name in found:
            continue
        row = known.get(name)
        found[name] = Alert(
            source=payload.source,
            summary=payload.summary,
            firing=(payload.state if row is None else row.state) != "resolved",
            since=payload.ts if row is None else row.began_at or row.first_seen,
            last_seen=payload.ts if row is None else row.last_seen,
            times=None if row is None else row.times,
            severity=None if payload.severity is None else payload.severity.value,
            url=_address_in(payload),
            reason=None if row is None else row.reason or None,
        )
    return sorted(found.values(), key=lambda one: (not one.firing, -one.since.timestamp()))


_URLS: Final = ("generatorURL", "generator_url", "url", "link", "href", "source_url", "panelURL")


def _address_in(payload: SignalIngested) -> str | None:
    """Where the alert comes from, as its source says."""
    for name in _URLS:
        found = web_address(payload.data.get(name))
        if found is not None and len(found) <= 2_000:
            return found
    return None


def violations(turn: ReadTurn, org_id: int, ticket: Ticket) -> list[SloViolationRecorded]:
    """The broken objectives of an incident, newest first."""
    if not ticket.slo_violations_total:
        return []
    kinds = tuple(SloViolationRecorded.kinds.values())
    events = turn.newest_events(org_id, ticket.stream, kinds, limit=MOST_VIOLATIONS)
    return [one.payload for one in events if isinstance(one.payload, SloViolationRecorded)]


# -- deliveries -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Word of the ticket that did not get through yet; ``redrives`` is whether the reader may have
    it tried again."""

    id: str
    route: str
    kind: str
    what: str
    state: Trouble
    reason: str
    attempts: int
    due_at: datetime
    redrives: bool


def deliveries(turn: ReadTurn, admitted: Admission, ticket: Ticket) -> list[Delivery] | None:
    """What of *ticket* is in trouble; None where that is not the reader's to know."""
    if not may_read(admitted.access, "delivery"):
        return None
    org_id = admitted.org_id
    noted = turn.noted(org_id, stream=ticket.stream, limit=MOST_DELIVERIES)
    events = turn.events_at(org_id, {one.position for one in noted})
    heads = turn.heads(org_id, {stream_name("route", one.route_id) for one in noted})
    found = []
    for one in noted:
        head = heads.get(stream_name("route", one.route_id))
        route = head.state if head is not None and isinstance(head.state, Route) else None
        event = events.get(one.position)
        found.append(
            Delivery(
                id=delivery_id(one.position, one.route_id),
                route="a route that is gone" if route is None else route.name,
                kind="" if route is None else route.destination.kind.value,
                what="" if event is None else event.kind.partition(".")[2].replace("_", " "),
                state=one.state,
                reason=one.reason,
                attempts=one.attempts,
                due_at=one.due_at,
                redrives=one.state is Trouble.PARKED and _may_redrive(admitted.access, route),
            )
        )
    return found


def _may_redrive(access: Access, route: Route | None) -> bool:
    try:
        permit_redelivery(access, route, "trying a delivery again")
    except Forbidden:
        return False
    return True


# -- the public -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicState:
    """What the public sees of the ticket: its updates, the newest first, on these pages.

    ``behind``: it is over and the public was not told; ``ahead``: the public was told that it is
    over, and it is not. ``anywhere`` is whether the org has a status page at all.
    """

    title: str | None
    updates: tuple[PublicUpdate, ...]
    pages: tuple[StatusPage, ...]
    behind: bool
    ahead: bool
    anywhere: bool


def public_state(ticket: Ticket, pages: Sequence[StatusPage]) -> PublicState:
    """What the public sees of *ticket*, of the org's *pages*."""
    last = ticket.public_updates[-1] if ticket.public_updates else None
    codes = tuple(one.code for one in ticket.public_impacts)
    return PublicState(
        title=ticket.public_title,
        updates=tuple(reversed(ticket.public_updates)),
        pages=tuple(
            one for one in pages if last is not None and shows(one, pages=(), services=codes)
        ),
        behind=public_lags(ticket),
        ahead=public_leads(ticket),
        anywhere=bool(pages),
    )


def status_pages(turn: ReadTurn, org_id: int) -> list[StatusPage]:
    """The org's status pages, by name."""
    heads = turn.heads_of_sort(org_id, "status_page", limit=100)
    found = [
        head.state
        for head in heads
        if isinstance(head.state, StatusPage) and head.state.removed_at is None
    ]
    return sorted(found, key=lambda one: one.name)
