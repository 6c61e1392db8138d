"""The first page: what is open, what is planned, and what waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from tocsin.core.permissions import may_read
from tocsin.core.records import Connector
from tocsin.core.rows import facets_matching
from tocsin.core.ticket import Ticket
from tocsin.core.words import Severity, Status, TicketType
from tocsin.handler.admission import Admission
from tocsin.projections.arrivals import WantedSignals, newest_signals
from tocsin.projections.connector_health import last_payloads, silent_since
from tocsin.projections.tickets import Sort, TicketQuery, list_tickets
from tocsin.store.contract import ReadTurn
from tocsin.store.outgoing import Trouble
from tocsin.web.dashboard.rows import Line, lines
from tocsin.web.dashboard.views import Tab, tabs

MOST_INCIDENTS: Final = 200
MOST_MAINTENANCES: Final = 50
NEXT_SHOWN: Final = 5
MOST_ALERTS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Incidents of one severity, the oldest first."""

    severity: Severity
    incidents: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """A connector that is not heard of, and since when."""

    name: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for a person. None is what the reader may not know.

    ``alerts`` is how many alerts no ticket has, counted up to :data:`MOST_ALERTS`;
    ``unacknowledged`` how many incidents nobody has taken.
    """

    unacknowledged: int
    alerts: int | None
    parked: int | None
    silent: tuple[Silent, ...] | None

    @property
    def nothing(self) -> bool:
        """Whether nobody has to do anything."""
        return not (self.unacknowledged or self.alerts or self.parked or self.silent)

    @property
    def more_alerts(self) -> bool:
        """Whether there may be more than were counted."""
        return self.alerts == MOST_ALERTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """Everything that the first page shows, of one snapshot at ``at``.

    ``more_incidents`` and ``more_next`` are whether there are more than are shown;
    ``newly_founded`` whether this org never had a ticket; ``tabs`` are the reader's views of the
    list.
    """

    at: datetime
    groups: tuple[Group, ...]
    more_incidents: bool
    under_way: tuple[Line, ...]
    next: tuple[Line, ...]
    more_next: bool
    waiting: Waiting
    newly_founded: bool
    tabs: tuple[Tab, ...]

    @property
    def open(self) -> int:
        """How many incidents are shown."""
        return sum(len(group.incidents) for group in self.groups)


def glance(turn: ReadTurn, admitted: Admission, *, at: datetime) -> Glance:
    """What *admitted* sees first at the instant *at*."""
    incidents, more_incidents = _incidents(turn, admitted)
    under_way, _ = _maintenances(turn, admitted, status=Status.IN_PROGRESS, most=MOST_MAINTENANCES)
    upcoming, more_next = _maintenances(turn, admitted, status=Status.PLANNED, most=NEXT_SHOWN)
    anything = bool(incidents or under_way or upcoming)
    return Glance(
        at=at,
        groups=tuple(
            Group(severity=severity, incidents=tuple(found))
            for severity, found in groupby(incidents, key=lambda line: line.severity)
        ),
        more_incidents=more_incidents,
        under_way=under_way,
        next=upcoming,
        more_next=more_next,
        waiting=_waiting(turn, admitted, incidents, at=at),
        newly_founded=not anything and not _any_ticket(turn, admitted),
        tabs=tabs(turn, admitted),
    )


def _incidents(turn: ReadTurn, admitted: Admission) -> tuple[tuple[Line, ...], bool]:
    """Worst first, then oldest first; of very many the worst."""
    page = list_tickets(
        turn,
        org_id=admitted.org_id,
        query=TicketQuery(
            facets=facets_matching(types=[TicketType.INCIDENT], active=True),
            sort=Sort.SEVERITY,
            limit=MOST_INCIDENTS,
        ),
    )
    found = [head.state for head in page.heads if isinstance(head.state, Ticket)]
    found.sort(key=lambda ticket: (ticket.severity.rank, ticket.start_at, ticket.ref))
    return lines(turn, admitted, found), page.next is not None


def _maintenances(
    turn: ReadTurn, admitted: Admission, *, status: Status, most: int
) -> tuple[tuple[Line, ...], bool]:
    """Those of that status, the first to begin first."""
    page = list_tickets(
        turn,
        org_id=admitted.org_id,
        query=TicketQuery(
            facets=facets_matching(types=[TicketType.MAINTENANCE], statuses=[status]),
            sort=Sort.START_AT,
            descending=False,
            limit=most,
        ),
    )
    found = [head.state for head in page.heads if isinstance(head.state, Ticket)]
    return lines(turn, admitted, found), page.next is not None


def _any_ticket(turn: ReadTurn, admitted: Admission) -> bool:
    page = list_tickets(turn, org_id=admitted.org_id, query=TicketQuery(limit=1))
    return bool(page.heads)


def _waiting(
    turn: ReadTurn, admitted: Admission, incidents: Sequence[Line], *, at: datetime
) -> Waiting:
    org_id, access = admitted.org_id, admitted.access
    return Waiting(
        unacknowledged=sum(line.status is Status.OPEN for line in incidents),
        alerts=_unattached(turn, org_id) if may_read(access, "inbox") else None,
        parked=_parked(turn, org_id) if may_read(access, "delivery") else None,
        silent=_silent(turn, org_id, at=at) if may_read(access, "connector") else None,
    )


def _unattached(turn: ReadTurn, org_id: int) -> int:
    wanted = WantedSignals(unattached=True, state="firing")
    return len(newest_signals(turn, org_id, wanted, before=None, limit=MOST_ALERTS))


def _parked(turn: ReadTurn, org_id: int) -> int:
    counts = turn.noted_count(org_id)
    return sum(number for (_, state), number in counts.items() if state is Trouble.PARKED)


def _silent(turn: ReadTurn, org_id: int, *, at: datetime) -> tuple[Silent, ...]:
    expected = [
        head.state
        for head in turn.heads_of_sort(org_id, "connector")
        if isinstance(head.state, Connector)
        and head.state.removed_at is None
        and head.state.expected_every_minutes is not None
    ]
    heard = last_payloads(turn, org_id, [one.id for one in expected])
    found = [(one.name, silent_since(one, heard.get(one.id), at=at)) for one in expected]
    silent = [Silent(name=name, since=since) for name, since in found if since is not None]
    return tuple(sorted(silent, key=lambda one: (one.since, one.name)))
