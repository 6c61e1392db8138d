"""Fixtures: one PostgreSQL server for all tests of a run, and a fresh database for each.

A ``conftest.py`` that wants them imports them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.servers.postgres import Cluster
from tocsin.store.postgres import PostgresStore

MIGRATED = "migrated"


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
