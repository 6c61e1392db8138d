"""What follows on other streams from what happened on one (Domain: overlap, relations, service).

The writer submits these commands by the system after the decision, in the same commit. Each is
idempotent, so following one back to where it came from changes nothing.
"""

from __future__ import annotations

from tocsin.core.commands import ClearOverlap, Command, NoteOverlap, NoteRelation
from tocsin.core.evidence import Given
from tocsin.core.facts import stream_name
from tocsin.core.ticket import Overlap, Relation, Ticket
from tocsin.core.ticket_reading import ticket_named
from tocsin.core.words import TicketType

Consequence = tuple[str, Command]
"""A stream, and what is asked of it."""


def consequences(before: Ticket | None, after: Ticket, given: Given) -> tuple[Consequence, ...]:
    """The commands to other streams that follow from *before* having become *after*.

    The other maintenance hears of an overlap found, changed or cleared, and the other ticket of the
    far end of a tie. *given* is what the decision was given.
    """
    found: list[Consequence] = []
    known = () if before is None else before.conflicts
    if known != after.conflicts:
        for overlap in after.conflicts:
            if overlap not in known:
                mirrored = Overlap(ticket_id=after.id, shared=overlap.shared)
                found.append((_maintenance(overlap.ticket_id), NoteOverlap(overlap=mirrored)))
        left = {overlap.ticket_id for overlap in after.conflicts}
        found.extend(
            (_maintenance(overlap.ticket_id), ClearOverlap(ticket_id=after.id))
            for overlap in known
            if overlap.ticket_id not in left
        )
    tied = () if before is None else before.relations
    for relation in after.relations:
        if relation.inverse or relation in tied:
            continue
        other = ticket_named(relation.ticket_id, given=given)
        if other is not None:
            inverse = Relation(kind=relation.kind, ticket_id=after.id, inverse=True)
            found.append((other.stream, NoteRelation(relation=inverse)))
    return tuple(found)


def discovered(before: Ticket | None, after: Ticket, given: Given) -> tuple[str, ...]:
    """Codes of services that a ticket names and nobody knows yet: each is to be made, marked so."""
    known = () if before is None else before.services
    if known == after.services:
        return ()
    return tuple(
        code
        for code in after.services
        if code not in known and given.directory.service(code) is None
    )


def _maintenance(identity: str) -> str:
    return stream_name(TicketType.MAINTENANCE.value, identity)
