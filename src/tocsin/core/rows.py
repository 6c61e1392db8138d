"""How lists find a ticket: what they sort by, what they filter by (Design: core).

From its own stream's state only; what a list shows is the state itself.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Final

from tocsin.core.instants import to_text
from tocsin.core.ticket import Ticket
from tocsin.core.words import Severity, Status, TicketType, is_active

OPEN_END: Final = "9999-12-31T23:59:59.999999Z"
"""The end, in a row, of what has none yet."""

_STATUSES: Final = tuple(Status)
_TYPES: Final = tuple(TicketType)


@dataclass(frozen=True, slots=True)
class Row:
    """What a list sorts by, instants as text: later ones are greater.

    ``gravity`` is 4 for sev1 down to 0 for sev5; ``end_at`` is :data:`OPEN_END` while there is no
    end; ``facets`` packs type, status and severity into one number (:func:`facets_of`).
    """

    created_at: str
    updated_at: str
    gravity: int
    start_at: str
    end_at: str
    facets: int


def row_of(ticket: Ticket) -> Row:
    """The row of *ticket*."""
    created_at = to_text(ticket.created_at)
    return Row(
        created_at=created_at,
        updated_at=created_at
        if ticket.updated_at == ticket.created_at
        else to_text(ticket.updated_at),
        gravity=gravity_of(ticket.severity),
        start_at=created_at if ticket.start_at == ticket.created_at else to_text(ticket.start_at),
        end_at=OPEN_END if ticket.end_at is None else to_text(ticket.end_at),
        facets=facets_of(ticket.type, ticket.status, ticket.severity),
    )


def gravity_of(severity: Severity) -> int:
    """4 for sev1 down to 0 for sev5."""
    return 5 - severity.rank


def gravity_in(facets: int) -> int:
    """The gravity of the severity that *facets* have."""
    return 5 - facets % 8


@cache
def facets_of(ticket_type: TicketType, status: Status, severity: Severity) -> int:
    """Type, status and severity as one small number, never to change: it is in the database."""
    return (_TYPES.index(ticket_type) * 32 + _STATUSES.index(status)) * 8 + severity.rank


def facets_matching(
    *,
    types: Collection[TicketType] | None = None,
    statuses: Collection[Status] | None = None,
    severities: Collection[Severity] | None = None,
    active: bool | None = None,
) -> frozenset[int] | None:
    """The facets of every ticket of these types, statuses and severities; None for all of them."""
    if types is None and statuses is None and severities is None and active is None:
        return None
    return frozenset(
        facets_of(ticket_type, status, severity)
        for ticket_type in (TicketType if types is None else types)
        for status in (Status if statuses is None else statuses)
        if active is None or is_active(status) is active
        for severity in (Severity if severities is None else severities)
    )


def terms_of(ticket: Ticket) -> frozenset[str]:
    """The filter terms *ticket* is found by: ``device=<pubkey>``, ``label=routing``, …

    ``window=<pubkey>`` is there for each asset of a maintenance while that is active: where
    overlaps are looked for, under every pubkey that :func:`tocsin.core.overlaps.touched` names.
    ``holding=<pubkey>`` is there for each asset of an incident that keeps it from service.
    """
    terms = [f"environment={ticket.environment}", f"created_by={ticket.created_by.id}"]
    if ticket.contributor_id is not None:
        terms.append(f"created_by_contributor={ticket.contributor_id}")
    if ticket.project_id is not None:
        terms.append(f"project_id={ticket.project_id}")
    if ticket.assignee is not None:
        terms.append(f"assignee={ticket.assignee.kind}:{ticket.assignee.id}")
    terms += [f"affects_contributor={identity}" for identity in ticket.affected_contributors]
    terms += [f"device={pubkey}" for pubkey in ticket.devices]
    terms += [f"link={pubkey}" for pubkey in ticket.links]
    terms += [f"service={code}" for code in ticket.services]
    terms += [f"label={label}" for label in ticket.labels]
    terms += [f"correlation_key={key}" for key in ticket.correlation_keys]
    if ticket.type is TicketType.MAINTENANCE and is_active(ticket.status):
        terms += [f"window={pubkey}" for pubkey in (*ticket.devices, *ticket.links)]
    if ticket.holds_back:
        terms += [f"holding={pubkey}" for pubkey in (*ticket.devices, *ticket.links)]
    return frozenset(terms)
