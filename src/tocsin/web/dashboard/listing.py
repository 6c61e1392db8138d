"""The list of tickets, page by page: filtered as its address says, and put together by groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never

from tocsin.core.records import Contributor, Member
from tocsin.core.ticket import Ticket
from tocsin.core.words import Severity, Status, severities_of
from tocsin.handler.admission import Admission
from tocsin.projections.tickets import list_tickets
from tocsin.store.contract import ReadTurn
from tocsin.web.dashboard import words
from tocsin.web.dashboard.filters import (
    MINE,
    Filters,
    Grouping,
    address,
    filters_of,
    grouping_of,
    query_of,
    severity_levels,
)
from tocsin.web.dashboard.forms import Choice
from tocsin.web.dashboard.rows import Line, lines
from tocsin.web.dashboard.views import Tab, may_share, tabs
from tocsin.web.dashboard.visits import Fields

MOST_PEOPLE: Final = 200
_NOWHERE: Final = "No service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Tickets of a page that have something in common. ``severity`` is what they have, where it is
    that; the name of the only group of a list that is not grouped is empty."""

    name: str
    lines: tuple[Line, ...]
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of the list. ``wrong`` says by field what cannot be read; there are no lines then.

    ``following`` is the address of the next page, ``first`` that of the first where this is not
    it; None where there is none. ``people`` are who may be assigned, by what an address calls them;
    ``shares`` is whether the reader may save views for everybody.
    """

    at: datetime
    filled: Filters
    wrong: Mapping[str, str]
    lines: tuple[Line, ...]
    groups: tuple[Group, ...]
    following: str | None
    first: str | None
    statuses: tuple[Status, ...]
    severities: tuple[Severity, ...]
    people: tuple[Choice, ...]
    tabs: tuple[Tab, ...]
    shares: bool


def listing(turn: ReadTurn, admitted: Admission, fields: Fields, *, at: datetime) -> Listing:
    """The page of tickets that the address asks for."""
    filled = filters_of(fields)
    place = fields.get("from", ("",))[-1]
    wrong: dict[str, str] = {}
    query = query_of(turn, admitted, filled, place, wrong)
    group = grouping_of(filled, {})
    found: tuple[Line, ...] = ()
    following: str | None = None
    if not wrong:
        page = list_tickets(turn, org_id=admitted.org_id, query=query)
        tickets = [head.state for head in page.heads if isinstance(head.state, Ticket)]
        found = lines(turn, admitted, tickets)
        if page.next is not None:
            following = address(filled, beyond=page.next)
    return Listing(
        at=at,
        filled=filled,
        wrong=wrong,
        lines=found,
        groups=_grouped(found, group),
        following=following,
        first=address(filled) if place else None,
        statuses=tuple(Status),
        severities=severities_of(severity_levels(turn, admitted.org_id)),
        people=_people(turn, admitted),
        tabs=tabs(turn, admitted, filled),
        shares=may_share(admitted),
    )


def _grouped(found: Sequence[Line], by: Grouping | None) -> tuple[Group, ...]:
    """The lines of a page in groups: the worst, the earliest status, the first service first.

    A ticket on several services stands under each of them.
    """
    if by is None:
        return (Group(name="", lines=tuple(found)),) if found else ()
    if by is Grouping.SERVICE:
        return _by_service(found)
    grouped: dict[Severity | Status, list[Line]] = {}
    for line in found:
        grouped.setdefault(line.severity if by is Grouping.SEVERITY else line.status, []).append(
            line
        )
    order = list(Severity) if by is Grouping.SEVERITY else list(Status)
    return tuple(_group(one, grouped[one]) for one in order if one in grouped)


def _group(shared: Severity | Status, found: Sequence[Line]) -> Group:
    match shared:
        case Severity():
            name = words.severity_words(shared)
            return Group(name=name, lines=tuple(found), severity=shared)
        case Status():
            return Group(name=words.status_words(shared), lines=tuple(found))
        case _:
            assert_never(shared)


def _by_service(found: Sequence[Line]) -> tuple[Group, ...]:
    grouped: dict[str, list[Line]] = {}
    for line in found:
        for code in line.services or (_NOWHERE,):
            grouped.setdefault(code, []).append(line)
    # Codes are in small letters: what has no service comes last.
    order = sorted(grouped, key=lambda code: (code == _NOWHERE, code))
    return tuple(Group(name=code, lines=tuple(grouped[code])) for code in order)


def _people(turn: ReadTurn, admitted: Admission) -> tuple[Choice, ...]:
    """Who may be asked for as an assignee: oneself, contributors, members."""
    org_id = admitted.org_id
    contributors = [
        Choice(value=head.state.code, text=head.state.name)
        for head in turn.heads_of_sort(org_id, "contributor", limit=MOST_PEOPLE)
        if isinstance(head.state, Contributor) and head.state.removed_at is None
    ]
    members = [
        Choice(value=head.state.id, text=head.state.name)
        for head in turn.heads_of_sort(org_id, "member", limit=MOST_PEOPLE)
        if isinstance(head.state, Member) and head.state.removed_at is None
    ]
    return (
        Choice(value=MINE, text="Me, or mine"),
        *sorted(contributors, key=lambda one: one.text.lower()),
        *sorted(members, key=lambda one: one.text.lower()),
    )
