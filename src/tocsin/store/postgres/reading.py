"""Reading a snapshot: everything here is an answer from one committed state."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
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
from tocsin.store.postgres.outgoing import OutgoingReading
from tocsin.store.postgres.searching import query_of
from tocsin.store.rows import EVENT, HEAD, RECEIPT, event_of, head_of, receipt_of
from tocsin.store.workspaces import Rows, WorkspaceReading

EVERYTHING = 1 << 62
"""More rows than there are, and behind every position."""


@lru_cache(maxsize=512)
def translated(sql: str) -> str:
    """A SELECT of the contract's in PostgreSQL's own words.

    ``?`` stands for parameters, ``CROSS JOIN … ON`` for a join that keeps its order, which
    PostgreSQL finds by itself, and ``IN ()`` for being among none, which is no grammar to it.
    """
    ours = sql.replace("%", "%%").replace("?", "%s")
    return ours.replace(" CROSS JOIN ", " JOIN ").replace(" IN ()", " IN (NULL)")


class PostgresReadTurn(OutgoingReading, WorkspaceReading):
    """One snapshot; it may touch nothing before it has said whose rows it wants."""

    def _directory(self, sql: str, parameters: Sequence[object] = ()) -> Rows:
        return self.scoped.directory(sql.replace("?", "%s"), tuple(parameters))

    def last_position(self) -> int:
        """The position of the newest event; 0 in an empty log."""
        row = self.scoped.of(None, "SELECT max(position) FROM events").fetchone()
        return 0 if row is None or row[0] is None else int(row[0])

    def oldest_code(self) -> int:
        """The number of the oldest release that may be at work here."""
        row = self.scoped.of(None, "SELECT value FROM house WHERE name = 'oldest_code'").fetchone()
        return 0 if row is None else int(row[0])

    def org(self, code: str) -> OrgRow | None:
        """The org of that code."""
        row = self.scoped.directory(
            "SELECT org_id, code FROM orgs WHERE code = %s", (code,)
        ).fetchone()
        return None if row is None else OrgRow(org_id=row[0], code=row[1])

    def orgs(self) -> Sequence[OrgRow]:
        """Every org, in the order they were made."""
        rows = self.scoped.directory("SELECT org_id, code FROM orgs ORDER BY org_id")
        return [OrgRow(org_id=number, code=code) for number, code in rows.fetchall()]

    def credential(self, key_id: str) -> CredentialRow | None:
        """The directory's half of that key."""
        row = self.scoped.directory(
            "SELECT key_id, org_id, digest FROM credentials WHERE key_id = %s", (key_id,)
        ).fetchone()
        if row is None:
            return None
        return CredentialRow(key_id=row[0], org_id=row[1], digest=bytes(row[2]))

    def page(self, slug: str) -> PageRow | None:
        """The status page at that public address, whichever org's it is."""
        row = self.scoped.directory(
            "SELECT slug, org_id, stream FROM page_slugs WHERE slug = %s", (slug,)
        ).fetchone()
        return None if row is None else PageRow(slug=row[0], org_id=row[1], stream=row[2])

    def pages(self) -> Sequence[PageRow]:
        """Every status page of every org, by slug."""
        rows = self.scoped.directory("SELECT slug, org_id, stream FROM page_slugs ORDER BY slug")
        return [
            PageRow(slug=slug, org_id=org_id, stream=stream)
            for slug, org_id, stream in rows.fetchall()
        ]

    def head(self, org_id: int, stream: str) -> Head | None:
        """The newest state of a stream."""
        row = self.scoped.of(
            org_id, f"SELECT {HEAD} FROM heads WHERE org_id = %s AND stream = %s", (org_id, stream)
        ).fetchone()
        return None if row is None else head_of(row)

    def heads(self, org_id: int, streams: Collection[str]) -> Mapping[str, Head]:
        """The newest states of those streams that exist."""
        if not streams:
            return {}
        rows = self.scoped.of(
            org_id,
            f"SELECT {HEAD} FROM heads WHERE org_id = %s AND stream = ANY(%s)",
            (org_id, sorted(streams)),
        )
        return {row[1]: head_of(row) for row in rows.fetchall()}

    def heads_of_sort(
        self, org_id: int, sort: str, *, after: str = "", limit: int | None = None
    ) -> Sequence[Head]:
        """States of one sort of stream, in the order of their ids, from behind the stream
        *after*."""
        rows = self.scoped.of(
            org_id,
            f"SELECT {HEAD} FROM heads WHERE org_id = %s AND stream > %s AND stream < %s"
            " ORDER BY stream LIMIT %s",
            (
                org_id,
                max(after, f"{sort}:"),
                f"{sort};",
                EVERYTHING if limit is None else limit,
            ),
        )
        return [head_of(row) for row in rows.fetchall()]

    def claims(self, org_id: int, claims: Collection[Claim]) -> Mapping[Claim, str]:
        """Which of *claims* are held, and by which stream."""
        if not claims:
            return {}
        wanted = list(claims)
        rows = self.scoped.of(
            org_id,
            # OFFSET 0 keeps the order: the few wanted ones are looked up, the rest never read.
            "SELECT c.kind, c.key, c.stream FROM unnest(%s::text[], %s::text[])"
            " AS wanted (kind, key) CROSS JOIN LATERAL (SELECT * FROM claims AS h"
            " WHERE h.org_id = %s AND h.kind = wanted.kind AND h.key = wanted.key OFFSET 0) AS c",
            ([kind for kind, _ in wanted], [key for _, key in wanted], org_id),
        )
        return {(kind, key): stream for kind, key, stream in rows.fetchall()}

    def claimed_by(self, org_id: int, kind: str, key: str) -> str | None:
        """The stream that holds a claim."""
        row = self.scoped.of(
            org_id,
            "SELECT stream FROM claims WHERE org_id = %s AND kind = %s AND key = %s",
            (org_id, kind, key),
        ).fetchone()
        return None if row is None else str(row[0])

    def active_tickets(self, org_id: int) -> Sequence[str]:
        """Streams of the org's tickets that are active, the oldest first."""
        rows = self.scoped.of(
            org_id,
            "SELECT stream FROM tickets WHERE org_id = %s AND facets = ANY(%s::int[])"
            " ORDER BY number",
            (org_id, sorted(facets_matching(active=True) or ())),
        )
        return [stream for (stream,) in rows.fetchall()]

    def stream_events(
        self, org_id: int, stream: str, *, after_version: int = 0, limit: int | None = None
    ) -> Sequence[Event]:
        """The events of one stream, oldest first."""
        rows = self.scoped.of(
            org_id,
            f"SELECT {EVENT} FROM events WHERE org_id = %s AND stream = %s AND version > %s"
            " ORDER BY version LIMIT %s",
            (org_id, stream, after_version, EVERYTHING if limit is None else limit),
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
        rows = self.scoped.of(
            org_id,
            f"SELECT {EVENT} FROM events WHERE org_id = %s AND stream = %s AND version < %s"
            " AND kind = ANY(%s) ORDER BY version DESC LIMIT %s",
            (
                org_id,
                stream,
                EVERYTHING if before_version is None else before_version,
                list(kinds),
                limit,
            ),
        )
        return [event_of(row) for row in rows.fetchall()]

    def newest_observed(
        self, org_id: int, kind: str, *, before: int | None = None, limit: int = 100
    ) -> Sequence[Event]:
        """Events of the org of one kind that observes, newest first, from before a position."""
        # The kinds stand here as they stand in the index, so that it is seen that it will do.
        rows = self.scoped.of(
            org_id,
            f"SELECT {EVENT} FROM events WHERE org_id = %s AND kind = %s AND position < %s"
            " AND kind IN ('incident.signal_ingested', 'maintenance.signal_ingested',"
            " 'incident.slo_violation_recorded') ORDER BY position DESC LIMIT %s",
            (org_id, kind, EVERYTHING if before is None else before, limit),
        )
        return [event_of(row) for row in rows.fetchall()]

    def org_events(self, org_id: int, *, after: int = 0, limit: int = 1000) -> Sequence[Event]:
        """The org's log behind position *after*."""
        rows = self.scoped.of(
            org_id,
            f"SELECT {EVENT} FROM events WHERE org_id = %s AND position > %s"
            " ORDER BY position LIMIT %s",
            (org_id, after, limit),
        )
        return [event_of(row) for row in rows.fetchall()]

    def log(self, *, after: int = 0, limit: int = 1000) -> Sequence[Event]:
        """The whole log behind position *after*, every org's."""
        rows = self.scoped.of(
            None,
            f"SELECT {EVENT} FROM events WHERE position > %s ORDER BY position LIMIT %s",
            (after, limit),
        )
        return [event_of(row) for row in rows.fetchall()]

    def due_deadlines(self, at: datetime, *, limit: int = 500) -> Sequence[DueDeadline]:
        """Deadlines that have come by *at*, the earliest first."""
        rows = self.scoped.of(
            None,
            "SELECT org_id, stream, kind, due_at FROM deadlines WHERE due_at <= %s"
            " ORDER BY due_at, org_id, stream, kind LIMIT %s",
            (to_text(at), limit),
        )
        return [
            DueDeadline(org_id=org_id, stream=stream, kind=kind, due_at=from_text(due_at))
            for org_id, stream, kind, due_at in rows.fetchall()
        ]

    def receipt(self, key: ReceiptKey) -> Receipt | None:
        """The answer that was given to that request, whatever its body was."""
        row = self.scoped.of(
            key.org_id,
            f"SELECT {RECEIPT} FROM receipts WHERE org_id = %s AND scope = %s AND key = %s",
            (key.org_id, key.scope, key.key),
        ).fetchone()
        return None if row is None else receipt_of(row)

    def checkpoint(self, name: str) -> int:
        """How far a follower has come; 0 before it began."""
        row = self.scoped.directory(
            "SELECT position FROM checkpoints WHERE name = %s", (name,)
        ).fetchone()
        return 0 if row is None else int(row[0])

    def select(
        self, sql: str, parameters: Sequence[object] = (), *, org_id: int | None
    ) -> Sequence[tuple[Any, ...]]:
        """Rows of a SELECT, with ``?`` for parameters, over the rows of one org; None: of all."""
        return self.scoped.searched(org_id, translated(sql), tuple(parameters)).fetchall()

    def columns(
        self, names: Sequence[str], rows: str, parameters: Sequence[object], *, org_id: int
    ) -> Sequence[str]:
        """The columns *names* of the SELECT *rows*, each as one JSON array."""
        arrays = ", ".join(f"coalesce(json_agg(found.{name})::text, '[]')" for name in names)
        written = f"SELECT {arrays} FROM ({rows}) AS found"
        (found,) = self.scoped.of(org_id, translated(written), tuple(parameters)).fetchall()
        return tuple(found)

    def using_index(self, index: str) -> str:
        """PostgreSQL knows what lies where, and chooses by itself."""
        return ""

    def searching(
        self, org_id: int, words: Sequence[Sequence[str]], *, whole: bool = False
    ) -> tuple[str, tuple[object, ...]]:
        """A SELECT of the ``number`` of each ticket that is found, and its parameters."""
        # What is searched for is part of the policy of the table: behind row-level security only
        # that is answered along an index of words. It stays so until the turn asks for another.
        self.scoped.to(org_id, search=query_of(org_id, words, whole=whole))
        return "SELECT rowid AS number FROM search WHERE org_id = ?", (org_id,)

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
        rows = self.select(
            f"{searched}{edge} ORDER BY rowid {'DESC' if descending else 'ASC'} LIMIT ?",
            (*values, limit) if beyond is None else (*values, beyond, limit),
            org_id=org_id,
        )
        return [number for (number,) in rows]
