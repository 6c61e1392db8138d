"""The timeline of a ticket: everything that happened to it, in order (Domain: timeline)."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tocsin.store.codec import Document, documents_of
from tocsin.store.contract import Head, ReadTurn, TimelineRow

TICKETS: Final = ("incident:", "maintenance:")
"""How the streams begin whose events belong on a timeline."""


def entry_of(outside: Document, inside: Document, *, position: int) -> dict[str, Any]:
    """An event, given as its two stored documents, as an entry of its ticket's timeline.

    ``at`` is when it is said to have happened, ``recorded_at`` when it was recorded; both are
    shown. ``data`` is all that the fact says, old and new values included.
    """
    data = {**outside["data"], **inside["data"]}
    actor = inside["actor"]
    return {
        "position": position,
        "version": outside["version"],
        "event": outside["id"],
        "kind": outside["kind"],
        "at": data.get("at", outside["recorded_at"]),
        "recorded_at": outside["recorded_at"],
        "actor": {
            "type": actor["type"],
            "id": actor["id"],
            "name": actor["name"],
            "contributor": actor.get("contributor"),
        },
        "via": inside["via"],
        "data": data,
    }


_encode = msgspec.json.Encoder().encode


def timeline_row(
    outside: Document, inside: Document, *, org_id: int, number: int, position: int
) -> TimelineRow:
    """The row of an event on the timeline of the ticket with that number."""
    return TimelineRow(
        org_id=org_id,
        number=number,
        position=position,
        at=outside["recorded_at"],
        entry=_encode(entry_of(outside, inside, position=position)),
    )


def read_timeline(
    turn: ReadTurn, *, head: Head, followed: int, after: int, limit: int
) -> list[bytes]:
    """Entries of the ticket of *head* behind the position *after*, oldest first, as JSON.

    The follower has come as far as *followed*; what was recorded since is read from the log, so
    that whoever wrote it sees it.
    """
    entries: list[bytes] = [
        entry
        for (entry,) in turn.select(
            "SELECT entry FROM timeline WHERE org_id = ? AND number = ? AND position > ?"
            " ORDER BY position LIMIT ?",
            (head.org_id, head.number, after, limit),
        )
    ]
    if len(entries) < limit:
        for position, public, private in turn.select(
            "SELECT position, public, private FROM events WHERE org_id = ? AND stream = ?"
            " AND position > ? ORDER BY version LIMIT ?",
            (head.org_id, head.stream, max(followed, after), limit - len(entries)),
        ):
            outside, inside = documents_of(public, private, position=position)
            entries.append(_encode(entry_of(outside, inside, position=position)))
    return entries
