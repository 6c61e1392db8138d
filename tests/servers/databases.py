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


@pytest.fixture
def fresh_database(cluster: Cluster) -> Iterator[Callable[[], str]]:
    """Makes databases, migrated and empty; the URL of each. They go when the test is over."""
    names: list[str] = []

    def made() -> str:
        names.append(f"fresh_{cluster.next_number()}")
        return cluster.create_database(names[-1], template=MIGRATED)

    yield made
    for name in names:
        cluster.drop_database(name)
