"""Lists of tickets: filtered, sorted, page by page (API: GET /tickets).

What a list sorts by lies in ``tickets``, written in the very commit of the facts; the commonest
filters (type, status, severity) are *facets* in each of its indexes; every other filter is a *term*
in ``ticket_terms``. A page never reads more of them than it must:

* few tickets have the rarest of the wanted terms: exactly those are looked at;
* many have it, and the order is by creation: the term's own entries are in that order;
* else the index of the order is walked from where the page begins: a glance asks each ticket for
  its terms, and where that does not fill the page, all who have them are gathered first.

Windows that meet few tickets are found in the index of starts and sorted, others along the order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from tocsin.core.instants import to_text
from tocsin.core.rows import gravity_in
from tocsin.projections.documents import SHORTEST_BEGINNING
from tocsin.store.contract import Head, ReadTurn

FEW: Final = 3_000
"""Up to so many tickets are looked at one by one, and sorted."""

FEW_WINDOWS: Final = 20_000
"""Up to so many tickets whose window meets the wanted one are sorted."""

GLANCES: Final = (250, 2_000)
"""So many tickets are asked one by one whether they have the terms, before gathering all that do:
asking is quick where many have them, and slow where the order has those at its far end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Up to how many tickets each way through the indexes is taken; every way finds the same."""

    few: int = FEW
    few_windows: int = FEW_WINDOWS
    glances: tuple[int, ...] = GLANCES


BOUNDS: Final = Bounds()


class Sort(StrEnum):
    """What a list is ordered by."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    SEVERITY = "severity"
    START_AT = "start_at"


_COLUMNS: Final = {
    Sort.CREATED_AT: "t.created_at",
    Sort.UPDATED_AT: "t.updated_at",
    Sort.SEVERITY: "t.gravity",
    Sort.START_AT: "t.start_at",
}

Beyond = tuple[str | int, int]
"""Where a page ended: the sort key of its last ticket, and that ticket's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketQuery:
    """What is asked of a list.

    ``terms`` are groups: of each group any, of all groups every one
    (:func:`tocsin.core.rows.terms_of`). ``facets`` are those of
    :func:`tocsin.core.rows.facets_matching`. ``created_after`` is inclusive, ``created_before`` is
    not; ``overlaps_from`` and ``overlaps_to`` find what begins before the latter and ends after the
    former. With ``words`` the order is by creation. Descending severity is worst first.
    """

    terms: tuple[frozenset[str], ...] = ()
    facets: frozenset[int] | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    overlaps_from: datetime | None = None
    overlaps_to: datetime | None = None
    words: tuple[tuple[str, ...], ...] = ()
    sort: Sort = Sort.CREATED_AT
    descending: bool = True
    limit: int = 50
    beyond: Beyond | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPage:
    """A page: the tickets as they stand, and where the next page begins behind; None at the end."""

    heads: tuple[Head, ...]
    next: Beyond | None


@dataclass(slots=True)
class _Conditions:
    """Conditions of a WHERE, and their values, in one order."""

    texts: list[str]
    values: list[object]

    def add(self, text: str, *values: object) -> None:
        """One more that must hold."""
        self.texts.append(text)
        self.values += values

    def joined(self) -> str:
        """All of them."""
        return " AND ".join(self.texts)


Found = tuple[int, str, str | int]
"""A ticket that was found: its number, stream and sort key."""


def list_tickets(
    turn: ReadTurn, *, org_id: int, query: TicketQuery, bounds: Bounds = BOUNDS
) -> TicketPage:
    """The page of the org's tickets that *query* asks for."""
    if query.facets == frozenset():
        return TicketPage(heads=(), next=None)
    found = (
        _searched(turn, org_id, query) if query.words else _filtered(turn, org_id, query, bounds)
    )
    shown = found[: query.limit]
    heads = turn.heads(org_id, [stream for _, stream, _ in shown])
    more = len(found) > len(shown)
    return TicketPage(
        heads=tuple(heads[stream] for _, stream, _ in shown),
        next=(shown[-1][2], shown[-1][0]) if more else None,
    )


def _filtered(turn: ReadTurn, org_id: int, query: TicketQuery, bounds: Bounds) -> Sequence[Found]:
    narrowest, count = _narrowest(turn, org_id, query, few=bounds.few)
    if narrowest is not None and count <= bounds.few:
        return _looked_at(turn, org_id, query, narrowest)
    if narrowest is not None and len(narrowest) == 1 and query.sort is Sort.CREATED_AT:
        return _along_the_term(turn, org_id, query, narrowest)
    if query.sort is not Sort.CREATED_AT and _few_created(turn, org_id, query, few=bounds.few):
        return _created_then(turn, org_id, query)
    if (
        (query.overlaps_from or query.overlaps_to)
        and query.sort is not Sort.START_AT
        and _few_windows(turn, org_id, query, few=bounds.few_windows)
    ):
        return _overlapping(turn, org_id, query)
    if query.terms:
        seen = _at_a_glance(turn, org_id, query, glances=bounds.glances)
        if len(seen) > query.limit:
            return seen
    return _along_the_order(turn, org_id, query)


def _few_created(turn: ReadTurn, org_id: int, query: TicketQuery, *, few: int) -> bool:
    """Whether an instant of creation is asked for that only a few tickets have."""
    if query.created_after is None and query.created_before is None:
        return False
    created = _created(org_id, query)
    ((count,),) = turn.select(
        "SELECT count(*) FROM (SELECT 1 FROM tickets AS t"
        f" {turn.using_index('tickets_by_created')} WHERE {created.joined()}"
        f" LIMIT {few + 1}) AS few",
        created.values,
        org_id=org_id,
    )
    return bool(count <= few)


def _created(org_id: int, query: TicketQuery) -> _Conditions:
    """Created when it should have been."""
    conditions = _Conditions([], [])
    conditions.add("t.org_id = ?", org_id)
    if query.created_after is not None:
        conditions.add("t.created_at >= ?", to_text(query.created_after))
    if query.created_before is not None:
        conditions.add("t.created_at < ?", to_text(query.created_before))
    return conditions


def _created_then(turn: ReadTurn, org_id: int, query: TicketQuery) -> Sequence[Found]:
    """Those few that were created then, sorted here and now."""
    created = _created(org_id, query)
    whenever = replace(query, created_after=None, created_before=None)
    conditions = _conditions(turn, org_id, whenever, by_number=True)
    return turn.select(
        f"SELECT t.number, t.stream, {_COLUMNS[query.sort]}"
        f" FROM (SELECT t.number FROM tickets AS t {turn.using_index('tickets_by_created')}"
        f" WHERE {created.joined()}) AS d"
        f" CROSS JOIN tickets AS t ON t.number = d.number WHERE {conditions.joined()}"
        f" {_order(query)}",
        (*created.values, *conditions.values, query.limit + 1),
        org_id=org_id,
    )


def _few_windows(turn: ReadTurn, org_id: int, query: TicketQuery, *, few: int) -> bool:
    """Whether no more than a few windows meet the wanted one; the index alone says so."""
    conditions = _Conditions([], [])
    conditions.add("t.org_id = ?", org_id)
    _add_window(conditions, query)
    ((count,),) = turn.select(
        "SELECT count(*) FROM (SELECT 1 FROM tickets AS t"
        f" {turn.using_index('tickets_by_start')} WHERE {conditions.joined()}"
        f" LIMIT {few + 1}) AS few",
        conditions.values,
        org_id=org_id,
    )
    return bool(count <= few)


def _narrowest(
    turn: ReadTurn, org_id: int, query: TicketQuery, *, few: int
) -> tuple[frozenset[str] | None, int]:
    """The group of terms that fewest tickets have, and how many do; counting stops when there are
    more than a few."""
    best: frozenset[str] | None = None
    least = few + 2
    for group in query.terms:
        ((count,),) = turn.select(
            "SELECT count(*) FROM (SELECT 1 FROM ticket_terms"
            f" WHERE org_id = ? AND term IN ({_marks(group)}) LIMIT {few + 1}) AS few",
            (org_id, *sorted(group)),
            org_id=org_id,
        )
        if count < least:
            best, least = group, count
    return best, least


def _looked_at(
    turn: ReadTurn, org_id: int, query: TicketQuery, group: frozenset[str]
) -> Sequence[Found]:
    """Those few that have one of the terms of *group*, sorted here and now."""
    conditions = _conditions(turn, org_id, query, without=group)
    return turn.select(
        f"SELECT t.number, t.stream, {_COLUMNS[query.sort]}"
        " FROM (SELECT DISTINCT number FROM ticket_terms"
        f" WHERE org_id = ? AND term IN ({_marks(group)})) AS d"
        f" CROSS JOIN tickets AS t ON t.number = d.number WHERE {conditions.joined()}"
        f" {_order(query)}",
        (org_id, *sorted(group), *conditions.values, query.limit + 1),
        org_id=org_id,
    )


def _along_the_term(
    turn: ReadTurn, org_id: int, query: TicketQuery, group: frozenset[str]
) -> Sequence[Found]:
    """Along the entries of the one term of *group*, which are in the order of creation."""
    conditions = _conditions(turn, org_id, query, without=group)
    low, high = _numbers(turn, org_id, query)
    if query.beyond is not None:
        _, number = query.beyond
        low, high = (low, min(high, number)) if query.descending else (max(low, number + 1), high)
    (term,) = group
    way = "DESC" if query.descending else "ASC"
    return turn.select(
        "SELECT t.number, t.stream, t.created_at FROM ticket_terms AS d"
        " CROSS JOIN tickets AS t ON t.number = d.number"
        " WHERE d.org_id = ? AND d.term = ? AND d.number >= ? AND d.number < ?"
        f" AND {conditions.joined()} ORDER BY d.number {way} LIMIT ?",
        (org_id, term, low, high, *conditions.values, query.limit + 1),
        org_id=org_id,
    )


def _overlapping(turn: ReadTurn, org_id: int, query: TicketQuery) -> Sequence[Found]:
    """Those whose window meets the wanted one, found in the index of starts, then sorted."""
    if query.sort is Sort.CREATED_AT and not query.terms:
        return _overlapping_by_number(turn, org_id, query)
    conditions = _conditions(turn, org_id, query)
    return turn.select(
        f"SELECT t.number, t.stream, {_COLUMNS[query.sort]}"
        f" FROM tickets AS t {turn.using_index('tickets_by_start')}"
        f" WHERE {conditions.joined()} {_order(query)}",
        (*conditions.values, query.limit + 1),
        org_id=org_id,
    )


def _overlapping_by_number(turn: ReadTurn, org_id: int, query: TicketQuery) -> Sequence[Found]:
    """The same by creation, which is the order of numbers: all of it lies in the index."""
    low, high = _numbers(turn, org_id, query)
    if query.beyond is not None:
        _, number = query.beyond
        low, high = (low, min(high, number)) if query.descending else (max(low, number + 1), high)
    conditions = _Conditions([], [])
    conditions.add("t.org_id = ?", org_id)
    conditions.add("t.number >= ? AND t.number < ?", low, high)
    _add_window(conditions, query)
    _add_facets(conditions, query)
    way = "DESC" if query.descending else "ASC"
    return turn.select(
        "SELECT t.number, t.stream, t.created_at FROM (SELECT t.number FROM tickets AS t"
        f" {turn.using_index('tickets_by_start')} WHERE {conditions.joined()}"
        f" ORDER BY t.number {way} LIMIT ?) AS d CROSS JOIN tickets AS t ON t.number = d.number"
        f" ORDER BY d.number {way}",
        (*conditions.values, query.limit + 1),
        org_id=org_id,
    )


_INDEXES: Final = {
    Sort.CREATED_AT: "tickets_by_created",
    Sort.UPDATED_AT: "tickets_by_updated",
    Sort.SEVERITY: "tickets_by_gravity",
    Sort.START_AT: "tickets_by_start",
}


def _at_a_glance(
    turn: ReadTurn, org_id: int, query: TicketQuery, *, glances: Sequence[int]
) -> Sequence[Found]:
    """Those among the first tickets of the order; the page, if they fill it.

    A short glance comes first: what most tickets have fills a page at once. All but the tickets of
    the page themselves is read from indexes, unless a window is asked for.
    """
    place = _Conditions([], [])
    place.add("t.org_id = ?", org_id)
    _add_place(place, query)
    conditions = _conditions(turn, org_id, replace(query, beyond=None))
    key, way = _COLUMNS[query.sort], "DESC" if query.descending else "ASC"
    columns = {"t.org_id", "t.number", "t.facets", key}
    if query.overlaps_from is not None or query.overlaps_to is not None:
        columns |= {"t.start_at", "t.end_at"}
    found: Sequence[Found] = ()
    for glance in glances:
        found = turn.select(
            f"SELECT t.number, t.stream, {key}"
            f" FROM (SELECT t.number FROM (SELECT {', '.join(sorted(columns))}"
            f" FROM tickets AS t {turn.using_index(_INDEXES[query.sort])} WHERE {place.joined()}"
            f" ORDER BY {key} {way}, t.number {way} LIMIT {glance}) AS t"
            f" WHERE {conditions.joined()} ORDER BY {key} {way}, t.number {way} LIMIT ?) AS d"
            f" CROSS JOIN tickets AS t ON t.number = d.number {_order(query)}",
            (*place.values, *conditions.values, query.limit + 1, query.limit + 1),
            org_id=org_id,
        )
        if len(found) > query.limit:
            break
    return found


def _along_the_order(turn: ReadTurn, org_id: int, query: TicketQuery) -> Sequence[Found]:
    """Along the index of the order, from where the page begins until it is full."""
    conditions = _conditions(turn, org_id, query, gathered=True)
    return turn.select(
        f"SELECT t.number, t.stream, {_COLUMNS[query.sort]}"
        f" FROM tickets AS t {turn.using_index(_INDEXES[query.sort])}"
        f" WHERE {conditions.joined()} {_order(query)}",
        (*conditions.values, query.limit + 1),
        org_id=org_id,
    )


def _order(query: TicketQuery) -> str:
    way = "DESC" if query.descending else "ASC"
    return f"ORDER BY {_COLUMNS[query.sort]} {way}, t.number {way} LIMIT ?"


def _conditions(
    turn: ReadTurn,
    org_id: int,
    query: TicketQuery,
    *,
    without: frozenset[str] | None = None,
    by_number: bool = False,
    gathered: bool = False,
) -> _Conditions:
    """Everything that a ticket ``t`` must meet, *without* one group of terms.

    Tickets that are found *by_number* are looked up so, and not along an index of the whole org.
    Where very many may be asked for their terms, those who have them are *gathered* once instead.
    """
    conditions = _Conditions([], [])
    conditions.add("t.org_id + 0 = ?" if by_number else "t.org_id = ?", org_id)
    _add_place(conditions, query)
    if query.sort is not Sort.CREATED_AT:
        # Every index has the number, which says as much, and not every one the instant.
        low, high = _numbers(turn, org_id, query)
        if (low, high) != _ALL_NUMBERS:
            conditions.add("t.number >= ? AND t.number < ?", low, high)
    else:
        if query.created_after is not None:
            conditions.add("t.created_at >= ?", to_text(query.created_after))
        if query.created_before is not None:
            conditions.add("t.created_at < ?", to_text(query.created_before))
    _add_window(conditions, query)
    _add_facets(conditions, query)
    for group in query.terms:
        if group is without:
            continue
        if gathered:
            conditions.add(
                "t.number IN (SELECT g.number FROM ticket_terms AS g WHERE g.org_id = ?"
                f" AND g.term IN ({_marks(group)}))",
                org_id,
                *sorted(group),
            )
        else:
            conditions.add(
                "EXISTS (SELECT 1 FROM ticket_terms AS e WHERE e.org_id = t.org_id"
                f" AND e.term IN ({_marks(group)}) AND e.number = t.number)",
                *sorted(group),
            )
    return conditions


def _add_place(conditions: _Conditions, query: TicketQuery) -> None:
    """Behind where the last page ended."""
    if query.beyond is not None:
        than = "<" if query.descending else ">"
        conditions.add(f"({_COLUMNS[query.sort]}, t.number) {than} (?, ?)", *query.beyond)


def _add_facets(conditions: _Conditions, query: TicketQuery) -> None:
    """Of the wanted types, statuses and severities."""
    if query.facets is None:
        return
    # The numbers are ours, and few: as text they cost no lookup of a parameter for each row.
    conditions.add(f"t.facets IN ({', '.join(map(str, sorted(query.facets)))})")
    gravities = {gravity_in(facets) for facets in query.facets}
    if query.sort is Sort.SEVERITY and len(gravities) == 1:
        # All of one severity: they lie together in the order.
        conditions.add("t.gravity = ?", gravities.pop())


def _add_window(conditions: _Conditions, query: TicketQuery) -> None:
    """In effect at some time in the wanted window."""
    if query.overlaps_to is not None:
        conditions.add("t.start_at < ?", to_text(query.overlaps_to))
    if query.overlaps_from is not None:
        conditions.add("t.end_at > ?", to_text(query.overlaps_from))


_ALL_NUMBERS: Final = (0, 1 << 62)


def _numbers(turn: ReadTurn, org_id: int, query: TicketQuery) -> tuple[int, int]:
    """The numbers, from and to, of the tickets that were created when they should have been.

    Numbers rise with the instant of creation.
    """
    low, high = _ALL_NUMBERS
    if query.created_after is not None:
        low = _first_number(turn, org_id, query.created_after, default=high)
    if query.created_before is not None:
        high = _first_number(turn, org_id, query.created_before, default=high)
    return low, high


def _first_number(turn: ReadTurn, org_id: int, at: datetime, *, default: int) -> int:
    rows = turn.select(
        "SELECT number FROM tickets WHERE org_id = ? AND created_at >= ?"
        " ORDER BY created_at, number LIMIT 1",
        (org_id, to_text(at)),
        org_id=org_id,
    )
    return rows[0][0] if rows else default


def _searched(turn: ReadTurn, org_id: int, query: TicketQuery) -> Sequence[Found]:
    """Those that have all words, in the order of creation, until the page is full."""
    whole = len(query.words[-1][0]) < SHORTEST_BEGINNING
    searched, values = turn.searching(org_id, query.words, whole=whole)
    # The place of a page is its last number, which is told to the search itself.
    conditions = _conditions(turn, org_id, replace(query, beyond=None), by_number=True)
    if query.beyond is not None:
        conditions.add(f"d.number {'<' if query.descending else '>'} ?", query.beyond[1])
    return turn.select(
        f"SELECT t.number, t.stream, t.created_at FROM ({searched}) AS d"
        " CROSS JOIN tickets AS t ON t.number = d.number"
        f" WHERE {conditions.joined()}"
        f" ORDER BY d.number {'DESC' if query.descending else 'ASC'} LIMIT ?",
        (*values, *conditions.values, query.limit + 1),
        org_id=org_id,
    )


def _marks(group: frozenset[str]) -> str:
    return ", ".join("?" * len(group))
