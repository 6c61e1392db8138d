"""Maintenance as the calendar shows it: when it is in effect, whose it is, and what it meets.

What meets what is said by the tickets themselves (Domain: overlap): both carry it, whichever of
them a filter shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tocsin.core.overlaps import work_of
from tocsin.core.rows import facets_matching
from tocsin.core.ticket import SharedAsset, Ticket
from tocsin.core.words import ACTIVE_MAINTENANCE, Status, TicketType
from tocsin.projections.shapes.ticket_names import LoadedNames
from tocsin.projections.tickets import Sort, TicketQuery, list_tickets
from tocsin.store.contract import ReadTurn
from tocsin.web.dashboard import addresses
from tocsin.web.pictures.calendar import Window

MOST: Final = 500
"""Maintenances of one page."""

_SHORTEST: Final = timedelta(minutes=1)
_SHOWN: Final = frozenset(Status) - {Status.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """Another maintenance at the same time on ``shared``; both are from ``start`` to ``end``."""

    ref: str
    title: str
    shared: tuple[str, ...]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A maintenance. ``start`` and ``end`` are when it is in effect: what overran lasts until now.

    ``planner`` is the name of who planned it, ``affects`` codes, ``owners`` names of others whose
    assets it touches.
    """

    ref: str
    title: str
    status: Status
    start: datetime
    end: datetime
    planned_end: datetime
    planner: str | None
    owners: tuple[str, ...]
    affects: tuple[str, ...]
    clashes: tuple[Clash, ...]
    overran: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """What is in effect between two instants, in order; ``whole`` unless there is more."""

    entries: tuple[Entry, ...]
    whole: bool

    @property
    def met(self) -> Mapping[str, tuple[str, ...]]:
        """The refs that each maintenance meets."""
        return {
            entry.ref: tuple(clash.ref for clash in entry.clashes)
            for entry in self.entries
            if entry.clashes
        }

    @property
    def windows(self) -> tuple[Window, ...]:
        """All of them as windows of a picture, by ref."""
        return tuple(window(entry) for entry in self.entries)


def window(entry: Entry) -> Window:
    """*entry* as a window of a picture, by ref."""
    return Window(
        id=entry.ref,
        title=f"{entry.title} ({entry.ref})",
        start=entry.start,
        end=entry.end,
        contributor=entry.planner,
        address=addresses.ticket(entry.ref),
    )


def entries_between(
    turn: ReadTurn,
    org_id: int,
    *,
    since: datetime,
    until: datetime,
    terms: tuple[frozenset[str], ...],
    cancelled: bool,
    at: datetime,
) -> Entries:
    """The maintenances with *terms* that are in effect between *since* and *until*; *at* is now."""
    statuses = frozenset(Status) if cancelled else _SHOWN
    page = list_tickets(
        turn,
        org_id=org_id,
        query=TicketQuery(
            terms=terms,
            facets=facets_matching(types=[TicketType.MAINTENANCE], statuses=statuses),
            overlaps_from=since,
            overlaps_to=until,
            sort=Sort.START_AT,
            descending=False,
            limit=MOST,
        ),
    )
    # What is under way may have begun earlier, and last longer, than was planned.
    going = list_tickets(
        turn,
        org_id=org_id,
        query=TicketQuery(
            terms=terms,
            facets=facets_matching(types=[TicketType.MAINTENANCE], statuses=[Status.IN_PROGRESS]),
            sort=Sort.START_AT,
            descending=False,
            limit=MOST,
        ),
    )
    tickets = {
        head.state.id: head.state
        for head in (*page.heads, *going.heads)
        if isinstance(head.state, Ticket)
    }
    found = entries(turn, org_id, tickets.values(), at=at)
    return Entries(
        entries=tuple(one for one in found if one.start < until and one.end > since),
        whole=page.next is None and going.next is None,
    )


def entries(
    turn: ReadTurn, org_id: int, tickets: Iterable[Ticket], *, at: datetime
) -> tuple[Entry, ...]:
    """*tickets* as entries, in the order of their beginnings; *at* is now."""
    shown = tuple(tickets)
    names = LoadedNames(turn, org_id=org_id, tickets=shown)
    found = [_entry(ticket, names, at=at) for ticket in shown]
    return tuple(sorted(found, key=lambda one: (one.start, one.end, one.ref)))


def in_effect(ticket: Ticket, *, at: datetime) -> tuple[datetime, datetime]:
    """From when until when *ticket* is, or was, in effect; what overran lasts until now, *at*."""
    work = work_of(ticket)
    end = work.end_at
    if ticket.status is Status.IN_PROGRESS:
        end = max(end, at)
    elif ticket.actual_end_at is not None:
        end = ticket.actual_end_at
    return work.start_at, max(end, work.start_at + _SHORTEST)


def shared_words(shared: Sequence[SharedAsset]) -> tuple[str, ...]:
    """What two maintenances share: ``device ams-1``, ``both sides of link ams-fra``."""
    return tuple(
        f"{'both sides of ' if one.reason == 'other_side' else ''}{one.kind} {one.code}"
        for one in shared
    )


def _entry(ticket: Ticket, names: LoadedNames, *, at: datetime) -> Entry:
    start, end = in_effect(ticket, at=at)
    devices = (names.device(pubkey) for pubkey in ticket.devices)
    links = (names.link(pubkey) for pubkey in ticket.links)
    planner = None if ticket.contributor_id is None else names.contributor(ticket.contributor_id)
    owners = (
        names.contributor(identity)
        for identity in ticket.affected_contributors
        if identity != ticket.contributor_id
    )
    return Entry(
        ref=ticket.ref,
        title=ticket.title,
        status=ticket.status,
        start=start,
        end=end,
        planned_end=ticket.end_at or end,
        planner=None if planner is None else planner.name,
        owners=tuple(sorted(one.name for one in owners if one is not None)),
        affects=(
            *ticket.services,
            *(one.code for one in devices if one is not None),
            *(one.code for one in links if one is not None),
        ),
        clashes=_clashes(ticket, names, at=at),
        overran=ticket.status is Status.IN_PROGRESS
        and ticket.end_at is not None
        and ticket.end_at < at,
    )


def _clashes(ticket: Ticket, names: LoadedNames, *, at: datetime) -> tuple[Clash, ...]:
    if ticket.status not in ACTIVE_MAINTENANCE:
        return ()
    start, end = in_effect(ticket, at=at)
    found = []
    for overlap in ticket.conflicts:
        other = names.ticket(overlap.ticket_id)
        if other is None or other.status not in ACTIVE_MAINTENANCE:
            continue
        its_start, its_end = in_effect(other, at=at)
        found.append(
            Clash(
                ref=other.ref,
                title=other.title,
                shared=shared_words(overlap.shared),
                start=max(start, its_start),
                end=min(end, its_end),
            )
        )
    return tuple(sorted(found, key=lambda one: (one.start, one.ref)))
