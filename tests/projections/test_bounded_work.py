"""The first page of a list costs the same however many tickets there are; and is the right one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.handler.acting import House, house
from tests.projections.test_lists import Wish, by_hand, pages
from tests.store.test_looking_up import instructions
from tocsin.core.rows import facets_matching
from tocsin.core.words import Severity, Status
from tocsin.handler.submission import Outcome, Submission
from tocsin.projections.tickets import FEW, Sort, TicketQuery, list_tickets

FEW_TICKETS = 200
MANY_TICKETS = 4_000

AS_MUCH = 1.5
"""Times as many instructions as with few tickets; an index is a little deeper with many."""

LITTLE = 2_000
"""Instructions that are no work worth comparing."""

COUNTING = 8
"""Instructions for an entry that is counted."""

ASKING = 40
"""Instructions for a ticket that is asked whether it has a term."""

SEEN = 250
"""Tickets that may be asked so for a page of fifty, when nearly all have the term."""


def filled(home: House, tickets: int) -> None:
    """So many incidents: all labelled alike, ten of them also rare, a third of each severity."""
    results = home.writer.do_all(
        [
            Submission(
                org_id=home.orgs["net"],
                sort="ticket",
                command=home.incident(
                    f"Trouble {number}",
                    severity=f"sev{1 + number % 3}",
                    labels=("common", "rare") if number % (tickets // 10) == 3 else ("common",),
                    devices=("ams-1",) if number % 2 else ("fra-1",),
                ),
                credential=home.keys["owner"],
            )
            for number in range(tickets)
        ]
    )
    assert all(isinstance(one, Outcome) for one in results)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, House]]:
    """A house of few tickets, and one of many."""
    with ExitStack() as stack:
        made = []
        for tickets in (FEW_TICKETS, MANY_TICKETS):
            folder: Path = tmp_path_factory.mktemp("house")
            home = stack.enter_context(house(folder))
            filled(home, tickets)
            made.append(home)
        yield made[0], made[1]


def cost(home: House, query: TicketQuery) -> int:
    """Instructions for the first page, heads included."""
    with home.file.reading() as turn:
        org_id = home.orgs["net"]
        assert list_tickets(turn, org_id=org_id, query=query).heads
        return instructions(turn, lambda: list_tickets(turn, org_id=org_id, query=query))


BOUNDED = {
    "everything": TicketQuery(),
    "rare": TicketQuery(terms=(frozenset({"label=rare"}),)),
    "active": TicketQuery(facets=facets_matching(active=True)),
    "middling": TicketQuery(facets=facets_matching(severities={Severity.SEV2})),
}
both_ways = pytest.mark.parametrize("descending", [True, False], ids=["descending", "ascending"])


@both_ways
@pytest.mark.parametrize(
    ("name", "sort"),
    # By severity, whoever wants a middling one first walks over those beside it.
    [
        (name, sort)
        for name in BOUNDED
        for sort in Sort
        if (name, sort) != ("middling", Sort.SEVERITY)
    ],
)
def test_a_first_page_costs_the_same_among_many(
    homes: tuple[House, House], name: str, sort: Sort, descending: bool
) -> None:
    query = replace(BOUNDED[name], sort=sort, descending=descending)
    few, many = homes

    assert cost(many, query) <= max(cost(few, query) * AS_MUCH, LITTLE)


@both_ways
@pytest.mark.parametrize("sort", list(Sort))
def test_a_common_term_beside_a_rare_one_costs_its_counting_and_no_more(
    homes: tuple[House, House], sort: Sort, descending: bool
) -> None:
    terms = (frozenset({"label=common"}), frozenset({"label=rare", "label=none"}))
    query = TicketQuery(terms=terms, sort=sort, descending=descending)
    few, many = homes

    assert cost(many, query) <= cost(few, query) * AS_MUCH + COUNTING * (FEW + 1)


@both_ways
@pytest.mark.parametrize("sort", list(Sort))
def test_what_most_tickets_have_is_seen_at_a_short_glance(
    homes: tuple[House, House], sort: Sort, descending: bool
) -> None:
    query = TicketQuery(sort=sort, descending=descending)
    common = replace(query, terms=(frozenset({"label=common"}),))
    _, many = homes

    asked = cost(many, common) - cost(many, query)

    assert asked <= COUNTING * (FEW + 1) + ASKING * SEEN


WISHES = {
    "all of a common term": Wish(
        query=TicketQuery(terms=(frozenset({"label=common"}),), limit=700),
        types=None, statuses=None, severities=None, active=None,
    ),
    "common terms of two kinds": Wish(
        query=TicketQuery(
            terms=(
                frozenset({"label=common"}),
                frozenset({"service=none", "environment=production"}),
            ),
            limit=700,
        ),
        types=None, statuses=None, severities=None, active=None,
    ),
    "a common term, by severity": Wish(
        query=TicketQuery(
            terms=(frozenset({"label=common"}),), sort=Sort.SEVERITY, limit=700, descending=False
        ),
        types=None, statuses=None, severities=None, active=None,
    ),
    "a common term, of some severities": Wish(
        query=TicketQuery(
            terms=(frozenset({"label=common"}),),
            facets=facets_matching(statuses={Status.OPEN}, severities={Severity.SEV2}),
            limit=300,
            descending=False,
        ),
        types=None,
        statuses=frozenset({Status.OPEN}),
        severities=frozenset({Severity.SEV2}),
        active=None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", [*WISHES])
def test_terms_that_most_tickets_have_are_right_too(homes: tuple[House, House], name: str) -> None:
    """These ways through the index are only taken where there are many."""
    wish, (_, many) = WISHES[name], homes
    with many.store.reading() as turn:
        org_id = many.orgs["net"]
        found = [head.stream for page in pages(turn, org_id, wish.query) for head in page]

        assert len(found) >= MANY_TICKETS // 3
        assert found == by_hand(turn, org_id, wish)
