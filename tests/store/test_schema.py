"""The page that shows the tables is what a migrated database looks like; and who may open it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from tocsin.core.releases import CODE
from tocsin.store import migrations
from tocsin.store.contract import DatabaseTooNew
from tocsin.store.migrating import migrate, revision_of
from tocsin.store.schema import (
    DIRECTORY_TABLES,
    SEARCH_INDEX,
    TENANT_TABLES,
    metadata,
)
from tocsin.store.sqlite import SqliteStore
from tocsin.store.standing import NEWEST_REVISION

TABLES = sorted(metadata.tables)


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database that the migrations made."""
    path = tmp_path / "tocsin.db"
    SqliteStore(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database as the page shows it."""
    with closing(sqlite3.connect(tmp_path / "shown.db", isolation_level=None)) as connection:
        engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
        metadata.create_all(engine)
        connection.execute(SEARCH_INDEX)
        yield connection


def rows(connection: sqlite3.Connection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


def columns(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    """Name, type, NOT NULL and place in the primary key of each column."""
    return rows(
        connection, f'SELECT name, type, "notnull", pk FROM pragma_table_info({table!r}) ORDER BY 1'
    )


def indexes(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    """Each index (those behind constraints by what they cover): unique or not, partial, columns."""
    found = []
    for name, unique, origin, partial in rows(
        connection, f"SELECT name, \"unique\", origin, partial FROM pragma_index_list('{table}')"
    ):
        covered = rows(
            connection,
            f"SELECT name, desc FROM pragma_index_xinfo('{name}') WHERE key ORDER BY seqno",
        )
        found.append((name if origin == "c" else origin, unique, partial, covered))
    return sorted(found)


def conditions(connection: sqlite3.Connection) -> dict[str, str]:
    """What the partial indexes hold."""
    return {
        name: " ".join(sql.split()).partition(" WHERE ")[2]
        for name, sql in rows(
            connection,
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        )
    }


def foreign_keys(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    """Which column points where."""
    return rows(
        connection,
        f'SELECT "from", "table", "to" FROM pragma_foreign_key_list(\'{table}\') ORDER BY 1',
    )


def without_rowid(connection: sqlite3.Connection) -> list[str]:
    """Tables that are kept in the order of their key."""
    return [
        name
        for (name,) in rows(
            connection, "SELECT name FROM pragma_table_list WHERE wr = 1 ORDER BY 1"
        )
    ]


def ours(connection: sqlite3.Connection) -> list[str]:
    """Tables that are neither SQLite's, nor Alembic's, nor within the full-text index."""
    return [
        name
        for (name,) in rows(
            connection,
            "SELECT name FROM pragma_table_list WHERE schema = 'main'"
            " AND type IN ('table', 'virtual')"
            " AND name NOT LIKE 'sqlite_%' AND name <> 'alembic_version' ORDER BY 1",
        )
    ]


def test_the_tables_are_those_on_the_page(
    migrated: sqlite3.Connection, shown: sqlite3.Connection
) -> None:
    assert ours(migrated) == ours(shown) == sorted([*TABLES, "search"])
    assert [name for name in without_rowid(migrated) if not name.startswith("search")] == [
        name for name in without_rowid(shown) if not name.startswith("search")
    ]
    assert conditions(migrated) == conditions(shown)


@pytest.mark.parametrize("table", TABLES)
def test_each_table_is_as_the_page_shows_it(
    migrated: sqlite3.Connection, shown: sqlite3.Connection, table: str
) -> None:
    assert columns(migrated, table) == columns(shown, table) != []
    assert indexes(migrated, table) == indexes(shown, table)
    assert foreign_keys(migrated, table) == foreign_keys(shown, table)


def test_the_search_index_is_as_the_page_shows_it(
    migrated: sqlite3.Connection, shown: sqlite3.Connection
) -> None:
    def made(connection: sqlite3.Connection) -> str:
        ((sql,),) = rows(connection, "SELECT sql FROM sqlite_master WHERE name = 'search'")
        return " ".join(sql.split())

    assert made(migrated) == made(shown)


def test_every_table_is_of_one_family() -> None:
    families = [*DIRECTORY_TABLES, *TENANT_TABLES]

    assert sorted(table.name for table in families) == TABLES


@pytest.mark.parametrize("table", TENANT_TABLES, ids=lambda table: str(table.name))
def test_what_belongs_to_an_org_says_to_which(table: Any) -> None:
    column = table.columns["org_id"]

    assert column.nullable is False
    assert [key.target_fullname for key in column.foreign_keys] == ["orgs.org_id"]
    # Where the key is not the log's own position, it begins with the org.
    first = next(iter(table.primary_key.columns)).name
    assert first == "org_id" or first in ("position", "number")


# -- migrating -----------------------------------------------------------------------------------


def dump(connection: sqlite3.Connection) -> list[str]:
    """All of a database, as the statements that make it."""
    return list(connection.iterdump())


def test_migrating_twice_is_harmless(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    SqliteStore(path).close()
    with closing(sqlite3.connect(path)) as connection:
        before = dump(connection)

    SqliteStore(path).close()

    with closing(sqlite3.connect(path)) as connection:
        assert dump(connection) == before


def test_migrating_says_whether_there_was_anything_to_do(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'tocsin.db'}")
    try:
        with engine.connect() as connection:
            assert revision_of(connection) is None
            assert migrate(connection) is True
            assert revision_of(connection) == NEWEST_REVISION
            assert migrate(connection) is False
    finally:
        engine.dispose()


def test_the_newest_migration_is_the_one_the_code_knows() -> None:
    folder = Path(migrations.__file__).parent / "versions"
    numbers = sorted(path.name.partition("_")[0] for path in folder.glob("[0-9]*.py"))

    assert numbers[-1] == NEWEST_REVISION
    assert len(set(numbers)) == len(numbers)


def test_a_database_that_asks_for_newer_code_is_left_alone(
    tmp_path: Path, migrated: sqlite3.Connection
) -> None:
    migrated.execute("UPDATE house SET value = ? WHERE name = 'oldest_code'", (str(CODE + 1),))
    before = dump(migrated)

    with pytest.raises(DatabaseTooNew) as refused:
        SqliteStore(tmp_path / "tocsin.db")

    sentence = str(refused.value)
    assert f"at least {CODE + 1}" in sentence
    assert f"this one is {CODE}" in sentence
    assert sentence.endswith(".")
    assert dump(migrated) == before


def test_a_database_that_is_content_with_this_code_opens(
    tmp_path: Path, migrated: sqlite3.Connection
) -> None:
    migrated.execute("UPDATE house SET value = ? WHERE name = 'oldest_code'", (str(CODE),))

    SqliteStore(tmp_path / "tocsin.db").close()


def test_a_newer_schema_that_older_code_may_write_is_not_migrated_back(
    tmp_path: Path, migrated: sqlite3.Connection
) -> None:
    """A post migration of a later release: its revision is not among ours."""
    migrated.execute("UPDATE alembic_version SET version_num = '9999'")
    before = dump(migrated)

    SqliteStore(tmp_path / "tocsin.db").close()

    assert dump(migrated) == before
