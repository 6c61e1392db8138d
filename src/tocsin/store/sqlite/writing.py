"""Writing a turn: what was decided, and everything that must be true with it, in one
transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from tocsin.core.facts import Event
from tocsin.core.instants import from_text, to_text
from tocsin.store.codec import emptied
from tocsin.store.contract import (
    Batch,
    Document,
    HeadChange,
    Receipt,
    ReceiptKey,
)
from tocsin.store.digests import (
    GENESIS,
    digest_of_remaining,
)
from tocsin.store.rows import (
    RECEIPT,
    Row,
    claim_rows,
    deadline_rows,
    event_of,
    event_rows,
    head_rows,
    outbox_rows,
    page_rows,
    position_in,
    receipt_of,
    receipt_row,
    term_rows,
    ticket_rows,
)
from tocsin.store.sqlite.arrivals import ArrivalWriting
from tocsin.store.sqlite.bulk import insert
from tocsin.store.sqlite.connecting import Connection
from tocsin.store.sqlite.measuring import MeasuredWriting
from tocsin.store.sqlite.outgoing import OutgoingWriting
from tocsin.store.sqlite.public_notices import PublicNoticesWriting
from tocsin.store.sqlite.reading import SqliteReadTurn
from tocsin.store.sqlite.searching import org_token
from tocsin.store.workspaces import WorkspaceWriting


class SqliteWriteTurn(
    OutgoingWriting,
    WorkspaceWriting,
    MeasuredWriting,
    PublicNoticesWriting,
    ArrivalWriting,
    SqliteReadTurn,
):
    """The one writing transaction; ``moved`` tells whether another connection wrote since the last
    that was asked about it."""

    def __init__(self, connection: Connection, *, moved: bool) -> None:
        super().__init__(connection)
        self._moved = moved
        self.has_told_who_moved = False

    def moved_since(self, position: int) -> Sequence[tuple[int, str]]:
        """Streams that others moved after *position*; empty when nobody else wrote."""
        self.has_told_who_moved = True
        if not self._moved:
            return ()
        rows = self.connection.execute(
            "SELECT DISTINCT org_id, stream FROM events WHERE position > ?", (position,)
        )
        return [(org_id, stream) for org_id, stream in rows.fetchall()]

    def last_recorded_at(self) -> datetime | None:
        """When the newest event was recorded."""
        row = self.connection.execute(
            "SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1"
        ).fetchone()
        return None if row is None else from_text(row[0])

    def receipts(self, keys: Collection[ReceiptKey]) -> Mapping[tuple[int, str, str], Receipt]:
        """The receipts of those requests that were answered before, by org, scope and key."""
        if not keys:
            return {}
        wanted = json.dumps([(key.org_id, key.scope, key.key) for key in keys])
        columns = ", ".join(f"r.{name}" for name in RECEIPT.split(", "))
        rows = self.connection.execute(
            f"SELECT {columns} FROM json_each(?) AS wanted CROSS JOIN receipts AS r"
            " ON r.org_id = json_extract(wanted.value, '$[0]')"
            " AND r.scope = json_extract(wanted.value, '$[1]')"
            " AND r.key = json_extract(wanted.value, '$[2]')",
            (wanted,),
        )
        return {(row[0], row[1], row[2]): receipt_of(row) for row in rows.fetchall()}

    def with_term(self, org_id: int, terms: Collection[str]) -> Sequence[str]:
        """Streams of the tickets that carry any of *terms*."""
        rows = self.connection.execute(
            "SELECT DISTINCT t.stream FROM ticket_terms AS found JOIN tickets AS t"
            " ON t.number = found.number WHERE found.org_id = ?"
            " AND found.term IN (SELECT value FROM json_each(?)) ORDER BY t.number",
            (org_id, json.dumps(sorted(terms))),
        )
        return [stream for (stream,) in rows.fetchall()]

    def write(self, batch: Batch) -> None:
        """Write all of *batch*; nobody sees it before ``commit``."""
        insert(
            self.connection,
            "INSERT INTO orgs (org_id, code)",
            [(org.org_id, org.code) for org in batch.orgs],
        )
        self._write_events(batch.events)
        changes = list(batch.heads.values())
        self._write_heads(changes)
        self._write_claims(changes)
        self._write_deadlines(changes)
        self._write_tickets(changes)
        insert(
            self.connection,
            "INSERT INTO outbox (position, org_id, stream, deliveries)",
            outbox_rows(batch.outbox),
        )
        self.note(batch.noted)
        insert(
            self.connection,
            # An expired receipt may still lie there; the writer has looked, under its lock. The new
            # one takes its place and not its row, so that they lie in the order they expire in.
            f"INSERT OR REPLACE INTO receipts ({RECEIPT})",
            [receipt_row(receipt) for receipt in batch.receipts],
        )
        insert(
            self.connection,
            "INSERT INTO credentials (key_id, org_id, digest)",
            [(one.key_id, one.org_id, one.digest) for one in batch.credentials],
        )
        insert(
            self.connection,
            "INSERT INTO secrets (id, org_id, sealed)",
            [(one.id, one.org_id, one.sealed) for one in batch.secrets],
        )
        for org_id, secret_id in batch.forgotten:
            self.connection.execute(
                "DELETE FROM secrets WHERE id = ? AND org_id = ?", (secret_id, org_id)
            )
        self.write_arrivals(batch)
        if batch.events or batch.inbox:
            position = batch.events[-1].position if batch.events else self.last_position()
            # Only the latest matters: it answers "did my commit arrive?", and is asked at once.
            latest = (batch.batch_id, position)
            if not self.connection.execute(
                "UPDATE batches SET batch_id = ?, position = ?", latest
            ).rowcount:
                self.connection.execute(
                    "INSERT INTO batches (batch_id, position) VALUES (?, ?)", latest
                )

    def confirm(self, batch_id: str) -> bool:
        """Whether that batch is in the log."""
        row = self.connection.execute(
            "SELECT 1 FROM batches WHERE batch_id = ?", (batch_id,)
        ).fetchone()
        return row is not None

    def _write_events(self, events: Sequence[Event]) -> None:
        insert(
            self.connection,
            "INSERT INTO events (position, org_id, id, stream, version, kind, schema,"
            " recorded_at, public, private, salt, private_digest, chain)",
            event_rows(events, self._last_chain),
        )

    def _last_chain(self, org_id: int) -> bytes:
        row = self.connection.execute(
            "SELECT chain FROM events WHERE org_id = ? ORDER BY position DESC LIMIT 1", (org_id,)
        ).fetchone()
        return GENESIS if row is None else row[0]

    def _write_heads(self, changes: Sequence[HeadChange]) -> None:
        insert(
            self.connection,
            "INSERT INTO heads (org_id, stream, number, version, state)",
            head_rows(changes),
            tail="ON CONFLICT DO UPDATE SET version = excluded.version, state = excluded.state",
        )

    def _write_claims(self, changes: Sequence[HeadChange]) -> None:
        given_up, taken = claim_rows(changes)
        if given_up:
            self.connection.executemany(
                "DELETE FROM claims WHERE org_id = ? AND kind = ? AND key = ?", given_up
            )
        insert(self.connection, "INSERT INTO claims (org_id, kind, key, stream)", taken)
        gone, pages = page_rows(given_up, taken)
        if gone:
            self.connection.executemany(
                "DELETE FROM page_slugs WHERE slug = ? AND org_id = ?", gone
            )
        insert(self.connection, "INSERT INTO page_slugs (slug, org_id, stream)", pages)

    def _write_deadlines(self, changes: Sequence[HeadChange]) -> None:
        gone, rows = deadline_rows(changes)
        if gone:
            self.connection.executemany(
                "DELETE FROM deadlines WHERE org_id = ? AND stream = ?", gone
            )
        insert(self.connection, "INSERT INTO deadlines (org_id, stream, kind, due_at)", rows)

    def _write_tickets(self, changes: Sequence[HeadChange]) -> None:
        insert(
            self.connection,
            "INSERT INTO tickets (number, org_id, stream,"
            " created_at, updated_at, gravity, start_at, end_at, facets)",
            ticket_rows(changes),
            tail="ON CONFLICT DO UPDATE SET updated_at = excluded.updated_at,"
            " gravity = excluded.gravity, start_at = excluded.start_at,"
            " end_at = excluded.end_at, facets = excluded.facets",
        )
        stale, fresh = term_rows(changes)
        if stale:
            self.connection.executemany(
                "DELETE FROM ticket_terms WHERE org_id = ? AND term = ? AND number = ?", stale
            )
        insert(
            self.connection,
            "INSERT INTO ticket_terms (org_id, term, number)",
            # In the order of the table, which has no other: neighbours are found together.
            sorted(fresh, key=_term_order),
        )

    @contextmanager
    def attempting(self, *, keep: bool) -> Iterator[None]:
        """What is written inside stays in the turn only if the block ends well, and *keep*."""
        self.connection.execute("SAVEPOINT attempt")
        kept = False
        try:
            yield
            kept = keep
        finally:
            if not kept:
                self.connection.execute("ROLLBACK TO attempt")
            self.connection.execute("RELEASE attempt")

    def redact(self, org_id: int, event_id: str, fields: Collection[str]) -> tuple[Event, str]:
        """Empty *fields* of one event, and forget its salt and what every kept answer about its
        stream says.

        The event as it now reads, and the hex digest of what remains.

        Raises:
            LookupError: no such event in the org, or no such field with text in it.
        """
        position = position_in(event_id)
        row = self.connection.execute(
            "SELECT id, kind, schema, private, stream FROM events"
            " WHERE org_id = ? AND position = ?",
            (org_id, position),
        ).fetchone()
        if row is None or row[0] != event_id:
            raise LookupError(event_id)
        _, kind, schema, private, stream = row
        remaining = emptied(kind, schema, private, frozenset(fields))
        self.connection.execute(
            "UPDATE events SET private = ?, salt = x'' WHERE org_id = ? AND position = ?",
            (remaining.decode(), org_id, position),
        )
        self.connection.execute(
            "UPDATE receipts SET body_digest = x'', headers = '[]', body = x''"
            " WHERE org_id = ? AND stream = ?",
            (org_id, stream),
        )
        changed = self.connection.execute(
            "SELECT position, org_id, public, private FROM events WHERE position = ?", (position,)
        ).fetchone()
        return event_of(changed), digest_of_remaining(remaining)

    def put_documents(self, documents: Sequence[Document]) -> None:
        """Set the searchable text of tickets, whatever it was before."""
        if not documents:
            return
        self.connection.execute(
            "DELETE FROM search WHERE rowid IN (SELECT value FROM json_each(?))",
            (json.dumps([one.number for one in documents]),),
        )
        insert(
            self.connection,
            "INSERT INTO search (rowid, org, text)",
            [(one.number, org_token(one.org_id), one.text) for one in documents],
        )

    def forget_document_traces(self) -> None:
        """Merge the index into one piece: what replaced documents said is then nowhere in it."""
        self.connection.execute("INSERT INTO search (search) VALUES ('optimize')")

    def put_checkpoint(self, name: str, position: int) -> None:
        """A follower has come as far as *position*."""
        self.connection.execute(
            "INSERT INTO checkpoints (name, position) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET position = excluded.position",
            (name, position),
        )

    def clear_projections(self) -> None:
        """Empty everything that follows from the log."""
        for table in (
            "heads",
            "claims",
            "page_slugs",
            "deadlines",
            "tickets",
            "ticket_terms",
            "search",
            "measured",
            "public_notices",
            "checkpoints",
        ):
            self.connection.execute(f"DELETE FROM {table}")

    def drop_expired_receipts(self, at: datetime, limit: int) -> int:
        """Delete at most *limit* receipts that have expired by *at*, oldest first; how many."""
        return self.connection.execute(
            "DELETE FROM receipts WHERE rowid IN (SELECT rowid FROM"
            " (SELECT rowid, expires_at FROM receipts ORDER BY rowid LIMIT ?)"
            " WHERE expires_at <= ? LIMIT ?)",
            (2 * limit, to_text(at), limit),
        ).rowcount

    def commit(self) -> None:
        """Make it true, and durable."""
        self.connection.execute("COMMIT")

    def rollback(self) -> None:
        """Leave no trace."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")


def _term_order(row: Row) -> str:
    return str(row[1])
