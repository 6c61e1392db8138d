"""Endpoints of calendars: what is planned as MAINTNOTE, to subscribe to, and one maintenance as a
file (Integrations: MAINTNOTE).

Who writes them is the app's choice (:class:`tocsin.adapters.rest.calendar_writer.CalendarWriter`).
A calendar is bounded: rather than without bound it comes without the oldest of what is over, and
says so; it is refused rather than that something is missing which is still to come.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from tocsin.adapters.rest.calendar_writer import CalendarWriter
from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.endpoints import Endpoint
from tocsin.adapters.rest.pipeline import Acting
from tocsin.adapters.rest.record_answers import found
from tocsin.adapters.rest.replies import Header, Reply
from tocsin.adapters.rest.ticket_bodies import Instant, Key, Query
from tocsin.adapters.rest.ticket_commands import optional_utc
from tocsin.adapters.rest.tickets import TICKET, ticket_head
from tocsin.core.errors import FieldError, NotFound, invalid, invalid_fields
from tocsin.core.pubkeys import NotAPubkey, parse_pubkey
from tocsin.core.records import Contributor, Device, Link, Org
from tocsin.core.rows import facets_matching
from tocsin.core.ticket import Ticket
from tocsin.core.words import TicketType
from tocsin.projections.shapes.ticket_names import LoadedNames
from tocsin.projections.tickets import Sort, TicketQuery, list_tickets
from tocsin.store.contract import ReadTurn

CALENDAR: Final = "text/calendar"
LOOKS_BACK: Final = timedelta(days=90)
"""So long what is over stays in the calendar, unless asked otherwise."""

MOST: Final = 1_000
"""Maintenances of one calendar."""

MOST_OCTETS: Final = 900_000
"""About how long a calendar may be."""

REFRESH: Final = timedelta(minutes=15)
LEFT_OUT: Final = (
    f"Not everything is here: one calendar has at most {MOST:,} maintenances, and about 900 kB. Of"
    " what is over the oldest were left out; ask for a part by contributor, device, link, from or"
    " to."
)

_CONTENT_TYPE: Final[Header] = (b"content-type", b"text/calendar; charset=utf-8")
_REVALIDATED: Final[Header] = (b"cache-control", b"private, no-cache")
_FILE: Final = re.compile(r"/v1(?:/orgs/(?P<org>[^/]+))?/tickets/(?P<ticket>[^/]+)\.ics")
_HOST: Final = re.compile(
    r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?"
)
_ASSET_OCTETS: Final = 70
_EVENT_OCTETS: Final = 700

Name = Annotated[Key, Meta(description="By code or pubkey.")]
Concerned = Annotated[Key, Meta(description="Who planned it, or whose things it has effect on.")]
From = Annotated[
    Instant,
    Meta(
        description=(
            "In effect after. Unless given, everything planned or under way, and of what is over"
            " the last 90 days."
        )
    ),
]


class CalendarQuery(Query):
    """Which maintenances; parameters that may be repeated mean: any of these."""

    contributor: list[Concerned] = msgspec.field(default_factory=list)
    device: list[Name] = msgspec.field(default_factory=list)
    link: list[Name] = msgspec.field(default_factory=list)
    from_: From | None = msgspec.field(default=None, name="from")
    to: Annotated[Instant, Meta(description="In effect before.")] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """What is in a calendar, read from one snapshot; ``whole`` unless something is left out."""

    tickets: Sequence[Ticket]
    names: LoadedNames
    org: Org
    whole: bool


def file_at(path: str) -> tuple[Endpoint, Mapping[str, str]] | None:
    """The endpoint of one maintenance as a file, and the names in *path*, if it is one's path.

    The router takes a name for all that is between two slashes, and would have the suffix in it.
    """
    parts = _FILE.fullmatch(path)
    if parts is None:
        return None
    names = {name: text for name, text in parts.groupdict().items() if text is not None}
    return (ONE_OF_ORG if "org" in names else ONE), names


# -- what is in it -------------------------------------------------------------------------------


def _named(turn: ReadTurn, call: Call[CalendarQuery, None]) -> tuple[frozenset[str], ...]:
    """What is asked for as terms: all groups must hold, of each group any.

    Raises:
        Invalid: something that is not there; its calendar would be empty, and believed.
    """
    query, org_id = call.query, call.org_id
    groups: list[list[str]] = [[], [], []]
    missing: list[FieldError] = []

    def miss(sort: str, number: int, name: str) -> None:
        field, detail = f"{sort}[{number}]", f"there is no {sort} {name[:64]!r} here"
        missing.append(FieldError(field, f"unknown_{sort}", detail))

    for number, name in enumerate(query.contributor):
        who = found(turn, org_id, Contributor, "contributor", name)
        if who is None:
            miss("contributor", number, name)
        else:
            groups[0] += (f"created_by_contributor={who.id}", f"affects_contributor={who.id}")
    for number, name in enumerate(query.device):
        device = found(turn, org_id, Device, "device", name)
        if device is None and not _is_pubkey(name):
            miss("device", number, name)
        groups[1].append(f"device={name if device is None else device.pubkey}")
    for number, name in enumerate(query.link):
        link = found(turn, org_id, Link, "link", name)
        if link is None and not _is_pubkey(name):
            miss("link", number, name)
        groups[2].append(f"link={name if link is None else link.pubkey}")
    if missing:
        raise invalid_fields(missing)
    return tuple(frozenset(group) for group in groups if group)


def _is_pubkey(text: str) -> bool:
    """Whether *text* may name what has left the registry, or never was in it."""
    try:
        parse_pubkey(text)
    except NotAPubkey:
        return False
    return True


def _choose(turn: ReadTurn, call: Call[CalendarQuery, None]) -> _Chosen:
    begin = optional_utc(call.query.from_, field="from")
    end = optional_utc(call.query.to, field="to")
    if begin is not None and end is not None and begin >= end:
        raise invalid("from", "wrong_order", "must be before to")
    terms = _named(turn, call)

    def listed(*, active: bool, since: datetime | None) -> list[Ticket]:
        page = list_tickets(
            turn,
            org_id=call.org_id,
            query=TicketQuery(
                terms=terms,
                facets=facets_matching(types=[TicketType.MAINTENANCE], active=active),
                overlaps_from=since,
                overlaps_to=end,
                sort=Sort.START_AT,
                descending=not active,
                limit=MOST + 1,
            ),
        )
        return [head.state for head in page.heads if isinstance(head.state, Ticket)]

    chosen, whole = _within(listed(active=True, since=begin), [])
    if not whole:
        raise invalid(
            "to",
            "too_many",
            f"more is planned than one calendar holds, {MOST:,} maintenances and about 900 kB; ask"
            " for a part of it by contributor, device, link, from or to",
        )
    over = listed(active=False, since=_ninety_days_ago(call) if begin is None else begin)
    chosen, whole = _within(over, chosen)
    chosen.sort(key=lambda ticket: (ticket.start_at, ticket.ref))
    return _Chosen(
        tickets=chosen,
        names=LoadedNames(turn, org_id=call.org_id, tickets=chosen),
        org=_org(turn, call),
        whole=whole,
    )


def _within(more: Iterable[Ticket], chosen: Sequence[Ticket]) -> tuple[list[Ticket], bool]:
    """*chosen*, and of *more* in its order what has room beside it; and whether that is all."""
    kept = list(chosen)
    octets = sum(map(_octets, kept))
    for ticket in more:
        octets += _octets(ticket)
        if len(kept) == MOST or octets > MOST_OCTETS:
            return kept, False
        kept.append(ticket)
    return kept, True


def _octets(ticket: Ticket) -> int:
    """About how long it will be."""
    affected = len(ticket.devices) + len(ticket.links) + len(ticket.services)
    texts = len(ticket.title.encode()) + len(ticket.description.encode())
    return _EVENT_OCTETS + texts + affected * _ASSET_OCTETS


def _ninety_days_ago(call: AnyCall) -> datetime:
    return max(call.now(), datetime.min.replace(tzinfo=UTC) + LOOKS_BACK) - LOOKS_BACK


def _org(turn: ReadTurn, call: AnyCall) -> Org:
    (head,) = turn.heads_of_sort(call.org_id, "org", limit=1)
    assert isinstance(head.state, Org)
    return head.state


def _choose_one(turn: ReadTurn, call: AnyCall) -> _Chosen:
    _, ticket = ticket_head(turn, call)
    if ticket.type is not TicketType.MAINTENANCE:
        raise NotFound(f"{ticket.ref} is an incident; only a maintenance has a place in a calendar")
    return _Chosen(
        tickets=[ticket],
        names=LoadedNames(turn, org_id=call.org_id, tickets=[ticket]),
        org=_org(turn, call),
        whole=True,
    )


# -- answering -----------------------------------------------------------------------------------


async def _many(acting: Acting) -> Reply:
    call: Call[CalendarQuery, None] = acting.call
    writer = _writer(call)
    chosen = await acting.look(lambda turn: _choose(turn, call), reads="ticket")
    remark = None if chosen.whole else LEFT_OUT
    disposition = b'inline; filename="maintenance.ics"'
    return await _answer(call, writer, chosen, disposition, refresh=REFRESH, remark=remark)


async def _one(acting: Acting) -> Reply:
    call = acting.call
    writer = _writer(call)
    chosen = await acting.look(lambda turn: _choose_one(turn, call), reads="ticket")
    (ticket,) = chosen.tickets
    disposition = b'attachment; filename="%s"' % writer.file_name(ticket).encode("ascii")
    return await _answer(call, writer, chosen, disposition)


def _writer(call: AnyCall) -> CalendarWriter:
    writer = call.gateway.calendars
    if writer is None:
        raise NotFound("this gateway writes no calendars")
    return writer


async def _answer(
    call: AnyCall,
    writer: CalendarWriter,
    chosen: _Chosen,
    disposition: bytes,
    *,
    refresh: timedelta | None = None,
    remark: str | None = None,
) -> Reply:
    """The calendar, unless whoever asks has these very bytes already."""
    base_url = _base_url(call)

    def write() -> bytes:
        return writer.calendar(
            chosen.tickets,
            org=chosen.org,
            names=chosen.names,
            base_url=base_url,
            refresh=refresh,
            remark=remark,
        )

    # Beside the loop as reading is, and after it: no snapshot is held open for writing it down.
    body = await asyncio.get_running_loop().run_in_executor(call.gateway.readers, write)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers: tuple[Header, ...] = ((b"etag", tag.encode()),)
    if _has(call.header("if-none-match"), tag):
        return Reply(status=304, content_type=_CONTENT_TYPE, caching=_REVALIDATED, headers=headers)
    return Reply(
        status=200,
        body=body,
        content_type=_CONTENT_TYPE,
        caching=_REVALIDATED,
        headers=(*headers, (b"content-disposition", disposition)),
    )


def _has(given: str | None, tag: str) -> bool:
    """Whether an If-None-Match header names *tag*; a proxy that packs it may have made it weak."""
    if given is None:
        return False
    tags = {one.strip().removeprefix("W/") for one in given.split(",")}
    return tag in tags or tags == {"*"}


def _base_url(call: AnyCall) -> str:
    """The address of this gateway; where it is not told, the name that it was asked by, if that
    is one."""
    told = call.gateway.public_url
    if told is not None:
        return told
    host = call.header("host") or ""
    if _HOST.fullmatch(host) is None:
        return "http://localhost"
    try:
        urlsplit(f"http://{host}")
    except ValueError:
        return "http://localhost"
    return f"http://{host}"


_HOW = (
    " A program that sends no headers of its own gives the API key as the password of HTTP Basic,"
    " with any user name."
)
_HELD = {304: "If-None-Match names what it is now."}


def _calendar(path: str) -> Endpoint:
    return Endpoint(
        method="GET",
        path=path,
        tag="calendars",
        summary="The maintenance calendar, to subscribe to (MAINTNOTE).",
        description=(
            "One VEVENT per maintenance. A change keeps its UID and raises its SEQUENCE. Without"
            " from, everything planned or under way and what was over in the last 90 days; at most"
            f" {MOST:,}, and a calendar from which the oldest were left out says so. Its ETag is"
            f" of what it says.{_HOW}"
        ),
        query=CalendarQuery,
        answer=str,
        answer_type=CALENDAR,
        act=_many,
        basic=True,
        others=_HELD,
    )


def _file(path: str) -> Endpoint:
    return Endpoint(
        method="GET",
        path=path,
        tag="calendars",
        summary="One maintenance as a calendar file, by id or ref (MAINTNOTE).",
        description=(
            f"An update keeps the UID and raises SEQUENCE. An incident has none: that is 404.{_HOW}"
        ),
        answer=str,
        answer_type=CALENDAR,
        act=_one,
        basic=True,
        others=_HELD,
    )


CALENDAR_OF_ORG: Final = _calendar("/v1/orgs/{org}/maintenance.ics")
ONE_OF_ORG: Final = _file(f"{TICKET}.ics")
ONE: Final = _file("/v1/tickets/{ticket}.ics")

ENDPOINTS: tuple[Endpoint, ...] = (
    CALENDAR_OF_ORG,
    _calendar("/v1/maintenance.ics"),
    ONE_OF_ORG,
    ONE,
)
