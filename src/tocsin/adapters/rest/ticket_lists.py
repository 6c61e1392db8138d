"""Endpoints that find tickets: the list with its filters, and what is related to one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.endpoints import Endpoint, Page
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.replies import Header, Reply
from tocsin.adapters.rest.ticket_bodies import InDialect, TicketsQuery
from tocsin.adapters.rest.ticket_commands import optional_utc
from tocsin.adapters.rest.tickets import TICKET, TICKETS, ticket_head
from tocsin.core.claims import CONTRIBUTOR_CODE, CONTRIBUTOR_PUBKEY, DEVICE_CODE, LINK_CODE
from tocsin.core.dialects import severities_for, statuses_for
from tocsin.core.errors import FieldError, invalid, invalid_fields
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.records import Device, Link, Member, Policy
from tocsin.core.rows import facets_matching
from tocsin.core.ticket import Ticket
from tocsin.core.words import Severity, Status, TicketType, UnknownWord, parse_environment
from tocsin.projections.following import SEARCH
from tocsin.projections.related import sharing
from tocsin.projections.searching import spelt_words
from tocsin.projections.shapes.ticket_names import LoadedNames
from tocsin.projections.shapes.ticket_shapes import TicketShape
from tocsin.projections.shapes.tickets import ticket_shape
from tocsin.projections.tickets import Sort, TicketQuery, list_tickets
from tocsin.store.contract import ReadTurn

WAIT_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.02

_encode = msgspec.json.Encoder().encode

NOBODY = "nobody"
"""A term that no ticket has: what a filter that names nothing there is finds."""


class _Filters:
    """What a query selects by; every name it has is looked up on the snapshot."""

    def __init__(self, turn: ReadTurn, call: Call[TicketsQuery, None]) -> None:
        self._turn = turn
        self._call = call
        self._errors: list[FieldError] = []

    def groups(self) -> tuple[frozenset[str], ...]:
        """Terms: all groups must hold, of each group any."""
        query, groups = self._call.query, list[frozenset[str]]()

        def group(terms: Iterable[str], *, asked: bool) -> None:
            if asked:
                groups.append(frozenset(terms) or frozenset({NOBODY}))

        for name, code in (
            ("created_by_contributor", query.created_by_contributor),
            ("affects_contributor", query.affects_contributor),
        ):
            if code is not None:
                found = self._contributor(code)
                group([] if found is None else [f"{name}={found}"], asked=True)
        group(self._mine(), asked=query.mine)
        group(
            (f"device={one}" for one in self._assets("device", DEVICE_CODE, query.device_pubkey)),
            asked=bool(query.device_pubkey),
        )
        group(
            (f"link={one}" for one in self._assets("link", LINK_CODE, query.affected_link_pubkey)),
            asked=bool(query.affected_link_pubkey),
        )
        group((f"service={one}" for one in query.service), asked=bool(query.service))
        group((f"label={one}" for one in query.label), asked=bool(query.label))
        if query.environment is not None:
            group([f"environment={parse_environment(query.environment)}"], asked=True)
        group([f"project_id={query.project_id}"], asked=query.project_id is not None)
        group([f"correlation_key={query.correlation_key}"], asked=query.correlation_key is not None)
        if query.assignee is not None:
            group(self._assignee(query.assignee), asked=True)
        return tuple(groups)

    def facets(self) -> frozenset[int] | None:
        """The types, statuses and severities that are wanted.

        Raises:
            Invalid: unknown statuses or severities, each named.
        """
        query = self._call.query
        kind = None if query.type is None else TicketType(query.type)
        facets = facets_matching(
            types=None if kind is None else [kind],
            statuses=self._statuses(kind) if query.status else None,
            severities=self._severities() if query.severity else None,
            active=query.active,
        )
        if self._errors:
            raise invalid_fields(self._errors)
        return facets

    def _statuses(self, kind: TicketType | None) -> set[Status]:
        found: set[Status] = set()
        for word in self._call.query.status:
            try:
                found |= statuses_for(word, self._call.dialect, kind)
            except UnknownWord as unknown:
                self._unknown("status", unknown)
        return found

    def _severities(self) -> set[Severity]:
        head = self._turn.head(self._call.org_id, "policy:policy")
        state = None if head is None else head.state
        policy = state if isinstance(state, Policy) else DEFAULT_POLICY
        found: set[Severity] = set()
        for word in self._call.query.severity:
            try:
                found |= severities_for(word, self._call.dialect, policy.severity_levels)
            except UnknownWord as unknown:
                self._unknown("severity", unknown)
        return found

    def _unknown(self, field: str, unknown: UnknownWord) -> None:
        detail = str(unknown).partition(": ")[2]
        self._errors.append(FieldError(field, "unknown_word", detail))

    def _contributor(self, name: str) -> str | None:
        org_id = self._call.org_id
        for kind in (CONTRIBUTOR_CODE, CONTRIBUTOR_PUBKEY):
            stream = self._turn.claimed_by(org_id, kind, name)
            if stream is not None:
                return stream.partition(":")[2]
        return None

    def _mine(self) -> list[str]:
        access = self._call.granted
        terms = [f"created_by={access.member_id}", f"assignee=member:{access.member_id}"]
        bound_to = access.contributor_id
        if bound_to is not None:
            terms += [
                f"created_by_contributor={bound_to}",
                f"affects_contributor={bound_to}",
                f"assignee=contributor:{bound_to}",
            ]
        return terms

    def _assets(self, sort: str, kind: str, names: list[str]) -> list[str]:
        """Pubkeys; a code is looked up, anything else is taken for a pubkey."""
        if not names:
            return []
        claims = self._turn.claims(self._call.org_id, {(kind, name) for name in names})
        heads = self._turn.heads(self._call.org_id, set(claims.values()))
        by_code = {
            head.state.code: head.state.pubkey
            for head in heads.values()
            if isinstance(head.state, Device | Link)
        }
        return [by_code.get(name, name) for name in names]

    def _assignee(self, name: str) -> list[str]:
        head = self._turn.head(self._call.org_id, f"member:{name}")
        if head is not None and isinstance(head.state, Member):
            return [f"assignee=member:{name}"]
        found = self._contributor(name)
        return [] if found is None else [f"assignee=contributor:{found}"]


def _bound_to(query: TicketsQuery) -> tuple[str, str]:
    """What a cursor belongs to: everything that was asked except how much of it and from where."""
    asked = msgspec.to_builtins(query)
    for name in ("cursor", "limit", "wait_for", "dialect"):
        asked.pop(name)
    if query.status or query.severity:
        asked["dialect"] = query.dialect
    return ("tickets", msgspec.json.encode(asked, order="sorted").decode())


def _span(query: TicketsQuery, first: str, last: str) -> tuple[datetime | None, datetime | None]:
    """The two instants of those names.

    Raises:
        Invalid: the second is before the first; nothing would be in between.
    """
    begin, end = (optional_utc(getattr(query, name), field=name) for name in (first, last))
    if begin is not None and end is not None and end < begin:
        raise invalid(first, "wrong_order", f"must not be after {last}")
    return begin, end


def _found(turn: ReadTurn, call: Call[TicketsQuery, None]) -> tuple[Page[TicketShape], int]:
    query = call.query
    bound_to = _bound_to(query)
    place = call.place(query.cursor, *bound_to)
    words: tuple[tuple[str, ...], ...] = ()
    if query.q is not None:
        words = spelt_words(turn, call.org_id, query.q)
        if not words:
            raise invalid("q", "required", "name at least one word to look for")
    wanted = _Filters(turn, call)
    created_after, created_before = _span(query, "created_after", "created_before")
    overlaps_from, overlaps_to = _span(query, "overlaps_from", "overlaps_to")
    page = list_tickets(
        turn,
        org_id=call.org_id,
        query=TicketQuery(
            terms=wanted.groups(),
            facets=wanted.facets(),
            created_after=created_after,
            created_before=created_before,
            overlaps_from=overlaps_from,
            overlaps_to=overlaps_to,
            words=words,
            sort=Sort(query.sort),
            descending=query.direction == "desc",
            limit=query.limit,
            beyond=None if place is None else (place[0], int(place[1])),
        ),
    )
    tickets = [head.state for head in page.heads if isinstance(head.state, Ticket)]
    names = LoadedNames(turn, org_id=call.org_id, tickets=tickets)
    return (
        Page(
            items=[ticket_shape(one, names, dialect=call.dialect) for one in tickets],
            next_cursor=None if page.next is None else call.cursor(page.next, *bound_to),
        ),
        turn.checkpoint(SEARCH),
    )


async def _list(acting: Acting) -> Reply:
    call: Call[TicketsQuery, None] = acting.call
    if call.query.q is not None and call.query.wait_for is not None:
        await _indexed(call, call.query.wait_for)

    def look(turn: ReadTurn) -> tuple[bytes, int]:
        page, indexed = _found(turn, call)
        return _encode(page), indexed

    body, indexed = await acting.look(look, reads="ticket")
    headers: tuple[Header, ...] = ()
    if call.query.q is not None:
        headers = ((b"x-indexed-position", b"%d" % indexed),)
    return Reply(status=200, body=body, headers=headers)


async def _indexed(call: AnyCall, position: int) -> None:
    """Wait until the search index has come to *position*, two seconds at most."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_SECONDS
    bell = call.gateway.announcer.subscribe()
    try:
        while loop.time() < deadline:
            if await call.gateway.read(lambda turn: turn.checkpoint(SEARCH)) >= position:
                return
            await asyncio.wait({asyncio.ensure_future(bell.wait())}, timeout=_POLL_SECONDS)
            bell.clear()
    finally:
        call.gateway.announcer.unsubscribe(bell)


class Related(msgspec.Struct, kw_only=True):
    """A ticket, and why it may have to do with this one."""

    ticket: TicketShape
    reasons: list[str]


def _related(turn: ReadTurn, call: Call[InDialect, None]) -> Page[Related]:
    head, ticket = ticket_head(turn, call)
    reasons = dict(_reasons(ticket))
    found = sharing(turn, org_id=call.org_id, number=head.number, terms=list(reasons))
    tickets = [(other.state, terms) for other, terms in found if isinstance(other.state, Ticket)]
    names = LoadedNames(turn, org_id=call.org_id, tickets=[other for other, _ in tickets])
    return Page(
        items=[
            Related(
                ticket=ticket_shape(other, names, dialect=call.dialect),
                reasons=[reasons[term] for term in terms],
            )
            for other, terms in tickets
        ]
    )


def _reasons(ticket: Ticket) -> Iterable[tuple[str, str]]:
    for key in ticket.correlation_keys:
        yield f"correlation_key={key}", f"correlation key {key}"
    for pubkey in ticket.links:
        yield f"link={pubkey}", f"link {pubkey}"
    for pubkey in ticket.devices:
        yield f"device={pubkey}", f"device {pubkey}"
    for code in ticket.services:
        yield f"service={code}", f"service {code}"


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path=TICKETS,
        tag="tickets",
        summary="List tickets, by any of their filters.",
        description=(
            "Repeated parameters mean: any of these; different ones: all of them. Every ticket"
            " present throughout comes exactly once by created_at; updated_at ascending misses"
            " nothing, and is the sort for synchronising. q finds all its words, the last as a"
            " beginning, in the order of creation; X-Indexed-Position says how far the search"
            " has come."
        ),
        query=TicketsQuery,
        answer=Page[TicketShape],
        act=_list,
    ),
    Endpoint(
        method="GET",
        path=f"{TICKET}/related",
        tag="tickets",
        summary="Find tickets that may have to do with this one, each with the reasons.",
        query=InDialect,
        answer=Page[Related],
        look=_related,
        reads="ticket",
    ),
)
