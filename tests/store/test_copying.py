"""Everything of a PostgreSQL store fits into one SQLite file, and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.handler.acting import NOON
from tests.servers.databases import cluster, fresh_database, recycling
from tests.store.retelling import History, told
from tests.store.test_arrivals import FIRST, payload, signal, write
from tocsin.projections.rebuilding import rebuild
from tocsin.store.contract import StorageFailed, Store
from tocsin.store.copying import TABLES, NotEmpty, copy_in, copy_out
from tocsin.store.postgres import PostgresStore
from tocsin.store.postgres.tending import check as check_postgres
from tocsin.store.sqlite import SqliteStore
from tocsin.store.sqlite.tending import check

__all__ = ["cluster", "fresh_database", "recycling"]


def rows_of(store: Store) -> dict[str, set[tuple[Any, ...]]]:
    """Every row that is carried over."""
    with store.reading() as turn:
        return {
            table.name: {
                tuple(row)
                for row in turn.select(
                    f"SELECT {', '.join(column.name for column in table.columns)}"
                    f" FROM {table.name}",
                    org_id=None,
                )
            }
            for table in TABLES
        }


def test_there_and_back_every_row_is_the_same(
    fresh_database: Callable[[], str], history: History, tmp_path: Path
) -> None:
    store = PostgresStore(fresh_database())
    told(store, history)
    write(store, inbox=[payload(FIRST, replay_of=7)], signals=[signal("a", expires_at=NOON)])
    before = rows_of(store)
    assert all(before[name] for name in ("inbox", "signals"))
    assert all(before[name] for name in ("events", "heads", "claims", "tickets", "credentials"))
    seen: list[tuple[int, int]] = []

    copy_out(store, tmp_path / "copy.db", progress=lambda done, total: seen.append((done, total)))

    assert check(tmp_path / "copy.db") == []
    file = SqliteStore(tmp_path / "copy.db")
    assert rows_of(file) == before
    file.close()
    assert seen[-1] == (len(history.events), len(history.events))

    other = PostgresStore(fresh_database())
    assert copy_in(tmp_path / "copy.db", other) == len(history.events)
    assert rows_of(other) == before
    assert check_postgres(other) == []
    assert rebuild(other) == len(history.events)
    store.close()
    other.close()


def test_a_file_of_an_older_release_is_carried_over_and_its_new_tables_begin_empty(
    fresh_database: Callable[[], str], history: History, tmp_path: Path
) -> None:
    path = tmp_path / "old.db"
    file = SqliteStore(path)
    told(file, history)
    before = rows_of(file)
    file.close()
    old = sqlite3.connect(path)
    for table in ("inbox", "signals", "page_slugs"):
        old.execute(f"DROP TABLE {table}")
    old.execute("UPDATE alembic_version SET version_num = '0004'")
    old.commit()
    old.close()

    other = PostgresStore(fresh_database())
    assert copy_in(path, other) == len(history.events)
    assert rows_of(other) == before
    assert check_postgres(other) == []
    other.close()


def test_a_file_of_today_that_lacks_a_table_is_refused(
    fresh_database: Callable[[], str], history: History, tmp_path: Path
) -> None:
    path = tmp_path / "damaged.db"
    file = SqliteStore(path)
    told(file, history)
    file.close()
    damaged = sqlite3.connect(path)
    damaged.execute("DROP TABLE inbox")
    damaged.commit()
    damaged.close()

    other = PostgresStore(fresh_database())
    with pytest.raises(StorageFailed):
        copy_in(path, other)
    with other.reading() as turn:
        assert turn.last_position() == 0
    other.close()


def test_what_is_there_is_never_written_over(
    fresh_database: Callable[[], str], history: History, tmp_path: Path
) -> None:
    store = PostgresStore(fresh_database())
    told(store, history)
    copy_out(store, tmp_path / "copy.db")

    with pytest.raises(NotEmpty, match="name an empty one"):
        copy_in(tmp_path / "copy.db", store)
    with pytest.raises(FileExistsError, match="name a new file"):
        copy_out(store, tmp_path / "copy.db")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db"]
    store.close()
