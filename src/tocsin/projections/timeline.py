"""The timeline of a ticket: everything that happened to it, in order (Domain: timeline).

Read from the log itself, where a ticket's events lie together: it is never behind, and what was
erased there is erased here.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tocsin.projections.sentences import sentence_of
from tocsin.store.codec import Document, documents_of
from tocsin.store.contract import Head, ReadTurn


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
        "text": sentence_of(outside["kind"], data),
        "data": data,
    }


_encode = msgspec.json.Encoder().encode


def read_timeline(turn: ReadTurn, *, head: Head, after: int, limit: int) -> list[bytes]:
    """Entries of the ticket of *head* behind the position *after*, oldest first, as JSON."""
    return [
        _encode(entry_of(*documents_of(public, private, position=position), position=position))
        for position, public, private in turn.select(
            "SELECT position, public, private FROM events WHERE org_id = ? AND stream = ?"
            " AND position > ? ORDER BY version LIMIT ?",
            (head.org_id, head.stream, after, limit),
            org_id=head.org_id,
        )
    ]
