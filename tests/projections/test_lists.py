"""A list is what filtering and sorting all tickets by hand gives, whatever is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations_with_replacement
from typing import Any, TypeVar

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from tests.handler.acting import NOON, House, pubkey
from tests.projections.histories import (
    CAST,
    LABELS,
    SERVICES,
    WORDS,
    Opened,
    Step,
    follow,
    histories,
    lived,
)
from tocsin.core.instants import to_text
from tocsin.core.rows import facets_matching
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import NoteAdded
from tocsin.core.words import Severity, Status, TicketType, is_active
from tocsin.projections.tickets import BOUNDS, Bounds, Sort, TicketQuery, list_tickets
from tocsin.store.contract import Head, ReadTurn

T = TypeVar("T", TicketType, Status, Severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A query, and the words it was made of: which types, statuses, severities, active or not; and
    up to how many tickets each way through the indexes is taken."""

    query: TicketQuery
    bounds: Bounds = BOUNDS
    types: frozenset[TicketType] | None
    statuses: frozenset[Status] | None
    severities: frozenset[Severity] | None
    active: bool | None


terms = st.sampled_from(
    (
        *(f"label={one}" for one in LABELS),
        *(f"service={one}" for one in SERVICES),
        f"device={pubkey(11)}",
        f"device={pubkey(12)}",
        "environment=production",
        "environment=staging",
    )
)
groups = st.frozensets(terms, min_size=1, max_size=3)
# Many of them to the very second at which something is opened, begins or ends.
instants = st.builds(
    lambda seconds, hours: NOON + timedelta(seconds=seconds, hours=hours),
    st.integers(0, 9),
    st.just(0) | st.integers(-3, 34),
)


WAYS = (
    BOUNDS,
    Bounds(few=0, few_windows=BOUNDS.few_windows, glances=BOUNDS.glances),
    Bounds(few=0, few_windows=0, glances=(1, 3)),
    Bounds(few=1, few_windows=1, glances=(2,)),
)
"""As among a few tickets, and as among very many."""

FILTERS = ("terms", "types", "statuses", "severities", "active", "created", "overlaps", "words")


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    """Anything that can be asked of a list; a few filters at a time, so that something is left."""
    chosen = draw(st.sets(st.sampled_from(FILTERS), max_size=3))

    def some(name: str, kind: type[T]) -> frozenset[T] | None:
        words = st.frozensets(st.sampled_from(list(kind)), max_size=6)
        return draw(words) if name in chosen else None

    def window(name: str) -> tuple[datetime | None, datetime | None]:
        return draw(st.tuples(*[st.none() | instants] * 2)) if name in chosen else (None, None)

    types, statuses = some("types", TicketType), some("statuses", Status)
    severities = some("severities", Severity)
    active = draw(st.booleans()) if "active" in chosen else None
    (after, before), (overlaps_from, overlaps_to) = window("created"), window("overlaps")
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=2))
    words = words if "words" in chosen else []
    query = TicketQuery(
        terms=tuple(draw(st.lists(groups, max_size=2))) if "terms" in chosen else (),
        facets=facets_matching(
            types=types, statuses=statuses, severities=severities, active=active
        ),
        created_after=after,
        created_before=before,
        overlaps_from=overlaps_from,
        overlaps_to=overlaps_to,
        words=tuple((word,) for word in words),
        # What is searched for comes in the order of creation.
        sort=Sort.CREATED_AT if words else draw(st.sampled_from(Sort)),
        descending=draw(st.booleans()),
        limit=draw(st.integers(1, 4)),
    )
    return Wish(
        query=query,
        bounds=draw(st.sampled_from(WAYS)),
        types=types,
        statuses=statuses,
        severities=severities,
        active=active,
    )


def carries(ticket: Ticket, term: str) -> bool:
    """Whether *ticket* is found by *term*, said by its fields."""
    name, _, value = term.partition("=")
    match name:
        case "label":
            return value in ticket.labels
        case "service":
            return value in ticket.services
        case "device":
            return value in ticket.devices
        case "environment":
            return value == ticket.environment
        case _:
            raise AssertionError(term)


def meets(ticket: Ticket, wish: Wish) -> bool:
    """Whether *ticket* is wanted, words aside."""
    query = wish.query
    return (
        all(any(carries(ticket, term) for term in group) for group in query.terms)
        and (wish.types is None or ticket.type in wish.types)
        and (wish.statuses is None or ticket.status in wish.statuses)
        and (wish.severities is None or ticket.severity in wish.severities)
        and (wish.active is None or is_active(ticket.status) is wish.active)
        and (query.created_after is None or ticket.created_at >= query.created_after)
        and (query.created_before is None or ticket.created_at < query.created_before)
        and (query.overlaps_to is None or ticket.start_at < query.overlaps_to)
        and (
            query.overlaps_from is None
            or ticket.end_at is None
            or ticket.end_at > query.overlaps_from
        )
    )


def says(turn: ReadTurn, head: Head, words: tuple[tuple[str, ...], ...]) -> bool:
    """Whether the title, or what people said, has all *words*."""
    assert isinstance(head.state, Ticket)
    said = [head.state.title, head.state.resolution or ""]
    for event in turn.stream_events(head.org_id, head.stream):
        if isinstance(event.payload, NoteAdded):
            said.append(event.payload.body)
    spoken = " ".join(said).split()
    return all(any(one in spoken for one in alternatives) for alternatives in words)


def sort_key(head: Head, sort: Sort) -> tuple[str | int, int]:
    """What a list sorts by."""
    ticket = head.state
    assert isinstance(ticket, Ticket)
    match sort:
        case Sort.CREATED_AT:
            return to_text(ticket.created_at), head.number
        case Sort.UPDATED_AT:
            return to_text(ticket.updated_at), head.number
        case Sort.SEVERITY:
            return -ticket.severity.rank, head.number
        case Sort.START_AT:
            return to_text(ticket.start_at), head.number


def by_hand(turn: ReadTurn, org_id: int, wish: Wish) -> list[str]:
    """The streams of all wanted tickets, in order."""
    query = wish.query
    found = [
        head
        for sort in ("incident", "maintenance")
        for head in turn.heads_of_sort(org_id, sort)
        if isinstance(head.state, Ticket)
        and meets(head.state, wish)
        and says(turn, head, query.words)
    ]
    found.sort(key=lambda head: sort_key(head, query.sort), reverse=query.descending)
    return [head.stream for head in found]


def pages(
    turn: ReadTurn, org_id: int, query: TicketQuery, bounds: Bounds = BOUNDS
) -> Iterator[list[Head]]:
    """Page after page, to the end."""
    while True:
        page = list_tickets(turn, org_id=org_id, query=query, bounds=bounds)
        yield list(page.heads)
        if page.next is None:
            return
        query = replace(query, beyond=page.next)


def listed(home: House, org: str, wish: Wish) -> tuple[list[str], list[str]]:
    """What the list gives page by page, and what it should."""
    with home.store.reading() as turn:
        org_id, found = home.orgs[org], []
        whole = True
        for page in pages(turn, org_id, wish.query, wish.bounds):
            assert whole, "only the last page may be short"
            whole = len(page) == wish.query.limit
            found += [head.stream for head in page]
        return found, by_hand(turn, org_id, wish)


@settings(max_examples=40, deadline=None)
@for_all(history=histories(), asked=st.lists(wishes(), min_size=8, max_size=12))
def test_a_list_is_what_filtering_by_hand_gives(history: list[Step], asked: list[Wish]) -> None:
    with lived(history) as home:
        follow(home)
        for wish in asked:
            for org in sorted(set(CAST.values())):
                found, expected = listed(home, org, wish)
                assert found == expected


OPENED = [
    Opened(who, "quartz", "sev1", ("a",), ("web",), ("ams-1",) if who == "owner" else (), hours)
    for hours in (None, 2, None, 5, 9, None)
    for who in ("owner", "stranger")
]


@pytest.fixture(scope="module")
def six() -> Iterator[House]:
    """A house of three incidents and three maintenances, and the same among them of another org."""
    with lived(OPENED) as home:
        yield home


@pytest.mark.parametrize("bounds", WAYS)
@pytest.mark.parametrize("sort", Sort)
def test_every_way_through_the_indexes_finds_the_same_page_after_page(
    six: House, bounds: Bounds, sort: Sort
) -> None:
    """With each filter alone and with each pair: nothing twice, nothing left out."""
    with six.store.reading() as turn:
        created = sorted(
            head.state.created_at
            for kind in ("incident", "maintenance")
            for head in turn.heads_of_sort(six.orgs["net"], kind)
            if isinstance(head.state, Ticket)
        )
    assert len(created) == 6
    asked: list[dict[str, Any]] = [
        {"terms": (frozenset({"service=web"}),)},
        {"terms": (frozenset({"service=web", "label=b"}), frozenset({"label=a"}))},
        {"created_after": created[1], "created_before": created[-1]},
        {"overlaps_from": NOON, "overlaps_to": NOON + timedelta(hours=8)},
        {"overlaps_from": NOON + timedelta(hours=3)},
        {"facets": facets_matching(types={TicketType.MAINTENANCE})},
    ]
    for one, other in combinations_with_replacement(asked, 2):
        for descending in (True, False):
            query = TicketQuery(**(one | other), sort=sort, descending=descending, limit=2)
            wish = Wish(
                query=query,
                bounds=bounds,
                types=frozenset({TicketType.MAINTENANCE}) if query.facets else None,
                statuses=None,
                severities=None,
                active=None,
            )
            found, expected = listed(six, "net", wish)
            assert found == expected


@settings(max_examples=15, deadline=None)
@for_all(history=histories())
def test_every_sort_both_ways_gives_everything_once(history: list[Step]) -> None:
    with lived(history) as home:
        for sort in Sort:
            for descending in (True, False):
                query = TicketQuery(sort=sort, descending=descending, limit=2)
                wish = Wish(query=query, types=None, statuses=None, severities=None, active=None)
                found, expected = listed(home, "net", wish)
                assert found == expected
                assert len(set(found)) == len(found)


def test_windows_end_where_they_say() -> None:
    """What ends as the other begins does not meet it; what was created then was not before."""
    planned = Opened("owner", "quartz", "sev1", (), (), ("ams-1",), 2)
    instant = timedelta(microseconds=1)
    with lived([planned]) as home, home.store.reading() as turn:
        (head,) = turn.heads_of_sort(home.orgs["net"], "maintenance")
        ticket = head.state
        assert isinstance(ticket, Ticket)
        assert ticket.end_at is not None

        def found(query: TicketQuery) -> bool:
            page = list_tickets(turn, org_id=home.orgs["net"], query=query)
            return [one.stream for one in page.heads] == [head.stream]

        for sort in Sort:
            query = TicketQuery(sort=sort)
            assert not found(replace(query, overlaps_from=ticket.end_at))
            assert found(replace(query, overlaps_from=ticket.end_at - instant))
            assert not found(replace(query, overlaps_to=ticket.start_at))
            assert found(replace(query, overlaps_to=ticket.start_at + instant))
            assert not found(replace(query, created_before=ticket.created_at))
            assert found(replace(query, created_before=ticket.created_at + instant))
            assert found(replace(query, created_after=ticket.created_at))
            assert not found(replace(query, created_after=ticket.created_at + instant))
