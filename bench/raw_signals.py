"""The very rows of a measured store, written again by a plain loop into an empty file beside it.

Nothing is parsed, judged or answered: what is left is what SQLite takes for the rows themselves,
with the settings that the server has. Each payload is inserted; the alerts that it tells of are
known already, and counted up.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.processes import ProcessFailed
from tocsin.app.house import database_path
from tocsin.store.arrivals import INBOX, INBOX_TYPES, SIGNAL, SIGNAL_TYPES, results_in
from tocsin.store.sqlite.connecting import connect, opened

_INSERT: Final = f"INSERT INTO inbox ({INBOX}) VALUES ({', '.join('?' * len(INBOX_TYPES))})"
_KNOWN: Final = f"INSERT INTO signals ({SIGNAL}) VALUES ({', '.join('?' * len(SIGNAL_TYPES))})"
_AGAIN: Final = (
    "UPDATE signals SET times = times + ?, last_seen = max(last_seen, ?),"
    " arrival = max(arrival, ?), expires_at = ? WHERE org_id = ? AND fingerprint = ?"
)
_ORG: Final = list(INBOX_TYPES).index("org_id")
_NUMBER: Final = list(INBOX_TYPES).index("number")
_RESULTS: Final = list(INBOX_TYPES).index("results")

_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How many *alerts* were written in how many *transactions* and seconds."""

    alerts: int
    transactions: int
    seconds: float

    @property
    def rate(self) -> float:
        """Alerts a second."""
        return self.alerts / self.seconds


def write_again(data: Path, target: Path, *, payloads: int, most: int) -> Written:
    """Write the newest *most* payloads of the store in *data* into a new file *target*, so many
    *payloads* in each transaction. The store is not written to meanwhile, the file is removed.

    Raises:
        ProcessFailed: there are no payloads.
    """
    tables, inbox, known = _rows(database_path(data, None), most=most)
    turns = [
        (part, [again for row in part for again in _again(row)])
        for part in (inbox[start : start + payloads] for start in range(0, len(inbox), payloads))
    ]
    if not turns:
        raise ProcessFailed(f"there are no payloads in {data}")
    with closing(opened(target, read_only=False, connect=connect)) as connection:
        for table in tables:
            connection.execute(table)
        connection.execute("BEGIN")
        connection.executemany(_KNOWN, known)
        connection.execute("COMMIT")
        began = time.perf_counter()
        for part, repeats in turns:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_INSERT, part)
            connection.executemany(_AGAIN, repeats)
            connection.execute("COMMIT")
        seconds = time.perf_counter() - began
    target.unlink()
    return Written(
        alerts=sum(len(repeats) for _, repeats in turns), transactions=len(turns), seconds=seconds
    )


def _rows(path: Path, *, most: int) -> tuple[list[str], Sequence[_Row], Sequence[_Row]]:
    """The tables with their indices, the newest payloads in their order, and all known alerts."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = [
            sql
            for (sql,) in connection.execute(
                "SELECT sql FROM sqlite_master WHERE tbl_name IN ('inbox', 'signals')"
                " AND sql IS NOT NULL ORDER BY type = 'index'"
            )
        ]
        newest = connection.execute(
            f"SELECT {INBOX} FROM inbox ORDER BY org_id, number DESC LIMIT ?", (most,)
        ).fetchall()
        known = connection.execute(f"SELECT {SIGNAL} FROM signals").fetchall()
    return tables, newest[::-1], known


def _again(row: _Row) -> Iterator[_Row]:
    """What the alerts of a payload are counted up with."""
    text = f"2026-11-21T12:00:00.{row[_NUMBER] % 1_000_000:06d}Z"
    for fingerprint, *_ in results_in(row[_RESULTS]):
        yield (1, text, row[_NUMBER], None, row[_ORG], fingerprint)
