"""The planner: when chosen devices and links are free for work of a certain length."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup

from tocsin.core.overlaps import Work, overlaps_of, touched
from tocsin.core.rows import facets_matching
from tocsin.core.ticket import Ticket
from tocsin.core.words import ACTIVE_MAINTENANCE, Role, TicketType
from tocsin.handler.admission import Admission
from tocsin.projections.tickets import Sort, TicketQuery, list_tickets
from tocsin.store.contract import ReadTurn
from tocsin.web.dashboard.addresses import NEW_MAINTENANCE
from tocsin.web.dashboard.planning.entries import Entry, entries, shared_words, window
from tocsin.web.dashboard.planning.naming import Chosen
from tocsin.web.dashboard.planning.openings import asked_for, between, openings
from tocsin.web.dashboard.planning.wanted import (
    LENGTH,
    SPECS,
    Wanted,
    as_typed,
    read_wanted,
    untouched,
)
from tocsin.web.dashboard.rows import Line, lines
from tocsin.web.dashboard.visits import Fields, Filled
from tocsin.web.pictures.calendar import Free, week
from tocsin.web.pictures.weeks import week_pictures

PLAN: Final = "/maintenance/plan"
MOST_SHOWN: Final = 60
MOST_IN_THE_WAY: Final = 500
DRAWN_DAYS: Final = 28
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A free window from ``start`` to ``end``, and where one plans the work at its beginning."""

    start: datetime
    end: datetime
    proposed_end: datetime
    address: str

    @property
    def lasting(self) -> timedelta:
        """How long it is free."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class InTheWay:
    """A maintenance that takes time from the chosen assets, and what it shares with them."""

    entry: Entry
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the planner found; ``asked`` is whether the form was sent and can be read.

    ``begin`` is what an untouched form holds. ``more`` are free windows beyond those listed,
    ``drawn_days`` how many days the picture shows, of ``days``.
    """

    filled: Filled
    begin: Fields
    asked: bool
    assets: tuple[str, ...]
    lasting: timedelta
    since: datetime
    until: datetime
    openings: tuple[Opening, ...]
    more: int
    in_the_way: tuple[InTheWay, ...]
    whole: bool
    incidents: tuple[Line, ...]
    picture: Markup
    drawn_days: int
    days: int


def plan(turn: ReadTurn, admitted: Admission, fields: Fields, *, at: datetime) -> Plan:
    """What the address asks the planner for; *at* is now."""
    begin = untouched(at)
    sent = any(spec.name in fields for spec in SPECS)
    errors: dict[str, str] = {}
    wanted = read_wanted(turn, admitted.org_id, fields, errors, at=at) if sent else None
    filled = Filled(form=PLAN if sent else "", typed=fields, errors=errors)
    if wanted is None or errors:
        return Plan(
            filled=filled,
            begin=begin,
            asked=False,
            assets=(),
            lasting=timedelta(),
            since=at,
            until=at,
            openings=(),
            more=0,
            in_the_way=(),
            whole=True,
            incidents=(),
            picture=Markup(""),
            drawn_days=0,
            days=0,
        )
    # What was left open is shown as it was taken.
    typed = {**as_typed(length=LENGTH, since=wanted.since, until=wanted.until), **fields}
    filled = replace(filled, typed=typed)
    return _found(turn, admitted, wanted, filled=filled, begin=begin, at=at)


# -- what is found -------------------------------------------------------------------------------


def _found(
    turn: ReadTurn,
    admitted: Admission,
    wanted: Wanted,
    *,
    filled: Filled,
    begin: Fields,
    at: datetime,
) -> Plan:
    work = Work(
        devices=tuple(one.pubkey for one in wanted.chosen.devices),
        links=tuple(one.pubkey for one in wanted.chosen.links),
        start_at=wanted.since,
        end_at=wanted.until,
    )
    opens = admitted.access.role >= Role.MEMBER
    in_the_way, whole = _in_the_way(turn, admitted.org_id, wanted.chosen, work, at=at)
    times = asked_for(
        since=wanted.since, until=wanted.until, hours=wanted.hours, weekdays=wanted.weekdays
    )
    taken = tuple(window(one.entry) for one in in_the_way)
    found = tuple(_opening(one, wanted) for one in openings(taken, times, lasting=wanted.lasting))
    midnight = datetime.combine(wanted.since.date(), time(), tzinfo=UTC)
    days = -(-(wanted.until - midnight) // _DAY)
    drawn = min(days, DRAWN_DAYS)
    picture = week_pictures(
        week(taken, monday=wanted.since.date(), days=drawn, met={}),
        name="plan",
        free=tuple(
            Free(start=one.start, end=one.end, address=one.address if opens else None)
            for one in found
        ),
        shut=between(times, since=midnight, until=midnight + days * _DAY),
        title="Free windows",
    )
    return Plan(
        filled=filled,
        begin=begin,
        asked=True,
        assets=(
            *(one.code for one in wanted.chosen.devices),
            *(one.code for one in wanted.chosen.links),
        ),
        lasting=wanted.lasting,
        since=wanted.since,
        until=wanted.until,
        openings=found[:MOST_SHOWN],
        more=max(0, len(found) - MOST_SHOWN),
        in_the_way=in_the_way,
        whole=whole,
        incidents=_incidents(turn, admitted, wanted.chosen, work),
        picture=picture,
        drawn_days=drawn,
        days=days,
    )


def _opening(one: Free, wanted: Wanted) -> Opening:
    end = one.start + wanted.lasting
    pairs = [
        ("start_at", f"{one.start:%Y-%m-%dT%H:%M}"),
        ("end_at", f"{end:%Y-%m-%dT%H:%M}"),
        ("devices", ", ".join(device.code for device in wanted.chosen.devices)),
        ("links", ", ".join(link.code for link in wanted.chosen.links)),
    ]
    query = urlencode([(name, value) for name, value in pairs if value])
    return Opening(
        start=one.start, end=one.end, proposed_end=end, address=f"{NEW_MAINTENANCE}?{query}"
    )


def _in_the_way(
    turn: ReadTurn, org_id: int, chosen: Chosen, work: Work, *, at: datetime
) -> tuple[tuple[InTheWay, ...], bool]:
    """The active maintenances that work on the chosen assets would overlap, as planning it would
    find them (Domain: overlap); and whether that is all. What overran is in the way until now."""
    terms = frozenset(f"window={pubkey}" for pubkey in touched(work, chosen.directory))
    page = list_tickets(
        turn,
        org_id=org_id,
        query=TicketQuery(
            terms=(terms,),
            facets=facets_matching(
                types=[TicketType.MAINTENANCE], statuses=tuple(ACTIVE_MAINTENANCE)
            ),
            overlaps_from=work.start_at,
            overlaps_to=work.end_at,
            sort=Sort.START_AT,
            descending=False,
            limit=MOST_IN_THE_WAY,
        ),
    )
    tickets = {head.state.id: head.state for head in page.heads if isinstance(head.state, Ticket)}
    shared = {
        one.ticket_id: shared_words(one.shared)
        for one in overlaps_of(work, tickets.values(), chosen.directory)
    }
    met = {tickets[identity].ref: words for identity, words in shared.items()}
    found = entries(turn, org_id, (tickets[identity] for identity in shared), at=at)
    return tuple(InTheWay(entry=one, shared=met[one.ref]) for one in found), page.next is None


def _incidents(turn: ReadTurn, admitted: Admission, chosen: Chosen, work: Work) -> tuple[Line, ...]:
    """Open incidents on the chosen assets, on links of theirs, and at the other ends of these."""
    pubkeys = touched(work, chosen.directory)
    page = list_tickets(
        turn,
        org_id=admitted.org_id,
        query=TicketQuery(
            terms=(
                frozenset(f"{sort}={pubkey}" for pubkey in pubkeys for sort in ("device", "link")),
            ),
            facets=facets_matching(types=[TicketType.INCIDENT], active=True),
            sort=Sort.SEVERITY,
            limit=20,
        ),
    )
    return lines(
        turn, admitted, [head.state for head in page.heads if isinstance(head.state, Ticket)]
    )
