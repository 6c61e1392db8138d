"""Everything of a PostgreSQL store fits into one SQLite file, and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.servers.databases import cluster, fresh_database
from tests.store.retelling import History, told
from tocsin.projections.rebuilding import rebuild
from tocsin.store.contract import Store
from tocsin.store.copying import TABLES, NotEmpty, copy_in, copy_out
from tocsin.store.postgres import PostgresStore
from tocsin.store.postgres.tending import check as check_postgres
from tocsin.store.sqlite import SqliteStore
from tocsin.store.sqlite.tending import check

__all__ = ["cluster", "fresh_database"]


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
    before = rows_of(store)
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
