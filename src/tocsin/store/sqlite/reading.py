"""Reading a snapshot: everything here is an answer from one committed state."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from tocsin.core.claims import Claim
from tocsin.core.facts import Event
from tocsin.core.instants import from_text, to_text
from tocsin.core.rows import facets_matching
from tocsin.store.contract import (
    CredentialRow,
    DueDeadline,
    Head,
    OrgRow,
    PageRow,
    Receipt,
    ReceiptKey,
)
from tocsin.store.rows import EVENT, HEAD, RECEIPT, event_of, head_of, receipt_of
from tocsin.store.sqlite.connecting import Connection
from tocsin.store.sqlite.measuring import MeasuredReading
from tocsin.store.sqlite.outgoing import OutgoingReading
from tocsin.store.sqlite.searching import match_of
from tocsin.store.workspaces import Rows, WorkspaceReading


class SqliteReadTurn(OutgoingReading, WorkspaceReading, MeasuredReading):
    """One snapshot. ``connection`` is inside a transaction for as long as the turn lasts."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)

    def _directory(self, sql: str, parameters: Sequence[object] = ()) -> Rows:
        return self.connection.execute(sql, tuple(parameters))

    def last_position(self) -> int:
        """The position of the newest event; 0 in an empty log."""
        row = self.connection.execute("SELECT max(position) FROM events").fetchone()
        return row[0] or 0

    def oldest_code(self) -> int:
        """The number of the oldest release that may be at work here."""
        row = self.connection.execute("SELECT value FROM house WHERE name = 'oldest_code'")
        return int(row.fetchone()[0])

    def org(self, code: str) -> OrgRow | None:
        """The org of that code."""
        row = self.connection.execute(
            "SELECT org_id, code FROM orgs WHERE code = ?", (code,)
        ).fetchone()
        return None if row is None else OrgRow(org_id=row[0], code=row[1])

    def orgs(self) -> Sequence[OrgRow]:
        """Every org, in the order they were made."""
        rows = self.connection.execute("SELECT org_id, code FROM orgs ORDER BY org_id")
        return [OrgRow(org_id=number, code=code) for number, code in rows.fetchall()]

    def credential(self, key_id: str) -> CredentialRow | None:
        """The directory's half of that key."""
        row = self.connection.execute(
            "SELECT key_id, org_id, digest FROM credentials WHERE key_id = ?", (key_id,)
        ).fetchone()
        return None if row is None else CredentialRow(key_id=row[0], org_id=row[1], digest=row[2])

    def page(self, slug: str) -> PageRow | None:
        """The status page at that public address, whichever org's it is."""
        row = self.connection.execute(
            "SELECT slug, org_id, stream FROM page_slugs WHERE slug = ?", (slug,)
        ).fetchone()
        return None if row is None else PageRow(slug=row[0], org_id=row[1], stream=row[2])

    def pages(self) -> Sequence[PageRow]:
        """Every status page of every org, by slug."""
        rows = self.connection.execute("SELECT slug, org_id, stream FROM page_slugs ORDER BY slug")
        return [
            PageRow(slug=slug, org_id=org_id, stream=stream)
            for slug, org_id, stream in rows.fetchall()
        ]

    def head(self, org_id: int, stream: str) -> Head | None:
        """The newest state of a stream."""
        row = self.connection.execute(
            f"SELECT {HEAD} FROM heads WHERE org_id = ? AND stream = ?", (org_id, stream)
        ).fetchone()
        return None if row is None else head_of(row)

    def heads(self, org_id: int, streams: Collection[str]) -> Mapping[str, Head]:
        """The newest states of those streams that exist."""
        if not streams:
            return {}
        rows = self.connection.execute(
            f"SELECT {HEAD} FROM heads WHERE org_id = ?"
            " AND stream IN (SELECT value FROM json_each(?))",
            (org_id, json.dumps(sorted(streams))),
        )
        return {row[1]: head_of(row) for row in rows.fetchall()}

    def heads_of_sort(
        self, org_id: int, sort: str, *, after: str = "", limit: int | None = None
    ) -> Sequence[Head]:
        """States of one sort of stream, in the order of their ids, from behind the stream
        *after*."""
        rows = self.connection.execute(
            f"SELECT {HEAD} FROM heads WHERE org_id = ? AND stream > ? AND stream < ?"
            " ORDER BY stream LIMIT ?",
            (org_id, max(after, f"{sort}:"), f"{sort};", -1 if limit is None else limit),
        )
        return [head_of(row) for row in rows.fetchall()]

    def claims(self, org_id: int, claims: Collection[Claim]) -> Mapping[Claim, str]:
        """Which of *claims* are held, and by which stream."""
        if not claims:
            return {}
        # CROSS JOIN keeps the order: the few wanted ones are looked up, the rest never read.
        rows = self.connection.execute(
            "SELECT c.kind, c.key, c.stream FROM json_each(?) AS wanted CROSS JOIN claims AS c"
            " ON c.org_id = ? AND c.kind = json_extract(wanted.value, '$[0]')"
            " AND c.key = json_extract(wanted.value, '$[1]')",
            (json.dumps(list(claims)), org_id),
        )
        return {(kind, key): stream for kind, key, stream in rows.fetchall()}

    def claimed_by(self, org_id: int, kind: str, key: str) -> str | None:
        """The stream that holds a claim."""
        row = self.connection.execute(
            "SELECT stream FROM claims WHERE org_id = ? AND kind = ? AND key = ?",
            (org_id, kind, key),
        ).fetchone()
        return None if row is None else row[0]

    def active_tickets(self, org_id: int) -> Sequence[str]:
        """Streams of the org's tickets that are active, the oldest first."""
        rows = self.connection.execute(
            "SELECT stream FROM tickets WHERE org_id = ?"
            " AND facets IN (SELECT value FROM json_each(?)) ORDER BY number",
            (org_id, json.dumps(sorted(facets_matching(active=True) or ()))),
        )
        return [stream for (stream,) in rows.fetchall()]

    def stream_events(
        self, org_id: int, stream: str, *, after_version: int = 0, limit: int | None = None
    ) -> Sequence[Event]:
        """The events of one stream, oldest first."""
        rows = self.connection.execute(
            f"SELECT {EVENT} FROM events WHERE org_id = ? AND stream = ? AND version > ?"
            " ORDER BY version LIMIT ?",
            (org_id, stream, after_version, -1 if limit is None else limit),
        )
        return [event_of(row) for row in rows.fetchall()]

    def newest_events(
        self,
        org_id: int,
        stream: str,
        kinds: Collection[str],
        *,
        before_version: int | None = None,
        limit: int = 100,
    ) -> Sequence[Event]:
        """Events of one stream and of these kinds, newest first, from before a version."""
        rows = self.connection.execute(
            f"SELECT {EVENT} FROM events WHERE org_id = ? AND stream = ? AND version < ?"
            f" AND kind IN ({', '.join('?' * len(kinds))}) ORDER BY version DESC LIMIT ?",
            (org_id, stream, 1 << 62 if before_version is None else before_version, *kinds, limit),
        )
        return [event_of(row) for row in rows.fetchall()]

    def newest_observed(
        self, org_id: int, kind: str, *, before: int | None = None, limit: int = 100
    ) -> Sequence[Event]:
        """Events of the org of one kind that observes, newest first, from before a position."""
        # The kinds stand here as they stand in the index, so that SQLite sees that it will do.
        rows = self.connection.execute(
            f"SELECT {EVENT} FROM events INDEXED BY events_observed"
            " WHERE org_id = ? AND kind = ? AND position < ?"
            " AND kind IN ('incident.signal_ingested', 'maintenance.signal_ingested',"
            " 'incident.slo_violation_recorded') ORDER BY position DESC LIMIT ?",
            (org_id, kind, 1 << 62 if before is None else before, limit),
        )
        return [event_of(row) for row in rows.fetchall()]

    def org_events(self, org_id: int, *, after: int = 0, limit: int = 1000) -> Sequence[Event]:
        """The org's log behind position *after*."""
        rows = self.connection.execute(
            f"SELECT {EVENT} FROM events WHERE org_id = ? AND position > ?"
            " ORDER BY position LIMIT ?",
            (org_id, after, limit),
        )
        return [event_of(row) for row in rows.fetchall()]

    def log(self, *, after: int = 0, limit: int = 1000) -> Sequence[Event]:
        """The whole log behind position *after*, every org's."""
        rows = self.connection.execute(
            f"SELECT {EVENT} FROM events WHERE position > ? ORDER BY position LIMIT ?",
            (after, limit),
        )
        return [event_of(row) for row in rows.fetchall()]

    def due_deadlines(self, at: datetime, *, limit: int = 500) -> Sequence[DueDeadline]:
        """Deadlines that have come by *at*, the earliest first."""
        rows = self.connection.execute(
            "SELECT org_id, stream, kind, due_at FROM deadlines WHERE due_at <= ?"
            " ORDER BY due_at, org_id, stream, kind LIMIT ?",
            (to_text(at), limit),
        )
        return [
            DueDeadline(org_id=org_id, stream=stream, kind=kind, due_at=from_text(due_at))
            for org_id, stream, kind, due_at in rows.fetchall()
        ]

    def receipt(self, key: ReceiptKey) -> Receipt | None:
        """The answer that was given to that request, whatever its body was."""
        row = self.connection.execute(
            f"SELECT {RECEIPT} FROM receipts WHERE org_id = ? AND scope = ? AND key = ?",
            (key.org_id, key.scope, key.key),
        ).fetchone()
        return None if row is None else receipt_of(row)

    def checkpoint(self, name: str) -> int:
        """How far a follower has come; 0 before it began."""
        row = self.connection.execute(
            "SELECT position FROM checkpoints WHERE name = ?", (name,)
        ).fetchone()
        return 0 if row is None else row[0]

    def select(
        self, sql: str, parameters: Sequence[object] = (), *, org_id: int | None
    ) -> Sequence[tuple[Any, ...]]:
        """Rows of a SELECT, with ``?`` for parameters; its own conditions keep it to an org."""
        return self.connection.execute(sql, tuple(parameters)).fetchall()

    def using_index(self, index: str) -> str:
        """Without statistics SQLite guesses, and an order with a limit is what it guesses worst."""
        return f"INDEXED BY {index}"

    def searching(
        self, org_id: int, words: Sequence[Sequence[str]], *, whole: bool = False
    ) -> tuple[str, tuple[object, ...]]:
        """A SELECT of the ``number`` of each ticket that is found, and its parameters."""
        match = match_of(self.connection, org_id, words, whole=whole)
        return "SELECT rowid AS number FROM search WHERE search MATCH ?", (match,)

    def search(
        self,
        org_id: int,
        words: Sequence[Sequence[str]],
        *,
        whole: bool = False,
        descending: bool = True,
        beyond: int | None = None,
        limit: int = 50,
    ) -> Sequence[int]:
        """Numbers of tickets whose document has all *words*, of the last one the beginning unless
        it is *whole*."""
        if not words:
            return []
        searched, values = self.searching(org_id, words, whole=whole)
        edge = "" if beyond is None else f" AND rowid {'<' if descending else '>'} ?"
        rows = self.connection.execute(
            f"{searched}{edge} ORDER BY rowid {'DESC' if descending else 'ASC'} LIMIT ?",
            (*values, limit) if beyond is None else (*values, beyond, limit),
        )
        return [number for (number,) in rows.fetchall()]
