"""The parts that several forms have: which ticket, what is written, where it goes, how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tocsin.adapters.slack import fields
from tocsin.adapters.slack.contract import PICK_SERVICE
from tocsin.adapters.slack.fields import Block, Carried, Option, field, option, select, words
from tocsin.core import incident, maintenance
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_reading import NAME, TITLE
from tocsin.core.words import (
    INCIDENT_STATUSES,
    PublicImpact,
    PublicIncidentStatus,
    PublicMaintenanceStatus,
    RootCause,
    Status,
    TicketType,
)


def carrying(carried: Carried, ticket: Ticket | None) -> Carried:
    """*carried*, with *ticket* in it."""
    if ticket is None:
        return carried
    return replace(carried, ticket=ticket.id, ref=ticket.ref, kind=ticket.type.value)


def which(ticket: Ticket | None, *, over_too: bool = False) -> list[Block]:
    """Which ticket the form is about: a line on it, or where it is not known a picker."""
    if ticket is None:
        return [fields.ticket_picker(over_too=over_too)]
    standing = f"{ticket.severity.value} · {fields.readable(ticket.status).lower()}"
    return [fields.about(f"{ticket.ref} · {standing}\n{ticket.title}")]


def title(initial: str) -> Block:
    """The title of a new ticket."""
    return field(
        fields.TITLE,
        "Title",
        fields.text_input(initial=initial, longest=TITLE, shown="In one line"),
    )


def long_text(block_id: str, label: str, initial: str, *, optional: bool = False) -> Block:
    """A text of several lines; what does not fit of *initial* is cut, and that is said."""
    shortened = len(initial) > fields.LONGEST_INPUT
    return field(
        block_id,
        label,
        fields.text_input(initial=initial, lines=True),
        optional=optional,
        hint="Cut to 3,000 characters: a form takes no more." if shortened else None,
    )


def description(initial: str) -> Block:
    """The description of a new ticket."""
    return long_text(fields.DESCRIPTION, "Description", initial, optional=True)


def reporter(initial: str) -> Block:
    """Who reported it."""
    return field(
        fields.REPORTER,
        "Reporter",
        fields.text_input(initial=initial, longest=NAME),
        optional=True,
    )


def statuses(ticket: Ticket | None) -> list[Option]:
    """Where *ticket* may go from where it stands; every status there is, where it is not known."""
    if ticket is None:
        shown: Sequence[Status] = [
            *(status for status in INCIDENT_STATUSES[1:] if status is not Status.CANCELLED),
            Status.IN_PROGRESS,
            Status.COMPLETED,
            Status.CANCELLED,
        ]
        marks = {Status.IN_PROGRESS: " (maintenance)", Status.COMPLETED: " (maintenance)"}
        found = [
            option(fields.readable(status) + marks.get(status, ""), status.value)
            for status in shown
        ]
        return [*found, *_cancelled_as()]
    moves = incident.MOVES if ticket.type is TicketType.INCIDENT else maintenance.MOVES
    # A select has no empty list of options: what is over for good offers to stay so.
    found = words(moves[ticket.status] or (ticket.status,))
    if Status.CANCELLED in moves[ticket.status]:
        found += _cancelled_as()
    return found


def _cancelled_as() -> list[Option]:
    return [
        option("Cancelled: declined", "declined"),
        option("Cancelled: invalid", "invalid"),
    ]


def ended(ticket: Ticket | None, *, resolution: str = "") -> list[Block]:
    """What is asked of a ticket that ends: what helped, what it came from, and when."""
    known = "" if ticket is None or ticket.resolution is None else ticket.resolution
    cause = None if ticket is None else ticket.root_cause
    blocks = [long_text(fields.RESOLUTION, "Resolution", resolution or known, optional=True)]
    if ticket is None or ticket.type is TicketType.INCIDENT:
        blocks.append(
            field(
                fields.ROOT_CAUSE,
                "Root cause",
                select(words(RootCause), initial=cause),
                optional=True,
            )
        )
    return [
        *blocks,
        *fields.moment(
            fields.RESOLVED_DATE,
            fields.RESOLVED_TIME,
            "Resolution time",
            optional=True,
            hint="In UTC, whatever your own zone. Left empty: now.",
        ),
    ]


def public_statuses(kind: TicketType) -> list[str]:
    """The words that the public is told of a ticket of that *kind*."""
    statuses = PublicIncidentStatus if kind is TicketType.INCIDENT else PublicMaintenanceStatus
    return [status.value for status in statuses]


def impacts(chosen: Sequence[tuple[str, PublicImpact]], names: Mapping[str, str]) -> list[Block]:
    """Which services are shown how: one field for each impact.

    ``names`` are the names of services by code.
    """
    return [
        field(
            block_id,
            label,
            fields.search_many(
                PICK_SERVICE,
                shown="Type a name",
                initial=[
                    option(names.get(code, code), code) for code, shown in chosen if shown is impact
                ],
            ),
            optional=True,
        )
        for block_id, label, impact in (
            (fields.DEGRADED, "Services that are degraded", PublicImpact.DEGRADED),
            (fields.PARTIAL, "Services with a partial outage", PublicImpact.PARTIAL),
            (fields.MAJOR, "Services with a major outage", PublicImpact.MAJOR),
        )
    ]
