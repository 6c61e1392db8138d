"""Whether what followers wrote is what they should have written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import NoteAdded
from tocsin.projections.documents import NEWEST_NOTES, document_of, notes_in
from tocsin.projections.following import SEARCH
from tocsin.store.contract import ReadTurn, Store

TICKETS_AT_ONCE: Final = 500


def problems_of_search(store: Store) -> Iterator[str]:
    """Tickets that the search index does not have as they are; nothing while it is still behind.

    Read some at a time, each on a snapshot of its own.
    """
    after = 0
    while True:
        with store.reading() as turn:
            if turn.checkpoint(SEARCH) < turn.last_position():
                return  # what is not followed yet is no mistake
            rows = turn.select(
                "SELECT t.org_id, t.number, t.stream, s.text FROM tickets AS t"
                " LEFT JOIN search AS s ON s.rowid = t.number WHERE t.number > ?"
                " ORDER BY t.number LIMIT ?",
                (after, TICKETS_AT_ONCE),
                org_id=None,
            )
            for org_id, _, stream, text in rows:
                yield from _problem_of(turn, org_id, stream, text)
        if len(rows) < TICKETS_AT_ONCE:
            return
        after = rows[-1][1]


def _problem_of(turn: ReadTurn, org_id: int, stream: str, text: str | None) -> Iterator[str]:
    head = turn.head(org_id, stream)
    if head is None or not isinstance(head.state, Ticket):
        return  # the check of the states says so
    kind = NoteAdded.kinds[head.state.type.value]
    notes = turn.newest_events(org_id, stream, [kind], limit=NEWEST_NOTES)
    if document_of(head.state, notes_in(reversed(notes))) != text:
        yield f"ticket {head.state.ref} is not searched as it is; run: tocsin db rebuild"
