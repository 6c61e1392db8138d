"""Sentences ready for the public: one for each word a ticket's public state has.

Data only, so that whoever writes to the public from elsewhere may begin with the same words. What
is in brackets is for the writer to fill in; nothing of a ticket gets in here by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tocsin.core.words import PublicIncidentStatus, PublicMaintenanceStatus, Status, TicketType


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words to begin with: ``status`` is the public word they go with, ``name`` what people choose
    by."""

    status: str
    name: str
    body: str


INCIDENT: Final = (
    Phrase(
        status=PublicIncidentStatus.INVESTIGATING.value,
        name="Investigating",
        body=(
            "We are looking into problems with [what users notice]. We will say more within"
            " [30 minutes]."
        ),
    ),
    Phrase(
        status=PublicIncidentStatus.IDENTIFIED.value,
        name="Identified",
        body=(
            "We know what causes the problems with [what users notice] and are working on it. Our"
            " next update follows within [one hour]."
        ),
    ),
    Phrase(
        status=PublicIncidentStatus.MONITORING.value,
        name="Monitoring",
        body=(
            "The problem is repaired and [what users notice] works again. We keep watching it"
            " before we call it over."
        ),
    ),
    Phrase(
        status=PublicIncidentStatus.RESOLVED.value,
        name="Resolved",
        body=(
            "This is over: [what users notice] has been normal since [time, UTC]. We are sorry"
            " for the trouble."
        ),
    ),
)
MAINTENANCE: Final = (
    Phrase(
        status=PublicMaintenanceStatus.SCHEDULED.value,
        name="Scheduled",
        body=(
            "We will work on [what] in the time announced here. Expect [what users notice, or"
            " nothing]."
        ),
    ),
    Phrase(
        status=PublicMaintenanceStatus.IN_PROGRESS.value,
        name="In progress",
        body="The announced work has begun. Expect [what users notice, or nothing].",
    ),
    Phrase(
        status=PublicMaintenanceStatus.VERIFYING.value,
        name="Verifying",
        body="The work is done, and we are checking that everything is as it should be.",
    ),
    Phrase(
        status=PublicMaintenanceStatus.COMPLETED.value,
        name="Completed",
        body="The announced work is complete. Everything works as before.",
    ),
    Phrase(
        status=PublicMaintenanceStatus.CANCELLED.value,
        name="Cancelled",
        body="The announced work will not take place. Nothing changes.",
    ),
)

_NEXT: Final = {
    Status.OPEN: PublicIncidentStatus.INVESTIGATING.value,
    Status.ACKNOWLEDGED: PublicIncidentStatus.INVESTIGATING.value,
    Status.INVESTIGATING: PublicIncidentStatus.INVESTIGATING.value,
    Status.MITIGATING: PublicIncidentStatus.IDENTIFIED.value,
    Status.MONITORING: PublicIncidentStatus.MONITORING.value,
    Status.RESOLVED: PublicIncidentStatus.RESOLVED.value,
    Status.PLANNED: PublicMaintenanceStatus.SCHEDULED.value,
    Status.IN_PROGRESS: PublicMaintenanceStatus.IN_PROGRESS.value,
    Status.COMPLETED: PublicMaintenanceStatus.COMPLETED.value,
}


def phrases_of(ticket_type: TicketType) -> tuple[Phrase, ...]:
    """What there is to begin with, in the order of the public's words."""
    return INCIDENT if ticket_type is TicketType.INCIDENT else MAINTENANCE


def public_word(ticket_type: TicketType, status: Status) -> str:
    """What the public would be told of a ticket that stands there."""
    if ticket_type is TicketType.INCIDENT:
        return _NEXT.get(status, PublicIncidentStatus.RESOLVED.value)
    if status is Status.CANCELLED:
        return PublicMaintenanceStatus.CANCELLED.value
    return _NEXT.get(status, PublicMaintenanceStatus.COMPLETED.value)
