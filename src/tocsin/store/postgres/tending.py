"""Looking after the database: checking every event, on a snapshot, beside whoever writes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from tocsin.core.claims import Claim
from tocsin.store.checking import StoredEvent, StoredHead, problem_of_head, problems_of_log
from tocsin.store.postgres.scoping import Scoped
from tocsin.store.postgres.store import PostgresStore
from tocsin.store.sqlite.tending import COLUMNS

ROWS_AT_ONCE = 1_000


def check(
    store: PostgresStore, *, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[str]:
    """What is wrong with the database of *store*, as sentences; empty when all is well.

    ``progress`` is told how many events of how many have been read.

    Raises:
        StorageFailed: the database cannot be read at all.
    """
    with store.reading() as turn:
        scoped = turn.scoped
        total = turn.last_position()
        problems = problems_of_log(_log(scoped), progress=lambda done: progress(done, total))
        problems += _problems_of_heads(scoped)
    return problems


def _stored(row: tuple[Any, ...]) -> StoredEvent:
    return StoredEvent(**dict(zip(COLUMNS.split(", "), row, strict=True)))


def _log(scoped: Scoped) -> Iterator[StoredEvent]:
    after: int | None = None
    while True:
        rows = scoped.of(
            None,
            f"SELECT {COLUMNS} FROM events WHERE %s::bigint IS NULL OR position > %s"
            " ORDER BY position LIMIT %s",
            (after, after, ROWS_AT_ONCE),
        ).fetchall()
        yield from map(_stored, rows)
        if len(rows) < ROWS_AT_ONCE:
            return
        after = rows[-1][0]


def _problems_of_heads(scoped: Scoped) -> Iterator[str]:
    claims: dict[tuple[int, str], set[Claim]] = {}
    for org_id, kind, key, stream in scoped.of(
        None, "SELECT org_id, kind, key, stream FROM claims"
    ):
        claims.setdefault((org_id, stream), set()).add((kind, key))
    deadlines: dict[tuple[int, str], set[tuple[str, str]]] = {}
    for org_id, stream, kind, due_at in scoped.of(
        None, "SELECT org_id, stream, kind, due_at FROM deadlines"
    ):
        deadlines.setdefault((org_id, stream), set()).add((kind, due_at))
    terms: dict[int, set[str]] = {}
    for number, term in scoped.of(None, "SELECT number, term FROM ticket_terms"):
        terms.setdefault(number, set()).add(sys.intern(term))
    for org_id, stream, number, version, state, *row in _heads(scoped):
        head = StoredHead(
            org_id=org_id,
            stream=stream,
            version=version,
            state=state,
            row=tuple(row),
            terms=frozenset(terms.pop(number, ())),
            claims=frozenset(claims.pop((org_id, stream), ())),
            deadlines=frozenset(deadlines.pop((org_id, stream), ())),
        )
        events = scoped.of(
            None,
            f"SELECT {COLUMNS} FROM events WHERE org_id = %s AND stream = %s ORDER BY version",
            (org_id, stream),
        )
        found = problem_of_head(head, map(_stored, events))
        if found is not None:
            yield found
    for org_id, stream in claims:
        yield f"{stream} of org {org_id} has claims and no state; run: tocsin db rebuild"
    for org_id, stream in deadlines:
        yield f"{stream} of org {org_id} has deadlines and no state; run: tocsin db rebuild"
    lost = scoped.of(
        None,
        "SELECT DISTINCT org_id, stream FROM events EXCEPT SELECT org_id, stream FROM heads",
    )
    for _, stream in lost.fetchall():
        yield f"{stream} has events and no state; run: tocsin db rebuild"


def _heads(scoped: Scoped) -> Iterator[tuple[Any, ...]]:
    """Each head with the row of its ticket, some at a time."""
    place: tuple[int, str] = (0, "")
    while True:
        rows = scoped.of(
            None,
            "SELECT h.org_id, h.stream, h.number, h.version, h.state, t.created_at, t.updated_at,"
            " t.gravity, t.start_at, t.end_at, t.facets FROM heads AS h"
            " LEFT JOIN tickets AS t ON t.org_id = h.org_id AND t.number = h.number"
            " AND t.stream = h.stream"
            " WHERE (h.org_id, h.stream) > (%s, %s) ORDER BY h.org_id, h.stream LIMIT %s",
            (*place, ROWS_AT_ONCE),
        ).fetchall()
        yield from rows
        if len(rows) < ROWS_AT_ONCE:
            return
        place = (rows[-1][0], rows[-1][1])
