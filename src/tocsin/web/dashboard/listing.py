"""The list of tickets: filters in the address, the same words as the API's, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from tocsin.core.dialects import statuses_for
from tocsin.core.instants import from_text, to_text
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.records import Policy, Service
from tocsin.core.rows import facets_matching
from tocsin.core.ticket import Ticket
from tocsin.core.words import (
    Severity,
    Status,
    TicketType,
    UnknownWord,
    parse_severity,
    parse_word,
    severities_of,
)
from tocsin.handler.admission import Admission
from tocsin.projections.searching import spelt_words
from tocsin.projections.tickets import Beyond, Sort, TicketQuery, list_tickets
from tocsin.store.contract import ReadTurn
from tocsin.web.dashboard.addresses import TICKETS
from tocsin.web.dashboard.requests import one
from tocsin.web.dashboard.rows import Line, lines

ON_A_PAGE: Final = 50
SERVICES_SUGGESTED: Final = 200
LONGEST_WORDS: Final = 200
_ACTIVE: Final = {"": None, "true": True, "false": False}
_FARTHEST: Final = 1 << 62
_GRAVEST: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The form of filters as it was filled in; values as they came, so that nothing typed is
    lost."""

    q: str
    type: str
    active: str
    statuses: tuple[str, ...]
    severities: tuple[str, ...]
    service: str
    sort: str

    @property
    def anything(self) -> bool:
        """Whether anything is filtered."""
        return any((self.q, self.type, self.active, self.statuses, self.severities, self.service))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of the list. ``wrong`` says by field what cannot be read; there are no lines then.

    ``following`` is the address of the next page, ``first`` that of the first where this is not
    it; None where there is none.
    """

    at: datetime
    filled: Filled
    wrong: Mapping[str, str]
    lines: tuple[Line, ...]
    following: str | None
    first: str | None
    statuses: tuple[Status, ...]
    severities: tuple[Severity, ...]
    services: tuple[str, ...]


def listing(
    turn: ReadTurn,
    admitted: Admission,
    fields: Mapping[str, tuple[str, ...]],
    *,
    at: datetime,
) -> Listing:
    """The page of tickets that the address asks for."""
    filled = Filled(
        q=one(fields, "q").strip()[:LONGEST_WORDS],
        type=one(fields, "type"),
        active=one(fields, "active"),
        statuses=fields.get("status", ()),
        severities=fields.get("severity", ()),
        service=one(fields, "service").strip(),
        sort=one(fields, "sort"),
    )
    levels = _levels(turn, admitted.org_id)
    wrong: dict[str, str] = {}
    query = _query(turn, admitted.org_id, filled, one(fields, "from"), wrong, levels=levels)
    found: tuple[Line, ...] = ()
    following: str | None = None
    if not wrong:
        page = list_tickets(turn, org_id=admitted.org_id, query=query)
        tickets = [head.state for head in page.heads if isinstance(head.state, Ticket)]
        found = lines(turn, admitted, tickets)
        if page.next is not None:
            following = address(filled, beyond=page.next)
    services = (
        head.state.code
        for head in turn.heads_of_sort(admitted.org_id, "service", limit=SERVICES_SUGGESTED)
        if isinstance(head.state, Service) and head.state.removed_at is None
    )
    return Listing(
        at=at,
        filled=filled,
        wrong=wrong,
        lines=found,
        following=following,
        first=address(filled) if one(fields, "from") else None,
        statuses=tuple(Status),
        severities=severities_of(levels),
        services=tuple(sorted(services)),
    )


def address(filled: Filled, *, beyond: Beyond | None = None) -> str:
    """The address of the list with these filters, from behind *beyond* on."""
    pairs = [
        ("q", filled.q),
        ("type", filled.type),
        ("active", filled.active),
        *(("status", word) for word in filled.statuses),
        *(("severity", word) for word in filled.severities),
        ("service", filled.service),
        ("sort", filled.sort),
    ]
    if beyond is not None:
        pairs.append(("from", f"{beyond[0]}~{beyond[1]}"))
    asked = urlencode([(name, value) for name, value in pairs if value])
    return f"{TICKETS}?{asked}" if asked else TICKETS


def _query(
    turn: ReadTurn,
    org_id: int,
    filled: Filled,
    place: str,
    wrong: dict[str, str],
    *,
    levels: int,
) -> TicketQuery:
    """What is asked of the list; *wrong* is told what cannot be read."""
    types = _type(filled, wrong)
    sort = _sort(filled, wrong)
    if filled.active not in _ACTIVE:
        wrong["active"] = "this is true, false, or left out"
    words: tuple[tuple[str, ...], ...] = ()
    if filled.q:
        words = spelt_words(turn, org_id, filled.q)
        if not words:
            wrong["q"] = "name at least one word to look for"
        # What was searched for comes in the order of creation.
        sort = Sort.CREATED_AT
    statuses, severities = _statuses(filled, types, wrong), _severities(filled, wrong, levels)
    return TicketQuery(
        terms=(frozenset({f"service={filled.service}"}),) if filled.service else (),
        facets=facets_matching(
            types=None if types is None else [types],
            statuses=statuses,
            severities=severities,
            active=_ACTIVE.get(filled.active),
        ),
        words=words,
        sort=sort,
        descending=sort is not Sort.START_AT,
        limit=ON_A_PAGE,
        beyond=_place(place, sort, wrong) if place else None,
    )


def _type(filled: Filled, wrong: dict[str, str]) -> TicketType | None:
    if not filled.type:
        return None
    try:
        return parse_word(TicketType, filled.type, field="type")
    except UnknownWord as unknown:
        wrong["type"] = _matter(unknown)
        return None


def _sort(filled: Filled, wrong: dict[str, str]) -> Sort:
    if not filled.sort:
        return Sort.CREATED_AT
    try:
        return parse_word(Sort, filled.sort, field="sort")
    except UnknownWord as unknown:
        wrong["sort"] = _matter(unknown)
        return Sort.CREATED_AT


def _statuses(
    filled: Filled, kind: TicketType | None, wrong: dict[str, str]
) -> frozenset[Status] | None:
    if not filled.statuses:
        return None
    found: frozenset[Status] = frozenset()
    for word in filled.statuses:
        try:
            found |= statuses_for(word, None, kind)
        except UnknownWord as unknown:
            wrong["status"] = _matter(unknown)
    return found


def _severities(filled: Filled, wrong: dict[str, str], levels: int) -> frozenset[Severity] | None:
    if not filled.severities:
        return None
    found: set[Severity] = set()
    for word in filled.severities:
        try:
            found.add(parse_severity(word, levels=levels))
        except UnknownWord as unknown:
            wrong["severity"] = _matter(unknown)
    return frozenset(found)


def _matter(unknown: UnknownWord) -> str:
    """What is the matter with a word, without the field's name: it stands there."""
    return str(unknown).partition(": ")[2]


def _place(text: str, sort: Sort, wrong: dict[str, str]) -> Beyond | None:
    """Where the page begins. It is no secret and opens nothing: the list is the reader's own."""
    key, _, number = text.partition("~")
    try:
        behind = int(number)
        value: str | int = int(key) if sort is Sort.SEVERITY else to_text(from_text(key))
    except (ValueError, OverflowError):
        wrong["from"] = "this address was cut: begin at the first page"
        return None
    if not 0 <= behind < _FARTHEST or (isinstance(value, int) and not 0 <= value <= _GRAVEST):
        wrong["from"] = "this address was cut: begin at the first page"
        return None
    return value, behind


def _levels(turn: ReadTurn, org_id: int) -> int:
    head = turn.head(org_id, "policy:policy")
    state = None if head is None else head.state
    return (state if isinstance(state, Policy) else DEFAULT_POLICY).severity_levels
