"""What one submission has decided so far, before it joins the batch."""

from __future__ import annotations

from dataclasses import dataclass, field

from tocsin.core.facts import Event, stream_name
from tocsin.handler.naming import TICKET_SORTS
from tocsin.handler.submission import Submission
from tocsin.store.contract import Head, HeadChange
from tocsin.store.outgoing import Noted, Outgoing


@dataclass(slots=True, kw_only=True)
class Attempt:
    """What one submission has decided so far; joins the batch only when all of it succeeded."""

    heads: dict[tuple[int, str], HeadChange] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    outbox: list[Outgoing] = field(default_factory=list)
    noted: list[Noted] = field(default_factory=list)
    records: list[tuple[int, str, Head | None]] = field(default_factory=list)

    def ticket_named(self, org_id: int, sort: str, subject: str | None) -> str | None:
        """The stream of the ticket of that id, where it was opened or moved in this attempt."""
        if sort != "ticket" or subject is None:
            return None
        for ticket_sort in TICKET_SORTS:
            stream = stream_name(ticket_sort, subject)
            if (org_id, stream) in self.heads:
                return stream
        return None


def outcome_org(attempt: Attempt, submission: Submission) -> int:
    """The org that an attempt wrote to: a new org's own number, else the submission's."""
    for org_id, _ in attempt.heads:
        return org_id
    return submission.org_id
