"""The filters of the list of tickets: in the address, in the same words as the API's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import urlencode

from tocsin.core.claims import CONTRIBUTOR_CODE, DEVICE_CODE, LINK_CODE
from tocsin.core.dialects import statuses_for
from tocsin.core.instants import from_text, to_text
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.records import Device, Link, Policy
from tocsin.core.rows import facets_matching
from tocsin.core.words import (
    Severity,
    Status,
    TicketType,
    UnknownWord,
    parse_severity,
    parse_word,
)
from tocsin.handler.admission import Admission
from tocsin.projections.searching import spelt_words
from tocsin.projections.tickets import Beyond, Sort, TicketQuery
from tocsin.store.contract import ReadTurn
from tocsin.web.dashboard.addresses import TICKETS
from tocsin.web.dashboard.visits import Fields

W = TypeVar("W", bound=StrEnum)

ON_A_PAGE: Final = 50
LONGEST_WORDS: Final = 200
MINE: Final = "me"
"""Who is signed in, where an assignee is named."""
_ACTIVE: Final = {"": None, "true": True, "false": False}
_FARTHEST: Final = 1 << 62
_GRAVEST: Final = 4
_NONE_THERE: Final = "nobody"
"""A term that no ticket has: what a name finds that nothing here has."""
_SHORT: Final[Mapping[str, str]] = {
    "device": "device_pubkey",
    "link": "affected_link_pubkey",
    "contributor": "affects_contributor",
}
"""What an address may call a filter, besides by its name."""


class Grouping(StrEnum):
    """What the tickets of a page are put together by."""

    SEVERITY = "severity"
    STATUS = "status"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The form of filters as it was filled in; values as they came, so that nothing typed is
    lost."""

    q: str = ""
    type: str = ""
    active: str = ""
    status: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    device_pubkey: tuple[str, ...] = ()
    affected_link_pubkey: tuple[str, ...] = ()
    affects_contributor: str = ""
    assignee: str = ""
    label: tuple[str, ...] = ()
    overlaps_from: str = ""
    overlaps_to: str = ""
    sort: str = ""
    group: str = ""

    @property
    def anything(self) -> bool:
        """Whether anything is filtered: order and groups leave nothing out."""
        return any(value for name, value in self.pairs() if name not in ("sort", "group"))

    @property
    def rarer(self) -> int:
        """How many of the filters are set that are not always in sight."""
        return sum(bool(getattr(self, name)) for name in RARER)

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Names and values as an address has them, always in the same order; none is empty."""
        found: list[tuple[str, str]] = []
        for one in fields(self):
            value = getattr(self, one.name)
            values = value if isinstance(value, tuple) else (value,)
            found += ((one.name, text) for text in values if text)
        return tuple(found)

    def query(self) -> str:
        """These filters as the query of an address; empty where nothing is set."""
        return urlencode(self.pairs())


RARER: Final = (
    "device_pubkey",
    "affected_link_pubkey",
    "affects_contributor",
    "label",
    "overlaps_from",
    "overlaps_to",
)
"""The filters that are shown when one asks for more."""


def filters_of(given: Fields) -> Filters:
    """What the query of an address fills in."""
    named: dict[str, tuple[str, ...]] = {}
    for name, values in given.items():
        wanted = _SHORT.get(name, name)
        named[wanted] = (*named.get(wanted, ()), *(value.strip() for value in values))

    def one(name: str) -> str:
        return named.get(name, ("",))[-1][:LONGEST_WORDS]

    def several(name: str) -> tuple[str, ...]:
        found = (value[:LONGEST_WORDS] for value in named.get(name, ()) if value)
        return tuple(dict.fromkeys(found))

    return Filters(
        q=one("q"),
        type=one("type"),
        active=one("active"),
        status=_split(several("status")),
        severity=_split(several("severity")),
        service=_split(several("service")),
        device_pubkey=_split(several("device_pubkey")),
        affected_link_pubkey=_split(several("affected_link_pubkey")),
        affects_contributor=one("affects_contributor"),
        assignee=one("assignee"),
        label=several("label"),
        overlaps_from=one("overlaps_from"),
        overlaps_to=one("overlaps_to"),
        sort=one("sort"),
        group=one("group"),
    )


def _split(values: Iterable[str]) -> tuple[str, ...]:
    """Several codes may stand in one field, with commas or blanks between."""
    return tuple(dict.fromkeys(code for one in values for code in one.replace(",", " ").split()))


def address(filters: Filters, *, beyond: Beyond | None = None) -> str:
    """The address of the list with these filters, from behind *beyond* on."""
    pairs = list(filters.pairs())
    if beyond is not None:
        pairs.append(("from", f"{beyond[0]}~{beyond[1]}"))
    asked = urlencode(pairs)
    return f"{TICKETS}?{asked}" if asked else TICKETS


def query_of(
    turn: ReadTurn, admitted: Admission, filters: Filters, place: str, wrong: dict[str, str]
) -> TicketQuery:
    """What is asked of the list, from *place* on; *wrong* is told what cannot be read, by field."""
    kind = _word(TicketType, filters.type, "type", wrong)
    group = grouping_of(filters, wrong)
    sort = _word(Sort, filters.sort, "sort", wrong)
    if sort is None:
        sort = Sort.SEVERITY if group is Grouping.SEVERITY else Sort.CREATED_AT
    if filters.active not in _ACTIVE:
        wrong["active"] = "this is true, false, or left out"
    words: tuple[tuple[str, ...], ...] = ()
    if filters.q:
        words = spelt_words(turn, admitted.org_id, filters.q)
        if not words:
            wrong["q"] = "name at least one word to look for"
        # What was searched for comes in the order of creation.
        sort = Sort.CREATED_AT
    levels = severity_levels(turn, admitted.org_id)
    begin = _day(filters.overlaps_from, "overlaps_from", wrong, after=timedelta(0))
    end = _day(filters.overlaps_to, "overlaps_to", wrong, after=timedelta(days=1))
    if begin is not None and end is not None and end <= begin:
        wrong["overlaps_to"] = "this is before the other day"
    return TicketQuery(
        terms=_terms(turn, admitted, filters),
        facets=facets_matching(
            types=None if kind is None else [kind],
            statuses=_statuses(filters, kind, wrong),
            severities=_severities(filters, wrong, levels),
            active=_ACTIVE.get(filters.active),
        ),
        words=words,
        overlaps_from=begin,
        overlaps_to=end,
        sort=sort,
        descending=sort is not Sort.START_AT,
        limit=ON_A_PAGE,
        beyond=_place(place, sort, wrong) if place else None,
    )


def grouping_of(filters: Filters, wrong: dict[str, str]) -> Grouping | None:
    """What the tickets are put together by; *wrong* is told where there is no such grouping."""
    return _word(Grouping, filters.group, "group", wrong)


def severity_levels(turn: ReadTurn, org_id: int) -> int:
    """How many severities the org uses."""
    head = turn.head(org_id, "policy:policy")
    state = None if head is None else head.state
    return (state if isinstance(state, Policy) else DEFAULT_POLICY).severity_levels


def _terms(turn: ReadTurn, admitted: Admission, filters: Filters) -> tuple[frozenset[str], ...]:
    """Groups of terms: of each group any, of all groups every one."""
    org_id, groups = admitted.org_id, list[frozenset[str]]()

    def group(asked: object, terms: Iterable[str]) -> None:
        if asked:
            groups.append(frozenset(terms) or frozenset({_NONE_THERE}))

    devices = _pubkeys(turn, org_id, DEVICE_CODE, filters.device_pubkey)
    links = _pubkeys(turn, org_id, LINK_CODE, filters.affected_link_pubkey)
    group(filters.service, (f"service={one}" for one in filters.service))
    group(filters.device_pubkey, (f"device={one}" for one in devices))
    group(filters.affected_link_pubkey, (f"link={one}" for one in links))
    group(filters.label, (f"label={one}" for one in filters.label))
    contributors = _contributors(turn, org_id, filters.affects_contributor)
    group(
        filters.affects_contributor,
        (f"affects_contributor={identity}" for identity in contributors),
    )
    group(filters.assignee, _assignees(turn, admitted, filters.assignee))
    return tuple(groups)


def _pubkeys(turn: ReadTurn, org_id: int, kind: str, names: tuple[str, ...]) -> list[str]:
    """A code is looked up; anything else is taken for a pubkey."""
    if not names:
        return []
    claims = turn.claims(org_id, {(kind, name) for name in names})
    heads = turn.heads(org_id, set(claims.values()))
    by_code = {
        head.state.code: head.state.pubkey
        for head in heads.values()
        if isinstance(head.state, Device | Link)
    }
    return [by_code.get(name, name) for name in names]


def _contributors(turn: ReadTurn, org_id: int, code: str) -> list[str]:
    stream = turn.claimed_by(org_id, CONTRIBUTOR_CODE, code) if code else None
    return [] if stream is None else [stream.partition(":")[2]]


def _assignees(turn: ReadTurn, admitted: Admission, name: str) -> list[str]:
    """The terms of an assignee: a member's id, a contributor's code, or :data:`MINE`."""
    if name == MINE:
        mine = [f"assignee=member:{admitted.member.id}"]
        if admitted.contributor is not None:
            mine.append(f"assignee=contributor:{admitted.contributor.id}")
        return mine
    if turn.head(admitted.org_id, f"member:{name}") is not None:
        return [f"assignee=member:{name}"]
    found = _contributors(turn, admitted.org_id, name)
    return [f"assignee=contributor:{identity}" for identity in found]


def _word(words: type[W], text: str, field: str, wrong: dict[str, str]) -> W | None:
    if not text:
        return None
    try:
        return parse_word(words, text, field=field)
    except UnknownWord as unknown:
        wrong[field] = _matter(unknown)
        return None


def _statuses(
    filters: Filters, kind: TicketType | None, wrong: dict[str, str]
) -> frozenset[Status] | None:
    if not filters.status:
        return None
    found: frozenset[Status] = frozenset()
    for word in filters.status:
        try:
            found |= statuses_for(word, None, kind)
        except UnknownWord as unknown:
            wrong["status"] = _matter(unknown)
    return found


def _severities(filters: Filters, wrong: dict[str, str], levels: int) -> frozenset[Severity] | None:
    if not filters.severity:
        return None
    found: set[Severity] = set()
    for word in filters.severity:
        try:
            found.add(parse_severity(word, levels=levels))
        except UnknownWord as unknown:
            wrong["severity"] = _matter(unknown)
    return frozenset(found)


def _matter(unknown: UnknownWord) -> str:
    """What is the matter with a word, without the field's name: it stands there."""
    return str(unknown).partition(": ")[2]


def _day(text: str, field: str, wrong: dict[str, str], *, after: timedelta) -> datetime | None:
    """An instant, or a day in UTC: then its beginning, and *after* behind it."""
    if not text:
        return None
    try:
        if len(text) > len("2026-11-20"):
            return from_text(text)
        return datetime.fromisoformat(text).replace(tzinfo=UTC) + after
    except (ValueError, OverflowError):
        wrong[field] = "write a day like 2026-11-20"
        return None


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
