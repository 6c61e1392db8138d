"""Looking after the file: checking every event, and copying it while it is in use."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tocsin.core.claims import Claim
from tocsin.store.checking import StoredEvent, StoredHead, problem_of_head, problems_of_log
from tocsin.store.new_files import new_file
from tocsin.store.sqlite.connecting import Connection, connect, opened, storage_errors

COLUMNS = (
    "position, org_id, id, stream, version, kind, schema, recorded_at,"
    " public, private, salt, private_digest, chain"
)


def _events(connection: Connection, tail: str, values: tuple[object, ...]) -> Iterator[StoredEvent]:
    names = COLUMNS.split(", ")
    for row in connection.execute(f"SELECT {COLUMNS} FROM events {tail}", values):
        yield StoredEvent(**dict(zip(names, row, strict=True)))


def check(
    path: Path, *, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[str]:
    """What is wrong with the database at *path*, as sentences; empty when all is well.

    ``progress`` is told how many events of how many have been read.

    Raises:
        StorageFailed: the file cannot be read at all.
    """
    with storage_errors():
        connection = opened(path, read_only=True, connect=connect)
        try:
            # Damage may have made text of what is none; it must still be read, to be found.
            connection.text_factory = lambda raw: raw.decode(errors="surrogateescape")
            connection.execute("BEGIN")
            problems = [
                f"SQLite: {finding}"
                for (finding,) in connection.execute("PRAGMA integrity_check").fetchall()
                if finding != "ok"
            ]
            total = connection.execute("SELECT max(position) FROM events").fetchone()[0] or 0
            problems += problems_of_log(
                _events(connection, "ORDER BY position", ()),
                progress=lambda done: progress(done, total),
            )
            problems += _problems_of_heads(connection)
            return problems
        finally:
            connection.close()


def _problems_of_heads(connection: Connection) -> Iterator[str]:
    heads = connection.execute(
        "SELECT h.org_id, h.stream, h.number, h.version, h.state,"
        " t.created_at, t.updated_at, t.gravity, t.start_at, t.end_at, t.facets FROM heads AS h"
        " LEFT JOIN tickets AS t ON t.number = h.number AND t.stream = h.stream"
        " ORDER BY h.org_id, h.stream"
    )
    claims: dict[tuple[int, str], set[Claim]] = {}
    for org_id, kind, key, stream in connection.execute(
        "SELECT org_id, kind, key, stream FROM claims"
    ):
        claims.setdefault((org_id, stream), set()).add((kind, key))
    deadlines: dict[tuple[int, str], set[tuple[str, str]]] = {}
    for org_id, stream, kind, due_at in connection.execute(
        "SELECT org_id, stream, kind, due_at FROM deadlines"
    ):
        deadlines.setdefault((org_id, stream), set()).add((kind, due_at))
    terms: dict[int, set[str]] = {}
    for number, term in connection.execute("SELECT number, term FROM ticket_terms"):
        terms.setdefault(number, set()).add(sys.intern(term))
    for org_id, stream, number, version, state, *row in heads:
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
        found = problem_of_head(
            head,
            _events(
                connection, "WHERE org_id = ? AND stream = ? ORDER BY version", (org_id, stream)
            ),
        )
        if found is not None:
            yield found
    for org_id, stream in claims:
        yield f"{stream} of org {org_id} has claims and no state; run: tocsin db rebuild"
    for org_id, stream in deadlines:
        yield f"{stream} of org {org_id} has deadlines and no state; run: tocsin db rebuild"
    lost = connection.execute(
        "SELECT DISTINCT org_id, stream FROM events EXCEPT SELECT org_id, stream FROM heads"
    ).fetchall()
    for _, stream in lost:
        yield f"{stream} has events and no state; run: tocsin db rebuild"


def backup(path: Path, to: Path) -> None:
    """Copy the database at *path*, while it is in use, to a new file; on disk when this returns.

    Raises:
        FileExistsError: there is something at *to* already.
        OSError: no file can be made there.
        StorageFailed: the copy could not be made; nothing is left at *to*.
    """
    if to.exists():
        raise FileExistsError(f"{to} is there already; name a new file")
    partial = to.with_name(to.name + ".partial")
    partial.unlink(missing_ok=True)
    os.close(new_file(partial))
    try:
        with storage_errors():
            connection = opened(path, read_only=False, connect=connect)
            try:
                connection.execute("VACUUM INTO ?", (str(partial),))
            finally:
                connection.close()
            for place in (partial, partial.parent):
                handle = os.open(place, os.O_RDONLY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)
        partial.rename(to)
    finally:
        partial.unlink(missing_ok=True)
