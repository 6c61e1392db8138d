"""Whether what followers wrote is what they should have written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tocsin.core.claims import STATUS_PAGE_CODE
from tocsin.core.measured import turns_in
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import NoteAdded
from tocsin.projections.documents import NEWEST_NOTES, document_of, notes_in
from tocsin.projections.following import SEARCH
from tocsin.projections.measuring import INCIDENTS, MEASURES, measured_row
from tocsin.projections.public_notices import PUBLIC, notice_in_log
from tocsin.store.codec import decoded_event
from tocsin.store.contract import LogDamaged, ReadTurn, Store
from tocsin.store.measuring import MEASURED, measured_values
from tocsin.store.public_notices import (
    PUBLIC_NOTICES,
    PublicNoticeRow,
    public_notice_values,
)

TICKETS_AT_ONCE: Final = 500


def problems_of_pages(store: Store) -> Iterator[str]:
    """Status pages that are not found at their public addresses, addresses of none, and tickets
    that are not shown there as the public was told of them."""
    with store.reading() as turn:
        held = turn.select(
            "SELECT key, org_id, stream FROM claims WHERE kind = ?",
            (STATUS_PAGE_CODE,),
            org_id=None,
        )
        found = {(row.slug, row.org_id, row.stream) for row in turn.pages()}
    for slug, _, stream in sorted(found ^ {(row[0], row[1], row[2]) for row in held}):
        yield f"{stream} is not found at /status/{slug} as it is; run: tocsin db rebuild"
    yield from _problems_of_notices(store)


def _problems_of_notices(store: Store) -> Iterator[str]:
    """Nothing while their follower is still behind; read some at a time, each on a snapshot."""
    after = 0
    while True:
        with store.reading() as turn:
            last = turn.last_position()
            if not last or turn.checkpoint(PUBLIC) < last:
                return  # what is not followed yet is no mistake
            rows = turn.select(
                "SELECT org_id, number, stream FROM tickets WHERE number > ?"
                " ORDER BY number LIMIT ?",
                (after, TICKETS_AT_ONCE),
                org_id=None,
            )
            for org_id, number, stream in rows:
                yield from _problem_noticed(turn, org_id, number, stream)
        if len(rows) < TICKETS_AT_ONCE:
            return
        after = rows[-1][1]


def _problem_noticed(turn: ReadTurn, org_id: int, number: int, stream: str) -> Iterator[str]:
    head = turn.head(org_id, stream)
    if head is None or not isinstance(head.state, Ticket):
        return  # the check of the states says so
    stored = turn.select(
        f"SELECT {PUBLIC_NOTICES} FROM public_notices WHERE org_id = ? AND number = ?",
        (org_id, number),
        org_id=org_id,
    )
    wanted: list[tuple[object, ...]] = []
    if head.state.public_updates:
        try:
            notice = notice_in_log(turn, org_id, stream, until=turn.last_position())
        except LogDamaged:
            return  # the check of the log says so
        if notice is not None and notice.is_public:
            row = PublicNoticeRow(org_id=org_id, number=number, notice=notice)
            wanted.append(public_notice_values(row))
    if [tuple(row) for row in stored] != wanted:
        yield f"ticket {head.state.ref} is not public as it is; run: tocsin db rebuild"


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


def problems_of_measures(store: Store) -> Iterator[str]:
    """Incidents that are not measured as they are; nothing while measures are still behind.

    Read some at a time, each on a snapshot of its own.
    """
    after = 0
    while True:
        with store.reading() as turn:
            last = turn.last_position()
            if not last or turn.checkpoint(MEASURES) < last:
                return  # what is not followed yet is no mistake
            rows = turn.select(
                "SELECT org_id, number, stream FROM tickets WHERE number > ?"
                " ORDER BY number LIMIT ?",
                (after, TICKETS_AT_ONCE),
                org_id=None,
            )
            for org_id, number, stream in rows:
                if stream.startswith(INCIDENTS):
                    yield from _problem_measured(turn, org_id, number, stream)
        if len(rows) < TICKETS_AT_ONCE:
            return
        after = rows[-1][1]


def _problem_measured(turn: ReadTurn, org_id: int, number: int, stream: str) -> Iterator[str]:
    head = turn.head(org_id, stream)
    if head is None or not isinstance(head.state, Ticket):
        return  # the check of the states says so
    moves = turn.select(
        "SELECT position, public, private FROM events WHERE org_id = ? AND stream = ?"
        " AND kind = 'incident.status_changed' ORDER BY version",
        (org_id, stream),
        org_id=org_id,
    )
    try:
        events = [
            decoded_event(position=position, org_id=org_id, public=public, private=private)
            for position, public, private in moves
        ]
    except LogDamaged:
        return  # the check of the log says so
    stored = turn.select(
        f"SELECT {MEASURED} FROM measured WHERE org_id = ? AND number = ?",
        (org_id, number),
        org_id=org_id,
    )
    if [tuple(row) for row in stored] != [measured_values(measured_row(head, turns_in(events)))]:
        yield f"incident {head.state.ref} is not measured as it is; run: tocsin db rebuild"
