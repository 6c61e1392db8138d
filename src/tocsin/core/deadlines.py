"""What a ticket waits for, until when (Domain: reminder, start, overran, auto-close).

Only maintenances wait for the clock; incidents are closed by people. The policy that a deadline
needs was copied into the ticket when it was set.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tocsin.core.instants import HOUR
from tocsin.core.ticket import Ticket
from tocsin.core.words import Status, TicketType

DeadlineKind = Literal["reminder", "start", "overrun", "close"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Something that happens by itself at ``due_at``, unless something else happens first."""

    kind: DeadlineKind
    due_at: datetime


def deadlines_of(ticket: Ticket) -> tuple[Deadline, ...]:
    """Everything *ticket* waits for, by rising ``due_at``; equal ones in the order of its life."""
    if ticket.type is TicketType.INCIDENT or ticket.end_at is None:
        return ()
    found: list[Deadline] = []
    if ticket.status is Status.PLANNED:
        if not ticket.reminded and ticket.reminder_before_hours is not None:
            reminder_at = ticket.start_at - ticket.reminder_before_hours * HOUR
            due_at = max(reminder_at, ticket.created_at)
            # Planned after its own start: due all the same, recorded as late, before anything else.
            found.append(Deadline(kind="reminder", due_at=due_at))
        if ticket.auto_start:
            due_at = max(ticket.start_at, ticket.created_at)
            found.append(Deadline(kind="start", due_at=due_at))
    if ticket.status is Status.IN_PROGRESS and not ticket.overran:
        due_at = max(ticket.end_at, ticket.last_status_at)
        found.append(Deadline(kind="overrun", due_at=due_at))
    if ticket.status in _CLOSED_BY_CLOCK and ticket.auto_close_after_hours is not None:
        quiet_since = max(ticket.end_at, ticket.last_word_at)
        due_at = quiet_since + ticket.auto_close_after_hours * HOUR
        found.append(Deadline(kind="close", due_at=due_at))
    found.sort(key=_due_at)
    return tuple(found)


_CLOSED_BY_CLOCK = frozenset({Status.PLANNED, Status.IN_PROGRESS, Status.COMPLETED})


def _due_at(deadline: Deadline) -> datetime:
    return deadline.due_at
