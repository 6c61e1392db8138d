"""Databases that are migrated and empty: one PostgreSQL server for all tests of a run with a fresh
database for each, and fresh SQLite files.

A ``conftest.py`` that wants them imports them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.servers.postgres import Cluster
from tocsin.store.postgres import PostgresStore
from tocsin.store.sqlite import SqliteStore

MIGRATED = "migrated"
MOST_USES = 50
"""So often a database is used again; what was deleted from it has to be read past until then."""

KEPT = ("house", "alembic_version")

_OTHERS_END = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
_SHAPE = (
    "SELECT c.relname, c.relkind::text, c.relrowsecurity, c.relforcerowsecurity, a.attname,"
    " format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " WHERE n.nspname = 'public' ORDER BY c.relname, a.attname"
)
_SETTLED = (
    "SELECT 'house', name, value FROM house"
    " UNION SELECT 'alembic_version', version_num, '' FROM alembic_version"
)


class Recycling:
    """Databases of one server, each emptied and given out again: that takes a tenth of what making
    and dropping one does. One that a test has left otherwise than it was is dropped."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._free: list[str] = []
        self._uses: dict[str, int] = {}
        tables = [name for (name,) in cluster.run(_TABLES, database=MIGRATED)]
        # The others speak of orgs.
        tables.sort(key=lambda name: name == "orgs")
        emptied = (f"DELETE FROM {name}" for name in tables if name not in KEPT)
        self._emptying = "; ".join(emptied).encode()
        self._shape = cluster.run(_SHAPE, database=MIGRATED)
        self._settled = sorted(cluster.run(_SETTLED, database=MIGRATED))

    def taken(self) -> str:
        """The name of a database that is migrated and empty."""
        if self._free:
            name = self._free.pop()
        else:
            name = f"fresh_{self._cluster.next_number()}"
            self._cluster.create_database(name, template=MIGRATED)
        self._uses[name] = self._uses.get(name, 0) + 1
        return name

    def given_back(self, name: str) -> None:
        """No test uses it any more."""
        if self._uses[name] < MOST_USES and self._is_emptied(name):
            self._free.append(name)
        else:
            self._cluster.drop_database(name)

    def _is_emptied(self, name: str) -> bool:
        with self._cluster.connected(name) as connection:
            # A server notices a moment later that a client has gone.
            connection.execute(_OTHERS_END)
            if connection.execute(_SHAPE).fetchall() != self._shape:
                return False
            if sorted(connection.execute(_SETTLED).fetchall()) != self._settled:
                return False
            connection.execute(self._emptying)
        return True


@cache
def _migrated_file() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "migrated.db"
        SqliteStore(path).close()
        return path.read_bytes()


def lay_out(path: Path) -> Path:
    """Have an SQLite database at *path* that is migrated and empty: copied, as migrating one takes
    ten times as long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_migrated_file())
    return path


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running server, with a migrated database to copy.

    Raises:
        RuntimeError: PostgreSQL is not installed; says which package has it.
    """
    made = Cluster.made()
    PostgresStore(made.create_database(MIGRATED)).close()
    yield made
    made.remove()


@pytest.fixture(scope="session")
def recycling(cluster: Cluster) -> Recycling:
    """The server's databases for tests."""
    return Recycling(cluster)


@pytest.fixture
def fresh_database(recycling: Recycling, cluster: Cluster) -> Iterator[Callable[[], str]]:
    """Gives out databases, migrated and empty; the URL of each. They go when the test is over."""
    names: list[str] = []

    def made() -> str:
        names.append(recycling.taken())
        return cluster.url(names[-1])

    yield made
    for name in names:
        recycling.given_back(name)
