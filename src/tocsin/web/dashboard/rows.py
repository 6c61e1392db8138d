"""A ticket as a line of a page: what it says of itself, and the names of what it names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tocsin.core.records import Contributor
from tocsin.core.ticket import Ticket
from tocsin.core.words import Severity, Status, TicketType
from tocsin.handler.admission import Admission
from tocsin.projections.shapes.ticket_names import LoadedNames
from tocsin.store.contract import ReadTurn


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One ticket. ``affects`` are the codes of services, devices and links, ``assignee`` a name or
    None, ``mine`` whether it is the reader's to do; instants are aware and UTC."""

    ref: str
    type: TicketType
    title: str
    severity: Severity
    status: Status
    affects: tuple[str, ...]
    services: tuple[str, ...]
    assignee: str | None
    mine: bool
    start_at: datetime
    end_at: datetime | None
    updated_at: datetime
    overran: bool
    conflicts: int


def lines(turn: ReadTurn, admitted: Admission, tickets: Iterable[Ticket]) -> tuple[Line, ...]:
    """*tickets* as lines, in their order."""
    shown = tuple(tickets)
    names = LoadedNames(turn, org_id=admitted.org_id, tickets=shown)
    return tuple(_line(ticket, names, admitted) for ticket in shown)


def _line(ticket: Ticket, names: LoadedNames, admitted: Admission) -> Line:
    devices = (names.device(pubkey) for pubkey in ticket.devices)
    links = (names.link(pubkey) for pubkey in ticket.links)
    return Line(
        ref=ticket.ref,
        type=ticket.type,
        title=ticket.title,
        severity=ticket.severity,
        status=ticket.status,
        affects=(
            *ticket.services,
            *(one.code for one in devices if one is not None),
            *(one.code for one in links if one is not None),
        ),
        services=ticket.services,
        assignee=_assignee(ticket, names),
        mine=_is_mine(ticket, admitted),
        start_at=ticket.actual_start_at or ticket.start_at,
        end_at=ticket.end_at,
        updated_at=ticket.updated_at,
        overran=ticket.overran,
        conflicts=len(ticket.conflicts),
    )


def _assignee(ticket: Ticket, names: LoadedNames) -> str | None:
    if ticket.assignee is None:
        return None
    if ticket.assignee.kind == "member":
        member = names.member(ticket.assignee.id)
        return None if member is None else member.name
    contributor = names.contributor(ticket.assignee.id)
    return None if contributor is None else contributor.name


def _is_mine(ticket: Ticket, admitted: Admission) -> bool:
    """Whether it is assigned to the reader, or to whom the reader belongs to."""
    if ticket.assignee is None:
        return False
    bound_to: Contributor | None = admitted.contributor
    return ticket.assignee.id == admitted.member.id or (
        bound_to is not None and ticket.assignee.id == bound_to.id
    )
