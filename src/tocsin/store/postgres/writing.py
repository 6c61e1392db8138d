"""Writing a turn: what was decided, and everything that must be true with it, in one
transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg

from tocsin.core.facts import Event
from tocsin.core.instants import from_text, to_text
from tocsin.store.codec import emptied
from tocsin.store.contract import Batch, Document, HeadChange, Receipt, ReceiptKey
from tocsin.store.digests import (
    GENESIS,
    digest_of_remaining,
)
from tocsin.store.postgres.arrivals import ArrivalWriting
from tocsin.store.postgres.bulk import array, insert
from tocsin.store.postgres.connecting import storage_errors
from tocsin.store.postgres.measuring import MeasuredWriting
from tocsin.store.postgres.outgoing import OutgoingWriting
from tocsin.store.postgres.public_notices import PublicNoticesWriting
from tocsin.store.postgres.reading import PostgresReadTurn
from tocsin.store.postgres.scoping import Scoped
from tocsin.store.postgres.searching import vector_of
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
from tocsin.store.workspaces import WorkspaceWriting

WRITER: Final = 0x746F6373
"""The advisory lock that the one writer of the database holds."""

FOLLOWING: Final = 0x746F6375
"""The advisory lock that whoever follows the log shares, and whoever begins anew has alone."""

KEPT_BATCHES: Final = 10_000
"""So many positions back a batch is known by its name, whoever has written since."""

LEAST_NUMBER: Final = 1_000_000_000_000_000
"""Below the number of every payload that arrives (2001), above every position of the log."""

KEPT_MICROSECONDS: Final = 600_000_000
"""So long a batch is known by its name that only took in what arrived."""

EVENT_COLUMNS: Final = {
    "position": "bigint",
    "org_id": "int",
    "id": "text",
    "stream": "text",
    "version": "int",
    "kind": "text",
    "schema": "int",
    "recorded_at": "text",
    "public": "text",
    "private": "text",
    "salt": "bytea",
    "private_digest": "bytea",
    "chain": "bytea",
}
RECEIPT_COLUMNS: Final = {
    "org_id": "int",
    "scope": "text",
    "key": "text",
    "body_digest": "bytea",
    "stream": "text",
    "position": "bigint",
    "status": "int",
    "headers": "text",
    "body": "bytea",
    "expires_at": "text",
}


@dataclass(frozen=True, slots=True)
class _Newest:
    """The newest event of the log: where it is, when it was recorded, whose it is, its chain."""

    position: int
    recorded_at: str | None
    org_id: int
    chain: bytes


_NOTHING: Final = _Newest(0, None, 0, b"")


class PostgresWriteTurn(
    OutgoingWriting,
    WorkspaceWriting,
    MeasuredWriting,
    PublicNoticesWriting,
    ArrivalWriting,
    PostgresReadTurn,
):
    """One writing transaction; ``commit`` ends it, on the connection it is given."""

    def __init__(self, scoped: Scoped, *, commit: Callable[[psycopg.Connection], None]) -> None:
        super().__init__(scoped)
        self._commit = commit
        self._told = False
        self._follows = False
        self._known_newest: _Newest | None = None

    def _newest(self) -> _Newest:
        """The newest event, asked for once: nobody writes another while this turn lasts.

        While it has the writer's lock, that is; others' turns ask the log themselves.
        """
        if self._known_newest is None:
            row = self.scoped.of(
                None,
                "SELECT position, recorded_at, org_id, chain FROM events"
                " ORDER BY position DESC LIMIT 1",
            ).fetchone()
            self._known_newest = _NOTHING if row is None else _Newest(*row)
        return self._known_newest

    def last_position(self) -> int:
        """The position of the newest event; 0 in an empty log."""
        return self._newest().position

    def moved_since(self, position: int) -> Sequence[tuple[int, str]]:
        """Streams that anybody moved after *position*."""
        if self.last_position() <= position:
            return ()
        rows = self.scoped.of(
            None, "SELECT DISTINCT org_id, stream FROM events WHERE position > %s", (position,)
        )
        return [(org_id, stream) for org_id, stream in rows.fetchall()]

    def last_recorded_at(self) -> datetime | None:
        """When the newest event was recorded."""
        recorded_at = self._newest().recorded_at
        return None if recorded_at is None else from_text(recorded_at)

    def receipts(self, keys: Collection[ReceiptKey]) -> Mapping[tuple[int, str, str], Receipt]:
        """The receipts of those requests that were answered before, by org, scope and key."""
        if not keys:
            return {}
        columns = ", ".join(f"r.{name}" for name in RECEIPT.split(", "))
        rows = self.scoped.of(
            _one_org(key.org_id for key in keys),
            f"SELECT {columns} FROM unnest(%s::int[], %s::text[], %s::text[])"
            " AS wanted (org_id, scope, key) CROSS JOIN LATERAL (SELECT * FROM receipts AS k"
            " WHERE k.org_id = wanted.org_id AND k.scope = wanted.scope AND k.key = wanted.key"
            " OFFSET 0) AS r",
            (
                array([key.org_id for key in keys], "int"),
                array([key.scope for key in keys], "text"),
                array([key.key for key in keys], "text"),
            ),
        )
        return {(row[0], row[1], row[2]): receipt_of(row) for row in rows.fetchall()}

    def with_term(self, org_id: int, terms: Collection[str]) -> Sequence[str]:
        """Streams of the tickets that carry any of *terms*."""
        rows = self.scoped.of(
            org_id,
            "SELECT t.stream FROM tickets AS t WHERE t.org_id = %s AND t.number IN"
            " (SELECT found.number FROM ticket_terms AS found"
            " WHERE found.org_id = %s AND found.term = ANY(%s)) ORDER BY t.number",
            (org_id, org_id, sorted(terms)),
        )
        return [stream for (stream,) in rows.fetchall()]

    def write(self, batch: Batch) -> None:
        """Write all of *batch*; nobody sees it before ``commit``."""
        events = event_rows(batch.events, self._last_chain)
        newest = self.last_position() if batch.inbox and not batch.events else 0
        # All statements go out together: everybody else's turn waits for the end of this one.
        with self.scoped.connection.pipeline():
            self._write(batch, events)
            if batch.events or batch.inbox:
                self._tell(batch.events[-1].position if batch.events else newest)
        self._known_newest = None

    def _write(self, batch: Batch, events: Sequence[Row]) -> None:
        insert(
            self.scoped,
            "orgs",
            {"org_id": "int", "code": "text"},
            [(org.org_id, org.code) for org in batch.orgs],
            org_id=None,
        )
        org_id = _one_org(
            [
                *(event.org_id for event in batch.events),
                *(org for org, _ in batch.heads),
                *(receipt.key.org_id for receipt in batch.receipts),
            ]
        )
        insert(self.scoped, "events", EVENT_COLUMNS, events, org_id=org_id)
        self._write_heads(list(batch.heads.values()), org_id)
        insert(
            self.scoped,
            "outbox",
            {"position": "bigint", "org_id": "int", "stream": "text", "deliveries": "text"},
            outbox_rows(batch.outbox),
            org_id=_one_org(one.org_id for one in batch.outbox),
        )
        self.note(batch.noted)
        receipts = {(one.key.org_id, one.key.scope, one.key.key): one for one in batch.receipts}
        insert(
            self.scoped,
            "receipts",
            RECEIPT_COLUMNS,
            [receipt_row(receipt) for receipt in receipts.values()],
            org_id=org_id,
            # An expired receipt may still lie there; the writer has looked, under its lock.
            tail="ON CONFLICT (org_id, scope, key) DO UPDATE SET"
            " body_digest = excluded.body_digest, stream = excluded.stream,"
            " position = excluded.position, status = excluded.status,"
            " headers = excluded.headers, body = excluded.body,"
            " expires_at = excluded.expires_at",
        )
        insert(
            self.scoped,
            "credentials",
            {"key_id": "text", "org_id": "int", "digest": "bytea"},
            [(one.key_id, one.org_id, one.digest) for one in batch.credentials],
            org_id=org_id,
        )
        insert(
            self.scoped,
            "secrets",
            {"id": "text", "org_id": "int", "sealed": "bytea"},
            [(one.id, one.org_id, one.sealed) for one in batch.secrets],
            org_id=org_id,
        )
        for owner, secret_id in batch.forgotten:
            self.scoped.directory(
                "DELETE FROM secrets WHERE id = %s AND org_id = %s", (secret_id, owner)
            )
        self.write_arrivals(batch)
        if batch.events:
            self._remember(batch.batch_id, batch.events[-1].position)
        elif batch.inbox:
            self._remember_arrived(batch.batch_id, batch.inbox[-1].number)

    def _tell(self, position: int) -> None:
        """What is last before a commit: whoever listens hears of it, and nothing may cut it short:
        the server would keep it, and call it done."""
        self.scoped.directory(
            "SELECT set_config('statement_timeout', '0', true), pg_notify('tocsin', %s)",
            (str(position),),
        )
        self._told = True

    def _remember(self, batch_id: str, position: int) -> None:
        # It answers "did my commit arrive?"; others may have written before that is asked.
        self.scoped.directory(
            "WITH old AS (DELETE FROM batches WHERE position < %s)"
            " INSERT INTO batches (batch_id, position) VALUES (%s, %s)",
            (position - KEPT_BATCHES, batch_id, position),
        )

    def _remember_arrived(self, batch_id: str, number: int) -> None:
        # The log stands still while only repeats arrive; their numbers are instants, far above any
        # position.
        self.scoped.directory(
            "WITH old AS (DELETE FROM batches WHERE position >= %s AND position < %s)"
            " INSERT INTO batches (batch_id, position) VALUES (%s, %s)",
            (LEAST_NUMBER, number - KEPT_MICROSECONDS, batch_id, number),
        )

    def confirm(self, batch_id: str) -> bool:
        """Whether that batch is in the log.

        It writes, so that the commit of this turn waits for the standby, and what is found has
        reached it by then too.
        """
        return (
            self.scoped.directory(
                "UPDATE batches SET position = position WHERE batch_id = %s", (batch_id,)
            ).rowcount
            > 0
        )

    def _last_chain(self, org_id: int) -> bytes:
        newest = self._newest()
        if newest.org_id == org_id:
            return newest.chain
        row = self.scoped.of(
            org_id,
            "SELECT chain FROM events WHERE org_id = %s ORDER BY position DESC LIMIT 1",
            (org_id,),
        ).fetchone()
        return GENESIS if row is None else bytes(row[0])

    def _write_heads(self, changes: Sequence[HeadChange], org_id: int | None) -> None:
        """The heads, and what stands beside them."""
        insert(
            self.scoped,
            "heads",
            {
                "org_id": "int",
                "stream": "text",
                "number": "bigint",
                "version": "int",
                "state": "text",
            },
            head_rows(changes),
            org_id=org_id,
            tail="ON CONFLICT (org_id, stream) DO UPDATE SET version = excluded.version,"
            " state = excluded.state",
        )
        self._write_claims(changes, org_id)
        self._write_deadlines(changes, org_id)
        self._write_tickets(changes, org_id)
        self._write_terms(changes, org_id)

    def _write_claims(self, changes: Sequence[HeadChange], org_id: int | None) -> None:
        given_up, taken = claim_rows(changes)
        columns = {"org_id": "int", "kind": "text", "key": "text"}
        self._delete("claims", columns, given_up, org_id)
        insert(self.scoped, "claims", {**columns, "stream": "text"}, taken, org_id=org_id)
        gone, pages = page_rows(given_up, taken)
        columns = {"slug": "text", "org_id": "int"}
        self._delete("page_slugs", columns, gone, org_id)
        insert(self.scoped, "page_slugs", {**columns, "stream": "text"}, pages, org_id=org_id)

    def _write_deadlines(self, changes: Sequence[HeadChange], org_id: int | None) -> None:
        gone, rows = deadline_rows(changes)
        columns = {"org_id": "int", "stream": "text"}
        self._delete("deadlines", columns, gone, org_id)
        columns |= {"kind": "text", "due_at": "text"}
        insert(self.scoped, "deadlines", columns, rows, org_id=org_id)

    def _write_tickets(self, changes: Sequence[HeadChange], org_id: int | None) -> None:
        insert(
            self.scoped,
            "tickets",
            {
                "number": "bigint",
                "org_id": "int",
                "stream": "text",
                "created_at": "text",
                "updated_at": "text",
                "gravity": "int",
                "start_at": "text",
                "end_at": "text",
                "facets": "int",
            },
            ticket_rows(changes),
            org_id=org_id,
            tail="ON CONFLICT (org_id, number) DO UPDATE SET updated_at = excluded.updated_at,"
            " gravity = excluded.gravity, start_at = excluded.start_at,"
            " end_at = excluded.end_at, facets = excluded.facets",
        )

    def _write_terms(self, changes: Sequence[HeadChange], org_id: int | None) -> None:
        stale, fresh = term_rows(changes)
        columns = {"org_id": "int", "term": "text", "number": "bigint"}
        self._delete("ticket_terms", columns, stale, org_id)
        insert(self.scoped, "ticket_terms", columns, fresh, org_id=org_id)

    def _delete(
        self,
        table: str,
        columns: Mapping[str, str],
        rows: Sequence[Sequence[object]],
        org_id: int | None,
    ) -> None:
        if not rows:
            return
        arrays = ", ".join(f"%s::{sort}[]" for sort in columns.values())
        same = " AND ".join(f"t.{name} = gone.{name}" for name in columns)
        self.scoped.of(
            org_id,
            f"DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT found.ctid"
            f" FROM unnest({arrays}) AS gone ({', '.join(columns)}) CROSS JOIN LATERAL"
            f" (SELECT t.ctid FROM {table} AS t WHERE {same} OFFSET 0) AS found))",
            tuple(
                array(column, sort)
                for column, sort in zip(zip(*rows, strict=True), columns.values(), strict=True)
            ),
        )

    def attempting(self, *, keep: bool) -> AbstractContextManager[None]:
        """What is written inside stays in the turn only if the block ends well, and *keep*."""
        return self.scoped.attempting(keep=keep)

    def redact(self, org_id: int, event_id: str, fields: Collection[str]) -> tuple[Event, str]:
        """Empty *fields* of one event, and forget its salt and what every kept answer about its
        stream says.

        The event as it now reads, and the hex digest of what remains.

        Raises:
            LookupError: no such event in the org, or no such field with text in it.
        """
        position = position_in(event_id)
        row = self.scoped.of(
            org_id,
            "SELECT id, kind, schema, private, stream FROM events"
            " WHERE org_id = %s AND position = %s",
            (org_id, position),
        ).fetchone()
        if row is None or row[0] != event_id:
            raise LookupError(event_id)
        _, kind, schema, private, stream = row
        remaining = emptied(kind, schema, private, frozenset(fields))
        changed = self.scoped.of(
            org_id,
            "UPDATE events SET private = %s, salt = '' WHERE org_id = %s AND position = %s"
            " RETURNING position, org_id, public, private",
            (remaining.decode(), org_id, position),
        ).fetchone()
        assert changed is not None, "it was there under the writer's lock"
        self.scoped.of(
            org_id,
            "UPDATE receipts SET body_digest = '', headers = '[]', body = ''"
            " WHERE org_id = %s AND stream = %s",
            (org_id, stream),
        )
        return event_of(changed), digest_of_remaining(remaining)

    def put_documents(self, documents: Sequence[Document]) -> None:
        """Set the searchable text of tickets, whatever it was before."""
        latest = {one.number: one for one in documents}
        insert(
            self.scoped,
            "search",
            {"org_id": "int", "rowid": "bigint", "text": "text", "words": "tsvector"},
            [
                (one.org_id, one.number, one.text, vector_of(one.org_id, one.text))
                for one in latest.values()
            ],
            org_id=_one_org(one.org_id for one in documents),
            tail="ON CONFLICT (org_id, rowid) DO UPDATE SET text = excluded.text,"
            " words = excluded.words",
        )

    def forget_document_traces(self) -> None:
        """Nothing to do: what was replaced is found no more, and is swept away with every other
        row that nobody can see."""

    def checkpoint(self, name: str) -> int:
        """How far a follower has come; nobody makes everything anew until this turn ends.

        Without the lock, who asked before that and wrote behind it would go on from where it was
        then, and take in twice what has been taken in already.
        """
        if not self._follows:
            self.scoped.directory("SELECT pg_advisory_xact_lock_shared(%s)", (FOLLOWING,))
            self._follows = True
        return super().checkpoint(name)

    def put_checkpoint(self, name: str, position: int) -> None:
        """A follower has come as far as *position*."""
        self.scoped.directory(
            "INSERT INTO checkpoints (name, position) VALUES (%s, %s)"
            " ON CONFLICT (name) DO UPDATE SET position = excluded.position",
            (name, position),
        )

    def clear_projections(self) -> None:
        """Empty everything that follows from the log; nobody writes, and nobody follows, until this
        turn ends."""
        for lock in (WRITER, FOLLOWING):
            self.scoped.directory("SELECT pg_advisory_xact_lock(%s)", (lock,))
        # How long the largest table takes is no sign of trouble.
        self.scoped.directory("SELECT set_config('statement_timeout', '0', true)")
        for table in (
            "heads",
            "claims",
            "deadlines",
            "tickets",
            "ticket_terms",
            "search",
            "measured",
            "public_notices",
        ):
            self.scoped.of(None, f"DELETE FROM {table}")
        self.scoped.directory("DELETE FROM page_slugs")
        self.scoped.directory("DELETE FROM checkpoints")

    def drop_expired_receipts(self, at: datetime, limit: int) -> int:
        """Delete at most *limit* receipts that have expired by *at*, oldest first; how many."""
        return self.scoped.of(
            None,
            "DELETE FROM receipts WHERE ctid = ANY(ARRAY(SELECT ctid FROM receipts"
            " WHERE expires_at <= %s ORDER BY expires_at LIMIT %s))",
            (to_text(at), limit),
        ).rowcount

    def commit(self) -> None:
        """Make it true, and durable; whoever listens hears of it.

        Raises:
            StorageFailed: it was not done; ``uncertain`` when that is not known.
        """
        if not self._told:
            with storage_errors():
                self.scoped.directory("SELECT set_config('statement_timeout', '0', true)")
        self.scoped.end()
        self._commit(self.scoped.connection)

    def rollback(self) -> None:
        """Leave no trace."""
        self.scoped.end()
        connection = self.scoped.connection
        if connection.closed or connection.info.transaction_status == _IDLE:
            return
        try:
            connection.execute("ROLLBACK")
        except psycopg.OperationalError:
            # Whoever cannot be reached has nobody's word to keep: it rolls back by itself.
            connection.close()


_IDLE: Final = psycopg.pq.TransactionStatus.IDLE


def _one_org(orgs: Iterable[int]) -> int | None:
    """The org that all of *orgs* are; None when there are several."""
    found = set(orgs)
    return found.pop() if len(found) == 1 else None
